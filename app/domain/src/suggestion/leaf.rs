//! The parts of a call's arguments that a rule speaks of one by one: the members of objects, lists as a whole.

use super::LONGEST_CHOICE;
use crate::argument::{ArgumentClass, ClassOverrides, Classifier, is_free_text, is_value_of_pair};
use crate::constraint::{ArgumentPath, Segment};
use crate::json::Json;

/// An object of more members is one part.
const WIDEST: usize = 24;
/// What is deeper is one part.
const DEEPEST: usize = 6;

/// One part.
pub(super) struct Leaf<'a> {
    pub(super) path: ArgumentPath,
    pub(super) value: &'a Json,
    /// A secret by its name.
    pub(super) secret: bool,
    /// It decides what the call does, or holds what does.
    pub(super) critical: bool,
    pub(super) free_text: bool,
}

/// All parts, in the order of the arguments.
pub(super) fn leaves<'a>(args: &'a Json, overrides: &ClassOverrides) -> Vec<Leaf<'a>> {
    let mut walk = Walk { classifier: Classifier::new(overrides), names: Vec::new(), leaves: Vec::new() };
    walk.members(None, args.as_object().unwrap_or_default(), false);
    walk.leaves
}

struct Walk<'a> {
    classifier: Classifier,
    names: Vec<&'a str>,
    leaves: Vec<Leaf<'a>>,
}

impl<'a> Walk<'a> {
    fn members(&mut self, above: Option<&ArgumentPath>, members: &'a [(String, Json)], critical: bool) {
        let pair = self.classifier.pairs_as(members, ArgumentClass::Critical);
        for (name, value) in members {
            self.names.push(name);
            let critical = self.classifier.is_critical_below(critical, &self.names) || (pair && is_value_of_pair(name));
            self.visit(ArgumentPath::below(above, Segment::Name(name.clone())), value, critical);
            self.names.pop();
        }
    }

    fn visit(&mut self, path: ArgumentPath, value: &'a Json, critical: bool) {
        let secret = self.classifier.class(&self.names) == ArgumentClass::Secret;
        let members = value.as_object().unwrap_or_default();
        if !secret && (1..=WIDEST).contains(&members.len()) && self.names.len() < DEEPEST {
            let first = self.leaves.len();
            self.members(Some(&path), members, critical);
            if critical {
                pin_some(&mut self.leaves[first..]);
            }
            return;
        }
        let name = self.names.last().copied().unwrap_or_default();
        let long = value.as_str().is_some_and(|text| text.chars().nth(LONGEST_CHOICE).is_some());
        let free_text = long || (value.as_str().is_some() && is_free_text(name));
        let critical = critical || self.classifier.holds_critical(value, &mut self.names);
        self.leaves.push(Leaf { path, value, secret, critical, free_text });
    }
}

/// What decides what the call does must be said somewhere below it: where all of it is free text, that says it.
fn pin_some(leaves: &mut [Leaf]) {
    if !leaves.iter().any(|leaf| leaf.critical || leaf.secret) {
        leaves.iter_mut().for_each(|leaf| leaf.critical = true);
    }
}
