//! What a rule is among the other rules of its tool.

use chrono::{DateTime, Utc};

use super::{Flag, Warning};
use crate::argument::ClassOverrides;
use crate::digest::Digest;
use crate::id::RuleId;
use crate::risk::RiskTier;
use crate::rule::{Definition, Effect, Rule, RuleState, covers, excludes};

/// The tool and its other rules.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    pub tier: RiskTier,
    pub overrides: &'a ClassOverrides,
    /// Of the tool's schema as it is now.
    pub schema_sha256: Option<Digest>,
    /// Rules of the tool; the one that is looked at may be among them.
    pub others: &'a [Rule],
}

/// What the other active rules mean for this one. `own`: its id, once it has one.
pub fn lint_among(definition: &Definition, own: Option<RuleId>, around: &Surroundings) -> Vec<Warning> {
    let others = around.others.iter().filter(|rule| rule.state() == RuleState::Active && Some(rule.id) != own);
    others.filter_map(|rule| about(definition, rule, around)).collect()
}

fn about(definition: &Definition, other: &Rule, around: &Surroundings) -> Option<Warning> {
    let covers = |wide, narrow| covers(wide, narrow, around.tier, around.overrides);
    let covered = covers(&other.definition, definition);
    match (other.definition.effect, definition.effect) {
        (one, own) if one == own => match covered {
            true if covers(definition, &other.definition) => Some(Warning::DuplicateOf(other.id)),
            true if outlasts(&other.definition, definition) => Some(Warning::ShadowedBy(other.id)),
            _ => None,
        },
        (Effect::Deny, _) if covered => Some(Warning::DeniedBy(other.id)),
        (Effect::Hold, Effect::Allow) if covered => Some(Warning::HeldBy(other.id)),
        (Effect::Deny, _) if !excludes(&other.definition, definition) => Some(Warning::MayBeDenied(other.id)),
        _ => None,
    }
}

/// Whether a rule is there for as long as another one, whatever it is used for.
fn outlasts(one: &Definition, other: &Definition) -> bool {
    let in_time = match (one.expires_at, other.expires_at) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(one), Some(other)) => one >= other,
    };
    one.max_uses.is_none() && in_time
}

/// What stands out about a rule that is in force; nothing about one that is over.
pub fn hygiene(rule: &Rule, now: DateTime<Utc>, around: &Surroundings) -> Vec<Flag> {
    if !matches!(rule.state(), RuleState::Active | RuleState::Suspended) {
        return Vec::new();
    }
    let own = rule.hygiene(now).into_iter().map(Flag::from);
    let stale = (rule.schema_sha256 != around.schema_sha256).then_some(Flag::StaleSchema);
    let shadows = lint_among(&rule.definition, Some(rule.id), around).into_iter().filter_map(|warning| match warning {
        Warning::ShadowedBy(id) | Warning::DuplicateOf(id) | Warning::DeniedBy(id) | Warning::HeldBy(id) => {
            Some(Flag::Shadowed(id))
        }
        _ => None,
    });
    own.chain(stale).chain(shadows.take(1)).collect()
}
