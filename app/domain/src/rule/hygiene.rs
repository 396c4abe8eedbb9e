//! What a weekly review of rules looks for (domain contract §11). The same is asked of the database by a filter.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Effect, Rule, RuleState};

/// A rule that nobody has used for so long is looked at again; one that ends so soon, too.
const DAYS: i64 = 7;

/// One thing worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hygiene {
    /// Made a week ago or longer, and never used.
    Unused,
    /// More than four fifths of its uses are made.
    NearLimit,
    /// It lets every call of its tool pass.
    Broad,
    /// Its time is over within a week.
    Expiring,
}

impl Hygiene {
    /// The word in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::NearLimit => "near_limit",
            Self::Broad => "broad",
            Self::Expiring => "expiring",
        }
    }
}

impl Rule {
    /// What is worth a look now. A rule that decides nothing any more has none.
    pub fn hygiene(&self, now: DateTime<Utc>) -> Vec<Hygiene> {
        if !matches!(self.state(), RuleState::Active | RuleState::Suspended) {
            return Vec::new();
        }
        let week = TimeDelta::days(DAYS);
        let definition = &self.definition;
        // In whole numbers: more than 80 of 100.
        let near = |most: i64| self.use_count.saturating_mul(5) > most.saturating_mul(4);
        [
            (self.use_count == 0 && self.created_at <= now - week, Hygiene::Unused),
            (definition.max_uses.is_some_and(near), Hygiene::NearLimit),
            (definition.effect == Effect::Allow && definition.is_broad(), Hygiene::Broad),
            (definition.expires_at.is_some_and(|end| end <= now + week), Hygiene::Expiring),
        ]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
        .collect()
    }
}
