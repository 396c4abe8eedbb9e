//! What people are shown of tools: escaped, ready to be put on a screen. A tool's name is an agent's word.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::risk::RiskTier;
use crate::text_safety::Piece;
use crate::tool::{Executor, Runs};
use crate::view::TimelineEntry;

/// One line of the registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolLine {
    /// As agents call it: for addresses and forms, not for the screen.
    pub name: String,
    pub shown_name: String,
    pub risk_tier: RiskTier,
    /// `gated`, `open`, `paused` or `blocked`; or `passes`: the configuration lets its calls pass ungated.
    pub gating: String,
    #[serde(with = "ts_microseconds_option")]
    pub open_until: Option<DateTime<Utc>>,
    pub reason: Option<Vec<Piece>>,
    /// A bypass ended by itself at this time; the tool is gated again.
    #[serde(with = "ts_microseconds_option")]
    pub bypass_ended: Option<DateTime<Utc>>,
    pub executor: Option<Executor>,
    /// Approved calls that wait because nobody runs the tool.
    pub waiting_for_executor: i64,
    /// In force: the tool's own, or else the default.
    pub expiry_hours: i32,
    pub reviewed: bool,
    pub pending: i64,
    pub last_hour: Runs,
    /// Names of arguments beyond the usual ones.
    pub sensitive_args: Vec<String>,
    pub secret_args: Vec<String>,
    pub has_schema: bool,
}

/// A page of the registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolList {
    pub lines: Vec<ToolLine>,
    /// Opaque; `None` on the last page.
    pub next_cursor: Option<String>,
    pub total: i64,
    #[serde(with = "ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// Everything about one tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolDetail {
    pub line: ToolLine,
    /// The tool's own; `None`: the default is in force.
    pub own_expiry_hours: Option<i32>,
    pub idempotent: bool,
    /// The configuration settles it again at every start.
    pub configured: bool,
    /// The schema as it was sent, and the digest of its canonical form.
    pub schema: Option<(Vec<Piece>, Digest)>,
    pub revision: i64,
    #[serde(with = "ts_microseconds")]
    pub created_at: DateTime<Utc>,
    /// Newest first, each with what it changed.
    pub events: Vec<(TimelineEntry, Vec<Changed>)>,
    /// Whether this person may change it.
    pub may_change: bool,
    #[serde(with = "ts_microseconds")]
    pub now: DateTime<Utc>,
}

/// One thing that a change of a tool changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub what: String,
    pub before: String,
    pub after: String,
}
