//! Does every call that fits one rule fit another? Sound and incomplete: "yes" is proved, "no" only says that no proof
//! was found.

use chrono::DateTime;

use super::{Definition, Effect, Ground, Unlisted, demands};
use crate::argument::{ClassOverrides, Classifier, is_value_of_pair};
use crate::constraint::{ArgumentPath, Constraint, Quantifier, Stated};
use crate::risk::RiskTier;

/// Whether every call of the tool, at this tier and with these classes of arguments, that fits `narrow` fits `wide`.
pub fn covers(wide: &Definition, narrow: &Definition, tier: RiskTier, overrides: &ClassOverrides) -> bool {
    let lets_pass = wide.effect == Effect::Allow;
    if wide.tool_name != narrow.tool_name || (lets_pass && narrow.effect != Effect::Allow) {
        return false;
    }
    let holds = wide.constraints.iter().all(|(path, own)| {
        own.holds_always()
            || at(narrow, path)
                .is_some_and(|other| stated(wide, own).follows_from(stated(narrow, other), path.segments().len() == 1))
    });
    // Whoever names as much leaves as little unnamed.
    let names_as_much = || narrow.constraints.iter().all(|(path, _)| at(wide, path).is_some());
    let unnamed = wide.unlisted == Unlisted::Ignore || (narrow.unlisted == Unlisted::Forbid && names_as_much());
    let classifier = Classifier::new(overrides);
    let leaves_nothing_open = || narrow.constraints.iter().all(|own| leaves_nothing_open(wide, own, tier, &classifier));
    holds && unnamed && (!lets_pass || (leaves_nothing_open() && has_what_is_asked(wide, tier, overrides)))
}

/// Whether what a constraint of the narrower rule judges leaves nothing critical open in the wider one.
fn leaves_nothing_open(
    wide: &Definition,
    (path, other): &(ArgumentPath, Constraint),
    tier: RiskTier,
    classifier: &Classifier,
) -> bool {
    let names = path.names();
    let may_be_critical = classifier.is_critical_along(&names) || names.iter().any(|name| is_value_of_pair(name));
    // A pin on an object is one on everything in it.
    let pins_parts = other.pins_at(path) && !other.takes_no_object();
    match at(wide, path) {
        Some(own) if own.pins_at(path) || !other.pins_at(path) => true,
        Some(_) if tier < RiskTier::High => !pins_parts,
        _ => !may_be_critical && !pins_parts,
    }
}

/// Whether no call fits both rules.
pub fn excludes(one: &Definition, other: &Definition) -> bool {
    one.constraints.iter().any(|(path, own)| {
        let straight = path.segments().len() == 1;
        at(other, path).is_some_and(|asked| stated(one, own).excludes(stated(other, asked), straight))
    })
}

fn at<'a>(definition: &'a Definition, path: &ArgumentPath) -> Option<&'a Constraint> {
    definition.constraints.iter().find(|(own, _)| own == path).map(|(_, constraint)| constraint)
}

const fn stated<'a>(definition: &Definition, constraint: &'a Constraint) -> Stated<'a> {
    let of = match definition.effect {
        Effect::Allow => Quantifier::Each,
        Effect::Deny | Effect::Hold => Quantifier::Any,
    };
    Stated { constraint, of }
}

fn has_what_is_asked(definition: &Definition, tier: RiskTier, overrides: &ClassOverrides) -> bool {
    let ground = Ground { tier, overrides, now: DateTime::UNIX_EPOCH, from: None };
    demands(definition, &ground, true).iter().all(|demand| demand.met)
}
