//! When one rule takes every call that another one takes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::narrowing::{call, definition, fits, narrowed};
use super::*;

fn plain() -> ClassOverrides {
    ClassOverrides::default()
}

/// A rule's constraints as they are stored.
fn rule(effect: Effect, unlisted: Unlisted, constraints: &str) -> Definition {
    let constraints = json(constraints);
    let members = constraints.as_object().unwrap().iter();
    let constraints =
        members.map(|(path, asked)| (path.as_str(), crate::constraint::stored_constraint(asked))).collect();
    definition(effect, unlisted, constraints)
}

fn allow(constraints: &str) -> Definition {
    rule(Effect::Allow, Unlisted::Ignore, constraints)
}

#[test]
fn a_wider_rule_covers_a_narrower_one_and_not_the_other_way_round() {
    for (wide, narrow) in [
        (r#"{"p":"*"}"#, r#"{"p":"x"}"#),
        (r#"{"p":{"type":"one_of","values":["x","y"]}}"#, r#"{"p":"x"}"#),
        (r#"{"p":{"type":"pattern","value":"x*"}}"#, r#"{"p":"xy"}"#),
        (r#"{"p":{"type":"pattern","value":"x*"}}"#, r#"{"p":{"type":"pattern","value":"xy*z"}}"#),
        (r#"{"p":{"type":"pattern","value":"*y*"}}"#, r#"{"p":{"type":"pattern","value":"xy*z"}}"#),
        (r#"{"p":{"type":"range","max":5}}"#, r#"{"p":{"type":"range","min":1,"max":5}}"#),
        (r#"{"p":{"type":"range","max":5}}"#, r#"{"p":5.0}"#),
        (
            r#"{"p":{"type":"email","domains":["*.x.io"]}}"#,
            r#"{"p":{"type":"email","domains":["a.x.io","*.b.x.io"],"addresses":["q@c.x.io"]}}"#,
        ),
        (r#"{"p":{"type":"email","domains":["x.io"]}}"#, r#"{"p":["a@x.io","b@x.io"]}"#),
        (
            r#"{"p":{"type":"url","hosts":["*.x.io"],"schemes":["https","http"]}}"#,
            r#"{"p":{"type":"url","hosts":["a.x.io"]}}"#,
        ),
        (r#"{"p":{"type":"path","under":"/srv"}}"#, r#"{"p":{"type":"path","under":"/srv/a"}}"#),
        (r#"{"p":{"type":"length","max":5}}"#, r#"{"p":{"type":"length","max":4}}"#),
        (r#"{"p":"x","q":"*"}"#, r#"{"p":"x","q":"y"}"#),
    ] {
        for tier in [RiskTier::Low, RiskTier::Medium] {
            assert!(covers(&allow(wide), &allow(narrow), tier, &plain()), "{wide} covers {narrow}");
            assert!(!covers(&allow(narrow), &allow(wide), tier, &plain()), "{narrow} covers {wide}");
        }
    }
}

#[test]
fn a_rule_that_stops_covers_rules_that_let_pass_and_never_the_other_way_round() {
    let deny = rule(Effect::Deny, Unlisted::Ignore, r#"{"p":{"type":"email","domains":["x.io"]}}"#);
    assert!(covers(&deny, &allow(r#"{"p":"a@x.io","q":"*"}"#), RiskTier::Critical, &plain()));
    assert!(!covers(&deny, &allow(r#"{"p":"*"}"#), RiskTier::Low, &plain()));
    let same = allow(r#"{"p":{"type":"email","domains":["x.io"]}}"#);
    assert!(!covers(&same, &deny, RiskTier::Low, &plain()), "it takes one address of a list");
    let all = rule(Effect::Deny, Unlisted::Ignore, "{}");
    assert!(covers(&all, &same, RiskTier::Low, &plain()) && covers(&all, &deny, RiskTier::Low, &plain()));
    let elsewhere = Definition { tool_name: "other".to_owned(), ..all };
    assert!(!covers(&elsewhere, &same, RiskTier::Low, &plain()));
}

#[test]
fn what_is_named_pinned_and_forbidden_counts_too() {
    let low = |wide: &Definition, narrow: &Definition| covers(wide, narrow, RiskTier::Low, &plain());
    let forbid = |constraints| rule(Effect::Allow, Unlisted::Forbid, constraints);
    assert!(low(&allow(r#"{"p":"x"}"#), &forbid(r#"{"p":"x"}"#)));
    assert!(!low(&forbid(r#"{"p":"x"}"#), &allow(r#"{"p":"x"}"#)));
    assert!(!low(&forbid(r#"{"p":"x"}"#), &forbid(r#"{"p":"x","q":"y"}"#)), "a call with q fits one of them");
    assert!(low(&forbid(r#"{"p":"x","q":"*"}"#), &forbid(r#"{"p":"x","q":"y"}"#)));
    assert!(!low(&allow(r#"{"p":"x"}"#), &allow(r#"{"p":"x","to":"a"}"#)), "a call with a recipient waits");
    let exact = r#"{"m":{"type":"exact","value":{"to":"a"}}}"#;
    assert!(!low(&allow(r#"{"m":"*"}"#), &allow(exact)), "what is taken as anything may hold no recipient");
    let high = |wide, narrow| covers(&allow(wide), &allow(narrow), RiskTier::High, &plain());
    assert!(!high(r#"{"p":"*"}"#, r#"{"p":"x"}"#), "at this tier it is no rule any more");
    assert!(high(r#"{"p":"x","q":"*"}"#, r#"{"p":"x","q":"y"}"#));
}

#[test]
fn a_number_is_the_same_and_its_digits_are_not() {
    let digits = allow(r#"{"p":{"type":"pattern","value":"1"}}"#);
    let one = allow(r#"{"p":1}"#);
    assert!(!covers(&digits, &one, RiskTier::Low, &plain()), "1.0 is one, and is written otherwise");
    assert!(!excludes(&allow(r#"{"p":{"type":"pattern","value":"1.0"}}"#), &one));
}

#[test]
fn rules_that_no_call_fits_together_are_told() {
    for (one, other) in [
        (r#"{"p":"x"}"#, r#"{"p":"y"}"#),
        (r#"{"p":"x"}"#, r#"{"p":{"type":"pattern","value":"y*"}}"#),
        (r#"{"p":{"type":"one_of","values":["x","y"]}}"#, r#"{"p":{"type":"length","max":0}}"#),
        (r#"{"p":{"type":"absent"}}"#, r#"{"p":"x"}"#),
        (r#"{"p":{"type":"range","max":1}}"#, r#"{"p":{"type":"range","min":2}}"#),
        (r#"{"p":{"type":"email","domains":["x.io"]}}"#, r#"{"p":{"type":"email","domains":["y.io","*.x.io"]}}"#),
    ] {
        assert!(excludes(&allow(one), &allow(other)) && excludes(&allow(other), &allow(one)), "{one} {other}");
        let deny = rule(Effect::Deny, Unlisted::Ignore, other);
        assert!(excludes(&allow(one), &deny) && excludes(&deny, &allow(one)), "{one} {other}");
    }
    assert!(!excludes(&allow(r#"{"p":"x"}"#), &allow(r#"{"q":"y"}"#)));
    assert!(!excludes(&allow(r#"{"p":"*"}"#), &allow(r#"{"p":{"type":"absent"}}"#)));
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![4 => Just(Effect::Allow), 1 => Just(Effect::Deny), 1 => Just(Effect::Hold)]
}

fn unlisted() -> impl Strategy<Value = Unlisted> {
    prop_oneof![Just(Unlisted::Ignore), Just(Unlisted::Forbid)]
}

/// Paths of all sorts: plain, critical, into values and lists.
const PATHS: &[&str] = &["p", "to", "p.a", "p[*]", "q"];

type Pairs = Vec<(usize, (Constraint, Constraint), u8)>;

/// Two rules, where the second mostly narrows the first.
fn two_rules() -> impl Strategy<Value = (Definition, Definition)> {
    let pairs = vec((0..PATHS.len(), narrowed(), 0..12_u8), 0..3);
    (pairs, effect(), effect(), unlisted(), unlisted()).prop_map(
        |(pairs, one, other, first, second): (Pairs, _, _, _, _)| {
            let mut wide: Vec<(&str, Constraint)> = Vec::new();
            let mut narrow = wide.clone();
            for (at, (more, less), which) in pairs {
                if wide.iter().chain(&narrow).any(|(path, _)| *path == PATHS[at]) {
                    continue;
                }
                match which {
                    0 => wide.push((PATHS[at], less)),
                    1 => narrow.push((PATHS[at], less)),
                    2 => {
                        wide.push((PATHS[at], less.clone()));
                        narrow.push((PATHS[at], more));
                    }
                    // Pairs that look covered and are not.
                    4 => {
                        wide.push((PATHS[at], Constraint::Any));
                        narrow.push((PATHS[at], Constraint::exactly(json(r#"{"to":"a"}"#))));
                    }
                    5 => {
                        wide.push((PATHS[at], Constraint::Pattern("1*".to_owned())));
                        narrow.push((PATHS[at], Constraint::exactly(json("10"))));
                    }
                    3 => {
                        wide.push((PATHS[at], less.clone()));
                        narrow.push((PATHS[at], less));
                    }
                    _ => {
                        wide.push((PATHS[at], more));
                        narrow.push((PATHS[at], less));
                    }
                }
            }
            (definition(one, first, wide), definition(other, second, narrow))
        },
    )
}

/// The call, with the values that the rule names exactly, their numbers in another writing.
fn meant(rule: &Definition, call: &Json) -> Json {
    fn rewritten(value: &Json) -> Json {
        match value {
            Json::Number(number) => Json::Number(number.normalized()),
            Json::Array(items) => Json::Array(items.iter().map(rewritten).collect()),
            other => other.clone(),
        }
    }
    let mut members = call.as_object().unwrap_or_default().to_vec();
    for (path, constraint) in &rule.constraints {
        let value = match constraint {
            Constraint::Exact(exact) => exact.shown(),
            Constraint::OneOf(values) => &values[0],
            _ => continue,
        };
        members.retain(|(name, _)| *name != path.to_string());
        members.push((path.to_string(), rewritten(value)));
    }
    Json::Object(members)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn what_is_covered_fits_and_what_is_excluded_does_not(
        (wide, narrow) in two_rules(), calls in vec(call(&["p", "to", "q", "r"]), 6)
    ) {
        for tier in RiskTier::ALL {
            let covered = covers(&wide, &narrow, tier, &plain());
            let apart = excludes(&wide, &narrow);
            let meant = calls.iter().take(2).map(|call| meant(&narrow, call));
            for call in &calls.iter().cloned().chain(meant).collect::<Vec<_>>() {
                let (one, other) = (fits(&wide, tier, call), fits(&narrow, tier, call));
                prop_assert!(!covered || !other || one, "{tier} {}: {} | {}", call.to_text(), wide.words(), narrow.words());
                prop_assert!(!apart || !one || !other, "{tier} {}: {} | {}", call.to_text(), wide.words(), narrow.words());
            }
        }
    }
}
