//! The open action: everything its decision needs, in the order a careful person asks for it.

use chrono::{DateTime, Utc};
use domain::lifecycle::Status;
use domain::problem::{Code, Problem};
use domain::text_safety::Piece;
use domain::time_text::TimeLeft;
use domain::view::{ActionDetail, TimelineEntry, ToolHistory};
use leptos::prelude::*;

use super::arguments::{Whole, values};
use super::decide::decide;
use super::desk::Desk;
use super::outcome::outcome_card;
use super::query::Query;
use crate::api::Failure;
use crate::components::icon::Icon;
use crate::components::moment::{Ago, hint, machine};
use crate::components::pieces::Pieces;
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::live::Clock;
use crate::message;

#[component]
pub(super) fn Detail(desk: Desk) -> impl IntoView {
    view! {
        <section class="detail" tabindex="0" aria-label=message::OPEN_ACTION>
            <Transition fallback=skeleton>
                {move || {
                    desk.card().map(|read| match read {
                        None => nothing_open().into_any(),
                        Some((Ok(detail), outdated)) => card(desk, detail, outdated).into_any(),
                        Some((Err(Failure(problem)), _)) => unread(desk, problem).into_any(),
                    })
                }}
            </Transition>
        </section>
    }
}

/// `outdated`: why it could not be read again. It stays, and says so.
fn card(desk: Desk, detail: ActionDetail, outdated: Option<Problem>) -> AnyView {
    let (id, read_at) = (detail.row.id.to_string(), detail.now);
    let bar = decide(desk, &detail);
    let outcome = outcome_card(&detail);
    view! {
        <div class="in">
            {back(desk)}
            {outdated.map(|problem| view! { <ProblemNote problem title=message::STALE/> })}
            {head(&detail)}
            {standing(&detail)}
            {waits(&detail)}
            {detail.summary.map(|words| claim(message::CLAIM, words))}
            {warnings(detail.warnings)}
            {outcome}
            <section class="card">
                <h3>{message::ARGUMENTS} <small>{message::arguments_hint(detail.argument_count)}</small></h3>
                {if detail.arguments.is_empty() {
                    view! { <p class="body">{message::NO_ARGUMENTS}</p> }.into_any()
                } else {
                    values(detail.arguments, Some(Whole::of(&id, "arguments")))
                }}
            </section>
            {(!detail.edits.is_empty()).then(|| {
                view! { <section class="card"><h3>{message::EDITED}</h3>{values(detail.edits, None)}</section> }
            })}
            {detail.why.map(|words| claim(message::AGENT_WHY, words))}
            {(!detail.evidence.is_empty()).then(|| {
                view! { <section class="card"><h3>{message::EVIDENCE}</h3>{values(detail.evidence, Some(Whole::of(&id, "evidence")))}</section> }
            })}
            <div class="facts">
                {history(detail.tool_history)}
                {timeline(detail.timeline, read_at)}
            </div>
        </div>
        {bar}
    }
    .into_any()
}

/// On a phone the list is behind the action.
fn back(desk: Desk) -> AnyView {
    view! {
        <a class="back" href=move || desk.query.read().href(None) data-noscroll="">
            <Icon name="#i-back"/>
            {message::BACK_TO_LIST}
        </a>
    }
    .into_any()
}

fn head(detail: &ActionDetail) -> AnyView {
    let row = detail.row.clone();
    let read_at = detail.now;
    let digest = detail.args_sha256.to_string();
    let short = format!("{} {}", &digest[..4], &digest[4..8]);
    let deadline = (row.status == Status::Pending).then_some(row.expires_at).flatten();
    view! {
        <header class="head">
            <Tier tier=row.risk_tier/>
            <h2>{row.tool_name}</h2>
            {deadline.map(|at| deadline_view(at, read_at))}
        </header>
        <p class="sub">
            {message::PARKED} <Ago at=row.requested_at read_at/> {message::BY} <b>{row.agent}</b>
            {row.session_id.map(|session| {
                let all = Query::of_session(&session).href(Some(row.id));
                view! { {message::IN_SESSION} <a href=all data-noscroll=""><b>{session}</b></a> }
            })}
            " · " {message::DIGEST} <code title=digest>{short}</code>
        </p>
    }
    .into_any()
}

fn deadline_view(at: DateTime<Utc>, read_at: DateTime<Utc>) -> AnyView {
    let clock = expect_context::<Clock>();
    let left = move || (at - clock.now(read_at)).num_seconds();
    let title = hint(at);
    view! {
        <time
            class=move || format!("left {}", TimeLeft::of(left()).as_str())
            datetime=machine(at)
            title=move || title.get()
        >
            {move || message::expires(left())}
        </time>
    }
    .into_any()
}

/// Once it is decided: by whom, how long ago. It comes in by itself when somebody else decides.
fn standing(detail: &ActionDetail) -> AnyView {
    let row = detail.row.clone();
    let read_at = detail.now;
    let reason = detail.decision_reason.clone();
    let decided = (row.status != Status::Pending).then(|| {
        view! {
            <p class=format!("decided {}", row.status.as_str())>
                <b>{message::decision(&row)}</b>
                {row.decided_at.map(|at| view! { ", " <Ago at read_at/> })}
                {rule_link(detail)}
                {reason.map(|reason| {
                    view! { " · " {message::REASON} " " <span class="text"><Pieces pieces=reason/></span> }
                })}
            </p>
        }
    });
    view! { <div role="status">{decided}</div> }.into_any()
}

fn waits(detail: &ActionDetail) -> AnyView {
    let reason = detail.pending_reason.clone().filter(|_| detail.row.status == Status::Pending);
    let rule = rule_link(detail);
    reason.map(|reason| view! { <p class="why"><b>{message::WHY_IT_WAITS}</b> " " {reason} {rule}</p> }).into_any()
}

/// The rule that decided it, or because of which it waits. Its page is of HTML alone.
fn rule_link(detail: &ActionDetail) -> Option<AnyView> {
    let href = detail.rule.clone()?;
    Some(view! { " " <a class="more" rel="external" href=href>{message::THE_RULE}</a> }.into_any())
}

/// An agent's words, framed as what they are.
fn claim(title: &'static str, words: Vec<Piece>) -> AnyView {
    view! {
        <blockquote class="claim">
            <small>{title}</small>
            <p><Pieces pieces=words/></p>
        </blockquote>
    }
    .into_any()
}

fn warnings(warnings: Vec<String>) -> AnyView {
    (!warnings.is_empty())
        .then(|| {
            view! {
                <section class="warned" aria-label=message::WARNINGS>
                    <ul class="plain">
                        {warnings
                            .into_iter()
                            .map(|warning| view! { <li><Icon name="#i-warn"/> <b>{warning}</b></li> })
                            .collect_view()}
                    </ul>
                </section>
            }
        })
        .into_any()
}

fn history(history: ToolHistory) -> AnyView {
    let counts = [
        (history.approved_by_people, "approved by people"),
        (history.rejected_by_people, "rejected by people"),
        (history.approved_by_rule, "approved by rule"),
        (history.expired, "expired undecided"),
        (history.failed, "failed when run"),
    ];
    let lines: Vec<_> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| view! { <li><b>{count}</b> <span>{what}</span></li> })
        .collect();
    let none = lines.is_empty().then(|| view! { <li>{message::NO_HISTORY}</li> });
    view! {
        <section class="card">
            <h3>{message::HISTORY}</h3>
            <ul class="plain body">{lines} {none}</ul>
        </section>
    }
    .into_any()
}

fn timeline(entries: Vec<TimelineEntry>, read_at: DateTime<Utc>) -> AnyView {
    view! {
        <section class="card">
            <h3>{message::TIMELINE}</h3>
            <ol class="plain body">
                {entries.into_iter().map(|entry| timeline_entry(entry, read_at)).collect_view()}
            </ol>
        </section>
    }
    .into_any()
}

fn timeline_entry(entry: TimelineEntry, read_at: DateTime<Utc>) -> AnyView {
    view! {
        <li>
            <span>
                <b>{entry.said}</b> {message::actor(&entry.actor).map(|actor| format!("{}{actor}", message::BY))}
                {entry.reason.map(|reason| view! { ": " <span class="text"><Pieces pieces=reason/></span> })}
            </span>
            <Ago at=entry.occurred_at read_at/>
        </li>
    }
    .into_any()
}

fn nothing_open() -> AnyView {
    view! {
        <div class="empty">
            <Icon name="#i-inbox"/>
            <h2>{message::NOTHING_OPEN}</h2>
            <p>{message::NOTHING_OPEN_LEAD}</p>
            <p class="keyline"><kbd>"j"</kbd> " " <kbd>"k"</kbd> " " <kbd>"Enter"</kbd> " " <kbd>"?"</kbd></p>
        </div>
    }
    .into_any()
}

fn unread(desk: Desk, problem: Problem) -> AnyView {
    let missing = problem.code == Code::NotFound;
    let title = if missing { message::NO_SUCH_ACTION } else { message::ACTION_UNREAD };
    let retry = move || view! { <button type="button" class="btn" on:click=move |_| desk.read_again()>{message::RETRY}</button> };
    view! {
        <div class="in">
            {back(desk)}
            <div class="trouble">
                <ProblemNote problem title=title/>
                {(!missing).then(retry)}
            </div>
        </div>
    }
    .into_any()
}

fn skeleton() -> AnyView {
    view! {
        <div class="in skeleton" aria-hidden="true">
            <div><i></i><i></i></div>
            <div><i></i><i></i></div>
        </div>
    }
    .into_any()
}
