//! One rule: what it asks, how it stands, what it decided, what was done to it; and what can be done with it.

use chrono::{DateTime, Utc};
use domain::id::RuleId;
use domain::problem::Problem;
use domain::query_string::QueryString;
use domain::rule::RuleState;
use domain::view::{ActionRow, TimelineEntry};
use engine::rule_pages::RuleDetail;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::{use_params_map, use_url};

use super::parts::{ends, flags, state, unread, uses, warnings};
use super::replay::{Replayed, replayed};
use super::trial::{Tried, trial_form, tried};
use crate::api::rules::{Apply, Resume, Revoke};
use crate::api::{Failure, answer, engine, person};
use crate::components::came_of::came_of;
use crate::components::moment::Ago;
use crate::components::pieces::Pieces;
use crate::components::tier::Tier;
use crate::flash::Flash;
use crate::local_path::{rule_page, tool_page};
use crate::message::{self, rules as words};
use crate::pages::approvals::edit::PostedForm;
use crate::pages::approvals::query::{ALL, Query};

#[component]
pub(crate) fn RulePage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").and_then(|id| id.parse::<RuleId>().ok());
    let search = use_url().get_untracked().search().to_owned();
    let replays = QueryString::parse(Some(&search)).is_ok_and(|query| query.peek("replay").is_some());
    let posted = use_context::<PostedForm>();
    let many = use_context::<Option<Flash>>().flatten();
    let content = Suspend::new(async move {
        match read(id).await {
            Ok(rule) => {
                let tried = match posted {
                    Some(PostedForm(pairs)) => Some(Tried::of(&rule.line, pairs).await),
                    None => None,
                };
                let replay = if replays { Some(Replayed::of(rule.line.id).await) } else { None };
                page(&rule, many, replay, tried)
            }
            Err(Failure(problem)) => view! { <h1>{message::RULES}</h1> {unread(problem)} }.into_any(),
        }
    });
    view! {
        <main id="main" class="page">
            <p class="pages"><a href="/approvals/rules">{words::ALL_RULES}</a></p>
            <Suspense>{content}</Suspense>
        </main>
    }
}

async fn read(id: Option<RuleId>) -> Result<RuleDetail, Failure> {
    let person = person()?;
    let Some(id) = id else { return answer(Err(Problem::not_found("rule").into())) };
    answer(engine::rule_pages::detail(&engine(), &person, id).await)
}

fn page(rule: &RuleDetail, flash: Option<Flash>, replay: Option<Replayed>, trial: Option<Tried>) -> AnyView {
    let line = &rule.line;
    let decides = line.state == RuleState::Active;
    view! {
        <h1 class="row-of">{line.description.clone()} {state(line)} {flags(line)}</h1>
        <p class="lead">{words::effect(line.effect)} " " <a class="mono more" href=tool_page(&line.tool_name)>{line.shown_tool.clone()}</a></p>
        {(!rule.may_change).then(|| view! { <p class="why">{words::READ_ONLY}</p> })}
        {rule
            .suspended_reason
            .clone()
            .map(|why| view! { <p class="warned"><b>{words::SUSPENDED}</b> " " <Pieces pieces=why/></p> })}
        {rule.no_rule_applies.filter(|_| decides).map(|how| view! { <p class="warned">{words::no_rule_applies(how)}</p> })}
        {came_of(flash)}
        {warnings(&rule.warnings).map(|told| view! { <section class="card"><h2>{words::LOOK_AT}</h2><div class="body">{told}</div></section> })}
        {waiting(rule)}
        {fits(rule)}
        {facts(rule)}
        {rule.may_change.then(|| verbs(rule))}
        {replay.map(replayed)}
        <section class="card" id="try">
            <h2>{words::TRY}</h2>
            {trial_form(line.id, trial.as_ref())}
            {trial.map(tried)}
        </section>
        {decided(rule)}
        {trail(&rule.events, rule.now)}
    }
    .into_any()
}

/// Calls that wait and that it would let pass: offered, never done by itself.
fn waiting(rule: &RuleDetail) -> Option<AnyView> {
    if rule.waiting.is_empty() || rule.no_rule_applies.is_some() {
        return None;
    }
    let ids = rule.waiting.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let offer = view! {
        <section class="card">
            <h2>{words::APPLY_TITLE}</h2>
            <form class="body stack" method="post" action=Apply::PATH>
                <input type="hidden" name="id" value=rule.line.id.to_string()/>
                <input type="hidden" name="ids" value=ids/>
                <p><b>{words::waiting(rule.waiting_total)}</b> " " {words::APPLY_LEAD}</p>
                <button class="btn main" name="via" value="form">{words::apply(rule.waiting.len())}</button>
            </form>
        </section>
    };
    Some(offer.into_any())
}

fn fits(rule: &RuleDetail) -> AnyView {
    let asked = rule
        .asked
        .iter()
        .map(|asked| view! { <div class="d0"><dt class="mono">{asked.path.clone()}</dt><dd>{asked.words.clone()}</dd></div> });
    view! {
        <section class="card">
            <h2>{words::FITS}</h2>
            <dl class="args">
                {asked.collect_view()}
                <div class="d0"><dt>{words::ANY_OTHER}</dt><dd>{words::unlisted(rule.unlisted)}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

fn facts(rule: &RuleDetail) -> AnyView {
    let (line, now) = (&rule.line, rule.now);
    let fact = |name: &'static str, value: AnyView| view! { <div class="d0"><dt>{name}</dt><dd>{value}</dd></div> };
    let to_rule = |id: RuleId, words: &'static str| view! { <a class="more" href=rule_page(id)>{words}</a> }.into_any();
    let from = match rule.created_from {
        Some(id) => view! { <a class="more" href=Query::default().href(Some(id))>{words::THE_CALL}</a> }.into_any(),
        None => words::BY_HAND.into_any(),
    };
    let made = view! { <Ago at=rule.created_at read_at=now/> {message::actor(&rule.created_by).map(by)} };
    let last_used = match line.last_used_at {
        Some(at) => view! { <Ago at read_at=now/> }.into_any(),
        None => words::NEVER.into_any(),
    };
    let revoked = rule.revoked.clone().map(|ended| {
        view! { <Ago at=ended.at read_at=now/> {message::actor(&ended.by).map(by)} ": " <span class="text"><Pieces pieces=ended.reason/></span> }
    });
    view! {
        <section class="card">
            <h2>{words::STANDS}</h2>
            <dl class="args">
                {revoked.map(|revoked| fact(words::REVOKED, revoked.into_any()))}
                {rule.tier.map(|tier| fact(words::TIER, view! { <Tier tier/> }.into_any()))}
                {fact(words::USES, uses(line))}
                {fact(words::LAST_USED, last_used)}
                {fact(words::ENDS, ends(line, now))}
                {fact(words::MADE, made.into_any())}
                {fact(words::MADE_FROM, from)}
                {rule.replaces.map(|id| fact(words::REPLACES, to_rule(id, words::THE_RULE_BEFORE)))}
                {rule.replaced_by.map(|id| fact(words::REPLACED_BY, to_rule(id, words::THE_RULE_AFTER)))}
                {rule
                    .notes
                    .clone()
                    .map(|notes| fact(words::NOTES, view! { <span class="text"><Pieces pieces=notes/></span> }.into_any()))}
            </dl>
        </section>
    }
    .into_any()
}

fn by(name: String) -> String {
    format!("{}{name}", message::BY)
}

fn verbs(rule: &RuleDetail) -> AnyView {
    let line = &rule.line;
    let revoked = rule.revoked.is_some();
    let here = rule_page(line.id);
    view! {
        <section class="card">
            <h2>{words::CHANGE}</h2>
            <div class="body row-of">
                {(line.state == RuleState::Suspended).then(|| {
                    verb(Resume::PATH, line.id, (words::RESUME, "btn main", words::RESUME), words::RESUME_LEAD, false)
                })}
                {(!revoked).then(|| view! { <a class="btn" href=format!("{here}/replace")>{words::REPLACE}</a> })}
                <a class="btn" href=format!("{here}?replay=30#replay")>{words::REPLAY}</a>
                {(!revoked).then(|| {
                    verb(Revoke::PATH, line.id, (words::REVOKE, "btn bad", words::REVOKE_NOW), words::REVOKE_LEAD, true)
                })}
            </div>
        </section>
    }
    .into_any()
}

/// One verb, folded until it is wanted: what it is called, and the button that does it.
fn verb(
    path: &'static str,
    id: RuleId,
    (word, class, says): (&'static str, &'static str, &'static str),
    lead: &'static str,
    needs_reason: bool,
) -> AnyView {
    let label = if needs_reason { words::REASON } else { words::REASON_MAYBE };
    view! {
        <details>
            <summary class="btn">{word}</summary>
            <form class="stack" method="post" action=path>
                <input type="hidden" name="id" value=id.to_string()/>
                <p>{lead}</p>
                <label>{label} <input class="input" name="reason" maxlength="1000" required=needs_reason/></label>
                <button class=class name="via" value="form">{says}</button>
            </form>
        </details>
    }
    .into_any()
}

/// The newest calls that it decided.
fn decided(rule: &RuleDetail) -> AnyView {
    let all = Query::of_rule(rule.line.id).with_status(ALL).href(None);
    let rows = rule.decided.iter().map(|row| decided_row(row, rule.now)).collect_view();
    view! {
        <section class="card">
            <h2>{words::DECIDED} <small>{message::total(rule.decided_total)}</small></h2>
            {if rule.decided.is_empty() {
                view! { <p class="body">{words::DECIDED_NOTHING}</p> }.into_any()
            } else {
                view! {
                    <ul class="plain body">{rows}</ul>
                    <p class="body"><a class="more" href=all>{words::ALL_DECIDED}</a></p>
                }
                    .into_any()
            }}
        </section>
    }
    .into_any()
}

fn decided_row(row: &ActionRow, now: DateTime<Utc>) -> AnyView {
    let name = row.headline.clone().or_else(|| row.summary.clone()).unwrap_or_else(|| row.tool_name.clone());
    view! {
        <li>
            <Ago at=row.requested_at read_at=now/>
            <span><a class="more" href=Query::default().href(Some(row.id))>{name}</a></span>
            <small>{message::standing(row)}</small>
        </li>
    }
    .into_any()
}

fn trail(events: &[TimelineEntry], now: DateTime<Utc>) -> AnyView {
    let entry = |entry: &TimelineEntry| {
        let reason =
            entry.reason.clone().map(|reason| view! { ": " <span class="text"><Pieces pieces=reason/></span> });
        view! {
            <li>
                <Ago at=entry.occurred_at read_at=now/>
                <span><b>{entry.said.clone()}</b> {message::actor(&entry.actor).map(by)} {reason}</span>
            </li>
        }
    };
    view! {
        <section class="card">
            <h2>{words::TRAIL}</h2>
            <ol class="plain body">{events.iter().map(entry).collect_view()}</ol>
        </section>
    }
    .into_any()
}
