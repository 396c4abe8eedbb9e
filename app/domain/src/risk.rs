//! How much harm a tool can do. An agent never chooses it: it belongs to the tool.

use std::fmt;
use std::str::FromStr;

use crate::word::by_word;

/// Ordered: `Low < Medium < High < Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RiskTier {
    Low,
    Medium,
    High,
    Critical,
}

impl RiskTier {
    /// All tiers, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word used in the database, on the wire and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for RiskTier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A word that names no member of an enumeration of the domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {word:?}")]
pub struct UnknownWord {
    /// What was being read, e.g. `risk tier`.
    pub what: &'static str,
    /// The word as it was given.
    pub word: String,
}

impl FromStr for RiskTier {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "risk tier", word: word.to_owned() })
    }
}

by_word!(RiskTier, "How much harm a call of a tool may do.");
