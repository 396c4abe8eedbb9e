//! What the arguments of a tool's approved calls were like.

use std::collections::BTreeMap;

use super::leaf::leaves;
use crate::argument::ClassOverrides;
use crate::constraint::{ArgumentPath, same_value};
use crate::json::Json;

/// Of fewer calls nothing is concluded.
const FEWEST: usize = 3;

/// What was seen at each path of a number of calls; a few hundred are enough.
#[derive(Clone, Debug, Default)]
pub struct History<'a> {
    calls: usize,
    seen: BTreeMap<ArgumentPath, Seen<'a>>,
}

#[derive(Clone, Debug)]
struct Seen<'a> {
    first: &'a Json,
    times: usize,
    varied: bool,
}

/// What was seen at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Too little, or always another value than now.
    Unknown,
    /// Different values, or a value here and none there.
    Varied,
    /// Always the value of now.
    Never,
}

impl<'a> History<'a> {
    /// Of the arguments of these calls.
    pub fn of(calls: &[&'a Json], overrides: &ClassOverrides) -> Self {
        let mut seen: BTreeMap<ArgumentPath, Seen<'a>> = BTreeMap::new();
        for leaf in calls.iter().flat_map(|call| leaves(call, overrides)) {
            let known = seen.entry(leaf.path).or_insert(Seen { first: leaf.value, times: 0, varied: false });
            known.times += 1;
            known.varied |= !same_value(known.first, leaf.value);
        }
        Self { calls: calls.len(), seen }
    }

    /// What was seen at the path, where `now` is.
    pub fn past(&self, path: &ArgumentPath, now: &Json) -> Past {
        match self.seen.get(path) {
            Some(seen) if self.calls >= FEWEST => {
                if seen.varied || seen.times < self.calls {
                    Past::Varied
                } else if same_value(seen.first, now) {
                    Past::Never
                } else {
                    Past::Unknown
                }
            }
            _ => Past::Unknown,
        }
    }
}
