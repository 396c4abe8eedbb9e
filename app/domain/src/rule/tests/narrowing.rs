//! A narrower constraint never makes more calls match. Also: constraints, their narrowings and calls for other tests.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::constraint::{Compiled, Quantifier, escape_glob};
use crate::json::Number;
use crate::matching::{Classes, Matcher};

/// Scalars that constraints made here are about.
pub(super) fn scalar() -> BoxedStrategy<Json> {
    let texts = vec![
        "",
        "a",
        "ab",
        "abb",
        "ba",
        "aab",
        "a@x.io",
        "A@X.io",
        "b@x.io",
        "a@y.x.io",
        "b@z.org",
        "a@x.io, b@z.org",
        "https://x.io/a",
        "https://y.x.io/",
        "http://x.io/",
        "https://x.io:8443/",
        "https://u@x.io/",
        "/srv/a",
        "/srv/a/b",
        "/srv",
        "/etc/x",
        "/srv/../etc",
        "1",
        "1.0",
    ];
    prop_oneof![
        6 => select(texts).prop_map(Json::from),
        2 => select(vec!["0", "1", "1.0", "2", "5.5", "-3", "1e1"]).prop_map(json),
        1 => select(vec!["null", "true", "{}", r#"{"a":1}"#, r#"{"to":"a"}"#, r#"{"a":{"to":[]}}"#, r#"{"name":"Bcc","value":"a"}"#, "[]"]).prop_map(json),
    ]
    .boxed()
}

/// Scalars, and lists of them.
pub(super) fn value() -> BoxedStrategy<Json> {
    prop_oneof![4 => scalar(), 1 => vec(scalar(), 0..3).prop_map(Json::Array), 1 => scalar().prop_map(|one| Json::Array(vec![Json::Array(vec![one])]))].boxed()
}

fn number() -> impl Strategy<Value = i64> {
    -4..12_i64
}

fn literal(whole: i64) -> Option<Number> {
    Some(Number::from(whole))
}

fn some_of(all: &'static [&'static str]) -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    subsequence(all, 1..=all.len())
        .prop_flat_map(|wide| (Just(wide.clone()), subsequence(wide.clone(), 1..=wide.len())))
        .prop_map(move |(wide, narrow)| (owned(&wide), owned(&narrow)))
}

/// Two constraints, the second of which asks more than the first, in every way to narrow one.
pub(super) fn narrowed() -> BoxedStrategy<(Constraint, Constraint)> {
    let one_of = vec(value(), 1..4).prop_flat_map(|values| {
        let narrow = subsequence(values.clone(), 1..=values.len());
        (Just(values), narrow, any::<bool>())
    });
    let one_of = one_of.prop_map(|(wide, narrow, single)| {
        let exact = Constraint::exactly(narrow[0].clone());
        (Constraint::OneOf(wide), if single { exact } else { Constraint::OneOf(narrow) })
    });
    let glob = ("[ab]{0,2}", "[ab@]{0,2}", "[ab]{0,2}").prop_map(|(start, middle, end)| {
        let text = format!("{start}{middle}{end}");
        (Constraint::Pattern(format!("{}*{end}", escape_glob(&start))), Constraint::exactly(Json::from(text)))
    });
    let globs = ("[ab]{0,2}", "[ab]{1,2}", "[ab]{0,2}", any::<bool>()).prop_map(|(start, inner, end, inside)| {
        let wide = if inside { format!("*{inner}*") } else { format!("{start}*{end}") };
        (Constraint::Pattern(wide), Constraint::Pattern(format!("{start}{inner}*{inner}{end}")))
    });
    let range = (number(), 0..5_i64, 0..5_i64, 0..5_i64, 0..4_u8).prop_map(|(low, one, two, three, open)| {
        let (min, max) = (literal(low + one), literal(low + one + two));
        let wide_min = if open & 1 == 0 { literal(low) } else { None };
        let wide_max = if open & 2 == 0 || wide_min.is_none() { literal(low + one + two + three) } else { None };
        (Constraint::Range { min: wide_min, max: wide_max }, Constraint::Range { min, max })
    });
    let email = some_of(&["x.io", "y.x.io", "*.x.io", "z.org"]).prop_map(|(domains, narrow)| {
        (Constraint::Email { domains, addresses: vec![] }, Constraint::Email { domains: narrow, addresses: vec![] })
    });
    let below = select(vec![
        (r#"{"type":"email","domains":["*.x.io"]}"#, r#"{"type":"email","domains":["y.x.io"]}"#),
        (r#"{"type":"email","domains":["*.x.io"]}"#, r#"{"type":"email","domains":["*.y.x.io"]}"#),
        (r#"{"type":"email","domains":["x.io"]}"#, r#"{"type":"email","addresses":["a@x.io","A@x.io"]}"#),
        (r#"{"type":"email","addresses":["a@x.io","b@z.org"]}"#, r#"{"type":"email","addresses":["a@x.io"]}"#),
        (r#"{"type":"url","hosts":["*.x.io"]}"#, r#"{"type":"url","hosts":["y.x.io"],"schemes":["https"]}"#),
        (r#"{"type":"url","hosts":["x.io","x.io:8443"]}"#, r#"{"type":"url","hosts":["x.io:8443"]}"#),
        (
            r#"{"type":"url","hosts":["x.io"],"schemes":["http","https"]}"#,
            r#"{"type":"url","hosts":["x.io"],"schemes":["http"]}"#,
        ),
        (r#"{"type":"pattern","value":"*@x.io"}"#, r#""a@x.io""#),
        (r#"{"type":"regex","value":"a.*"}"#, r#""ab""#),
    ])
    .prop_map(|(wide, narrow)| (read(wide), read(narrow)));
    let url = some_of(&["x.io", "y.x.io", "*.x.io", "x.io:8443"]).prop_map(|(hosts, narrow)| {
        (Constraint::Url { hosts, schemes: vec![] }, Constraint::Url { hosts: narrow, schemes: vec![] })
    });
    let path = select(vec![("/", "/srv"), ("/srv", "/srv/a"), ("/srv", "/srv"), ("/srv/a", "/srv/a/b")]).prop_map(
        |(wide, narrow)| (Constraint::Path { under: wide.to_owned() }, Constraint::Path { under: narrow.to_owned() }),
    );
    let length = (0..4_u64, 0..3_u64)
        .prop_map(|(max, more)| (Constraint::Length { max: max + more }, Constraint::Length { max }));
    let bare = prop_oneof![one_of, glob, globs, range, email, below, url, path, length].boxed();
    let anything = bare.clone().prop_map(|(_, narrow)| (Constraint::Any, narrow));
    let absent = Just((Constraint::Any, Constraint::Absent));
    prop_oneof![9 => bare, 2 => anything, 1 => absent].boxed()
}

fn read(text: &str) -> Constraint {
    match crate::constraint::read_constraint(&json(text)) {
        Ok(Asked::Constraint(constraint)) => constraint,
        other => panic!("{text}: {other:?}"),
    }
}

/// Calls with some of these arguments.
pub(super) fn call(names: &'static [&'static str]) -> BoxedStrategy<Json> {
    vec(proptest::option::weighted(0.8, value()), names.len())
        .prop_map(|values| {
            let there =
                names.iter().zip(values).filter_map(|(name, value)| value.map(|value| ((*name).to_owned(), value)));
            Json::Object(there.collect())
        })
        .boxed()
}

pub(super) fn definition(effect: Effect, unlisted: Unlisted, constraints: Vec<(&str, Constraint)>) -> Definition {
    let constraints = constraints.into_iter().map(|(path, own)| (path.parse().unwrap(), own)).collect();
    let max_uses = (effect == Effect::Allow).then_some(1);
    Definition { tool_name: "t".to_owned(), effect, constraints, unlisted, expires_at: None, max_uses }
}

pub(super) fn fits(definition: &Definition, tier: RiskTier, call: &Json) -> bool {
    let overrides = ClassOverrides::default();
    Matcher::new(definition, tier, &overrides).fits(call, &Classes::new(&overrides))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn what_holds_for_the_narrower_holds_for_the_wider(
        (wide, narrow) in narrowed(), found in vec(proptest::option::weighted(0.9, value()), 1..3)
    ) {
        let found: Vec<Option<&Json>> = found.iter().map(Option::as_ref).collect();
        let (wide, narrow) = (Compiled::new(&wide).unwrap(), Compiled::new(&narrow).unwrap());
        for of in [Quantifier::Each, Quantifier::Any] {
            let holds = narrow.judge(&found, of).is_ok();
            prop_assert!(!holds || wide.judge(&found, of).is_ok(), "{of:?} {:?} {:?}", wide.constraint(), narrow.constraint());
        }
    }

    // With names that nothing depends on: to name what is critical is to take it, which is no narrowing.
    #[test]
    fn narrowing_a_rule_never_makes_more_calls_match(
        (wide, narrow) in narrowed(), (other, _) in narrowed(), call in call(&["p", "q", "r"]), forbid: bool, step in 0..3
    ) {
        for effect in Effect::ALL {
            let unlisted = if forbid { Unlisted::Forbid } else { Unlisted::Ignore };
            let before = definition(*effect, unlisted, vec![("p", wide.clone()), ("q", other.clone())]);
            let after = match step {
                0 => definition(*effect, unlisted, vec![("p", narrow.clone()), ("q", other.clone())]),
                1 => Definition { unlisted: Unlisted::Forbid, ..before.clone() },
                // Where nothing else is allowed, to name an argument is to allow it.
                _ if forbid => before.clone(),
                _ => definition(*effect, unlisted, vec![("p", wide.clone()), ("q", other.clone()), ("r", narrow.clone())]),
            };
            let matches = fits(&after, RiskTier::Low, &call);
            prop_assert!(!matches || fits(&before, RiskTier::Low, &call), "{} | {}", before.words(), after.words());
        }
    }
}
