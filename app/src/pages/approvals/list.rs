//! The list: what waits, or what became of it. A whole row is one link to its action.

use chrono::{DateTime, Utc};
use domain::lifecycle::Status;
use domain::problem::{Code, Problem};
use domain::risk::RiskTier;
use domain::time_text::{self, TimeLeft};
use domain::view::{ActionRow, QueuePage};
use leptos::prelude::*;

use super::bulk;
use super::desk::Desk;
use super::held::{HeldRow, Shown};
use super::query::Query;
use crate::api::Failure;
use crate::components::icon::Icon;
use crate::components::moment::{Ago, hint, machine};
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::live::Clock;
use crate::message;

#[component]
pub(super) fn List(desk: Desk) -> impl IntoView {
    view! {
        <section class="list" aria-label=message::LIST>
            <Transition fallback=skeleton>
                {move || desk.shown().map(|(query, shown, page)| list(desk, &query, shown, page))}
            </Transition>
            <bulk::BulkBar desk/>
        </section>
    }
}

fn list(desk: Desk, query: &Query, shown: Shown, page: Result<QueuePage, Failure>) -> AnyView {
    let read_at = page.as_ref().map_or(DateTime::UNIX_EPOCH, |page| page.now);
    let nothing = shown.rows.is_empty() && page.is_ok();
    let total = page.as_ref().ok().map(|page| page.total);
    let next = page.as_ref().ok().and_then(|page| page.next_cursor.clone());
    let stale = page.is_err();
    let decides = page.as_ref().is_ok_and(|page| page.decides);
    view! {
        {page.err().map(|Failure(problem)| unread(desk, query, problem, shown.rows.is_empty()))}
        {(shown.new > 0).then(|| {
            view! {
                <a class="news" href=query.href(None) on:click=move |event| {
                    event.prevent_default();
                    desk.adopt();
                }>{message::new_rows(shown.new)}</a>
            }
        })}
        <ul class="rows" class:stale=stale>
            {shown.rows.into_iter().map(|held| row(desk, query, held, decides, read_at)).collect_view()}
        </ul>
        {nothing.then(|| empty(query))}
        <footer class="pages">
            <span>{total.map(message::total)}</span>
            {(!query.is_first_page()).then(|| view! { <a href=query.at(None).href(None)>{message::FIRST_PAGE}</a> })}
            {next.map(|cursor| view! { <a href=query.at(Some(cursor)).href(None)>{message::NEXT_PAGE}</a> })}
        </footer>
    }
    .into_any()
}

fn row(desk: Desk, query: &Query, HeldRow { row, gone }: HeldRow, decides: bool, read_at: DateTime<Utc>) -> AnyView {
    let action = row.id;
    let id = action.to_string();
    let approving = move || desk.approving.read().contains(&action);
    let box_ = (decides && !gone && row.status == Status::Pending).then(|| tick(desk, &row));
    let current = move || desk.open.read().as_ref().is_some_and(|open| *open == id).then_some("true");
    let right = if gone {
        view! { <span class="left">{message::GONE}</span> }.into_any()
    } else if desk.approving.read().contains(&action) {
        view! { <span class="left">{message::BEING_APPROVED}</span> }.into_any()
    } else if row.status == Status::Pending {
        time_left(&row, read_at).into_any()
    } else {
        let at = row.decided_at.unwrap_or(row.requested_at);
        view! {
            <span class=format!("left {}", colour(&row))>{message::standing(&row)}</span>
            <span class="when"><Ago at read_at/></span>
        }
        .into_any()
    };
    view! {
        <li class="row" class:gone=move || gone || approving()>
            {box_}
            <a href=query.href(Some(row.id)) aria-current=current data-noscroll="">
                <span class="top">
                    <Tier tier=row.risk_tier/>
                    <span class="tool">{row.tool_name}</span>
                    {row.headline.map(|headline| view! { <span class="who">{headline}</span> })}
                </span>
                <span class="right">{right}</span>
                <span class="say">{row.summary}</span>
                <span class="from">
                    {match row.flag {
                        Some(flag) => view! { <span class="flag"><Icon name="#i-warn"/>{flag}</span> }.into_any(),
                        None => row.session_id.unwrap_or(row.agent).into_any(),
                    }}
                </span>
            </a>
        </li>
    }
    .into_any()
}

/// The box that takes a row into a decision on many. What is ticked is what stands in the desk's list of ids, whatever
/// becomes of the rows.
fn tick(desk: Desk, row: &ActionRow) -> AnyView {
    let id = row.id;
    let light = row.risk_tier < RiskTier::High;
    let ticked = move || desk.ticked.read().contains(&id);
    let turn = move |_| {
        desk.many.set(None);
        desk.ticked.update(|ticked| match ticked.iter().position(|other| *other == id) {
            Some(place) => drop(ticked.remove(place)),
            None => ticked.push(id),
        });
    };
    view! {
        <label class="tick">
            <input type="checkbox" name="ids[]" value=id.to_string() form=bulk::FORM class:light=light autocomplete="off"
                aria-label=message::select(&row.tool_name) checked=ticked() prop:checked=ticked on:change=turn/>
        </label>
    }
    .into_any()
}

/// Good, bad or neither; the word beside it says which.
fn colour(row: &ActionRow) -> &'static str {
    use domain::lifecycle::ExecutionState as E;
    match (row.status, row.execution_state) {
        (Status::Executed, Some(E::Failed)) | (Status::Approved, Some(E::Unknown)) => "now",
        (Status::Executed, _) => "good",
        (Status::Approved, _) if row.waits_for_executor => "soon",
        _ => "",
    }
}

fn time_left(row: &ActionRow, read_at: DateTime<Utc>) -> impl IntoView + use<> {
    let clock = expect_context::<Clock>();
    match row.expires_at {
        None => view! { <span class="left">{message::NO_DEADLINE}</span> }.into_any(),
        Some(at) => {
            let title = hint(at);
            let left = move || (at - clock.now(read_at)).num_seconds();
            let words = move || match TimeLeft::of(left()) {
                TimeLeft::Past => message::PAST_DEADLINE.to_owned(),
                _ => time_text::span(left()),
            };
            view! {
                <time
                    class=move || format!("left {}", TimeLeft::of(left()).as_str())
                    datetime=machine(at)
                    title=move || title.get()
                >
                    {words}
                </time>
            }
            .into_any()
        }
    }
}

fn empty(query: &Query) -> AnyView {
    let (title, lead) = if !query.is_first_page() {
        (message::END_OF_LIST, message::END_OF_LIST_LEAD)
    } else if query.narrowing().is_empty() {
        message::empty(query.status())
    } else {
        (message::NOTHING_MATCHES, message::NOTHING_MATCHES_LEAD)
    };
    view! {
        <div class="empty">
            <Icon name="#i-yes"/>
            <h2>{title}</h2>
            <p>{lead}</p>
        </div>
    }
    .into_any()
}

fn unread(desk: Desk, query: &Query, problem: Problem, nothing_else: bool) -> AnyView {
    let title = if nothing_else { message::LIST_UNREAD } else { message::STALE };
    // The same wrong question gets the same answer: only another one helps.
    let wrong_question = problem.code == Code::InvalidRequest;
    let way_out = if wrong_question { Query::default().href(None) } else { query.href(None) };
    view! {
        <div class="trouble">
            <ProblemNote problem title=title/>
            <a class="btn" href=way_out on:click=move |event| {
                if !wrong_question {
                    event.prevent_default();
                    desk.read_again();
                }
            }>{if wrong_question { message::TO_THE_QUEUE } else { message::RETRY }}</a>
        </div>
    }
    .into_any()
}

fn skeleton() -> AnyView {
    view! {
        <div class="skeleton" aria-hidden="true">
            {(0..8).map(|_| view! { <div><i></i><i></i></div> }).collect_view()}
        </div>
    }
    .into_any()
}
