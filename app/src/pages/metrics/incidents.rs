//! The panel of incidents: what is on, and what the runbook says to do about it, as lists and forms that are there.

use chrono::{SecondsFormat, TimeDelta};
use domain::identity::Scope;
use domain::incident::{Incident, IncidentKind};
use engine::metrics::{FailingTool, MetricsPage, ToolLoadLine};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::failed::PATH as FAILED;
use crate::api::actions::ExpireStale;
use crate::api::failed::ExtendList;
use crate::local_path::{escape, tool_page};
use crate::message::{self, figures as words};
use crate::pages::approvals::query::Query;
use crate::pages::tools::gating_verbs;
use crate::visitor::{Visitor, may_make_rules};

/// How many tools a playbook names.
const NAMED: usize = 3;
/// How often an emergency rule may be used: until somebody has looked at it again.
const EMERGENCY_USES: i64 = 100;
/// The list of what is near its deadline.
const NEAR: &str = "expiring_within_hours=4";

/// `None`: nothing is on.
pub(super) fn panel(figures: &MetricsPage) -> Option<AnyView> {
    let watched = &figures.incidents;
    if watched.on.is_empty() && watched.unknown.is_empty() {
        return None;
    }
    let unknown = (!watched.unknown.is_empty()).then(|| {
        view! { <li><h3><span class="word unknown">{words::UNKNOWN}</span> " " {words::unknown_incidents(&watched.unknown)}</h3></li> }
    });
    let each = watched.on.iter().map(|incident| {
        let (severity, colour) = words::severity(incident.severity);
        view! {
            <li>
                <h3><span class=format!("word {colour}")>{severity}</span> " " {incident.words()}</h3>
                <ul class="row-of" aria-label=words::PLAYBOOK>
                    {steps(incident, figures).into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}
                </ul>
            </li>
        }
    });
    let panel = view! {
        <section class="card incidents">
            <h2>{words::INCIDENTS}</h2>
            <ul class="body">{each.collect_view()} {unknown}</ul>
        </section>
    };
    Some(panel.into_any())
}

fn steps(incident: &Incident, figures: &MetricsPage) -> Vec<AnyView> {
    match incident.kind {
        IncidentKind::Backlog => {
            let mut steps = vec![
                link(words::OLDEST_FIRST, "/approvals".to_owned()),
                link(words::WORST_FIRST, "/approvals?sort=urgency&risk_tier=critical%2Chigh".to_owned()),
            ];
            let decides = may(Scope::DecisionsWrite);
            steps.extend(decides.then(|| link(words::BULK_LOW, "/approvals?risk_tier=low".to_owned())));
            steps.extend(rules_for(figures, |tool| tool.pending.unwrap_or_default()));
            steps.push(link(words::NEAR, format!("/approvals?sort=urgency&{NEAR}")));
            steps.extend(decides.then(extend));
            steps.extend(may(Scope::Admin).then(|| link(words::MORE_TIME, "/settings/policy".to_owned())));
            steps.extend(expire());
            steps
        }
        IncidentKind::AutoRateDrop => {
            let mut steps = vec![
                link(words::COVERAGE, "#tools".to_owned()),
                link(words::ENDED_RULES, "/approvals/rules?active=false".to_owned()),
                link(words::SPENT_RULES, "/approvals/rules?hygiene=near_limit".to_owned()),
            ];
            steps.extend(rules_for(figures, |tool| tool.gated));
            steps
        }
        IncidentKind::FailureSpike => {
            let since = figures.now - TimeDelta::hours(1);
            let failed =
                format!("{FAILED}?executed_since={}", escape(&since.to_rfc3339_opts(SecondsFormat::Secs, true)));
            let retry = if may(Scope::DecisionsWrite) { words::RETRY } else { words::FAILED_LATELY };
            let mut steps = vec![link(words::CAUSES, "#failures".to_owned()), link(retry, failed)];
            steps.extend(figures.failing.iter().flatten().map(failing));
            steps
        }
    }
}

/// A tool that fails: to be paused or bypassed here, and what waits meanwhile to be decided by hand.
fn failing(tool: &FailingTool) -> AnyView {
    let waits = (tool.waiting > 0)
        .then(|| link_owned(words::decide_by_hand(tool.waiting), Query::of_tool(&tool.name).href(None)));
    view! {
        <div class="row-of">
            <a class="mono" href=tool_page(&tool.name)>{tool.shown_name.clone()}</a>
            <span class="aside">{words::fails(tool.failed, &tool.gating)}</span>
            {waits}
            {may(Scope::ToolsWrite).then(|| gating_verbs(&tool.name, &tool.gating, tool.gating == "gated"))}
        </div>
    }
    .into_any()
}

/// For whoever may make rules: for the tools that ask most.
fn rules_for(figures: &MetricsPage, by: impl Fn(&ToolLoadLine) -> i64) -> Vec<AnyView> {
    if !may_make_rules() {
        return Vec::new();
    }
    let link = |tool: &ToolLoadLine| {
        link_owned(
            words::rule_for(&tool.shown_name),
            format!("/approvals/rules/new?uses={EMERGENCY_USES}&tool={}", escape(&tool.name)),
        )
    };
    most(figures, by).map(link).collect()
}

fn most(figures: &MetricsPage, by: impl Fn(&ToolLoadLine) -> i64) -> impl Iterator<Item = &ToolLoadLine> {
    let mut tools: Vec<&ToolLoadLine> = figures.tools.iter().flatten().filter(|tool| by(tool) > 0).collect();
    tools.sort_by_key(|tool| -by(tool));
    tools.into_iter().take(NAMED)
}

fn extend() -> AnyView {
    let hours = message::EXTEND_CHOICES.map(|(value, word)| view! { <option value=value>{word}</option> });
    view! {
        <form class="row-of" method="post" action=ExtendList::PATH>
            <input type="hidden" name="list" value=NEAR/>
            <select class="input" name="hours" aria-label=words::BY_HOURS>{hours.collect_view()}</select>
            <button class="btn" name="via" value="form">{words::EXTEND}</button>
        </form>
    }
    .into_any()
}

fn expire() -> Option<AnyView> {
    may(Scope::DecisionsWrite).then(|| {
        view! {
            <form method="post" action=ExpireStale::PATH>
                <button class="btn" name="via" value="form">{message::EXPIRE_STALE}</button>
            </form>
        }
        .into_any()
    })
}

/// Whether the visitor may; nobody is offered what would be refused.
fn may(scope: Scope) -> bool {
    use_context::<Visitor>().and_then(|visitor| visitor.principal).is_some_and(|principal| principal.may(scope))
}

fn link(word: &'static str, href: String) -> AnyView {
    view! { <a class="btn" href=href>{word}</a> }.into_any()
}

fn link_owned(word: String, href: String) -> AnyView {
    view! { <a class="btn" href=href>{word}</a> }.into_any()
}
