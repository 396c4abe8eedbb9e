//! What a rule must be before it is made. Every way of making one (by hand, from an action, while approving, in place of
//! another) passes through [`accept`].

use chrono::{DateTime, TimeDelta, Utc};

use super::critical::unpinned;
use super::settled::settled;
use super::{Definition, Draft, Effect, LONGEST_DAYS, MOST_USES, MOST_USES_CRITICAL, Unlisted};
use crate::action::limit;
use crate::argument::ClassOverrides;
use crate::constraint::{ArgumentPath, escape};
use crate::json::Json;
use crate::problem::FieldError;
use crate::redaction::mask_text;
use crate::risk::RiskTier;

/// The longest description, in bytes.
const LONGEST_DESCRIPTION: usize = 500;

/// What a draft is held against.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub tier: RiskTier,
    pub overrides: &'a ClassOverrides,
    /// By the database's clock.
    pub now: DateTime<Utc>,
    /// The arguments of the action that the rule is made from.
    pub from: Option<&'a Json>,
}

/// A draft that may become a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub definition: Definition,
    pub description: String,
    pub notes: Option<String>,
}

/// One thing that a tier asks of an allowing rule, and whether this one has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// In words: "A limit of uses or time".
    pub words: String,
    pub met: bool,
    /// What is missing, for whoever has to add it.
    pub missing: String,
    /// The member of the draft that would have to change.
    pub pointer: String,
}

/// Whether the draft may become a rule.
///
/// # Errors
/// Everything that stands against it, with pointers into the draft.
pub fn accept(draft: Draft, ground: &Ground) -> Result<Accepted, Vec<FieldError>> {
    let mut errors = Vec::new();
    let description = mask_text(draft.description.trim());
    let notes = draft.notes.as_deref().map(str::trim).filter(|notes| !notes.is_empty()).map(mask_text);
    if description.is_empty() {
        errors.push(wrong("/description", "is missing: say what the rule is for, for whoever looks at it next"));
    }
    for (pointer, text, longest) in
        [("/description", Some(description.as_str()), LONGEST_DESCRIPTION), ("/notes", notes.as_deref(), limit::REASON)]
    {
        let text = text.unwrap_or_default();
        if text.len() > longest {
            errors.push(wrong(pointer, format!("has {} bytes; at most {longest} are taken", text.len())));
        }
        if text.contains('\0') {
            errors.push(wrong(pointer, "holds a NUL character"));
        }
    }
    errors.extend(bounds(&draft, ground.now));
    let definition = match draft.definition(ground) {
        Ok(definition) => definition,
        // What the tier asks cannot be said of constraints that do not stand yet.
        Err(wrong) => return Err(errors.into_iter().chain(wrong).collect()),
    };
    for demand in demands(&definition, ground, draft.confirm_broad) {
        if !demand.met && errors.iter().all(|known| known.pointer != demand.pointer) {
            errors.push(wrong(&demand.pointer, demand.missing));
        }
    }
    if errors.is_empty() { Ok(Accepted { definition, description, notes }) } else { Err(errors) }
}

impl Draft {
    /// What the rule would ask, whether or not it may be made.
    ///
    /// # Errors
    /// The constraints that cannot be kept, with pointers into the draft.
    pub fn definition(&self, ground: &Ground) -> Result<Definition, Vec<FieldError>> {
        Ok(Definition {
            tool_name: self.tool_name.clone(),
            effect: self.effect,
            constraints: settled(self.constraints.clone(), ground)?,
            unlisted: self.unlisted.unwrap_or(Unlisted::usual(self.effect, ground.tier)),
            expires_at: self.expires_at,
            max_uses: self.max_uses,
        })
    }
}

pub(super) fn wrong(pointer: &str, message: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.to_owned(), message: message.into() }
}

/// The place of a constraint in a draft.
pub(super) fn place(path: &ArgumentPath) -> String {
    format!("/arg_constraints/{}", escape(&path.to_string()))
}

fn bounds(draft: &Draft, now: DateTime<Utc>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match draft.expires_at {
        Some(end) if end <= now => errors.push(wrong("/expires_at", "must be in the future")),
        Some(end) if end > now + TimeDelta::days(LONGEST_DAYS) => {
            errors.push(wrong("/expires_at", format!("must be within {LONGEST_DAYS} days")));
        }
        _ => {}
    }
    match draft.max_uses {
        Some(_) if draft.effect != Effect::Allow => {
            errors
                .push(wrong("/max_uses", "is for rules that allow: one that stops calls would end while it is needed"));
        }
        Some(most) if !(1..=MOST_USES).contains(&most) => {
            errors.push(wrong("/max_uses", format!("must be a whole number from 1 to {MOST_USES}")));
        }
        _ => {}
    }
    errors
}

/// What the tier asks of the rule, in the order in which a person would add it.
pub fn demands(definition: &Definition, ground: &Ground, confirm_broad: bool) -> Vec<Demand> {
    if definition.effect != Effect::Allow {
        return Vec::new();
    }
    let mut demands = Vec::new();
    if definition.is_broad() && ground.tier < RiskTier::High {
        demands.push(Demand {
            words: "Confirmed, although it lets every call pass".to_owned(),
            met: confirm_broad,
            missing: "must be true: the rule narrows nothing. Look at the replay first".to_owned(),
            pointer: "/confirm_broad".to_owned(),
        });
    }
    if ground.tier < RiskTier::High {
        return demands;
    }
    let tier = ground.tier.as_str();
    demands.push(Demand {
        words: "At least one narrowing constraint".to_owned(),
        met: !definition.is_broad(),
        missing: format!("at least one must narrow what passes: the tool's tier is {tier}"),
        pointer: "/arg_constraints".to_owned(),
    });
    demands.push(Demand {
        words: "A limit of uses or time".to_owned(),
        met: definition.is_bounded(),
        missing: format!("is missing, and so is expires_at: one of them is needed, the tool's tier is {tier}"),
        pointer: "/max_uses".to_owned(),
    });
    let unpinned = unpinned(definition, ground);
    demands.push(Demand {
        words: "Every critical argument pinned".to_owned(),
        met: unpinned.is_empty(),
        missing: format!("does not say what {} may be, which decides what the call does", names(&unpinned)),
        pointer: unpinned.first().map_or_else(|| "/arg_constraints".to_owned(), place),
    });
    if ground.tier == RiskTier::Critical {
        demands.push(Demand {
            words: format!("At most {MOST_USES_CRITICAL} uses"),
            met: definition.max_uses.is_some_and(|most| most <= MOST_USES_CRITICAL),
            missing: format!("must be from 1 to {MOST_USES_CRITICAL}: the tool's tier is critical"),
            pointer: "/max_uses".to_owned(),
        });
    }
    demands
}

fn names(paths: &[ArgumentPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
