//! The forms of a tool's page. Each is posted by the browser itself and leads back to the page.

use domain::risk::RiskTier;
use domain::tool::Executor;
use domain::tool_view::ToolDetail;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::api::tools::{Block, Bypass, Pause, Resume, Settle};
use crate::local_path::escape;
use crate::message::{self, tools as words};

/// Pause, block, bypass, resume: those that make a difference.
pub(super) fn gating_forms(tool: &ToolDetail) -> AnyView {
    let line = &tool.line;
    let normal = line.gating == "gated" && line.bypass_ended.is_none();
    view! {
        <section class="card">
            <h2>{words::CHANGE_GATING}</h2>
            <div class="body row-of">{gating_verbs(&line.name, &line.gating, normal)}</div>
        </section>
    }
    .into_any()
}

/// `normal`: there is nothing to go back from.
pub(crate) fn gating_verbs(name: &str, gating: &str, normal: bool) -> AnyView {
    let name = escape(name);
    view! {
        {(!normal).then(|| verb(Resume::PATH, &name, words::RESUME, words::RESUME_LEAD, false, ()))}
        {(gating != "paused").then(|| verb(Pause::PATH, &name, words::PAUSE, words::PAUSE_LEAD, true, ()))}
        {(gating != "blocked").then(|| verb(Block::PATH, &name, words::BLOCK, words::BLOCK_LEAD, true, ()))}
        {verb(Bypass::PATH, &name, words::BYPASS, words::BYPASS_LEAD, true, ends_after())}
    }
    .into_any()
}

/// One verb, folded until it is wanted.
fn verb(
    path: &'static str,
    name: &str,
    word: &'static str,
    lead: &'static str,
    needs_reason: bool,
    more: impl IntoView + 'static,
) -> AnyView {
    let label = if needs_reason { words::REASON } else { words::REASON_MAYBE };
    view! {
        <details>
            <summary class="btn">{word}</summary>
            <form class="stack" method="post" action=path>
                <input type="hidden" name="tool" value=name.to_owned()/>
                <p>{lead}</p>
                {more}
                <label>{label} <input class="input" name="reason" maxlength="1000" required=needs_reason/></label>
                <button class="btn main" name="via" value="form">{word}</button>
            </form>
        </details>
    }
    .into_any()
}

fn ends_after() -> AnyView {
    view! {
        <label>
            {words::ENDS_AFTER}
            <select class="input" name="hours">
                {words::BYPASS_HOURS
                    .map(|hours| view! { <option value=hours>{words::hours(hours)}</option> })
                    .collect_view()}
            </select>
        </label>
    }
    .into_any()
}

/// Everything else about the tool in one form, which is refused if the tool was changed since it was made.
pub(super) fn settings_form(tool: &ToolDetail) -> AnyView {
    let line = &tool.line;
    view! {
        <section class="card">
            <h2>{words::SETTINGS}</h2>
            <form class="body stack" method="post" action=Settle::PATH>
                <input type="hidden" name="tool" value=escape(&line.name)/>
                <input type="hidden" name="revision" value=tool.revision/>
                <label>
                    {words::TIER}
                    <select class="input" name="risk_tier">
                        {RiskTier::ALL
                            .map(|tier| {
                                let chosen = tier == line.risk_tier;
                                view! { <option value=tier.as_str() selected=chosen>{message::tier(tier)}</option> }
                            })
                            .collect_view()}
                    </select>
                </label>
                <label>
                    {words::EXPIRY_HOURS}
                    <input class="input" type="number" min="1" max="8760" name="expiry_hours" value=tool.own_expiry_hours/>
                </label>
                {run_by(line.executor)}
                <label>
                    {words::SENSITIVE} <input class="input" name="sensitive_args" value=line.sensitive_args.join(", ")/>
                </label>
                <label>
                    {words::SECRET} <input class="input" name="secret_args" value=line.secret_args.join(", ")/>
                </label>
                {tick("idempotent", words::IDEMPOTENT, tool.idempotent)}
                {tick("reviewed", words::LOOKED_AT, line.reviewed)}
                <label>
                    {words::NEW_SCHEMA} <textarea class="input mono" name="input_schema" rows="4" spellcheck="false"></textarea>
                </label>
                {line.has_schema.then(|| tick("remove_schema", words::REMOVE_SCHEMA, false))}
                <label>{words::REASON_MAYBE} <input class="input" name="reason" maxlength="1000"/></label>
                <button class="btn main" name="via" value="form">{words::SAVE}</button>
            </form>
        </section>
    }
    .into_any()
}

fn run_by(now: Option<Executor>) -> AnyView {
    // What needs more than its word is kept if it is so, and not offered.
    let offered = [None, Some(Executor::Worker), Some(Executor::Agent)];
    let kept = Some(now).filter(|now| !offered.contains(now));
    let option = |executor: Option<Executor>| {
        let word = executor.map_or(words::NOBODY_YET, words::runs);
        view! { <option value=executor.map_or("", Executor::as_str) selected=executor == now>{word}</option> }
    };
    view! {
        <label>
            {words::RUN_BY}
            <select class="input" name="executor">{offered.into_iter().chain(kept).map(option).collect_view()}</select>
        </label>
    }
    .into_any()
}

fn tick(name: &'static str, words: &'static str, ticked: bool) -> AnyView {
    view! {
        <label class="chip"><input type="checkbox" name=name value="true" checked=ticked/> {words}</label>
    }
    .into_any()
}
