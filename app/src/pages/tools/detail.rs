//! One tool: how it stands, what it takes, what was done to it, and the forms for whoever may change it.

use domain::problem::Problem;
use domain::tool_view::{Changed, ToolDetail};
use domain::view::TimelineEntry;
use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::forms::{gating_forms, settings_form};
use super::parts::{gating, last_hour, unreviewed};
use crate::api::tools::show;
use crate::api::{Failure, Reading};
use crate::components::moment::Ago;
use crate::components::pieces::Pieces;
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::local_path::escape;
use crate::message::{self, tools as words};
use crate::pages::approvals::query::{ALL, Query};
use crate::visitor::may_make_rules;

#[component]
pub(crate) fn ToolPage() -> impl IntoView {
    // From the path itself: what the router makes of a name with a slash in it is its own affair.
    let path = use_url().get_untracked().path().to_owned();
    let tool = path.strip_prefix("/tools/").unwrap_or_default().to_owned();
    let read = Reading::new_with_options(|| (), move |()| show(tool.clone()), true);
    view! {
        <main id="main" class="page">
            <p class="pages"><a href="/tools">{words::ALL_TOOLS}</a></p>
            <Suspense>
                {move || {
                    read.get().map(|tool| match tool {
                        Ok(tool) => page(tool),
                        Err(Failure(problem)) => unread(problem),
                    })
                }}
            </Suspense>
        </main>
    }
}

fn unread(problem: Problem) -> AnyView {
    view! {
        <h1>{message::TOOLS}</h1>
        <div class="trouble"><ProblemNote problem title=words::UNREAD/></div>
    }
    .into_any()
}

fn page(tool: ToolDetail) -> AnyView {
    let line = &tool.line;
    view! {
        <h1 class="row-of">
            <Tier tier=line.risk_tier/>
            <span class="mono">{line.shown_name.clone()}</span>
            {unreviewed(line)}
        </h1>
        {tool.configured.then(|| view! { <p class="lead">{words::CONFIGURED}</p> })}
        {(!tool.may_change).then(|| view! { <p class="why">{words::ADMINISTRATOR_ONLY}</p> })}
        {facts(&tool)}
        {tool.may_change.then(|| gating_forms(&tool))}
        {schema(&tool)}
        {tool.may_change.then(|| settings_form(&tool))}
        {trail(&tool)}
    }
    .into_any()
}

fn facts(tool: &ToolDetail) -> AnyView {
    let line = &tool.line;
    let fact = |name: &'static str, value: AnyView| view! { <div class="d0"><dt>{name}</dt><dd>{value}</dd></div> };
    let makes_rules = may_make_rules();
    let calls = Query::of_tool(&line.name);
    let pending = view! {
        {line.pending} " "
        <a class="more" href=calls.href(None)>{words::ITS_CALLS}</a>
        <a class="more" href=calls.with_status(ALL).href(None)>{words::ALL_ITS_CALLS}</a>
    };
    let name = escape(&line.name);
    let rules = view! {
        <a class="more" href=format!("/approvals/rules?tool_name={name}")>{words::ITS_RULES}</a> " "
        {makes_rules.then(|| view! { <a class="more" href=format!("/approvals/rules/new?tool={name}")>{words::NEW_RULE}</a> })}
    };
    view! {
        <section class="card">
            <h2>{words::FACTS}</h2>
            <dl class="args">
                {fact(words::GATING, gating(line, tool.now))}
                {fact(words::PENDING, pending.into_any())}
                {fact(words::RULES, rules.into_any())}
                {fact(words::LAST_HOUR, last_hour(line))}
                {fact(words::EXECUTOR, words::executor(line).into_any())}
                {fact(words::EXPIRY, words::expiry(line).into_any())}
                {fact(words::ARGUMENTS, words::classes(line).into_any())}
                {tool.idempotent.then(|| fact(words::IDEMPOTENT_YES, words::IDEMPOTENT.into_any()))}
                {fact(words::FIRST_SEEN, view! { <Ago at=tool.created_at read_at=tool.now/> }.into_any())}
                {fact(words::REVISION, tool.revision.into_any())}
            </dl>
        </section>
    }
    .into_any()
}

fn schema(tool: &ToolDetail) -> AnyView {
    view! {
        <section class="card">
            <h2>
                {words::INPUT_SCHEMA}
                {tool.schema.as_ref().map(|(_, digest)| view! { <small><code>{digest.to_string()}</code></small> })}
            </h2>
            <p class="body">
                {match tool.schema.clone() {
                    Some((pieces, _)) => view! { <code class="text"><Pieces pieces/></code> }.into_any(),
                    None => words::NO_SCHEMA.into_any(),
                }}
            </p>
        </section>
    }
    .into_any()
}

fn trail(tool: &ToolDetail) -> AnyView {
    let now = tool.now;
    let entry = |(entry, changes): (TimelineEntry, Vec<Changed>)| {
        view! {
            <li>
                <Ago at=entry.occurred_at read_at=now/>
                <span>
                    <b>{entry.said}</b> " " {entry.actor}
                    {entry.reason.map(|reason| view! { ": " <span class="text"><Pieces pieces=reason/></span> })}
                    {changes
                        .into_iter()
                        .map(|Changed { what, before, after }| {
                            view! { "; " {what} " " <code>{before}</code> " → " <code>{after}</code> }
                        })
                        .collect_view()}
                </span>
            </li>
        }
    };
    view! {
        <section class="card">
            <h2>{words::TRAIL}</h2>
            {if tool.events.is_empty() {
                view! { <p class="body">{words::NO_EVENTS}</p> }.into_any()
            } else {
                view! { <ol class="plain body">{tool.events.clone().into_iter().map(entry).collect_view()}</ol> }
                    .into_any()
            }}
        </section>
    }
    .into_any()
}
