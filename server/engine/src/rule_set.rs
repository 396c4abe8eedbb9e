//! The rules of a tool as the gate asks them: compiled once, kept as a hint. Like a tool's hint it is never the truth:
//! what was decided on it is written only while the tool's revision and its rules' version are the ones it was made of.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::action::PendingCode;
use domain::argument::ClassOverrides;
use domain::id::RuleId;
use domain::json::Json;
use domain::matching::{Classes, Matcher, Uncovered};
use domain::precedence::precedence;
use domain::rule::{Effect, Rule, RuleState};
use domain::text_safety::escaped;
use domain::tool::Tool;
use sqlx::PgExecutor;

use crate::{Engine, Result, store};

/// So many tools' rules are kept compiled.
const MOST_KEPT: usize = 2_000;

/// One rule, ready to judge.
pub(crate) struct Judge {
    pub(crate) rule: Rule,
    pub(crate) matcher: Matcher,
    /// Which of the set's coverings it has.
    covering: usize,
}

/// A tool's rules, ready to judge.
pub(crate) struct RuleSet {
    revision: i64,
    version: i64,
    pub(crate) classes: Classes,
    denies: Vec<Judge>,
    holds: Vec<Judge>,
    /// By precedence: the first that fits decides.
    allows: Vec<Judge>,
    /// Allowing rules that fit nothing now: suspended, used up, past their end.
    resting: Vec<Judge>,
    /// How many different coverings the rules have: mostly a few, and what they leave out of a call is dear to find.
    coverings: usize,
}

/// What the rules say of a call.
pub(crate) enum Ruling<'a> {
    Denied(&'a Rule),
    Held(&'a Rule),
    /// The rule that lets it pass: the first by precedence.
    Allowed(&'a Rule),
    /// None decides. Why in a code and words, and the rule that came nearest.
    Silent(Option<(PendingCode, String, RuleId)>),
}

impl RuleSet {
    fn new(tool: &Tool, rules: Vec<Rule>) -> Self {
        let overrides = ClassOverrides::from(tool);
        let mut set = Self {
            revision: tool.revision,
            version: tool.rules_version,
            classes: Classes::new(&overrides),
            denies: Vec::new(),
            holds: Vec::new(),
            allows: Vec::new(),
            resting: Vec::new(),
            coverings: 0,
        };
        let mut coverings = HashMap::new();
        for rule in rules {
            let matcher = Matcher::new(&rule.definition, tool.risk_tier, &overrides);
            let place = match (rule.definition.effect, rule.state()) {
                (_, RuleState::Revoked) => continue,
                (Effect::Deny, RuleState::Active | RuleState::Suspended) => &mut set.denies,
                (Effect::Hold, RuleState::Active | RuleState::Suspended) => &mut set.holds,
                (Effect::Allow, RuleState::Active) => &mut set.allows,
                (Effect::Allow, _) => &mut set.resting,
                (Effect::Deny | Effect::Hold, RuleState::Expired | RuleState::Exhausted) => continue,
            };
            let next = coverings.len();
            let covering = *coverings.entry(matcher.covering()).or_insert(next);
            place.push(Judge { rule, matcher, covering });
        }
        set.coverings = coverings.len();
        for judges in [&mut set.denies, &mut set.holds, &mut set.allows, &mut set.resting] {
            judges.sort_by(|left, right| precedence(&left.rule, &right.rule));
        }
        set
    }

    /// Whether it was made of this tool as it is.
    pub(crate) const fn is_of(&self, tool: &Tool) -> bool {
        self.revision == tool.revision && self.version == tool.rules_version
    }

    /// The version of the rules that whatever is decided here depends on.
    pub(crate) const fn version(&self) -> i64 {
        self.version
    }

    /// The rule that refuses the call, if one does.
    pub(crate) fn denies(&self, args: &Json) -> Option<&Rule> {
        self.first_fit(&self.denies, args)
    }

    /// What the rules say of a call.
    pub(crate) fn ruling(&self, args: &Json) -> Ruling<'_> {
        if let Some(rule) = self.denies(args) {
            return Ruling::Denied(rule);
        }
        if let Some(rule) = self.first_fit(&self.holds, args) {
            return Ruling::Held(rule);
        }
        let mut nearest: Option<(usize, &Judge)> = None;
        let mut uncovered = vec![None; self.coverings];
        for judge in &self.allows {
            let matcher = &judge.matcher;
            let uncovered =
                *uncovered[judge.covering].get_or_insert_with(|| matcher.uncovered_count(args, &self.classes));
            // Only what comes nearer than the nearest so far is counted to the end.
            let enough = nearest.map_or(usize::MAX, |(misses, _)| misses);
            let misses = matcher.misses_beside(uncovered, args, enough);
            if misses == 0 {
                return Ruling::Allowed(&judge.rule);
            }
            if misses < enough {
                nearest = Some((misses, judge));
            }
        }
        let rests = self.first_fit(&self.resting, args).map(at_rest);
        Ruling::Silent(rests.or_else(|| nearest.map(|(_, judge)| self.missed(judge, args))))
    }

    fn first_fit<'a>(&self, judges: &'a [Judge], args: &Json) -> Option<&'a Rule> {
        judges.iter().find(|judge| judge.matcher.fits(args, &self.classes)).map(|judge| &judge.rule)
    }

    fn missed(&self, judge: &Judge, args: &Json) -> (PendingCode, String, RuleId) {
        let verdict = judge.matcher.verdict(args, &self.classes);
        let unpinned = |(_, why): &(_, Uncovered)| *why != Uncovered::Unlisted;
        let only_unpinned =
            verdict.checks.iter().all(|check| check.why.is_none()) && verdict.uncovered.iter().any(unpinned);
        let code = if only_unpinned { PendingCode::ArgumentNotPinned } else { PendingCode::NearestRuleFailed };
        let name = named(&judge.rule);
        let words = match verdict.first_miss() {
            Some((path, why)) if path.is_empty() => {
                format!("No rule matched. The nearest, {name}, is not enough: {why}.")
            }
            Some((path, why)) => {
                format!("No rule matched. The nearest, {name}, failed on {}: it {why}.", escaped(&path))
            }
            None => "No rule matched.".to_owned(),
        };
        (code, words, judge.rule.id)
    }

    /// Every rule that could say something about a call, the deciding ones first.
    pub(crate) fn judges(&self) -> impl Iterator<Item = &Judge> {
        self.denies.iter().chain(&self.holds).chain(&self.allows).chain(&self.resting)
    }
}

/// A rule by its description, for a sentence.
pub(crate) fn named(rule: &Rule) -> String {
    format!("\"{}\"", escaped(&rule.description))
}

fn at_rest(rule: &Rule) -> (PendingCode, String, RuleId) {
    let name = named(rule);
    let (code, words) = match rule.state() {
        RuleState::Suspended => {
            let why = rule.suspended_reason.as_deref().unwrap_or_default();
            (PendingCode::RuleSuspended, format!("The rule {name} fits, but is suspended: {why}"))
        }
        RuleState::Exhausted => {
            (PendingCode::RuleEnded, format!("The rule {name} fits, but its {} uses are made.", rule.use_count))
        }
        _ => (PendingCode::RuleEnded, format!("The rule {name} fits, but its time is over.")),
    };
    (code, words, rule.id)
}

/// Compiled rules as they were last read, by tool.
#[derive(Clone, Default)]
pub(crate) struct RuleHints(Arc<RwLock<HashMap<String, Arc<RuleSet>>>>);

impl RuleHints {
    /// The rules of the tool as the hint has it.
    pub(crate) fn of(&self, tool: &Tool) -> Option<Arc<RuleSet>> {
        let hints = self.0.read().unwrap_or_else(PoisonError::into_inner);
        hints.get(&tool.name).filter(|set| set.is_of(tool)).cloned()
    }

    pub(crate) fn forget(&self, tool: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(tool);
    }

    fn put(&self, tool: &str, set: Arc<RuleSet>) {
        let mut hints = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if hints.len() >= MOST_KEPT {
            hints.clear();
        }
        hints.insert(tool.to_owned(), set);
    }
}

/// The rules of a tool, from the hint or the database. They may be newer than the tool; then whatever is decided on both
/// is not written, and the gate looks again.
pub(crate) async fn of(engine: &Engine, tool: &Tool) -> Result<Arc<RuleSet>> {
    if let Some(set) = engine.rules.of(tool) {
        return Ok(set);
    }
    let set = Arc::new(load(&engine.pool, tool).await?);
    engine.rules.put(&tool.name, set.clone());
    Ok(set)
}

/// The rules of a tool, read now.
pub(crate) async fn load(executor: impl PgExecutor<'_>, tool: &Tool) -> Result<RuleSet> {
    Ok(RuleSet::new(tool, store::rules::deciding(executor, &tool.name).await?))
}
