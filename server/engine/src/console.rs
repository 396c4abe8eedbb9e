//! What the console's pages show, put together here so that a page asks once: masked, escaped and folded.

use chrono::NaiveDate;
use domain::action::{Action, Attempt, Decider, ExecutionResult};
use domain::anomaly::Anomaly;
use domain::argument::{ArgumentClass, ArgumentValue, ClassOverrides, Fold, argument_rows, headline};
use domain::editing::{differences, rows_of};
use domain::event::Event;
use domain::filter::ActionFilter;
use domain::id::{ActionId, RuleId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::{Status, Verb, allows};
use domain::page::Sort;
use domain::problem::{Code, Problem};
use domain::query_string::QueryString;
use domain::redaction::CallMask;
use domain::text_safety::{Piece, escaped, visible, warnings};
use domain::view::{ActionDetail, ActionRow, AttemptView, Frame, Outcome, QueuePage, TimelineEntry};

use crate::actions::{FullAction, list};
use crate::execution::waits_for_executor;
use crate::{Engine, Result, actions, anomalies, metrics, require, store};

/// How much of a summary a list shows, in characters.
const LINE: usize = 160;
/// What a row is flagged with before all else.
const DECEPTIVE: &str = "deceptive text";

/// What every page shows around its content. Figures that cannot be read are unknown; the page stands.
///
/// # Errors
/// `unauthenticated` for a program; when the clock of the database cannot be read.
pub async fn frame(engine: &Engine, principal: &Principal, version: &str) -> Result<Frame> {
    let person = principal
        .person()
        .cloned()
        .ok_or_else(|| Problem::new(Code::Unauthenticated, "The console is for people: sign in."))?;
    let health = metrics::health(engine).await;
    Ok(Frame {
        person,
        decides: principal.may(Scope::DecisionsWrite),
        pending: health.pending.0,
        stale: crate::expiry::count_stale(engine).await.ok(),
        health,
        now: store::now(&engine.pool).await?,
        version: version.to_owned(),
    })
}

/// A page of the queue, as the console's address asks for it: the API's parameters, where no `status` means the pending
/// ones and `all` means all, and a day stands for its beginning in the configured time zone (as `until`: its end).
///
/// # Errors
/// `forbidden`; `invalid_request` for a parameter that is not known; when the database cannot be read.
pub async fn queue(engine: &Engine, principal: &Principal, address: &str) -> Result<QueuePage> {
    let filter = filter(engine, address).await?;
    let page = list(engine, principal, &filter).await?;
    let mut rows = Vec::with_capacity(page.actions.len());
    let unusual = anomalies::of(engine, principal, &page.actions).await?;
    for action in &page.actions {
        let overrides = actions::overrides(engine, &action.tool_name).await?;
        rows.push(flagged(row(action, &overrides), unusual.get(&action.id)));
    }
    Ok(QueuePage {
        rows,
        next_cursor: page.next.map(|cursor| cursor.encode()),
        total: page.total,
        now: page.now,
        decides: principal.may(Scope::DecisionsWrite),
    })
}

/// A form gives days, in the configured time zone, where the API takes instants: the last day is meant to its end.
pub(crate) async fn whole_days(engine: &Engine, query: &mut QueryString) -> Result<()> {
    for (name, days) in [
        ("since", 0),
        ("until", 1),
        ("decided_since", 0),
        ("decided_until", 1),
        ("executed_since", 0),
        ("executed_until", 1),
    ] {
        if let Some(day) = query.peek(name).and_then(|text| text.parse::<NaiveDate>().ok()) {
            let instant = store::beginning_of_day(&engine.pool, day, days, &engine.policy.timezone).await?;
            query.replace(name, instant.to_rfc3339());
        }
    }
    Ok(())
}

/// What a list in the console holds, as its address says it.
pub(crate) async fn filter(engine: &Engine, address: &str) -> Result<ActionFilter> {
    let mut query = QueryString::parse(Some(address))?;
    whole_days(engine, &mut query).await?;
    match query.peek("status") {
        Some("all") => query.replace("status", Status::ALL.map(Status::as_str).join(",")),
        Some(_) => {}
        None => query.replace("status", Status::Pending.as_str().to_owned()),
    }
    let waits = query.peek("status") == Some(Status::Pending.as_str());
    let filter = ActionFilter::read(&mut query, if waits { Sort::Oldest } else { Sort::Newest });
    query.finish()?;
    Ok(filter)
}

/// Everything a decision about one action needs.
///
/// # Errors
/// `not_found`, `forbidden`.
pub async fn detail(engine: &Engine, principal: &Principal, id: ActionId) -> Result<ActionDetail> {
    let full = actions::get(engine, principal, id).await?;
    let FullAction { action, attempts, events, overrides, now } = full;
    let unusual = anomalies::of(engine, principal, std::slice::from_ref(&action)).await?;
    let unusual = unusual.into_values().flatten().map(|own| own.to_string());
    let mask = action.mask(&overrides);
    let words = |text: &str| claim(&mask, text);
    Ok(ActionDetail {
        row: row(&action, &overrides),
        state: action.state(),
        verbs: verbs(principal, &action),
        args_sha256: action.effective_sha256(),
        summary: action.agent_summary.as_deref().map(words),
        why: action.why.as_deref().map(words),
        evidence: action.evidence.as_ref().map(|evidence| rows(&mask.json(evidence), &overrides)).unwrap_or_default(),
        argument_count: action.effective_args().as_object().map_or(0, <[_]>::len),
        arguments: rows(mask.effective(), &overrides),
        edits: rows_of(&differences(&action, &mask), &overrides),
        warnings: deceptions(&action, &overrides).into_iter().chain(unusual).collect(),
        pending_reason: action.pending_reason.as_ref().map(|reason| reason.text.clone()),
        rule: rule_of(&action).map(|id| format!("/approvals/rules/{id}")),
        makes_rules: principal.may(Scope::RulesWrite),
        executor: action.executor,
        decision_reason: action.decision_reason.as_deref().map(words),
        outcome: action.execution_result.as_ref().map(|result| outcome(&mask, result)),
        attempts: attempts.iter().map(|attempt| attempt_view(&mask, attempt)).collect(),
        timeline: events.iter().map(|event| timeline(event, |reason| claim(&mask, reason))).collect(),
        tool_history: store::metrics::tool_history(&engine.pool, &action.tool_name).await?,
        now,
    })
}

/// The rule that decided it, or because of which it waits.
fn rule_of(action: &Action) -> Option<RuleId> {
    match &action.decided_by {
        Some(Decider::Rule(id)) => Some(*id),
        Some(_) => None,
        None => action.pending_rule_id,
    }
}

/// What this person may do with the action now. The lifecycle says what could be done, the role who may.
fn verbs(principal: &Principal, action: &Action) -> Vec<Verb> {
    const OFFERED: [Verb; 7] = [
        Verb::Approve,
        Verb::Reject,
        Verb::Extend,
        Verb::ResolveSucceeded,
        Verb::ResolveFailed,
        Verb::Retry,
        Verb::Abandon,
    ];
    if require(principal, Scope::DecisionsWrite).is_err() {
        return Vec::new();
    }
    let fits = |verb: &Verb| allows(action.state(), *verb) && (*verb != Verb::Extend || action.expires_at.is_some());
    OFFERED.into_iter().filter(fits).collect()
}

fn rows(json: &Json, overrides: &ClassOverrides) -> Vec<domain::argument::ArgumentRow> {
    argument_rows(json, overrides, Fold::default())
}

/// An agent's or a person's words: masked, with whatever may deceive the eye made visible.
fn claim(mask: &CallMask, text: &str) -> Vec<Piece> {
    visible(&mask.text(text))
}

/// The arguments that decide what a call does, by themselves.
pub(crate) fn critical(args: &Json, overrides: &ClassOverrides) -> Vec<domain::argument::ArgumentRow> {
    let critical = rows(args, overrides).into_iter().filter(|row| row.class == ArgumentClass::Critical);
    critical.map(|row| domain::argument::ArgumentRow { depth: 0, ..row }).collect()
}

pub(crate) fn row(action: &Action, overrides: &ClassOverrides) -> ActionRow {
    let mask = action.mask(overrides);
    let summary = action.agent_summary.as_deref().map(|text| line(&mask.text(text)));
    ActionRow {
        id: action.id,
        tool_name: escaped(&action.tool_name),
        risk_tier: action.risk_tier,
        headline: headline(mask.effective(), overrides),
        summary,
        session_id: action.session_id.as_deref().map(escaped),
        agent: escaped(&action.agent_id),
        status: action.status,
        execution_state: action.execution_state,
        waits_for_executor: waits_for_executor(action),
        requested_at: action.requested_at,
        expires_at: action.expires_at,
        decided_at: action.decided_at,
        decided_by: action.decided_by.clone(),
        live: action.live,
        flag: (!deceptions(action, overrides).is_empty()).then(|| DECEPTIVE.to_owned()),
    }
}

/// A row with the weightiest of what is not as it usually is.
pub(crate) fn flagged(row: ActionRow, unusual: Option<&Vec<Anomaly>>) -> ActionRow {
    let flag = unusual.and_then(|unusual| unusual.first()).map(|own| own.short().to_owned());
    ActionRow { flag: row.flag.or(flag), ..row }
}

fn line(text: &str) -> String {
    let cut: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LINE + 1).collect();
    if cut.chars().count() > LINE {
        format!("{}…", escaped(&cut.chars().take(LINE).collect::<String>()))
    } else {
        escaped(&cut)
    }
}

/// In words: what looks deceptive, and where.
pub(crate) fn deceptions(action: &Action, overrides: &ClassOverrides) -> Vec<String> {
    let texts = [
        ("the tool's name", Some(action.tool_name.as_str())),
        ("the agent's summary", action.agent_summary.as_deref()),
        ("the agent's reason", action.why.as_deref()),
        ("the session", action.session_id.as_deref()),
    ];
    let mut found: Vec<String> = texts
        .into_iter()
        .filter_map(|(place, text)| Some((place, text?)))
        .flat_map(|(place, text)| warnings(text).into_iter().map(move |kind| format!("{} in {place}", kind.words())))
        .collect();
    for row in argument_rows(action.effective_args(), overrides, Fold::at(usize::MAX, 1)) {
        let in_value = matches!(row.value, ArgumentValue::Text { deceptive: true, .. });
        let in_name = row.name.iter().any(|piece| matches!(piece, Piece::Escape(_)));
        if in_value || in_name {
            found.push(format!("Deceptive characters in {}", row.path));
        }
        if found.len() > 20 {
            break;
        }
    }
    found.retain(|text| !text.is_empty());
    found
}

fn outcome(mask: &CallMask, result: &ExecutionResult) -> Outcome {
    Outcome {
        success: result.success,
        result: result.result.as_ref().map(|json| rows(json, &ClassOverrides::default())).unwrap_or_default(),
        error: result.error.as_deref().map(|error| claim(mask, error)),
        executed_at: result.executed_at,
    }
}

fn attempt_view(mask: &CallMask, attempt: &Attempt) -> AttemptView {
    AttemptView {
        id: attempt.id,
        number: attempt.number,
        state: attempt.state,
        worker: escaped(&attempt.worker),
        claimed_at: attempt.claimed_at,
        lease_until: attempt.lease_until,
        finished_at: attempt.finished_at,
        outcome: attempt.result.as_ref().map(|result| outcome(mask, result)),
        late_report: attempt.late_report.as_ref().map(|report| outcome(mask, report)),
    }
}

/// An entry of a timeline. `words`: how what a person or program said is made safe to look at.
pub(crate) fn timeline(event: &Event, words: impl FnOnce(&str) -> Vec<Piece>) -> TimelineEntry {
    TimelineEntry {
        seq: event.seq,
        said: event.event_type.words().to_owned(),
        actor: escaped(&event.actor),
        reason: event.reason.as_deref().map(words),
        occurred_at: event.occurred_at,
    }
}
