//! An action as an archive keeps it: all that is known of it, but for the secrets in it. Digits are as they were sent.

use chrono::{DateTime, Utc};
use domain::action::{Action, Attempt, Decider, ExecutionResult, PendingReason};
use domain::digest::Digest;
use domain::id::{ActionId, RuleId};
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::redaction::CallMask;
use domain::risk::RiskTier;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Line {
    id: ActionId,
    tool_name: String,
    tool_args: Json,
    args_sha256: Digest,
    edited_args: Option<Json>,
    effective_args_sha256: Digest,
    agent_summary: Option<String>,
    why: Option<String>,
    evidence: Option<Json>,
    session_id: Option<String>,
    agent_id: String,
    status: Status,
    execution_state: Option<ExecutionState>,
    risk_tier: RiskTier,
    pending_reason: Option<PendingReason>,
    requested_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    decided_by: Option<Decider>,
    decided_at: Option<DateTime<Utc>>,
    decision_reason: Option<String>,
    executed_at: Option<DateTime<Utc>>,
    execution_result: Option<ExecutionResult>,
    approval_rule_id: Option<RuleId>,
    pending_rule_id: Option<RuleId>,
    deduplication_key: Option<String>,
    attempts: Vec<Attempt>,
}

impl Line {
    pub(super) fn new(action: &Action, mask: &CallMask, attempts: Vec<Attempt>) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(|text| mask.text(text));
        Self {
            id: action.id,
            tool_name: action.tool_name.clone(),
            tool_args: mask.args().clone(),
            args_sha256: action.args_sha256,
            edited_args: mask.edited().cloned(),
            effective_args_sha256: action.effective_sha256(),
            agent_summary: text(&action.agent_summary),
            why: text(&action.why),
            evidence: action.evidence.as_ref().map(|evidence| mask.json(evidence)),
            session_id: action.session_id.clone(),
            agent_id: action.agent_id.clone(),
            status: action.status,
            execution_state: action.execution_state,
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
            attempts,
        }
    }
}
