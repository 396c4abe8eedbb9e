//! `/approvals/groups`: what waits, by what it does. One bar decides exactly what is ticked of a group, one link leads to
//! a rule for all of it. HTML alone.

use chrono::{DateTime, Utc};
use domain::risk::RiskTier;
use domain::time_text::{TimeLeft, span};
use domain::view::ActionRow;
use engine::groups::{Group, Groups};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::decide::{choices, note};
use super::query::Query;
use crate::api::bulk::Bulk;
use crate::api::{Failure, answer, engine, person};
use crate::components::came_of::came_of;
use crate::components::icon::Icon;
use crate::components::moment::{Ago, machine};
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::flash::Flash;
use crate::message::{self, groups as words};

/// A group of no more calls than this lies open.
const OPEN: usize = 12;

#[component]
pub(crate) fn GroupsPage() -> impl IntoView {
    let flash = use_context::<Option<Flash>>().flatten();
    let content = Suspend::new(async move {
        match read().await {
            Ok(page) => shown(page),
            Err(Failure(problem)) => {
                view! { <div class="trouble"><ProblemNote problem title=words::UNREAD/></div> }.into_any()
            }
        }
    });
    view! {
        <main id="main" class="page">
            <p class="pages"><a href="/approvals">{words::QUEUE}</a></p>
            <h1>{words::TITLE}</h1>
            <p class="lead">{words::LEAD}</p>
            {came_of(flash)}
            <Suspense>{content}</Suspense>
        </main>
    }
}

async fn read() -> Result<Groups, Failure> {
    answer(engine::groups::groups(&engine(), &person()?).await)
}

fn shown(page: Groups) -> AnyView {
    if page.groups.is_empty() {
        return view! {
            <div class="empty">
                <Icon name="#i-yes"/>
                <h2>{words::NONE}</h2>
                <p>{words::NONE_LEAD}</p>
                <p><a class="btn" href="/approvals">{message::TO_THE_QUEUE}</a></p>
            </div>
        }
        .into_any();
    }
    let groups = page.groups.iter().enumerate().map(|(at, group)| card(at, group, &page)).collect_view();
    view! { {groups} {page.more.then(|| view! { <p class="why">{words::MORE}</p> })} }.into_any()
}

fn card(at: usize, group: &Group, page: &Groups) -> AnyView {
    let rule = group.rows.first().filter(|_| page.makes_rules).map(|row| Query::default().href_of(row.id, "rule"));
    let title = format!("group{at}");
    view! {
        <section class="card" aria-labelledby=title.clone()>
            <h2 id=title.clone()>
                <Tier tier=group.risk_tier/>
                <span class="mono">{group.shown_tool.clone()}</span>
                {group.headline.clone().map(|reaches| view! { <span class="wraps">{reaches}</span> })}
                <small>{words::wait(group.count)}</small>
            </h2>
            <div class="body stack">
                <p class="row-of">
                    {rule.map(|href| view! { <a class="btn" href=href>{words::MAKE_RULE}</a> })}
                    <span class="aside">{words::OLDEST} " " <Ago at=group.oldest read_at=page.now/> "," </span>
                    {time_left(group.deadline, page.now)}
                </p>
                {calls(group, page)}
            </div>
        </section>
    }
    .into_any()
}

fn calls(group: &Group, page: &Groups) -> AnyView {
    let shown = group.rows.len();
    let cut = i64::try_from(shown).is_ok_and(|shown| shown < group.count);
    let rows = group.rows.iter().map(|row| call(row, page)).collect_view();
    view! {
        <form method="post" action=Bulk::PATH>
            // Enter in a field presses a form's first button: none of those that decide.
            <button hidden disabled></button>
            <details open=shown <= OPEN>
                <summary class="btn">{words::CALLS} " (" {shown} ")"</summary>
                {cut.then(|| view! { <p class="aside">{words::oldest_of(shown, group.count)}</p> })}
                <ul class="plain">{rows}</ul>
            </details>
            {page.decides.then(|| bar(group.risk_tier))}
        </form>
    }
    .into_any()
}

fn call(row: &ActionRow, page: &Groups) -> AnyView {
    let id = row.id.to_string();
    let said = row.summary.clone().unwrap_or_else(|| id.clone());
    let tick = page.decides.then(|| {
        view! { <input type="checkbox" name="ids[]" value=id checked autocomplete="off" aria-label=message::select(&said)/> }
    });
    view! {
        <li>
            {tick}
            <span>
                <a class="more" href=Query::default().href(Some(row.id))>{said}</a>
                {row.flag.clone().map(|flag| view! { " " <span class="flag"><Icon name="#i-warn"/>{flag}</span> })}
                " " <span class="aside">{row.session_id.clone().unwrap_or_else(|| row.agent.clone())} ", " <Ago at=row.requested_at read_at=page.now/></span>
            </span>
        </li>
    }
    .into_any()
}

fn bar(tier: RiskTier) -> AnyView {
    let button = |class: &'static str, value: &'static str, word: &'static str| {
        view! { <button class=class name="decision" value=value>{word}</button> }.into_any()
    };
    let approve = if tier < RiskTier::High {
        button("btn main", "approve", words::APPROVE)
    } else {
        view! { <span class="aside">{words::ONE_BY_ONE}</span> }.into_any()
    };
    view! {
        <div class="row-of done">
            {approve}
            <details name="act">
                <summary class="btn bad">{message::REJECT}</summary>
                <div class="body stack">
                    {choices("reason", message::REJECT_LEAD, message::REJECT_CHOICES.to_vec(), false)}
                    {note(message::REJECT_NOTE, true)}
                    {button("btn bad", "reject", words::REJECT)}
                </div>
            </details>
            <details name="act">
                <summary class="btn">{message::EXTEND}</summary>
                <div class="body stack">
                    {choices("hours", message::EXTEND_LEAD, message::EXTEND_CHOICES.to_vec(), false)}
                    {button("btn", "extend", words::EXTEND)}
                </div>
            </details>
        </div>
    }
    .into_any()
}

/// Until the first of them expires.
fn time_left(deadline: Option<DateTime<Utc>>, now: DateTime<Utc>) -> AnyView {
    let Some(at) = deadline else { return view! { <span class="left">{message::NO_DEADLINE}</span> }.into_any() };
    let left = (at - now).num_seconds();
    let class = format!("left {}", TimeLeft::of(left).as_str());
    view! { <time class=class datetime=machine(at)>{message::first_deadline(&span(left))}</time> }.into_any()
}
