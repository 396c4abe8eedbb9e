//! What people and programs are shown of an action: masked, escaped, folded, ready to be put on a screen.
//! Built on the server only, so that a secret never travels and a browser never has to be trusted with one.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::action::{AttemptState, Decider};
use crate::argument::ArgumentRow;
use crate::digest::Digest;
use crate::health::Health;
use crate::id::{ActionId, AttemptId};
use crate::identity::Person;
use crate::lifecycle::{ExecutionState, State, Status, Verb};
use crate::risk::RiskTier;
use crate::text_safety::Piece;
use crate::tool::Executor;

/// One line of a list of actions. Every text an agent wrote is masked and escaped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionRow {
    pub id: ActionId,
    pub tool_name: String,
    pub risk_tier: RiskTier,
    /// The critical argument in short: whom it reaches, what it touches, how much.
    pub headline: Option<String>,
    /// The agent's summary, cut to a line's length.
    pub summary: Option<String>,
    pub session_id: Option<String>,
    pub agent: String,
    pub status: Status,
    pub execution_state: Option<ExecutionState>,
    /// Approved, but nothing is there that would run it.
    pub waits_for_executor: bool,
    #[serde(with = "ts_microseconds")]
    pub requested_at: DateTime<Utc>,
    #[serde(with = "ts_microseconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was decided, by whom.
    #[serde(with = "ts_microseconds_option")]
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<Decider>,
    pub live: bool,
    /// What about it is not as it usually is, in a word: the weightiest.
    pub flag: Option<String>,
}

/// A page of a list of actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueuePage {
    pub rows: Vec<ActionRow>,
    /// Opaque; `None` on the last page.
    pub next_cursor: Option<String>,
    /// How many actions the filter holds in all; `None`: so many that nobody counted.
    pub total: Option<i64>,
    /// The database's clock when the page was read: what "2 h left" is counted from.
    #[serde(with = "ts_microseconds")]
    pub now: DateTime<Utc>,
    /// Whether this person may decide.
    pub decides: bool,
}

/// Everything a decision needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionDetail {
    pub row: ActionRow,
    pub state: State,
    /// What this person may do with it now, by lifecycle and role.
    pub verbs: Vec<Verb>,
    /// Of the arguments that run.
    pub args_sha256: Digest,
    /// The agent's words: a claim, never a fact.
    pub summary: Option<Vec<Piece>>,
    pub why: Option<Vec<Piece>>,
    pub evidence: Vec<ArgumentRow>,
    /// How many arguments there are at the top level.
    pub argument_count: usize,
    /// Those that run: edited, if a person did that.
    pub arguments: Vec<ArgumentRow>,
    /// What a person changed while approving: what was, and what it became.
    pub edits: Vec<ArgumentRow>,
    /// In words: what looks deceptive, and where.
    pub warnings: Vec<String>,
    /// Why it waits, in words.
    pub pending_reason: Option<String>,
    /// The address of the rule that decided it, or because of which it waits.
    pub rule: Option<String>,
    /// Whether this person may make a rule of it.
    pub makes_rules: bool,
    pub executor: Option<Executor>,
    pub decision_reason: Option<Vec<Piece>>,
    pub outcome: Option<Outcome>,
    pub attempts: Vec<AttemptView>,
    pub timeline: Vec<TimelineEntry>,
    pub tool_history: ToolHistory,
    #[serde(with = "ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub success: bool,
    pub result: Vec<ArgumentRow>,
    pub error: Option<Vec<Piece>>,
    #[serde(with = "ts_microseconds")]
    pub executed_at: DateTime<Utc>,
}

/// One try at running it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptView {
    pub id: AttemptId,
    pub number: i32,
    pub state: AttemptState,
    pub worker: String,
    #[serde(with = "ts_microseconds")]
    pub claimed_at: DateTime<Utc>,
    #[serde(with = "ts_microseconds")]
    pub lease_until: DateTime<Utc>,
    #[serde(with = "ts_microseconds_option")]
    pub finished_at: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    /// What the executor said after the attempt had been given up as unknown.
    pub late_report: Option<Outcome>,
}

/// One entry of an action's timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub seq: i64,
    /// What happened, in words.
    pub said: String,
    pub actor: String,
    pub reason: Option<Vec<Piece>>,
    #[serde(with = "ts_microseconds")]
    pub occurred_at: DateTime<Utc>,
}

/// What became of this tool's calls in the last 30 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolHistory {
    pub approved_by_people: i64,
    pub rejected_by_people: i64,
    pub approved_by_rule: i64,
    pub expired: i64,
    pub failed: i64,
}

/// What every page of the console shows around its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub person: Person,
    /// Whether the person may decide at all.
    pub decides: bool,
    /// `None`: the count could not be read, which is not zero.
    pub pending: Option<i64>,
    /// How many of them are past their deadline and not yet marked so; `None`: not known.
    pub stale: Option<i64>,
    pub health: HealthStrip,
    #[serde(with = "ts_microseconds")]
    pub now: DateTime<Utc>,
    /// Identifies the build, so that an open tab notices a deploy.
    pub version: String,
}

/// The four figures above the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthStrip {
    pub pending: (Option<i64>, Health),
    /// P95 of the time to decide over the last 7 days, in seconds.
    pub p95_seconds: (Option<f64>, Health),
    pub auto_rate: (Option<f64>, Health),
    pub failure_rate: (Option<f64>, Health),
    pub overall: Health,
}

/// How a decision went, as told to the person who made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub id: ActionId,
    pub tool_name: String,
    pub status: Status,
    pub execution_state: Option<ExecutionState>,
    pub waits_for_executor: bool,
    /// The same person had made the same decision before; nothing changed now.
    pub repeated: bool,
    /// The next action of the queue, to open after this one.
    pub next: Option<ActionId>,
}

/// What came of one decision on many actions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedMany {
    pub done: usize,
    /// Those that stay as they were, and why.
    pub refused: Vec<RefusedOne>,
    /// How many more were refused than are listed.
    pub more_refused: usize,
}

/// An action that a decision on many did not touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedOne {
    pub id: ActionId,
    /// Escaped; `None`: there is no such action, or it could not be read.
    pub tool_name: Option<String>,
    /// In words.
    pub why: String,
}
