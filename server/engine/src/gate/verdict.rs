//! What the gate does with a call, before it is written: it follows from the tool, its rules and the arguments alone.

use domain::action::{Decider, PendingCode, PendingReason};
use domain::event::EventType;
use domain::id::RuleId;
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::rule::Rule;
use domain::text_safety::escaped;
use domain::tool::{Gating, Tool};

use super::denial;
use crate::rule_set::{RuleSet, Ruling, named};

/// The gate's verdict on a call.
pub(super) struct Verdict {
    pub(super) status: Status,
    pub(super) execution_state: Option<ExecutionState>,
    pub(super) event_type: EventType,
    pub(super) waits: Option<PendingReason>,
    pub(super) decider: Option<Decider>,
    pub(super) reason: Option<String>,
    /// The rule that decided.
    pub(super) rule: Option<RuleId>,
    /// The rule because of which it waits.
    pub(super) pending_rule: Option<RuleId>,
    /// The rule that stops it, by refusing it or by holding it, and must still be able to when that is written.
    pub(super) stopped_by: Option<RuleId>,
}

/// What becomes of the call. Rules decide where the tool is gated as usual.
pub(super) fn of(tool: &Tool, rules: &RuleSet, args: &Json) -> Verdict {
    match &tool.gating {
        Gating::Gated => by_rules(tool, rules, args),
        Gating::Paused { reason } => {
            let because = reason.as_deref().map(|words| format!(" ({})", escaped(words))).unwrap_or_default();
            let text = format!("{} is paused{because}: every call waits for a person.", escaped(&tool.name));
            parked(PendingCode::ToolPaused, text, None)
        }
        Gating::Open { reason, .. } => Verdict {
            decider: Some(Decider::System("bypass".to_owned())),
            reason: Some(reason.clone()),
            ..passed(EventType::ActionBypassed)
        },
        Gating::Blocked { reason } => {
            let words = match reason.as_deref() {
                Some(words) => format!("The tool is blocked: {}", escaped(words)),
                None => "The tool is blocked.".to_owned(),
            };
            rejected(EventType::ActionBlocked, Decider::System("blocked_tool".to_owned()), words)
        }
    }
}

fn by_rules(tool: &Tool, rules: &RuleSet, args: &Json) -> Verdict {
    match rules.ruling(args) {
        Ruling::Denied(rule) => Verdict {
            rule: Some(rule.id),
            stopped_by: Some(rule.id),
            ..rejected(EventType::ActionDenied, Decider::Rule(rule.id), denial(rule))
        },
        Ruling::Held(rule) => {
            Verdict { stopped_by: Some(rule.id), ..parked(PendingCode::HeldByRule, held(rule), Some(rule.id)) }
        }
        Ruling::Allowed(rule) => Verdict {
            decider: Some(Decider::Rule(rule.id)),
            rule: Some(rule.id),
            ..passed(EventType::ActionAutoApproved)
        },
        Ruling::Silent(Some((code, words, rule))) => parked(code, words, Some(rule)),
        Ruling::Silent(None) if !tool.reviewed => {
            let text = format!("{} was never seen before, and nobody has looked at it yet.", escaped(&tool.name));
            parked(PendingCode::ToolUnreviewed, text, None)
        }
        Ruling::Silent(None) => parked(PendingCode::NoMatchingRule, "No rule matched.".to_owned(), None),
    }
}

fn held(rule: &Rule) -> String {
    format!("The rule {} holds such calls for a person.", named(rule))
}

fn parked(code: PendingCode, text: String, rule: Option<RuleId>) -> Verdict {
    Verdict {
        status: Status::Pending,
        execution_state: None,
        event_type: EventType::ActionParked,
        waits: Some(PendingReason { code, text }),
        decider: None,
        reason: None,
        rule: None,
        pending_rule: rule,
        stopped_by: None,
    }
}

fn passed(event_type: EventType) -> Verdict {
    Verdict {
        status: Status::Approved,
        execution_state: Some(ExecutionState::Queued),
        event_type,
        waits: None,
        decider: None,
        reason: None,
        rule: None,
        pending_rule: None,
        stopped_by: None,
    }
}

fn rejected(event_type: EventType, decider: Decider, reason: String) -> Verdict {
    Verdict {
        status: Status::Rejected,
        execution_state: None,
        event_type,
        waits: None,
        decider: Some(decider),
        reason: Some(reason),
        rule: None,
        pending_rule: None,
        stopped_by: None,
    }
}
