//! What a weekly review finds.

use super::order::rule;
use super::*;

const WEEK: i64 = 7 * 24 * 60;

#[test]
fn a_rule_that_is_used_and_has_room_needs_no_look() {
    let mut healthy = rule(r#"{"to":"a"}"#, 1, 2 * WEEK);
    healthy.use_count = 40;
    healthy.definition.max_uses = Some(50);
    healthy.definition.expires_at = Some(now() + TimeDelta::days(8));
    assert_eq!(healthy.hygiene(now()), []);
}

#[test]
fn what_is_unused_nearly_spent_broad_or_about_to_end_is_found() {
    let unused = rule(r#"{"to":"a"}"#, 1, WEEK + 1);
    assert_eq!(unused.hygiene(now()), [Hygiene::Unused]);
    assert_eq!(rule(r#"{"to":"a"}"#, 1, WEEK - 1).hygiene(now()), []);

    let mut near = rule(r#"{"to":"a"}"#, 1, 0);
    (near.use_count, near.definition.max_uses) = (41, Some(50));
    assert_eq!(near.hygiene(now()), [Hygiene::NearLimit]);

    let mut broad = rule(r#"{"to":"*"}"#, 1, 0);
    assert_eq!(broad.hygiene(now()), [Hygiene::Broad]);
    broad.definition.effect = Effect::Deny;
    assert_eq!(broad.hygiene(now()), [], "one that refuses every call is meant to");

    let mut ends = rule(r#"{"to":"a"}"#, 1, 0);
    ends.definition.expires_at = Some(now() + TimeDelta::days(6));
    assert_eq!(ends.hygiene(now()), [Hygiene::Expiring]);
}

#[test]
fn a_rule_that_is_over_is_left_alone() {
    let mut over = rule("{}", 1, 2 * WEEK);
    over.live = false;
    assert_eq!(over.hygiene(now()), []);
}
