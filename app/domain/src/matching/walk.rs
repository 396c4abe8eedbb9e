//! A walk over a call's arguments for what no constraint judges. Costs nothing where every argument is pinned.

use super::{Check, Classes, Matcher, Uncovered};
use crate::argument::{ArgumentClass, is_value_of_pair};
use crate::constraint::{ArgumentPath, Segment};
use crate::json::Json;
use crate::risk::RiskTier;
use crate::rule::{Effect, Unlisted};

/// One step from the arguments to a value.
#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    At(usize),
}

/// What is known of the value that a value stands in.
#[derive(Clone, Copy)]
struct Above {
    critical: bool,
    /// A constraint takes whatever is there, as long as it is not critical.
    named: bool,
}

pub(super) struct Walk<'a, 'b> {
    matcher: &'a Matcher,
    classes: &'a Classes,
    /// Whether what is critical counts: in rules that let calls pass.
    strict: bool,
    trail: Vec<Step<'a>>,
    names: Vec<&'a str>,
    enough: usize,
    found: &'b mut Vec<(ArgumentPath, Uncovered)>,
}

impl<'a, 'b> Walk<'a, 'b> {
    /// Looks until it has found `enough`.
    pub(super) fn new(
        matcher: &'a Matcher,
        classes: &'a Classes,
        enough: usize,
        found: &'b mut Vec<(ArgumentPath, Uncovered)>,
    ) -> Self {
        let strict = matcher.effect == Effect::Allow;
        Self { matcher, classes, strict, trail: Vec::new(), names: Vec::new(), enough, found }
    }

    pub(super) fn arguments(&mut self, args: &'a Json, checks: &[&'a Check]) {
        self.inside(args, checks, Above { critical: false, named: false });
    }

    /// `near`: the constraints whose paths lead to the value that these stand in, and further.
    fn inside(&mut self, value: &'a Json, near: &[&'a Check], above: Above) {
        match value {
            Json::Object(members) => {
                let pair = self.strict && self.classes.0.pairs_as(members, ArgumentClass::Critical);
                for (name, value) in members {
                    let above = Above { critical: above.critical || (pair && is_value_of_pair(name)), ..above };
                    self.trail.push(Step::Name(name));
                    self.names.push(name);
                    self.visit(value, near, above);
                    self.names.pop();
                    self.trail.pop();
                }
            }
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.trail.push(Step::At(at));
                    self.visit(item, near, above);
                    self.trail.pop();
                }
            }
            _ => {}
        }
    }

    fn visit(&mut self, value: &'a Json, near: &[&'a Check], above: Above) {
        if self.found.len() >= self.enough {
            return;
        }
        let depth = self.trail.len();
        let leads_here = |check: &&Check| {
            let step = self.trail[depth - 1];
            check.path.segments().get(depth - 1).is_some_and(|segment| takes(segment, step))
        };
        let near: Vec<&Check> = near.iter().copied().filter(leads_here).collect();
        let here = || near.iter().filter(|check| check.path.segments().len() == depth);
        if here().any(|check| check.pins) {
            return;
        }
        let named_here = here().next();
        let deeper = near.len() > here().count();
        let holds_more = value.is_object() || value.as_array().is_some_and(|items| !items.is_empty());
        let critical = self.strict && self.is_critical(named_here.copied(), above.critical);
        let inner = Above { critical, named: above.named || named_here.is_some() };
        match (named_here, critical) {
            // Below the high tiers, to name it is enough.
            (Some(_), true) if self.matcher.tier < RiskTier::High => {}
            (_, true) if deeper && holds_more => self.inside(value, &near, inner),
            (Some(_), true) => self.report(Uncovered::NotPinned),
            (None, true) => self.report(Uncovered::UnnamedCritical),
            (_, false) if holds_more && (deeper || (self.strict && inner.named)) => self.inside(value, &near, inner),
            (None, false) if !inner.named => {
                if self.strict && self.classes.0.holds_critical(value, &mut self.names) {
                    self.report(Uncovered::UnnamedCritical);
                } else if self.matcher.unlisted == Unlisted::Forbid {
                    self.report(Uncovered::Unlisted);
                }
            }
            _ => {}
        }
    }

    /// Whether the value at the end of the trail decides what the call does.
    fn is_critical(&self, named_here: Option<&Check>, above: bool) -> bool {
        match (named_here, self.trail.last()) {
            // Its path has the same names: asked once, when the rule was read.
            (Some(check), _) if check.critical => true,
            (_, Some(Step::Name(_))) => self.classes.0.is_critical_below(above, &self.names),
            _ => above,
        }
    }

    fn report(&mut self, why: Uncovered) {
        let mut path = None;
        for step in &self.trail {
            let segment = match step {
                Step::Name(name) => Segment::Name((*name).to_owned()),
                Step::At(place) => Segment::At(*place),
            };
            path = Some(ArgumentPath::below(path.as_ref(), segment));
        }
        self.found.extend(path.map(|path| (path, why)));
    }
}

fn takes(segment: &Segment, step: Step) -> bool {
    match (segment, step) {
        (Segment::Name(own), Step::Name(name)) => own == name,
        (Segment::At(own), Step::At(place)) => *own == place,
        (Segment::Each, Step::At(_)) => true,
        _ => false,
    }
}
