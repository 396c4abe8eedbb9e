//! A tool: something an agent may call, and how its calls are gated and run.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::json::Json;
use crate::risk::{RiskTier, UnknownWord};
use crate::word::by_word;

/// How calls of a tool are treated at the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Gating {
    /// The normal state: rules and people decide.
    Gated,
    /// A time-boxed bypass: calls run at once, recorded.
    Open {
        /// When the bypass ends by itself.
        until: DateTime<Utc>,
        /// Why a person opened it.
        reason: String,
    },
    /// Every call parks; no rule applies.
    Paused {
        /// Why, if whoever paused it said so.
        reason: Option<String>,
    },
    /// Every call is refused, and recorded.
    Blocked {
        /// Why, if whoever blocked it said so.
        reason: Option<String>,
    },
}

impl Gating {
    /// Whether what is configured to pass ungated does: nobody has paused or blocked the tool.
    pub const fn lets_pass(&self) -> bool {
        matches!(self, Self::Gated | Self::Open { .. })
    }

    /// The word stored in `tools.gating`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Gated => "gated",
            Self::Open { .. } => "open",
            Self::Paused { .. } => "paused",
            Self::Blocked { .. } => "blocked",
        }
    }

    /// Why it is not gated as usual.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Gated => None,
            Self::Open { reason, .. } => Some(reason),
            Self::Paused { reason } | Self::Blocked { reason } => reason.as_deref(),
        }
    }
}

/// The longest a bypass lasts, in hours: whoever opens a tool looks again the next day.
pub const LONGEST_BYPASS: i64 = 24;

/// Who runs an approved call of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executor {
    /// A program with the scope `actions:execute` claims and reports.
    Worker,
    /// The agent that parked the call runs it after reading the decision, and reports.
    Agent,
    /// Countersign sends a signed POST to one URL.
    Http,
    /// Countersign calls the upstream MCP server.
    Mcp,
}

impl Executor {
    /// All executors.
    pub const ALL: [Self; 4] = [Self::Worker, Self::Agent, Self::Http, Self::Mcp];

    /// The word stored in `tools.executor`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Agent => "agent",
            Self::Http => "http",
            Self::Mcp => "mcp",
        }
    }
}

impl fmt::Display for Executor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Executor {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|executor| executor.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "executor", word: word.to_owned() })
    }
}

by_word!(
    Executor,
    "Who runs an approved call: a program that claims it, the agent itself, a POST of ours, or an MCP server behind the gateway."
);

/// A tool as the registry knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The name agents call it by.
    pub name: String,
    /// Harm it can do.
    pub risk_tier: RiskTier,
    /// How its calls are gated.
    pub gating: Gating,
    /// A bypass ended by itself at this time, and nobody has changed the tool's gating since. It is gated.
    pub bypass_ended: Option<DateTime<Utc>>,
    /// Who runs it; `None`: an approved call waits for an executor.
    pub executor: Option<Executor>,
    /// Hours until a parked call expires; `None`: the default of the settings.
    pub expiry_hours: Option<i32>,
    /// Whether running the same call twice is harmless, by a person's word.
    pub idempotent: bool,
    /// Whether a person has looked at it since it was first seen.
    pub reviewed: bool,
    /// Argument names that are critical for this tool beyond the usual ones.
    pub sensitive_args: Vec<String>,
    /// Argument names that are secret for this tool beyond the usual ones.
    pub secret_args: Vec<String>,
    /// What its arguments must fit: a JSON Schema, as it was sent.
    pub input_schema: Option<Json>,
    /// SHA-256 of the canonical form of the schema.
    pub schema_sha256: Option<Digest>,
    /// Grows with every change of the tool; a write that was decided on an older revision does not happen.
    pub revision: i64,
    /// Grows with every change of the tool's rules.
    pub rules_version: i64,
}

/// A tool, and how it stands right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub tool: Tool,
    /// Calls that wait for a decision.
    pub pending: i64,
    /// Approved calls that nobody has claimed yet.
    pub queued: i64,
    /// How its runs of the last hour ended.
    pub last_hour: Runs,
    /// The configuration settles it again at every start.
    pub configured: bool,
    /// The configuration lets its calls through the gateway pass ungated, while nobody has paused or blocked it.
    pub configured_to_pass: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Registered {
    /// Approved calls that wait because nobody runs the tool.
    pub const fn waiting_for_executor(&self) -> i64 {
        if self.tool.executor.is_none() { self.queued } else { 0 }
    }

    /// Whether its calls through the gateway pass ungated now.
    pub const fn passes(&self) -> bool {
        self.configured_to_pass && self.tool.gating.lets_pass()
    }
}

/// How runs ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Runs {
    pub succeeded: i64,
    pub failed: i64,
    /// The executor fell silent.
    pub unknown: i64,
}
