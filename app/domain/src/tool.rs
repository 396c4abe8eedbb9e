//! A tool: something an agent may call, and how its calls are gated and run.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::risk::{RiskTier, UnknownWord};

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
    Paused,
    /// Every call is refused, and recorded.
    Blocked,
}

impl Gating {
    /// The word stored in `tools.gating`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Gated => "gated",
            Self::Open { .. } => "open",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
        }
    }
}

/// Who runs an approved call of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// A tool as the registry knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// The name agents call it by.
    pub name: String,
    /// Harm it can do.
    pub risk_tier: RiskTier,
    /// How its calls are gated.
    pub gating: Gating,
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
    /// Grows with every change of the tool; a write that was decided on an older revision does not happen.
    pub revision: i64,
}
