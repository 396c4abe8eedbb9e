//! An action: one call of a tool with exact arguments.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::argument::ClassOverrides;
use crate::digest::Digest;
use crate::id::{ActionId, AttemptId, RuleId};
use crate::json::Json;
use crate::lifecycle::{ExecutionState, State, Status};
use crate::redaction::CallMask;
use crate::risk::{RiskTier, UnknownWord};
use crate::tool::Executor;
use crate::word::by_word;

/// Why a parked action waits: a stable code and the sentence shown to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingReason {
    /// Stable, for programs.
    pub code: PendingCode,
    /// In words, for people.
    pub text: String,
}

/// Why an action waits, as a stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PendingCode {
    /// No standing rule covers the call.
    NoMatchingRule,
    /// The tool is paused: everything waits.
    ToolPaused,
    /// The tool was never seen before.
    ToolUnreviewed,
    /// A rule came near, and failed on one argument.
    NearestRuleFailed,
    /// A rule fits but for an argument that decides what the call does and that it does not pin.
    ArgumentNotPinned,
    /// A rule holds such calls for a person.
    HeldByRule,
    /// A rule fits, and waits itself until somebody has looked at the changed tool.
    RuleSuspended,
    /// A rule fits, and its time or its uses are over.
    RuleEnded,
}

impl PendingCode {
    /// All codes.
    pub const ALL: [Self; 8] = [
        Self::NoMatchingRule,
        Self::ToolPaused,
        Self::ToolUnreviewed,
        Self::NearestRuleFailed,
        Self::ArgumentNotPinned,
        Self::HeldByRule,
        Self::RuleSuspended,
        Self::RuleEnded,
    ];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoMatchingRule => "no_matching_rule",
            Self::ToolPaused => "tool_paused",
            Self::ToolUnreviewed => "tool_unreviewed",
            Self::NearestRuleFailed => "nearest_rule_failed",
            Self::ArgumentNotPinned => "argument_not_pinned",
            Self::HeldByRule => "held_by_rule",
            Self::RuleSuspended => "rule_suspended",
            Self::RuleEnded => "rule_ended",
        }
    }
}

/// Who decided: an identifier and nothing else (`human:<name>`, `rule:<id>`, `system:<what>`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Decider {
    /// A person, by user name.
    Human(String),
    /// A standing rule.
    Rule(RuleId),
    /// The product itself: `expiry`, `bypass`, `blocked_tool`.
    System(String),
}

impl fmt::Display for Decider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Human(name) => write!(out, "human:{name}"),
            Self::Rule(id) => write!(out, "rule:{id}"),
            Self::System(what) => write!(out, "system:{what}"),
        }
    }
}

impl FromStr for Decider {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord { what: "decider", word: text.to_owned() };
        match text.split_once(':') {
            Some(("human", name)) if !name.is_empty() => Ok(Self::Human(name.to_owned())),
            Some(("rule", id)) => id.parse().map(Self::Rule).map_err(|_| unknown()),
            Some(("system", what)) if !what.is_empty() => Ok(Self::System(what.to_owned())),
            _ => Err(unknown()),
        }
    }
}

impl Serialize for Decider {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decider {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What an executor, or a person resolving, said came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecutionResult {
    /// The one predicate of success: the executor said so.
    pub success: bool,
    /// What the tool returned (masked and capped).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// What went wrong (masked and capped).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was reported.
    pub executed_at: DateTime<Utc>,
}

/// The longest text of each kind that the gate takes, in bytes.
pub mod limit {
    /// `tool_name`.
    pub const TOOL_NAME: usize = 200;
    /// `agent_summary`.
    pub const SUMMARY: usize = 4_000;
    /// `why`.
    pub const WHY: usize = 16_000;
    /// `session_id`.
    pub const SESSION: usize = 200;
    /// `deduplication_key`.
    pub const DEDUPLICATION_KEY: usize = 200;
    /// The farthest a deadline is away, in hours: a year.
    pub const EXPIRY_HOURS: i32 = 8_760;
    /// A reason or note of a person.
    pub const REASON: usize = 4_000;
    /// A whole JSON document.
    pub const DOCUMENT: usize = 1 << 20;
    /// A result or an error of an executor.
    pub const RESULT: usize = 256 << 10;
}

/// One call of a tool with exact arguments, and all that became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    pub id: ActionId,
    pub tool_name: String,
    /// The arguments as the agent sent them, digit for digit.
    pub tool_args: Json,
    /// SHA-256 of the canonical form of [`Action::tool_args`]: what an approval is for.
    pub args_sha256: Digest,
    /// The arguments as a person changed them while approving, and their digest: these run.
    pub edited: Option<EditedArgs>,
    pub agent_summary: Option<String>,
    pub why: Option<String>,
    pub evidence: Option<Json>,
    pub session_id: Option<String>,
    /// Name of the token or person that parked it.
    pub agent_id: String,
    pub status: Status,
    pub execution_state: Option<ExecutionState>,
    /// Snapshot of the tool's tier when it was parked.
    pub risk_tier: RiskTier,
    pub executor: Option<Executor>,
    /// Whether something is set up that would run it.
    pub has_executor: bool,
    pub pending_reason: Option<PendingReason>,
    pub requested_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub decided_by: Option<Decider>,
    /// Set once, never overwritten.
    pub decided_at: Option<DateTime<Utc>>,
    pub decision_reason: Option<String>,
    pub executed_at: Option<DateTime<Utc>>,
    pub execution_result: Option<ExecutionResult>,
    pub approval_rule_id: Option<RuleId>,
    /// The rule because of which it waits: that holds it, or that came nearest.
    pub pending_rule_id: Option<RuleId>,
    pub deduplication_key: Option<String>,
    /// Whether the deadline was still ahead when the row was read, by the database's clock.
    pub live: bool,
}

/// Arguments that a person approved in the place of the ones that were parked.
#[derive(Clone, Debug, PartialEq)]
pub struct EditedArgs {
    pub args: Json,
    pub sha256: Digest,
}

impl Action {
    /// The arguments that run if the action is approved: the edited ones where there are any.
    pub fn effective_args(&self) -> &Json {
        self.edited.as_ref().map_or(&self.tool_args, |edited| &edited.args)
    }

    /// The digest of [`Action::effective_args`].
    pub fn effective_sha256(&self) -> Digest {
        self.edited.as_ref().map_or(self.args_sha256, |edited| edited.sha256)
    }

    /// The mask for whatever is told about the action: of both versions of its arguments.
    pub fn mask(&self, overrides: &ClassOverrides) -> CallMask {
        CallMask::of_versions(&self.tool_args, self.edited.as_ref().map(|edited| &edited.args), overrides)
    }

    /// What the lifecycle needs to know.
    pub const fn state(&self) -> State {
        State { status: self.status, execution: self.execution_state, live: self.live }
    }
}

/// How an attempt ended, or that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptState {
    Running,
    Succeeded,
    Failed,
    /// The lease ended without a report.
    Unknown,
}

impl AttemptState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Running, Self::Succeeded, Self::Failed, Self::Unknown];

    /// The word stored in `execution_attempts.state`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for AttemptState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "attempt state", word: word.to_owned() })
    }
}

by_word!(AttemptState, "How a run ended, or that it has not.");

/// One numbered try at running an approved action. Masked: it carries no claim token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    pub id: AttemptId,
    /// From 1.
    pub number: i32,
    pub state: AttemptState,
    /// Name of the worker or agent that claimed it.
    pub worker: String,
    /// When it was claimed.
    pub claimed_at: DateTime<Utc>,
    /// Silent until then, its outcome is unknown.
    pub lease_until: DateTime<Utc>,
    /// When it was reported, or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// What came of it.
    pub result: Option<ExecutionResult>,
    /// A report that came after the attempt was given up as unknown or settled by a person: kept and shown.
    pub late_report: Option<ExecutionResult>,
}
