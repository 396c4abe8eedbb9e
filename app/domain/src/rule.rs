//! A standing rule: a decision that a person makes once for every call that fits (domain contract §4 to §7).

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::constraint::{ArgumentPath, Constraint};
use crate::digest::Digest;
use crate::id::{ActionId, RuleId};
use crate::json::Json;
use crate::risk::{RiskTier, UnknownWord};

#[cfg(feature = "matcher")]
mod cover;
mod critical;
mod demands;
mod draft;
pub mod form;
mod hygiene;
pub mod lint;
mod settled;
#[cfg(test)]
mod tests;
mod words;

#[cfg(feature = "matcher")]
pub use cover::{covers, excludes};
pub use critical::critical_arguments;
pub use demands::{Accepted, Demand, Ground, accept, demands};
pub use draft::{Draft, read_draft};
pub use hygiene::Hygiene;
pub use settled::settled;

/// The most days a rule lasts.
pub const LONGEST_DAYS: i64 = 365;
/// The most uses of a rule for a critical tool.
pub const MOST_USES_CRITICAL: i64 = 5;
/// The most uses that a rule may have at all.
pub const MOST_USES: i64 = 1_000_000;
/// The limits of uses that are offered.
pub const USES_OFFERED: [i64; 3] = [1, 50, 100];

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database, on the wire and in forms.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|known| known.as_str() == word)
                    .ok_or_else(|| UnknownWord { what: $what, word: word.to_owned() })
            }
        }
    };
}

words! {
    /// What a rule does with a call that fits.
    Effect, "effect",
    /// It runs, and a use is counted.
    Allow = "allow",
    /// It is refused; wins over all others.
    Deny = "deny",
    /// It waits for a person, whatever allows it.
    Hold = "hold",
}

words! {
    /// What becomes of arguments that a rule does not name.
    Unlisted, "treatment of unlisted arguments",
    /// They do not matter, unless they are critical.
    Ignore = "ignore",
    /// A call that has one does not fit.
    Forbid = "forbid",
}

words! {
    /// What a rule is now.
    RuleState, "state of a rule",
    Active = "active",
    /// Its time is over.
    Expired = "expired",
    /// Its last use is made.
    Exhausted = "exhausted",
    /// It waits until a person has looked: the tool is not what it was.
    Suspended = "suspended",
    /// A person has ended it.
    Revoked = "revoked",
}

impl Unlisted {
    /// The treatment where nothing is said.
    pub const fn usual(effect: Effect, tier: RiskTier) -> Self {
        match (effect, tier) {
            (Effect::Allow, RiskTier::High | RiskTier::Critical) => Self::Forbid,
            _ => Self::Ignore,
        }
    }
}

/// What a rule asks, and for how long: everything that matching, precedence and demands go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub tool_name: String,
    pub effect: Effect,
    /// In the order in which they were written; no path twice.
    pub constraints: Vec<(ArgumentPath, Constraint)>,
    pub unlisted: Unlisted,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_uses: Option<i64>,
}

impl Definition {
    /// Whether it ends by itself.
    pub const fn is_bounded(&self) -> bool {
        self.expires_at.is_some() || self.max_uses.is_some()
    }

    /// Whether it narrows nothing: no constraint, or `any` alone.
    pub fn is_broad(&self) -> bool {
        self.constraints.iter().all(|(_, constraint)| constraint.is_any())
    }

    /// §6: the weights of the constraints, summed.
    pub fn specificity(&self) -> u32 {
        self.constraints.iter().map(|(_, constraint)| constraint.specificity()).sum()
    }

    /// The constraints as they are stored and sent.
    pub fn constraints_json(&self) -> Json {
        Json::Object(self.constraints.iter().map(|(path, asked)| (path.to_string(), asked.to_json())).collect())
    }
}

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: RuleId,
    pub definition: Definition,
    pub description: String,
    pub notes: Option<String>,
    pub created_from: Option<ActionId>,
    /// A person: `human:<name>`.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub use_count: i64,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked: Option<Revocation>,
    pub replaces: Option<RuleId>,
    pub replaced_by: Option<RuleId>,
    pub suspended_reason: Option<String>,
    /// Of the tool's schema when the rule was made.
    pub schema_sha256: Option<Digest>,
    /// Whether its end was still ahead when the row was read, by the database's clock.
    pub live: bool,
}

/// That a person has ended a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub at: DateTime<Utc>,
    pub by: String,
    pub reason: String,
}

impl Rule {
    /// What it is now.
    pub const fn state(&self) -> RuleState {
        let spent = matches!(self.definition.max_uses, Some(most) if self.use_count >= most);
        if self.revoked.is_some() {
            RuleState::Revoked
        } else if !self.live {
            RuleState::Expired
        } else if spent {
            RuleState::Exhausted
        } else if self.suspended_reason.is_some() {
            RuleState::Suspended
        } else {
            RuleState::Active
        }
    }
}
