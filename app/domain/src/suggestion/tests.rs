use proptest::prelude::*;

use super::*;
use crate::matching::{Classes, Matcher};
use crate::redaction::MARK;
use crate::redaction::tests::any_arguments;
use crate::rule::{Accepted, Ground, accept};

fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

fn plain() -> ClassOverrides {
    ClassOverrides::default()
}

fn suggested(args: &str, tier: RiskTier, past: &[&str]) -> Suggested {
    let past: Vec<Json> = past.iter().map(|call| json(call)).collect();
    let past: Vec<&Json> = past.iter().collect();
    suggest(&json(args), &plain(), tier, &History::of(&past, &plain()))
}

/// Each path with what is asked there and why.
fn told(suggested: &Suggested) -> Vec<String> {
    let one = |own: &Suggestion| format!("{} {} ({})", own.path, own.asked.to_json().to_text(), own.reason);
    suggested.constraints.iter().map(one).collect()
}

fn wider(args: &str) -> Vec<String> {
    let suggested = suggested(args, RiskTier::Low, &[]);
    suggested.constraints.iter().flat_map(|own| &own.wider).map(|wider| wider.words.clone()).collect()
}

#[test]
fn each_argument_is_asked_by_what_it_is() {
    let args = r#"{"to":"ana@partner.example","subject":"Hello","urgent":true,"retries":3.0,"format":"pdf","nothing":null,"attachments":["a","b"],"api_key":"k3yk3y","message":{"cc":[],"text":"hi"}}"#;
    assert_eq!(
        told(&suggested(args, RiskTier::Low, &[])),
        [
            r#"to {"type":"exact","value":"ana@partner.example"} (critical)"#,
            r#"subject {"type":"any"} (free_text)"#,
            r#"urgent {"type":"exact","value":true} (value)"#,
            r#"retries {"type":"exact","value":3.0} (value)"#,
            r#"format {"type":"exact","value":"pdf"} (value)"#,
            r#"nothing {"type":"exact","value":null} (value)"#,
            r#"attachments {"type":"exact","value":["a","b"]} (value)"#,
            r#"api_key {"type":"exact","from_action":true} (secret)"#,
            r#"message.cc {"type":"exact","value":[]} (critical)"#,
            r#"message.text {"type":"any"} (free_text)"#,
        ]
    );
}

#[test]
fn long_texts_are_free_and_critical_ones_never() {
    let long = "x".repeat(81);
    let args = format!(r#"{{"query":"{long}","path":"{long}","short":"{}"}}"#, "x".repeat(80));
    let reasons: Vec<Reason> = suggested(&args, RiskTier::Low, &[]).constraints.iter().map(|own| own.reason).collect();
    assert_eq!(reasons, [Reason::FreeText, Reason::Critical, Reason::Value]);
}

#[test]
fn what_varied_may_vary_and_what_never_did_may_not() {
    let args = r#"{"to":"a@x.example","subject":"s","id":1,"format":"pdf","sometimes":1,"password":"pppp1111"}"#;
    let past = [
        r#"{"to":"b@x.example","subject":"s","id":2,"format":"pdf","password":"pppp1112"}"#,
        r#"{"to":"c@x.example","subject":"s","id":3,"format":"pdf","sometimes":1,"password":"pppp1113"}"#,
        r#"{"to":"d@x.example","subject":"s","id":4.0,"format":"pdf","sometimes":1,"password":"pppp1114"}"#,
    ];
    let reasons = |past: &[&str]| -> Vec<Reason> {
        suggested(args, RiskTier::Low, past).constraints.iter().map(|own| own.reason).collect()
    };
    use Reason::{Critical, FreeText, NeverVaried, Secret, Value, Varied};
    assert_eq!(reasons(&past), [Critical, NeverVaried, Varied, NeverVaried, Varied, Secret]);
    assert_eq!(reasons(&past[..2]), [Critical, FreeText, Value, Value, Value, Secret], "two calls say nothing");
    let other = [r#"{"format":"csv"}"#; 5];
    assert_eq!(reasons(&other)[3], Value, "always another value than now is no reason");
}

#[test]
fn a_wider_choice_is_offered_by_the_form_of_a_value() {
    assert_eq!(wider(r#"{"to":"ana@Partner.example"}"#), ["is an address at partner.example"]);
    assert_eq!(
        wider(r#"{"to":["ana@a.example","b@b.example","c@a.example"]}"#),
        ["is an address at a.example or b.example"]
    );
    assert_eq!(wider(r#"{"url":"https://api.example.com:8443/x?y=1"}"#), ["is a URL at api.example.com:8443 (https)"]);
    assert_eq!(wider(r#"{"path":"/srv/reports/a.csv"}"#), ["is a path below /srv/reports"]);
    assert_eq!(wider(r#"{"path":"reports/2026/a.csv"}"#), ["is a path below reports/2026"]);
    for none in [
        r#"{"to":"Ana <ana@partner.example>"}"#,
        r#"{"to":["ana@a.example",7]}"#,
        r#"{"to":[]}"#,
        r#"{"url":"https://user:pw@example.com/"}"#,
        r#"{"url":"https://169.254.169.254/"}"#,
        r#"{"url":"https://example.com/?token=abcdef123"}"#,
        r#"{"path":"/etc"}"#,
        r#"{"path":"/srv/../etc/passwd"}"#,
        r#"{"path":"//a/b"}"#,
        r#"{"password":"ana@partner.example"}"#,
        r#"{"body":"ana@partner.example"}"#,
    ] {
        assert_eq!(wider(none), Vec::<String>::new(), "{none}");
    }
}

#[test]
fn a_masked_value_is_never_part_of_a_suggestion() {
    let args = r#"{"token":"t0k3nt0k3n","note":"see t0k3nt0k3n","tag":"is t0k3nt0k3n","config":{"password":"hunter2hunter2","level":3},"list":[{"secret":"abcd1234"}]}"#;
    let suggested = suggested(args, RiskTier::Low, &[args, args, args]);
    let all = format!("{:?} {}", suggested, told(&suggested).join(" "));
    for secret in ["t0k3n", "hunter2", "abcd1234", MARK] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    let asked: Vec<&Asked> = suggested.constraints.iter().map(|own| &own.asked).collect();
    let free = Asked::Constraint(Constraint::Any);
    let three = Asked::Constraint(Constraint::exactly(json("3")));
    use Asked::FromAction;
    assert_eq!(asked, [&FromAction, &free, &FromAction, &FromAction, &three, &FromAction]);
}

#[test]
fn at_high_tiers_one_use_is_suggested_and_something_is_narrowed() {
    for tier in [RiskTier::High, RiskTier::Critical] {
        let one = suggested(r#"{"text":"hi","body":"b"}"#, tier, &[]);
        assert_eq!((one.max_uses, one.unlisted), (Some(1), Unlisted::Forbid));
        assert!(
            one.constraints
                .iter()
                .all(|own| own.reason == Reason::TierAsks && own.asked != Asked::Constraint(Constraint::Any))
        );
    }
    let low = suggested(r#"{"text":"hi"}"#, RiskTier::Medium, &[]);
    assert_eq!((low.max_uses, low.unlisted), (None, Unlisted::Ignore));
    assert_eq!(told(&low), [r#"text {"type":"any"} (free_text)"#]);
}

#[test]
fn wide_and_deep_objects_are_asked_as_a_whole() {
    let wide: Vec<String> = (0..25).map(|at| format!("\"k{at}\":1")).collect();
    let args = format!(
        r#"{{"wide":{{{}}},"empty":{{}},"a":{{"b":{{"c":{{"d":{{"e":{{"f":{{"g":1}}}}}}}}}}}}}}"#,
        wide.join(",")
    );
    let paths: Vec<String> =
        suggested(&args, RiskTier::Low, &[]).constraints.iter().map(|own| own.path.to_string()).collect();
    assert_eq!(paths, ["wide", "empty", "a.b.c.d.e.f"]);
}

#[test]
fn what_holds_a_recipient_is_never_loosened_by_history() {
    let past = [r#"{"mails":[{"to":"a"}]}"#, r#"{"mails":[{"to":"b"}]}"#, r#"{"mails":[]}"#];
    let suggested = suggested(r#"{"mails":[{"to":"c"}]}"#, RiskTier::Low, &past);
    assert_eq!(told(&suggested), [r#"mails {"type":"exact","value":[{"to":"c"}]} (critical)"#]);
}

#[test]
fn where_free_text_is_all_that_is_said_of_what_decides_it_is_asked_for() {
    let high = |args: &str| told(&suggested(args, RiskTier::High, &[]));
    let pinned = r#"{"type":"exact","value":"a"}"#;
    assert_eq!(high(r#"{"id":7,"to":{"note":"hi"}}"#)[1..], [r#"to.note {"type":"exact","value":"hi"} (critical)"#]);
    let beside = [format!("to.id {pinned} (critical)"), r#"to.note {"type":"any"} (free_text)"#.to_owned()];
    assert_eq!(high(r#"{"id":7,"to":{"id":"a","note":"hi"}}"#)[1..], beside);
    assert!(taken(&json(r#"{"id":7,"to":{"note":"hi"}}"#), RiskTier::High, &[]).is_ok());
}

#[test]
fn calls_with_the_same_critical_arguments_have_one_shape() {
    let shape = |args: &str| shape_of(&json(args), &plain());
    let one = shape(r#"{"to":"a","amount":1.0,"subject":"x","m":{"cc":["b"]}}"#);
    assert_eq!(one, shape(r#"{"m":{"cc":["b"],"text":"t"},"amount":1e0,"to":"a","urgent":true}"#));
    for other in [
        r#"{"to":"b","amount":1,"m":{"cc":["b"]}}"#,
        r#"{"to":"a","amount":1,"m":{"cc":[]}}"#,
        r#"{"to":"a","amount":1}"#,
        "{}",
    ] {
        assert_ne!(one, shape(other), "{other}");
    }
    assert_eq!(shape(r#"{"subject":"x"}"#), shape("{}"));
    let own = ClassOverrides { sensitive: vec!["subject".to_owned()], secret: Vec::new() };
    assert_ne!(shape_of(&json(r#"{"subject":"x"}"#), &own), shape_of(&json("{}"), &own));
}

fn taken(args: &Json, tier: RiskTier, past: &[&Json]) -> Result<Accepted, String> {
    let suggested = suggest(args, &plain(), tier, &History::of(past, &plain()));
    let draft = Draft { max_uses: Some(1), confirm_broad: true, ..suggested.draft("t", "made from an action") };
    let now = chrono::DateTime::UNIX_EPOCH;
    let ground = Ground { tier, overrides: &plain(), now, from: Some(args) };
    accept(draft, &ground).map_err(|errors| format!("{errors:?}"))
}

/// Arguments as agents send them, and stranger ones.
fn some_arguments() -> impl Strategy<Value = Json> {
    let strange = crate::json::tests::any_json().prop_map(|json| match json {
        Json::Object(members) => Json::Object(members),
        other => Json::object([("to", other)]),
    });
    prop_oneof![any_arguments(), strange]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_rule_made_from_suggestions_is_accepted_and_matches_the_action_it_was_made_from(
        args in some_arguments(), past in proptest::collection::vec(some_arguments(), 0..4), again: bool
    ) {
        let mut past: Vec<&Json> = past.iter().collect();
        if again {
            past = vec![&args; 4];
        }
        for tier in RiskTier::ALL {
            // A call without arguments leaves nothing to narrow.
            if tier >= RiskTier::High && args == Json::object([]) {
                continue;
            }
            let accepted = taken(&args, tier, &past);
            prop_assert!(accepted.is_ok(), "{tier}: {accepted:?}");
            let definition = accepted.unwrap().definition;
            let matcher = Matcher::new(&definition, tier, &plain());
            let verdict = matcher.verdict(&args, &Classes::new(&plain()));
            prop_assert!(verdict.holds(), "{tier}: {verdict:?}");
            // And it still does when it is read back from the database.
            let stored = Json::parse_str(&definition.constraints_json().to_text()).unwrap();
            let members = stored.as_object().unwrap().iter();
            let read: Vec<_> = members
                .map(|(path, asked)| (path.parse().unwrap(), crate::constraint::stored_constraint(asked)))
                .collect();
            prop_assert_eq!(&read, &definition.constraints);
        }
    }

    #[test]
    fn every_wider_choice_takes_the_value_and_may_be_stored(args in some_arguments()) {
        for own in suggest(&args, &plain(), RiskTier::Low, &History::default()).constraints {
            for wider in own.wider {
                let stored = crate::constraint::stored_constraint(&wider.constraint.to_json());
                prop_assert_eq!(&stored, &wider.constraint);
                let compiled = crate::constraint::Compiled::new(&stored).unwrap();
                let value = own.path.select(&args);
                prop_assert!(compiled.judge(&value, crate::constraint::Quantifier::Each).is_ok());
            }
        }
    }
}
