//! The gate: decides at once whether a call runs, waits or is refused, and writes down which.
//!
//! What was decided is written by one statement that holds only while the tool is as it was read. If it changed
//! in between, the gate looks again. So a park is one trip to the database and one durable commit.

use domain::action::{Action, Decider, limit};
use domain::argument::{ClassOverrides, recipients};
use domain::digest::Digest;
use domain::event::EventContent;
use domain::id::{ActionId, AttemptId, EventId, RuleId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::Status;
use domain::problem::{Code, FieldError, Problem};
use domain::redaction::CallMask;
use domain::rule::Rule;
use domain::search::words_of;
use domain::suggestion::shape_of;
use domain::tool::{Gating, Tool};
use uuid::Uuid;

use crate::notify::Change;
use crate::rule_set::{RuleSet, named};
use crate::{Engine, Result, actions, require, rule_set, rules, store, tools};

mod verdict;

/// A call as an agent sends it.
#[derive(Clone, Debug)]
pub struct ParkRequest {
    pub tool_name: String,
    pub tool_args: Json,
    pub agent_summary: Option<String>,
    pub session_id: Option<String>,
    pub why: Option<String>,
    pub evidence: Option<Json>,
    /// Never longer than the tool allows.
    pub expires_in_hours: Option<i64>,
    pub deduplication_key: Option<String>,
    /// The id the action is to have: a request that is repeated after a crash finds what it made.
    pub id: Option<ActionId>,
    /// The attempt under which the caller runs: the call it was approved for passes without a second action.
    pub under_attempt: Option<AttemptId>,
}

/// A program's token as it was looked up a moment ago ([`Engine::presume`]). A hint, never the truth: what is done on
/// it is written by a statement that holds only while the token is still good.
pub struct Presumed {
    pub(crate) principal: Principal,
    pub(crate) secret_hash: Vec<u8>,
}

/// What the gate did.
#[derive(Debug)]
pub struct Gated {
    pub action: Action,
    /// What of the action nobody is shown.
    pub mask: CallMask,
    /// The call was there before: same deduplication key, same request, or running under its own approval.
    pub attached: bool,
}

/// Where the arguments stand in a request to park.
const ARGUMENTS: &str = "/tool_args";

/// What stands against a call.
pub(crate) enum Objection {
    /// No call of the tool runs.
    Blocked,
    /// A rule refuses it.
    Denied(Problem),
    /// The arguments are not what the tool takes.
    Misfit(crate::Error),
}

/// What stands against a call of the tool, whoever made it: asked when an agent parks it, and again when a person changes
/// it, so that no edit passes what would not have been parked. Whatever refuses calls does it here. A blocked tool's call is
/// refused for that, and recorded, whatever its arguments are. `place`: where those stand in the request.
pub(crate) fn objection(engine: &Engine, tool: &Tool, rules: &RuleSet, args: &Json, place: &str) -> Option<Objection> {
    if matches!(tool.gating, Gating::Blocked { .. }) {
        return Some(Objection::Blocked);
    }
    if let Err(misfit) = tools::check_args(engine, tool, args, place) {
        return Some(Objection::Misfit(misfit));
    }
    let denied = matches!(tool.gating, Gating::Gated).then(|| rules.denies(args)).flatten();
    denied.map(|rule| Objection::Denied(Problem::new(Code::DeniedByRule, denial(rule))))
}

fn denial(rule: &Rule) -> String {
    format!("The rule {} refuses such calls.", named(rule))
}

/// Lets a call through the gate, parks it or refuses it. Whatever it does leaves a row.
///
/// # Errors
/// `invalid_request` with every wrong field, or every argument that does not fit the tool's schema; `arguments_changed` when the deduplication key is open for other
/// arguments; `tool_blocked` and `denied_by_rule` (the refusal is written); `forbidden` without `actions:submit`.
pub async fn park(engine: &Engine, principal: &Principal, request: ParkRequest) -> Result<Gated> {
    require(principal, Scope::ActionsSubmit)?;
    validate(&request)?;
    let digest = Digest::of(&request.tool_args);
    if let Some(action) = running_under_approval(engine, principal, &request, digest).await? {
        return attached(engine, action).await;
    }
    let id = request.id.unwrap_or_else(|| ActionId(Uuid::now_v7()));
    // Twice is a lost race with a change of the tool; more often than that is somebody flapping it.
    for _ in 0..8 {
        let tool = tools::find_or_register(engine, &request.tool_name, &principal.actor()).await?;
        let rules = rule_set::of(engine, &tool).await?;
        if let Some(Objection::Misfit(refusal)) = objection(engine, &tool, &rules, &request.tool_args, ARGUMENTS) {
            if let Some(action) = present(engine, principal, &request, digest, id).await? {
                return attached(engine, action).await;
            }
            // A hint refuses nobody: another server may have changed the schema meanwhile.
            let current = store::tools::find(&engine.pool, &tool.name).await?;
            if current.is_some_and(|current| current.revision == tool.revision) {
                return Err(refusal);
            }
            engine.tools.forget(&request.tool_name);
            continue;
        }
        if let Some(gated) = try_insert(engine, principal, None, &request, digest, id, (&tool, &rules)).await? {
            return Ok(gated);
        }
        engine.tools.forget(&request.tool_name);
        engine.rules.forget(&request.tool_name);
        if let Some(action) = present(engine, principal, &request, digest, id).await? {
            return attached(engine, action).await;
        }
    }
    Err(Problem { retry_after: Some(1), ..Problem::new(Code::Unavailable, "The tool is being changed; try again.") }
        .into())
}

/// The call that was there before.
pub(crate) async fn attached(engine: &Engine, action: Action) -> Result<Gated> {
    let overrides = actions::overrides(engine, &action.tool_name).await?;
    Ok(Gated { mask: action.mask(&overrides), action, attached: true })
}

/// Parks a call in one trip to the database, which judges the token along with the tool. `None`: nothing was written,
/// for whatever reason; whoever asks is to be authenticated, and [`park`] then says what is wrong, if anything is.
///
/// # Errors
/// `tool_blocked` (the refusal is written); when the database cannot be reached.
pub async fn park_presumed(engine: &Engine, presumed: &Presumed, request: &ParkRequest) -> Result<Option<Gated>> {
    let Presumed { principal, secret_hash } = presumed;
    let sound = require(principal, Scope::ActionsSubmit).is_ok() && validate(request).is_ok();
    let Some(tool) = engine.tools.get(&request.tool_name).filter(|_| sound) else { return Ok(None) };
    let Some(rules) = engine.rules.of(&tool) else { return Ok(None) };
    if matches!(objection(engine, &tool, &rules, &request.tool_args, ARGUMENTS), Some(Objection::Misfit(_))) {
        return Ok(None);
    }
    let digest = Digest::of(&request.tool_args);
    try_insert(engine, principal, Some(secret_hash), request, digest, ActionId(Uuid::now_v7()), (&tool, &rules)).await
}

async fn try_insert(
    engine: &Engine,
    principal: &Principal,
    presumed_secret: Option<&[u8]>,
    request: &ParkRequest,
    digest: Digest,
    id: ActionId,
    (tool, rules): (&Tool, &RuleSet),
) -> Result<Option<Gated>> {
    let verdict = verdict::of(tool, rules, &request.tool_args);
    let overrides = ClassOverrides::from(tool);
    let mask = CallMask::of(&request.tool_args, &overrides);
    let wished = request.expires_in_hours.and_then(|hours| i32::try_from(hours).ok());
    let summary = request.agent_summary.as_deref().map(|text| mask.text(text)).unwrap_or_default();
    let session = request.session_id.as_deref().unwrap_or_default();
    let words = words_of(&[&request.tool_name, session, principal.name(), &summary], mask.args());
    let recipients = recipients(&request.tool_args, &overrides);
    let row = store::actions::NewAction {
        id,
        tool_name: &request.tool_name,
        tool_revision: tool.revision,
        rules_version: rules.version(),
        stopped_by: verdict.stopped_by,
        approval_rule_id: verdict.rule,
        pending_rule_id: verdict.pending_rule,
        needs_opening: matches!(tool.gating, Gating::Open { .. }),
        tool_args: &request.tool_args,
        masked_args: mask.args(),
        args_sha256: digest,
        agent_summary: request.agent_summary.as_deref(),
        why: request.why.as_deref(),
        evidence: request.evidence.as_ref(),
        session_id: request.session_id.as_deref(),
        agent_id: principal.name(),
        agent_token_id: principal.token().map(|token| token.id),
        status: verdict.status,
        execution_state: verdict.execution_state,
        risk_tier: tool.risk_tier,
        pending_reason: verdict.waits.as_ref(),
        wished_hours: wished,
        tool_hours: tool.expiry_hours,
        configured_hours: engine.policy.default_expiry_hours,
        decided_by: verdict.decider.as_ref(),
        decision_reason: verdict.reason.as_deref(),
        deduplication_key: request.deduplication_key.as_deref(),
        presumed_secret,
        words: &words,
        shape: shape_of(&request.tool_args, &overrides),
        recipients: &recipients,
    };
    let metadata = Json::object([
        ("tool_name", Json::from(request.tool_name.as_str())),
        ("args_sha256", Json::from(digest.to_string())),
        ("risk_tier", Json::from(tool.risk_tier.as_str())),
        ("session_id", Json::from(request.session_id.clone())),
        ("pending_code", Json::from(verdict.waits.as_ref().map(|reason| reason.code.as_str()))),
    ]);
    let actor = principal.actor();
    let event = EventContent {
        event_id: EventId(Uuid::now_v7()),
        action_id: Some(id),
        rule_id: verdict.rule,
        event_type: verdict.event_type.as_str(),
        actor: &actor,
        reason: None,
        event_metadata: &metadata,
    };
    let inserted = match verdict.rule.filter(|_| verdict.status == Status::Approved) {
        Some(rule) => insert_on_use(engine, rule, &row, event).await?,
        None => {
            let mut connection = engine.warm.take(&engine.pool).await?;
            let inserted = store::actions::insert(&mut connection, &row, event).await?;
            engine.warm.keep(&engine.pool, connection);
            inserted
        }
    };
    let Some(inserted) = inserted else { return Ok(None) };
    engine.changes.publish(Change::action(id, inserted.seq));
    if verdict.status == Status::Rejected {
        return Err(refused(id, verdict.decider.as_ref(), verdict.reason.as_deref()));
    }
    let action = Action {
        id,
        tool_name: request.tool_name.clone(),
        tool_args: request.tool_args.clone(),
        args_sha256: digest,
        edited: None,
        agent_summary: request.agent_summary.clone(),
        why: request.why.clone(),
        evidence: request.evidence.clone(),
        session_id: request.session_id.clone(),
        agent_id: principal.name().to_owned(),
        status: verdict.status,
        execution_state: verdict.execution_state,
        risk_tier: tool.risk_tier,
        executor: tool.executor,
        has_executor: inserted.has_executor,
        pending_reason: verdict.waits,
        requested_at: inserted.requested_at,
        expires_at: inserted.expires_at,
        decided_at: verdict.decider.is_some().then_some(inserted.requested_at),
        decided_by: verdict.decider,
        decision_reason: verdict.reason,
        executed_at: None,
        execution_result: None,
        approval_rule_id: verdict.rule,
        pending_rule_id: verdict.pending_rule,
        deduplication_key: request.deduplication_key.clone(),
        live: true,
    };
    Ok(Some(Gated { action, mask, attached: false }))
}

/// Writes a call that a rule lets pass, with the use of the rule: both, or neither. `None`: the rule may not decide any
/// more, or as for [`store::actions::insert`].
async fn insert_on_use(
    engine: &Engine,
    rule: RuleId,
    row: &store::actions::NewAction<'_>,
    event: EventContent<'_>,
) -> Result<Option<store::actions::Inserted>> {
    let mut transaction = store::begin(&engine.pool).await?;
    let taken = store::rules::take_use(&mut transaction, rule).await?;
    let Some(taken) = taken else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let inserted = store::actions::insert(&mut transaction, row, event).await?;
    if inserted.is_none() {
        transaction.rollback().await?;
        return Ok(None);
    }
    let exhausted = rules::exhausted(&mut transaction, (rule, row.tool_name), row.id, &taken).await?;
    transaction.commit().await?;
    if let Some(change) = exhausted {
        engine.rules.forget(row.tool_name);
        engine.changes.publish(change);
    }
    Ok(inserted)
}

/// The answer to a call that was refused and written down.
fn refused(id: ActionId, decider: Option<&Decider>, reason: Option<&str>) -> crate::Error {
    let (code, usual) = match decider {
        Some(Decider::Rule(_)) => (Code::DeniedByRule, "A rule refuses such calls."),
        _ => (Code::ToolBlocked, "The tool is blocked."),
    };
    let reason = reason.unwrap_or(usual);
    Problem::new(code, format!("{reason} It does not run. The refusal is recorded as {id}.")).into()
}

/// The row that stood in the way of writing: the same request's own, or an open one under the same key.
async fn present(
    engine: &Engine,
    principal: &Principal,
    request: &ParkRequest,
    digest: Digest,
    id: ActionId,
) -> Result<Option<Action>> {
    if let Some(action) = store::actions::find(&engine.pool, id).await? {
        let by_the_gate = matches!(action.decided_by, Some(Decider::System(_) | Decider::Rule(_)));
        if action.status == Status::Rejected && by_the_gate {
            return Err(refused(id, action.decided_by.as_ref(), action.decision_reason.as_deref()));
        }
        return Ok(Some(action));
    }
    let Some(key) = &request.deduplication_key else { return Ok(None) };
    let Some(action) = store::actions::find_open_duplicate(&engine.pool, principal.name(), key).await? else {
        return Ok(None);
    };
    if action.tool_name == request.tool_name && action.args_sha256 == digest {
        return Ok(Some(action));
    }
    Err(Problem::new(
        Code::ArgumentsChanged,
        format!("The deduplication key is open for another call ({}). An approval is for the arguments that were shown: park the new ones under a new key.", action.id),
    )
    .into())
}

/// A call that reaches the gate from inside its own approved run needs no second approval. It is that call only
/// if the worker, the tool and the digest are the attempt's.
async fn running_under_approval(
    engine: &Engine,
    principal: &Principal,
    request: &ParkRequest,
    digest: Digest,
) -> Result<Option<Action>> {
    let Some(attempt) = request.under_attempt else { return Ok(None) };
    let Some(claimed) = store::attempts::find(&engine.pool, attempt).await? else { return Ok(None) };
    let own = claimed.worker_token == principal.token().map(|token| token.id);
    let running = claimed.attempt.state == domain::action::AttemptState::Running;
    if !own || !running || claimed.args_sha256 != digest {
        return Ok(None);
    }
    let action = store::actions::find(&engine.pool, claimed.action_id).await?;
    Ok(action.filter(|action| action.tool_name == request.tool_name))
}

/// What can be said about a call without looking at anything else: every wrong field at once.
fn validate(request: &ParkRequest) -> Result<()> {
    let mut errors = Vec::new();
    let mut refuse = |pointer: &str, message: String| {
        errors.push(FieldError { pointer: pointer.to_owned(), message });
    };
    if request.tool_name.trim().is_empty() {
        refuse("/tool_name", "is empty".to_owned());
    }
    if !request.tool_args.is_object() {
        refuse("/tool_args", "must be an object: one member per argument".to_owned());
    }
    let texts = [
        ("/tool_name", Some(&request.tool_name), limit::TOOL_NAME),
        ("/agent_summary", request.agent_summary.as_ref(), limit::SUMMARY),
        ("/session_id", request.session_id.as_ref(), limit::SESSION),
        ("/why", request.why.as_ref(), limit::WHY),
        ("/deduplication_key", request.deduplication_key.as_ref(), limit::DEDUPLICATION_KEY),
    ];
    for (pointer, text, longest) in texts {
        if let Some(text) = text {
            if text.len() > longest {
                refuse(pointer, format!("has {} bytes; at most {longest} are taken", text.len()));
            }
            if text.contains('\0') {
                refuse(pointer, "holds a NUL character".to_owned());
            }
        }
    }
    if request.deduplication_key.as_deref() == Some("") {
        refuse("/deduplication_key", "is empty; leave it out instead".to_owned());
    }
    if request.evidence.as_ref().is_some_and(|evidence| !matches!(evidence, Json::Object(_) | Json::Array(_))) {
        refuse("/evidence", "must be an object or a list".to_owned());
    }
    if request.expires_in_hours.is_some_and(|hours| !(1..=i64::from(limit::EXPIRY_HOURS)).contains(&hours)) {
        refuse("/expires_in_hours", "must be a whole number of hours from 1 to 8760".to_owned());
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors).into()) }
}
