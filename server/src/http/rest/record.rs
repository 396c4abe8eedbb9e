//! Actions as the API shows them: all there is, with secrets masked. Only a claim carries the exact arguments.

use chrono::{DateTime, Utc};
use domain::action::{Action, Attempt, Decider, ExecutionResult, PendingReason};
use domain::anomaly::Anomaly;
use domain::digest::Digest;
use domain::editing::{Difference, differences};
use domain::event::Event;
use domain::id::{ActionId, AttemptId, RuleId};
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::redaction::CallMask;
use domain::risk::RiskTier;
use domain::tool::Executor;
use engine::actions::FullAction;
use engine::decisions::Decision;
use engine::execution::{Claim, waits_for_executor};
use engine::rules::Considered;
use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{ConsideredRecord, RuleRecord};

/// Where a list goes on.
#[derive(Serialize, ToSchema)]
pub(super) struct PageMeta {
    /// How many there are in all; `null` where nobody has counted them.
    pub(super) total: Option<i64>,
    /// The most that one answer holds.
    pub(super) limit: i64,
    /// Whether there are more behind these.
    pub(super) has_more: bool,
    /// To be sent as `cursor` for what comes behind these; `null`: nothing does.
    pub(super) next_cursor: Option<String>,
}

/// An action in a list, and the answer to a decision.
#[derive(Serialize, ToSchema)]
pub(super) struct ActionRecord {
    id: ActionId,
    /// The tool that is to be called.
    tool_name: String,
    /// The arguments as they were parked, masked.
    tool_args: Json,
    /// Of the arguments as they were parked, unmasked, in the canonical form (RFC 8785). An approval may be bound to
    /// it.
    args_sha256: Digest,
    /// A person changed the arguments while approving: `edited_args` run, and `changes` says how they differ.
    edited: bool,
    /// The arguments as a person changed them, masked.
    edited_args: Option<Json>,
    /// Of the arguments that run.
    effective_args_sha256: Digest,
    /// Empty unless `edited`.
    changes: Vec<Changed>,
    /// What the agent says that the call does. Nobody has checked it.
    agent_summary: Option<String>,
    /// Why the agent wants it, in its words.
    why: Option<String>,
    /// What the agent brings forward for it, as JSON.
    evidence: Option<Json>,
    /// The agent's conversation or run, as it names it.
    session_id: Option<String>,
    /// The name of the token that parked it.
    agent_id: String,
    /// Where it stands. `executed` says that there is an outcome, good or bad.
    status: Status,
    /// How far its run has come, once it is approved.
    execution_state: Option<ExecutionState>,
    /// It is approved, and nobody is set up to run it.
    waits_for_executor: bool,
    /// Who runs the tool's calls; `null`: nobody yet.
    executor: Option<Executor>,
    /// The tool's risk when the call was parked.
    risk_tier: RiskTier,
    /// Why it had to wait.
    pending_reason: Option<PendingReason>,
    /// When it was parked, by the database's clock.
    requested_at: DateTime<Utc>,
    /// Undecided by then, it expires.
    expires_at: Option<DateTime<Utc>>,
    decided_by: Option<Decider>,
    /// When it was decided.
    decided_at: Option<DateTime<Utc>>,
    /// What whoever decided it said; the agent is told the reason of a rejection.
    decision_reason: Option<String>,
    /// When its outcome was reported.
    executed_at: Option<DateTime<Utc>>,
    /// What came of it.
    execution_result: Option<ExecutionResult>,
    /// The rule that approved or refused it.
    approval_rule_id: Option<RuleId>,
    /// The rule because of which it waits: that holds it, or that came nearest.
    pending_rule_id: Option<RuleId>,
    /// The agent's own name for the call.
    deduplication_key: Option<String>,
    /// The console's page for it.
    url: String,
    /// What about it is not as it usually is; for who may read all actions, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Vec<AnomalyRecord>>,
    /// Its runs, the first first. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<Attempt>>,
    /// What happened to it, the first first. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<Event>>,
    /// What the tool's rules say of it now, the nearest first; for who may read rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules_considered: Option<Vec<ConsideredRecord>>,
    /// The rule that was made with the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_rule: Option<RuleRecord>,
}

/// Something that is not as it usually is.
#[derive(Serialize, ToSchema)]
struct AnomalyRecord {
    /// A stable word.
    code: &'static str,
    /// What it is, in words.
    words: String,
}

/// How a place of the edited arguments differs from what was parked. Masked: a secret that was replaced is the mark
/// before and after.
#[derive(Serialize, ToSchema)]
#[schema(as = ArgumentChange)]
struct Changed {
    /// JSON pointer.
    path: String,
    /// `changed`, `added` or `removed`.
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
}

impl From<Difference> for Changed {
    fn from(difference: Difference) -> Self {
        let change = difference.word();
        let Difference { pointer, before, after, .. } = difference;
        Self { path: pointer, change, before, after }
    }
}

impl ActionRecord {
    pub(super) fn new(action: &Action, mask: &CallMask, base: &str) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(|text| mask.text(text));
        Self {
            id: action.id,
            tool_name: action.tool_name.clone(),
            tool_args: mask.args().clone(),
            args_sha256: action.args_sha256,
            edited: action.edited.is_some(),
            edited_args: mask.edited().cloned(),
            effective_args_sha256: action.effective_sha256(),
            changes: differences(action, mask).into_iter().map(Changed::from).collect(),
            agent_summary: text(&action.agent_summary),
            why: text(&action.why),
            evidence: action.evidence.as_ref().map(|evidence| mask.json(evidence)),
            session_id: action.session_id.clone(),
            agent_id: action.agent_id.clone(),
            status: action.status,
            execution_state: action.execution_state,
            waits_for_executor: waits_for_executor(action),
            executor: action.executor,
            risk_tier: action.risk_tier,
            pending_reason: action.pending_reason.clone(),
            requested_at: action.requested_at,
            expires_at: action.expires_at,
            decided_by: action.decided_by.clone(),
            decided_at: action.decided_at,
            decision_reason: text(&action.decision_reason),
            executed_at: action.executed_at,
            execution_result: action.execution_result.clone(),
            approval_rule_id: action.approval_rule_id,
            pending_rule_id: action.pending_rule_id,
            deduplication_key: action.deduplication_key.clone(),
            url: format!("{base}/approvals/{}", action.id),
            flags: None,
            attempts: None,
            events: None,
            rules_considered: None,
            created_rule: None,
        }
    }

    /// With what about it is not as it usually is.
    pub(super) fn flagged(self, unusual: Option<&Vec<Anomaly>>) -> Self {
        let record = |own: &Anomaly| AnomalyRecord { code: own.as_str(), words: own.to_string() };
        Self { flags: unusual.map(|unusual| unusual.iter().map(record).collect()), ..self }
    }

    /// The answer to a decision, with the rule that was made with it.
    pub(super) fn decided(decision: &Decision, mask: &CallMask, base: &str) -> Self {
        let created_rule = decision.rule.as_ref().map(|rule| RuleRecord::new(rule, base));
        Self { created_rule, ..Self::new(&decision.action, mask, base) }
    }
}

/// One action with all that belongs to it. (Not a flattened struct: serde buffers what it flattens, and raw JSON
/// does not survive that.)
pub(super) fn full(full: FullAction, considered: Option<Vec<Considered>>, base: &str) -> ActionRecord {
    let mask = full.action.mask(&full.overrides);
    let mut record = ActionRecord::new(&full.action, &mask, base);
    record.attempts = Some(full.attempts);
    record.events = Some(full.events);
    record.rules_considered = considered.map(|considered| considered.iter().map(ConsideredRecord::from).collect());
    record
}

/// What an executor gets: the arguments exactly as they were approved.
#[derive(Serialize, ToSchema)]
pub(super) struct ClaimRecord {
    /// The run, for its heartbeats and its result.
    attempt: AttemptId,
    /// From 1.
    number: i32,
    /// Silent until then, its outcome is unknown.
    lease_until: DateTime<Utc>,
    /// The action.
    action_id: ActionId,
    /// The tool to be called,
    tool_name: String,
    /// with exactly these arguments, nothing masked.
    tool_args: Json,
    /// Of these arguments in the canonical form (RFC 8785).
    args_sha256: Digest,
    /// A person changed them: they are not what the agent parked.
    edited: bool,
    /// The agent's conversation or run, as it names it.
    session_id: Option<String>,
    /// Give it to the tool, where the tool takes one: it is the same for every attempt of this action.
    idempotency_key: ActionId,
}

impl From<Claim> for ClaimRecord {
    fn from(claim: Claim) -> Self {
        Self {
            attempt: claim.attempt,
            number: claim.number,
            lease_until: claim.lease_until,
            action_id: claim.action.id,
            args_sha256: claim.action.effective_sha256(),
            edited: claim.action.edited.is_some(),
            tool_args: claim.action.effective_args().clone(),
            session_id: claim.action.session_id,
            idempotency_key: claim.action.id,
            tool_name: claim.action.tool_name,
        }
    }
}
