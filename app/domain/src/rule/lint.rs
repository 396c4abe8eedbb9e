//! What a person should know about a rule before it is made, and while it stands. Nothing here refuses anything: that is
//! for [`super::accept`].

use crate::constraint::ArgumentPath;
use crate::id::RuleId;
use crate::rule::Hygiene;
use crate::text_safety::escaped;

#[cfg(feature = "matcher")]
mod among;
#[cfg(feature = "matcher")]
mod never;
#[cfg(feature = "matcher")]
mod own;

#[cfg(feature = "matcher")]
pub use among::{Surroundings, hygiene, lint_among};
#[cfg(feature = "matcher")]
pub use own::lint;

/// Something about a rule that its maker may not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// It narrows nothing.
    Broad,
    /// It lets calls pass until a person ends it.
    Permanent,
    /// A pattern or expression that takes whatever comes.
    WildcardsOnly(ArgumentPath),
    /// A pattern like `git status*`, which also takes `git status; rm -rf /`.
    ShellPrefix(ArgumentPath),
    /// A pattern with an `@`, which takes one plain address.
    AddressPattern(ArgumentPath),
    /// A stopping rule on one spelling of an address or URL.
    OneSpelling(ArgumentPath),
    /// No call can fit.
    NeverMatches(ArgumentPath),
    /// A constraint that this version cannot judge.
    NotUnderstood(ArgumentPath),
    /// Another rule does the same for at least as long.
    ShadowedBy(RuleId),
    /// Both rules ask the same.
    DuplicateOf(RuleId),
    /// Every call that fits is refused by another rule.
    DeniedBy(RuleId),
    /// Every call that fits is held by another rule.
    HeldBy(RuleId),
    /// Some calls that fit may be refused by another rule.
    MayBeDenied(RuleId),
}

impl Warning {
    /// The stable word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Broad => "broad",
            Self::Permanent => "permanent",
            Self::WildcardsOnly(_) => "wildcards_only",
            Self::ShellPrefix(_) => "shell_prefix",
            Self::AddressPattern(_) => "address_pattern",
            Self::OneSpelling(_) => "one_spelling",
            Self::NeverMatches(_) => "never_matches",
            Self::NotUnderstood(_) => "not_understood",
            Self::ShadowedBy(_) => "shadowed_by",
            Self::DuplicateOf(_) => "duplicate_of",
            Self::DeniedBy(_) => "denied_by",
            Self::HeldBy(_) => "held_by",
            Self::MayBeDenied(_) => "may_be_denied",
        }
    }

    /// The argument that it is about.
    pub const fn path(&self) -> Option<&ArgumentPath> {
        match self {
            Self::WildcardsOnly(path)
            | Self::ShellPrefix(path)
            | Self::AddressPattern(path)
            | Self::OneSpelling(path)
            | Self::NeverMatches(path)
            | Self::NotUnderstood(path) => Some(path),
            _ => None,
        }
    }

    /// The other rule that it is about.
    pub const fn rule(&self) -> Option<RuleId> {
        match self {
            Self::ShadowedBy(id)
            | Self::DuplicateOf(id)
            | Self::DeniedBy(id)
            | Self::HeldBy(id)
            | Self::MayBeDenied(id) => Some(*id),
            _ => None,
        }
    }

    /// For whoever makes the rule or looks at it. The other rule that it is about is named by its id.
    pub fn words(&self) -> String {
        self.words_with(&self.rule().map(|id| format!("rule {id}")).unwrap_or_default())
    }

    /// The same, where the other rule is called `other`: it stands beside the words.
    pub fn words_with(&self, other: &str) -> String {
        let of = |path: &ArgumentPath| escaped(&path.to_string());
        match self {
            Self::Broad => "Narrows nothing: every call of the tool fits.".to_owned(),
            Self::Permanent => "Has no end: neither a date nor a number of uses.".to_owned(),
            Self::WildcardsOnly(path) => format!("{} takes whatever comes, and counts as anything.", of(path)),
            Self::ShellPrefix(path) => {
                let open = "is open at its end: whatever follows fits, `; rm -rf /` too where a shell reads it";
                format!("{} {open}. Name whole commands.", of(path))
            }
            Self::AddressPattern(path) => {
                format!("{} holds an @ and takes one plain address only. Say `email` instead.", of(path))
            }
            Self::OneSpelling(path) => {
                format!("{} stops this spelling alone. Say `email` or `url` to stop every way to write it.", of(path))
            }
            Self::NeverMatches(path) => format!("{} asks what cannot be: no call fits.", of(path)),
            Self::NotUnderstood(path) => {
                format!("{} is asked something that this version cannot judge: no call fits.", of(path))
            }
            Self::ShadowedBy(_) => {
                format!("Changes nothing: {other} does the same for more calls, and for as long.")
            }
            Self::DuplicateOf(_) => format!("Asks the same as {other}."),
            Self::DeniedBy(_) => format!("Never decides: {other} refuses every call that fits."),
            Self::HeldBy(_) => format!("Never decides: {other} holds every call that fits."),
            Self::MayBeDenied(_) => format!("Some of the calls that fit may be refused by {other}."),
        }
    }
}

/// What stands out about a rule that is in force (domain contract §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Never used since it was made, a week ago or longer.
    Unused,
    /// More than four of five uses are made.
    NearlySpent,
    /// It narrows nothing.
    Broad,
    /// Its end is less than a week away.
    ExpiresSoon,
    /// The tool takes other arguments than when the rule was made.
    StaleSchema,
    /// Another rule does the same for at least as long.
    Shadowed(RuleId),
}

impl From<Hygiene> for Flag {
    fn from(what: Hygiene) -> Self {
        match what {
            Hygiene::Unused => Self::Unused,
            Hygiene::NearLimit => Self::NearlySpent,
            Hygiene::Broad => Self::Broad,
            Hygiene::Expiring => Self::ExpiresSoon,
        }
    }
}

impl Flag {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::NearlySpent => "nearly_spent",
            Self::Broad => "broad",
            Self::ExpiresSoon => "expires_soon",
            Self::StaleSchema => "stale_schema",
            Self::Shadowed(_) => "shadowed",
        }
    }

    /// For whoever looks after the rules.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unused => "Not used since it was made, more than 7 days ago.",
            Self::NearlySpent => "More than 80 % of its uses are made.",
            Self::Broad => "Narrows nothing.",
            Self::ExpiresSoon => "Ends within 7 days.",
            Self::StaleSchema => "The tool's arguments have changed since it was made.",
            Self::Shadowed(_) => "Another rule does the same for more calls.",
        }
    }
}
