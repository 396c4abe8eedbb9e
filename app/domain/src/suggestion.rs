//! What a rule for calls like this one could ask (domain contract §7). A suggestion is a start for a person, never a rule.
//!
//! Suggestions are made from the stored arguments, by the server. A value that is masked is never part of one: it is
//! asked for as [`Asked::FromAction`], so that nobody sees it on the way to the rule.

use std::fmt;

use crate::argument::ClassOverrides;
use crate::constraint::{ArgumentPath, Asked, Constraint, is_too_long};
use crate::json::Json;
use crate::redaction::{CallMask, holds_mark};
use crate::risk::RiskTier;
use crate::rule::{Draft, Effect, Unlisted};

mod history;
mod leaf;
mod shape;
#[cfg(test)]
mod tests;

pub use history::{History, Past};
use leaf::{Leaf, leaves};
pub use shape::shape_of;

/// A text of more characters is free text.
const LONGEST_CHOICE: usize = 80;

/// What is suggested for a rule made from an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    /// One for each part of the arguments, in their order.
    pub constraints: Vec<Suggestion>,
    pub unlisted: Unlisted,
    pub max_uses: Option<i64>,
}

/// What is suggested for one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub path: ArgumentPath,
    pub asked: Asked,
    pub reason: Reason,
    /// What could be asked instead, and lets more pass.
    pub wider: Vec<Wider>,
}

/// A wider choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wider {
    pub constraint: Constraint,
    /// Said of the argument: "is an address at partner.example".
    pub words: String,
}

/// Why something is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    Secret,
    Critical,
    Varied,
    NeverVaried,
    FreeText,
    Value,
    TierAsks,
}

impl Reason {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Critical => "critical",
            Self::Varied => "varied",
            Self::NeverVaried => "never_varied",
            Self::FreeText => "free_text",
            Self::Value => "value",
            Self::TierAsks => "tier_asks",
        }
    }

    /// For whoever looks at the suggestion.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Secret => "It is a secret: exactly the one of this call, which nobody needs to see.",
            Self::Critical => "It decides what the call does.",
            Self::Varied => "It was different from call to call among those that were approved.",
            Self::NeverVaried => "It was always this among the calls that were approved.",
            Self::FreeText => "It is free text.",
            Self::Value => "It is a choice or a number.",
            Self::TierAsks => "Something has to be narrowed: the tool's tier asks for it.",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What a rule made from a call with these arguments could ask.
pub fn suggest(args: &Json, overrides: &ClassOverrides, tier: RiskTier, history: &History) -> Suggested {
    let mask = CallMask::of(args, overrides);
    let high = tier >= RiskTier::High;
    let mut constraints: Vec<Suggestion> =
        leaves(args, overrides).iter().map(|leaf| suggestion(leaf, &mask, history)).collect();
    let narrows = constraints.iter().any(|own| own.asked != Asked::Constraint(Constraint::Any));
    if high && !narrows {
        for own in &mut constraints {
            own.reason = Reason::TierAsks;
            own.asked = own.path.select_one(args).map_or(Asked::FromAction, |value| exactly(&own.path, value, &mask));
        }
    }
    Suggested { constraints, unlisted: Unlisted::usual(Effect::Allow, tier), max_uses: high.then_some(1) }
}

fn suggestion(leaf: &Leaf, mask: &CallMask, history: &History) -> Suggestion {
    let hidden = is_hidden(&leaf.path, leaf.value, mask);
    let (exact, reason) = choice(leaf, hidden, history.past(&leaf.path, leaf.value));
    let asked = if exact { exactly(&leaf.path, leaf.value, mask) } else { Asked::Constraint(Constraint::Any) };
    let around = if exact && !hidden && !leaf.secret { Constraint::around(leaf.value) } else { None };
    let wider = around.map(|constraint| Wider { words: constraint.words(), constraint });
    Suggestion { path: leaf.path.clone(), asked, reason, wider: wider.into_iter().collect() }
}

/// Whether to ask for exactly this value, and why. What was seen before never loosens what is secret or critical.
const fn choice(leaf: &Leaf, hidden: bool, past: Past) -> (bool, Reason) {
    match past {
        _ if leaf.secret => (true, Reason::Secret),
        _ if leaf.critical => (true, Reason::Critical),
        Past::Never if !hidden => (true, Reason::NeverVaried),
        _ if leaf.free_text => (false, Reason::FreeText),
        _ if hidden => (true, Reason::Secret),
        Past::Varied => (false, Reason::Varied),
        _ => (true, Reason::Value),
    }
}

/// Exactly this value: itself where everybody may see all of it.
fn exactly(path: &ArgumentPath, value: &Json, mask: &CallMask) -> Asked {
    if is_hidden(path, value, mask) || is_too_long(value) {
        Asked::FromAction
    } else {
        Asked::Constraint(Constraint::exactly(value.clone()))
    }
}

fn is_hidden(path: &ArgumentPath, value: &Json, mask: &CallMask) -> bool {
    path.select_one(mask.args()) != Some(value) || holds_mark(value)
}

impl Suggested {
    /// The draft of a rule that takes every suggestion.
    pub fn draft(&self, tool_name: &str, description: &str) -> Draft {
        Draft {
            tool_name: tool_name.to_owned(),
            effect: Effect::Allow,
            constraints: self.constraints.iter().map(|own| (own.path.clone(), own.asked.clone())).collect(),
            unlisted: Some(self.unlisted),
            description: description.to_owned(),
            notes: None,
            expires_at: None,
            max_uses: self.max_uses,
            confirm_broad: false,
        }
    }
}
