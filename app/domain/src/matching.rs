//! Does a call fit a rule? One evaluation answers the gate, the test page, "nearest rule" and the replay. Each
//! constraint's result is data: [`Verdict`].

use crate::argument::{ClassOverrides, Classifier};
use crate::constraint::{ArgumentPath, Compiled, Constraint, Quantifier, Segment, Why};
use crate::json::Json;
use crate::risk::RiskTier;
use crate::rule::{Definition, Effect, Ground, Unlisted, demands};

#[cfg(test)]
mod tests;
mod walk;

use walk::Walk;

/// A tool's words about its arguments, prepared for judging many calls.
pub struct Classes(Classifier);

impl Classes {
    /// Of a tool with these overrides.
    pub fn new(overrides: &ClassOverrides) -> Self {
        Self(Classifier::new(overrides))
    }
}

/// A rule's definition, ready to judge calls.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The cheap ones first: most calls fail at one of them.
    checks: Vec<Check>,
    effect: Effect,
    unlisted: Unlisted,
    tier: RiskTier,
    /// What the tool's tier asks and the rule does not have, since the tier was raised.
    unmet: Vec<String>,
}

/// What a rule's constraints judge, whatever they ask there. Two rules that cover the same leave the same of a call
/// uncovered, so that is looked for once for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Covering {
    /// Each path, whether it leads to a critical argument, and whether the constraint says what that is.
    paths: Vec<(ArgumentPath, bool, bool)>,
    effect: Effect,
    unlisted: Unlisted,
    tier: RiskTier,
}

#[derive(Clone, Debug)]
struct Check {
    /// Its place among the constraints as they were written.
    place: usize,
    path: ArgumentPath,
    /// `None`: it cannot be judged, and never holds.
    compiled: Option<Compiled>,
    /// Whether the argument is a critical one.
    critical: bool,
    /// Whether it says what the argument is.
    pins: bool,
}

/// One constraint's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub path: ArgumentPath,
    /// What is asked, in words.
    pub asked: String,
    /// Why it does not hold; `None`: it holds.
    pub why: Option<Why>,
}

/// Why an argument that no constraint judges stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncovered {
    /// The rule forbids what it does not name.
    Unlisted,
    /// It decides what the call does, and the rule does not name it.
    UnnamedCritical,
    /// It decides what the call does, and the rule takes anything there.
    NotPinned,
}

impl Uncovered {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unlisted => "unlisted",
            Self::UnnamedCritical => "unnamed_critical",
            Self::NotPinned => "not_pinned",
        }
    }

    /// Said of the argument.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unlisted => "is not named by the rule, which allows nothing else",
            Self::UnnamedCritical => "decides what the call does, and the rule does not name it",
            Self::NotPinned => "decides what the call does, and the rule does not pin it",
        }
    }
}

/// The whole result of holding a call against a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Each constraint, in the order in which they were written.
    pub checks: Vec<Checked>,
    /// Arguments that no constraint judges and that stand in the way.
    pub uncovered: Vec<(ArgumentPath, Uncovered)>,
    /// What the tool's tier asks and the rule does not have.
    pub unmet: Vec<String>,
}

impl Verdict {
    /// Whether the call fits.
    pub fn holds(&self) -> bool {
        self.misses() == 0
    }

    /// How many things stand in the way.
    pub fn misses(&self) -> usize {
        self.checks.iter().filter(|check| check.why.is_some()).count() + self.uncovered.len() + self.unmet.len()
    }

    /// The first thing that stands in the way: where, and why, in words.
    pub fn first_miss(&self) -> Option<(String, String)> {
        let check = self.checks.iter().find_map(|check| {
            check.why.map(|why| (check.path.to_string(), format!("{}; by the rule it {}", why.words(), check.asked)))
        });
        let uncovered = || self.uncovered.first().map(|(path, why)| (path.to_string(), why.words().to_owned()));
        check.or_else(uncovered).or_else(|| self.unmet.first().map(|unmet| (String::new(), unmet.clone())))
    }
}

impl Matcher {
    /// Prepares a definition for calls of a tool of this tier, with these classes of arguments.
    pub fn new(definition: &Definition, tier: RiskTier, overrides: &ClassOverrides) -> Self {
        let classifier = Classifier::new(overrides);
        let mut checks: Vec<Check> = definition
            .constraints
            .iter()
            .enumerate()
            .map(|(place, (path, constraint))| Check {
                place,
                path: path.clone(),
                compiled: Compiled::new(constraint).ok(),
                critical: classifier.is_critical_along(&path.names()),
                pins: constraint.pins_at(path),
            })
            .collect();
        checks.sort_by_key(|check| check.compiled.as_ref().map_or(0, |compiled| cost(compiled.constraint())));
        // What has been made once is not asked again whether it was confirmed, nor whether it still has time.
        let ground = Ground { tier, overrides, now: chrono::DateTime::UNIX_EPOCH, from: None };
        let unmet = demands(definition, &ground, true).into_iter().filter(|demand| !demand.met);
        let unmet =
            unmet.map(|demand| format!("{} {}", demand.pointer.trim_start_matches('/'), demand.missing)).collect();
        Self { checks, effect: definition.effect, unlisted: definition.unlisted, tier, unmet }
    }

    const fn quantifier(&self) -> Quantifier {
        match self.effect {
            Effect::Allow => Quantifier::Each,
            Effect::Deny | Effect::Hold => Quantifier::Any,
        }
    }

    /// What its constraints judge.
    pub fn covering(&self) -> Covering {
        let mut paths: Vec<_> =
            self.checks.iter().map(|check| (check.path.clone(), check.critical, check.pins)).collect();
        paths.sort_unstable();
        Covering { paths, effect: self.effect, unlisted: self.unlisted, tier: self.tier }
    }

    /// How much of a call no constraint judges and stands in the way: the same for every rule of this covering.
    pub fn uncovered_count(&self, args: &Json, classes: &Classes) -> usize {
        self.uncovered(args, classes, usize::MAX).len()
    }

    /// As [`Matcher::misses`], of a call of which `uncovered` is known.
    pub fn misses_beside(&self, uncovered: usize, args: &Json, enough: usize) -> usize {
        let mut misses = self.unmet.len() + uncovered;
        for check in &self.checks {
            if misses >= enough {
                break;
            }
            misses += usize::from(self.judge(check, args).is_some());
        }
        misses
    }

    /// Whether the call fits. The short way: no words are made.
    pub fn fits(&self, args: &Json, classes: &Classes) -> bool {
        self.misses(args, classes, 1) == 0
    }

    /// How many things stand in the way, counted no further than `enough`.
    pub fn misses(&self, args: &Json, classes: &Classes, enough: usize) -> usize {
        let mut misses = self.unmet.len();
        for check in &self.checks {
            if misses >= enough {
                return misses;
            }
            misses += usize::from(self.judge(check, args).is_some());
        }
        if misses >= enough {
            return misses;
        }
        misses + self.uncovered(args, classes, enough - misses).len()
    }

    /// The whole result, in words where people read it.
    pub fn verdict(&self, args: &Json, classes: &Classes) -> Verdict {
        let mut checks: Vec<(usize, Checked)> = self
            .checks
            .iter()
            .map(|check| {
                let asked = check.compiled.as_ref().map_or_else(String::new, |own| own.constraint().words());
                (check.place, Checked { path: check.path.clone(), asked, why: self.judge(check, args) })
            })
            .collect();
        checks.sort_by_key(|(place, _)| *place);
        Verdict {
            checks: checks.into_iter().map(|(_, check)| check).collect(),
            uncovered: self.uncovered(args, classes, usize::MAX),
            unmet: self.unmet.clone(),
        }
    }

    fn judge(&self, check: &Check, args: &Json) -> Option<Why> {
        let Some(compiled) = &check.compiled else { return Some(Why::NotUnderstood) };
        let of = self.quantifier();
        match (check.path.segments(), of) {
            // The usual path needs no list of what it leads to. At the top there is no list to hide in.
            ([Segment::Name(name)], _) => compiled.judge(&[args.get(name)], of).err(),
            (_, Quantifier::Each) => compiled.judge(&check.path.select(args), of).err(),
            (_, Quantifier::Any) => compiled.judge(&check.path.select_loosely(args), of).err(),
        }
    }

    /// What no constraint judges and stands in the way, looked for until there is `enough`.
    fn uncovered(&self, args: &Json, classes: &Classes, enough: usize) -> Vec<(ArgumentPath, Uncovered)> {
        let mut found = Vec::new();
        // A rule that stops calls stops them whatever else they hold, unless it says otherwise.
        if self.effect != Effect::Allow && self.unlisted == Unlisted::Ignore {
            return found;
        }
        let near: Vec<&Check> = self.checks.iter().collect();
        Walk::new(self, classes, enough, &mut found).arguments(args, &near);
        found
    }
}

/// How long it takes to judge, roughly.
const fn cost(constraint: &Constraint) -> u8 {
    match constraint {
        Constraint::Exact(_) | Constraint::Absent => 0,
        Constraint::OneOf(_) | Constraint::Range { .. } | Constraint::Length { .. } | Constraint::Path { .. } => 1,
        Constraint::Email { .. } | Constraint::Pattern(_) => 2,
        Constraint::Any => 4,
        _ => 3,
    }
}
