//! The panel of incidents: what is on, and what the runbook says to do about it, as lists and forms that are there.

use chrono::{SecondsFormat, TimeDelta};
use domain::identity::Scope;
use domain::incident::{Incident, IncidentKind};
use domain::text_safety::escaped;
use engine::metrics::{MetricsPage, ToolLoadLine};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::api::actions::ExpireStale;
use crate::local_path::{escape, tool_page};
use crate::message::{self, figures as words};
use crate::visitor::{Visitor, may_make_rules};

/// How many tools a playbook names.
const NAMED: usize = 3;

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
            let near = "/approvals?sort=urgency&expiring_within_hours=4".to_owned();
            steps.extend(decides.then(|| link(words::EXTEND, near)));
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
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            let failed = format!("/approvals?status=all&execution_state=failed&executed_since={}", escape(&since));
            let retry = if may(Scope::DecisionsWrite) { words::RETRY } else { words::FAILED_LATELY };
            let mut steps = vec![link(words::CAUSES, "#failures".to_owned()), link(retry, failed)];
            if may(Scope::ToolsWrite) {
                let failing = figures.failing.iter().flatten();
                steps.extend(failing.map(|(tool, _)| link_owned(words::pause(&escaped(tool)), tool_page(tool))));
            }
            steps
        }
    }
}

/// For whoever may make rules: for the tools that ask most.
fn rules_for(figures: &MetricsPage, by: impl Fn(&ToolLoadLine) -> i64) -> Vec<AnyView> {
    if !may_make_rules() {
        return Vec::new();
    }
    let link = |tool: &ToolLoadLine| {
        link_owned(words::rule_for(&tool.shown_name), format!("/approvals/rules/new?tool={}", escape(&tool.name)))
    };
    most(figures, by).map(link).collect()
}

fn most(figures: &MetricsPage, by: impl Fn(&ToolLoadLine) -> i64) -> impl Iterator<Item = &ToolLoadLine> {
    let mut tools: Vec<&ToolLoadLine> = figures.tools.iter().flatten().filter(|tool| by(tool) > 0).collect();
    tools.sort_by_key(|tool| -by(tool));
    tools.into_iter().take(NAMED)
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
