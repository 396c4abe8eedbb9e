//! What is counted over a stretch of time: sums that add up, so that days are counted once and then added.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rate;
use crate::action::Decider;

/// How a waiting or new call was decided, or why it waits no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Approved,
    Rejected,
    /// Neither a decision nor a failure.
    Expired,
    /// Taken back by its agent: neither a decision nor a failure.
    Withdrawn,
}

impl std::str::FromStr for Outcome {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Ok(match word {
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            "expired" => Self::Expired,
            "withdrawn" => Self::Withdrawn,
            _ => return Err(()),
        })
    }
}

/// Counts of actions. Decisions count when they were made, runs when they ended, parks when they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    pub approved_by_people: i64,
    pub approved_by_rule: i64,
    /// By the gate itself: the tool was open.
    pub approved_otherwise: i64,
    pub rejected_by_people: i64,
    pub rejected_by_rule: i64,
    /// By the gate itself: the tool was blocked.
    pub rejected_otherwise: i64,
    pub expired: i64,
    pub withdrawn: i64,
    /// Runs by their present outcome: a failed run that is tried again counts as what comes of it.
    pub succeeded: i64,
    pub failed: i64,
    /// Calls that came.
    pub parked: i64,
    /// Those of them that had to wait.
    pub gated: i64,
    /// Tries at running that ended, whatever came of them.
    pub attempts: i64,
    /// Those of them that were not the first of their action.
    pub retries: i64,
    /// Those of them whose outcome nobody knows.
    pub lost_attempts: i64,
}

impl Tally {
    /// Counts `n` decisions.
    pub const fn decided(&mut self, outcome: Outcome, by: &Decider, n: i64) {
        let count = match (outcome, by) {
            (Outcome::Approved, Decider::Human(_)) => &mut self.approved_by_people,
            (Outcome::Approved, Decider::Rule(_)) => &mut self.approved_by_rule,
            (Outcome::Approved, Decider::System(_)) => &mut self.approved_otherwise,
            (Outcome::Rejected, Decider::Human(_)) => &mut self.rejected_by_people,
            (Outcome::Rejected, Decider::Rule(_)) => &mut self.rejected_by_rule,
            (Outcome::Rejected, Decider::System(_)) => &mut self.rejected_otherwise,
            (Outcome::Expired, _) => &mut self.expired,
            (Outcome::Withdrawn, _) => &mut self.withdrawn,
        };
        *count += n;
    }

    /// Adds what was counted elsewhere.
    pub const fn add(&mut self, other: &Self) {
        self.approved_by_people += other.approved_by_people;
        self.approved_by_rule += other.approved_by_rule;
        self.approved_otherwise += other.approved_otherwise;
        self.rejected_by_people += other.rejected_by_people;
        self.rejected_by_rule += other.rejected_by_rule;
        self.rejected_otherwise += other.rejected_otherwise;
        self.expired += other.expired;
        self.withdrawn += other.withdrawn;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.parked += other.parked;
        self.gated += other.gated;
        self.attempts += other.attempts;
        self.retries += other.retries;
        self.lost_attempts += other.lost_attempts;
    }

    /// Approved by whomever.
    pub const fn approved(&self) -> i64 {
        self.approved_by_people + self.approved_by_rule + self.approved_otherwise
    }

    /// Rejected by whomever.
    pub const fn rejected(&self) -> i64 {
        self.rejected_by_people + self.rejected_by_rule + self.rejected_otherwise
    }

    /// Decisions that people made.
    pub const fn by_people(&self) -> i64 {
        self.approved_by_people + self.rejected_by_people
    }

    /// Calls that stopped waiting, or never waited.
    pub const fn settled(&self) -> i64 {
        self.approved() + self.rejected() + self.expired + self.withdrawn
    }

    /// Runs with an outcome.
    pub const fn executed(&self) -> i64 {
        self.succeeded + self.failed
    }

    /// Approved by rule / (approved by rule + approved and rejected by people).
    pub fn auto_rate(&self) -> Option<f64> {
        rate(self.approved_by_rule, self.approved_by_rule + self.by_people())
    }

    /// Failed / (succeeded + failed).
    pub fn failure_rate(&self) -> Option<f64> {
        rate(self.failed, self.executed())
    }
}

/// What one person decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OperatorTally {
    pub approved: i64,
    pub rejected: i64,
    /// Clock hours of the zone (counted from the beginning of its day) in which they decided at least once.
    pub active_hours: i64,
}

impl OperatorTally {
    /// Adds what was counted elsewhere.
    pub const fn add(&mut self, other: &Self) {
        self.approved += other.approved;
        self.rejected += other.rejected;
        self.active_hours += other.active_hours;
    }

    /// Approvals per active hour.
    pub fn productivity(&self) -> Option<f64> {
        ratio(self.approved, self.active_hours)
    }
}

/// Everything that is counted over a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    pub total: Tally,
    pub tools: BTreeMap<String, Tally>,
    pub operators: BTreeMap<String, OperatorTally>,
    /// Decisions by rule.
    pub rules: BTreeMap<String, i64>,
    /// How long people's decisions took, in seconds, in order. Kept beside the counts.
    #[serde(skip)]
    pub latencies: Vec<f64>,
}

impl Figures {
    /// Adds the counts of another stretch of time, but not the latencies: those are put together once, at the end.
    pub fn add_counts(&mut self, other: &Self) {
        self.total.add(&other.total);
        for (tool, tally) in &other.tools {
            entry(&mut self.tools, tool).add(tally);
        }
        for (name, tally) in &other.operators {
            entry(&mut self.operators, name).add(tally);
        }
        for (rule, count) in &other.rules {
            *entry(&mut self.rules, rule) += count;
        }
    }

    /// Adds everything of another stretch of time.
    pub fn add(&mut self, other: &Self) {
        self.add_counts(other);
        self.latencies.extend_from_slice(&other.latencies);
        self.latencies.sort_by(f64::total_cmp);
    }
}

/// The value of a key, which is only copied when it is new.
fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, key: &str) -> &'a mut T {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), T::default());
    }
    map.get_mut(key).expect("it was just put there")
}

/// `count / of`; `None` when there is nothing to divide by.
pub fn ratio(count: i64, of: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
    let value = count as f64 / of as f64;
    (of > 0 && count >= 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expired_and_withdrawn_are_no_decisions_and_the_gates_own_are_nobodys() {
        let mut tally = Tally::default();
        let human = Decider::Human("ana".to_owned());
        let system = Decider::System("gate".to_owned());
        let rule = Decider::Rule("0198a3f0-0000-7000-8000-000000000001".parse().unwrap());
        for (outcome, by, n) in [
            (Outcome::Approved, &rule, 3),
            (Outcome::Approved, &human, 1),
            (Outcome::Rejected, &human, 1),
            (Outcome::Rejected, &rule, 7),
            (Outcome::Approved, &system, 5),
            (Outcome::Rejected, &system, 5),
            (Outcome::Expired, &system, 4),
            (Outcome::Withdrawn, &system, 2),
        ] {
            tally.decided(outcome, by, n);
        }
        assert_eq!(tally.auto_rate(), Some(0.6));
        assert_eq!((tally.approved(), tally.rejected(), tally.by_people(), tally.settled()), (9, 13, 2, 28));
        assert_eq!(tally.failure_rate(), None);
    }

    #[test]
    fn what_is_added_keeps_its_latencies_in_order() {
        let mut figures = Figures { latencies: vec![1.0, 5.0], ..Figures::default() };
        figures.operators.insert("ana".to_owned(), OperatorTally { approved: 3, rejected: 1, active_hours: 2 });
        let mut other = Figures { latencies: vec![2.0], ..Figures::default() };
        other.operators.insert("ana".to_owned(), OperatorTally { approved: 1, rejected: 0, active_hours: 0 });
        figures.add(&other);
        assert_eq!(figures.latencies, [1.0, 2.0, 5.0]);
        assert_eq!(figures.operators["ana"].productivity(), Some(2.0));
        assert_eq!(OperatorTally::default().productivity(), None);
    }
}
