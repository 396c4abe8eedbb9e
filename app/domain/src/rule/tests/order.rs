//! Which of several rules decides.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::precedence::{STEPS, precedence, told_apart_by};

/// An active rule of these constraints, as old as `minutes`.
pub(crate) fn rule(constraints: &str, id: u128, minutes: i64) -> Rule {
    let made = made(Draft { confirm_broad: true, ..draft(constraints) }, RiskTier::Low, None).unwrap();
    Rule {
        id: RuleId(Uuid::from_u128(id)),
        definition: made.definition,
        description: made.description,
        notes: None,
        created_from: None,
        created_by: "human:ana".to_owned(),
        created_at: now() - TimeDelta::minutes(minutes),
        use_count: 0,
        last_used_at: None,
        revoked: None,
        replaces: None,
        replaced_by: None,
        suspended_reason: None,
        schema_sha256: None,
        live: true,
    }
}

fn bounded(mut rule: Rule) -> Rule {
    rule.definition.max_uses = Some(5);
    rule
}

#[test]
fn each_step_tells_apart_what_the_ones_before_it_leave_equal() {
    let exact = r#"{"to":"a"}"#;
    let like = r#"{"to":{"type":"pattern","value":"a*"}}"#;
    let pairs = [
        (rule(exact, 9, 9), bounded(rule(like, 1, 1))),
        (bounded(rule(exact, 9, 9)), rule(exact, 1, 1)),
        (rule(exact, 9, 1), rule(exact, 1, 9)),
        (rule(exact, 1, 1), rule(exact, 9, 1)),
    ];
    for ((winner, loser), step) in pairs.iter().zip(STEPS) {
        assert!(precedence(winner, loser).is_lt() && precedence(loser, winner).is_gt(), "{step}");
        assert_eq!(told_apart_by(winner, loser), step);
    }
}

#[test]
fn weights_are_summed() {
    let one = rule(r#"{"a":"x","b":{"type":"length","max":1},"c":"*"}"#, 1, 1);
    assert_eq!(one.definition.specificity(), 3);
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let constraints = prop::sample::select(vec![
        "{}",
        r#"{"to":"a"}"#,
        r#"{"to":{"type":"pattern","value":"a*"}}"#,
        r#"{"to":{"type":"pattern","value":"a*"},"cc":{"type":"absent"}}"#,
        r#"{"to":"*"}"#,
    ]);
    (constraints, any::<u128>(), 0..3_i64, any::<bool>()).prop_map(|(constraints, id, minutes, ends)| {
        let rule = rule(constraints, id, minutes);
        if ends { bounded(rule) } else { rule }
    })
}

proptest! {
    #[test]
    fn the_winner_does_not_depend_on_the_order_in_which_rules_are_read(
        (rules, shuffled) in proptest::collection::vec(any_rule(), 1..8).prop_flat_map(|rules| {
            (Just(rules.clone()), Just(rules).prop_shuffle())
        })
    ) {
        let winner = |rules: &[Rule]| rules.iter().min_by(|left, right| precedence(left, right)).map(|rule| rule.id);
        prop_assert_eq!(winner(&rules), winner(&shuffled));
    }

    #[test]
    fn the_order_is_one(one in any_rule(), two in any_rule(), three in any_rule()) {
        prop_assert_eq!(precedence(&one, &two), precedence(&two, &one).reverse());
        if precedence(&one, &two).is_lt() && precedence(&two, &three).is_lt() {
            prop_assert!(precedence(&one, &three).is_lt());
        }
        prop_assert_eq!(one.id.cmp(&two.id), one.id.to_string().cmp(&two.id.to_string()));
    }
}
