//! Which arguments decide what a call does, and whether a rule says what they are.

use super::{Definition, Ground};
use crate::argument::{ArgumentClass, ClassOverrides, Classifier, is_value_of_pair};
use crate::constraint::{ArgumentPath, Constraint, Segment};
use crate::json::Json;

/// The outermost critical arguments of a call.
pub fn critical_arguments(args: &Json, overrides: &ClassOverrides) -> Vec<ArgumentPath> {
    let mut found = Vec::new();
    let mut walk = Walk { classifier: &Classifier::new(overrides), constraints: None, found: &mut found };
    walk.members(None, args, false);
    found
}

/// The critical arguments that the rule names without saying what they may be, and those of the action that it is made
/// from that it does not pin.
pub(super) fn unpinned(definition: &Definition, ground: &Ground) -> Vec<ArgumentPath> {
    let classifier = Classifier::new(ground.overrides);
    let pins = |(path, constraint): &(ArgumentPath, Constraint)| constraint.pins_at(path);
    let named = definition.constraints.iter().filter(|own| {
        classifier.is_critical_along(&own.0.names())
            && !pins(own)
            && !definition.constraints.iter().any(|deeper| pins(deeper) && is_below(&deeper.0, &own.0))
    });
    let mut found: Vec<ArgumentPath> = named.map(|(path, _)| path.clone()).collect();
    if let Some(args) = ground.from {
        let pinning: Vec<&ArgumentPath> =
            definition.constraints.iter().filter(|own| pins(own)).map(|(path, _)| path).collect();
        Walk { classifier: &classifier, constraints: Some(&pinning), found: &mut found }.members(None, args, false);
    }
    found
}

/// A walk over a call for what is critical in it.
struct Walk<'a> {
    classifier: &'a Classifier,
    /// Paths that say what their values are. `None`: all that is critical is looked for, as a whole.
    constraints: Option<&'a [&'a ArgumentPath]>,
    found: &'a mut Vec<ArgumentPath>,
}

impl Walk<'_> {
    fn members(&mut self, above: Option<&ArgumentPath>, value: &Json, critical: bool) {
        match value {
            Json::Object(members) => {
                let pair = self.classifier.pairs_as(members, ArgumentClass::Critical);
                for (name, value) in members {
                    let path = ArgumentPath::below(above, Segment::Name(name.clone()));
                    let critical = self.classifier.is_critical_below(critical, &path.names());
                    self.visit(path, value, critical || (pair && is_value_of_pair(name)));
                }
            }
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.visit(ArgumentPath::below(above, Segment::At(at)), item, critical);
                }
            }
            _ => {}
        }
    }

    fn visit(&mut self, path: ArgumentPath, value: &Json, critical: bool) {
        let pinning = self.constraints.unwrap_or_default();
        if pinning.iter().any(|own| leads_to(own, &path)) {
            return;
        }
        let holds_more = match value {
            Json::Object(members) => !members.is_empty(),
            Json::Array(items) => !items.is_empty(),
            _ => false,
        };
        if !critical || (holds_more && pinning.iter().any(|own| is_below(own, &path))) {
            self.members(Some(&path), value, critical);
        } else if !self.found.iter().any(|known| leads_to(known, &path)) {
            self.found.push(path);
        }
    }
}

/// Whether `deeper` goes on where `path` ends.
fn is_below(deeper: &ArgumentPath, path: &ArgumentPath) -> bool {
    deeper.segments().len() > path.segments().len() && start_alike(path, deeper)
}

/// Whether the value at `path` is the one that `own` speaks of, or inside it.
fn leads_to(own: &ArgumentPath, path: &ArgumentPath) -> bool {
    own.segments().len() <= path.segments().len() && start_alike(own, path)
}

fn start_alike(one: &ArgumentPath, other: &ArgumentPath) -> bool {
    one.segments().iter().zip(other.segments()).all(|(one, other)| one.takes(other) || other.takes(one) || one == other)
}
