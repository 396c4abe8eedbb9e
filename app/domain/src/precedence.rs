//! Which of several matching allow rules decides (domain contract §6): `constraint_specificity_desc,
//! bounded_scope_desc, created_at_desc, rule_id_asc`. Whatever the order in which they are read, it is the same one.

use std::cmp::Ordering;

use crate::rule::Rule;

/// The names of the four steps, in order, as they are told with a verdict.
pub const STEPS: [&str; 4] = ["constraint_specificity_desc", "bounded_scope_desc", "created_at_desc", "rule_id_asc"];

/// Orders rules: the one that decides comes first.
pub fn precedence(left: &Rule, right: &Rule) -> Ordering {
    compare(left, right).1
}

/// The name of the step that told two rules apart, one of [`STEPS`].
pub fn told_apart_by(winner: &Rule, loser: &Rule) -> &'static str {
    STEPS[compare(winner, loser).0]
}

fn compare(left: &Rule, right: &Rule) -> (usize, Ordering) {
    let steps = [
        right.definition.specificity().cmp(&left.definition.specificity()),
        right.definition.is_bounded().cmp(&left.definition.is_bounded()),
        right.created_at.cmp(&left.created_at),
        // In the order of their text, which is that of their bytes.
        left.id.cmp(&right.id),
    ];
    steps.into_iter().enumerate().find(|(_, order)| order.is_ne()).unwrap_or((STEPS.len() - 1, Ordering::Equal))
}
