use super::*;
use crate::constraint::stored_constraint;

fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

/// A rule as it would be read from the database: constraints in their typed form, or the short ones of scripts.
fn definition(effect: Effect, unlisted: Unlisted, constraints: &str) -> Definition {
    let constraints = json(constraints);
    let members = constraints.as_object().unwrap();
    Definition {
        tool_name: "send_email".to_owned(),
        effect,
        constraints: members.iter().map(|(path, asked)| (path.parse().unwrap(), stored_constraint(asked))).collect(),
        unlisted,
        expires_at: None,
        max_uses: (effect == Effect::Allow).then_some(1),
    }
}

struct Case {
    matcher: Matcher,
    classes: Classes,
}

impl Case {
    fn fits(&self, args: &str) -> bool {
        let args = json(args);
        let fits = self.matcher.fits(&args, &self.classes);
        let verdict = self.matcher.verdict(&args, &self.classes);
        assert_eq!(fits, verdict.holds(), "the short way and the long one agree");
        assert_eq!(verdict.misses(), self.matcher.misses(&args, &self.classes, usize::MAX));
        assert_eq!(fits, verdict.first_miss().is_none());
        let uncovered = self.matcher.uncovered_count(&args, &self.classes);
        assert_eq!(verdict.misses(), self.matcher.misses_beside(uncovered, &args, usize::MAX));
        fits
    }

    fn uncovered(&self, args: &str) -> Vec<(String, Uncovered)> {
        let verdict = self.matcher.verdict(&json(args), &self.classes);
        verdict.uncovered.into_iter().map(|(path, why)| (path.to_string(), why)).collect()
    }
}

fn case_with(tier: RiskTier, definition: &Definition, overrides: &ClassOverrides) -> Case {
    Case { matcher: Matcher::new(definition, tier, overrides), classes: Classes::new(overrides) }
}

fn allow(tier: RiskTier, unlisted: Unlisted, constraints: &str) -> Case {
    case_with(tier, &definition(Effect::Allow, unlisted, constraints), &ClassOverrides::default())
}

fn stop(effect: Effect, constraints: &str) -> Case {
    case_with(Low, &definition(effect, Ignore, constraints), &ClassOverrides::default())
}

use RiskTier::{High, Low, Medium};
use Uncovered::{NotPinned, UnnamedCritical};
use Unlisted::{Forbid, Ignore};

fn path(text: &str, why: Uncovered) -> (String, Uncovered) {
    (text.to_owned(), why)
}

#[test]
fn an_exact_rule_takes_numbers_by_value_and_nothing_else() {
    let one = allow(Low, Forbid, r#"{"n":1}"#);
    for fits in ["1", "1.0", "1e0"] {
        assert!(one.fits(&format!(r#"{{"n":{fits}}}"#)), "{fits}");
    }
    for other in ["true", "\"1\"", "null", "[1]"] {
        assert!(!one.fits(&format!(r#"{{"n":{other}}}"#)), "{other}");
    }
    assert!(!one.fits("{}"));
}

#[test]
fn a_recipient_that_the_rule_does_not_name_always_waits() {
    for tier in [Low, Medium] {
        let rule = allow(tier, Ignore, r#"{"to":{"type":"email","domains":["company.com"]}}"#);
        assert!(rule.fits(r#"{"to":"b@company.com","subject":"x","priority":1}"#));
        for extra in [
            r#""bcc":"evil@x.io""#,
            r#""BCC":["evil@x.io"]"#,
            r#""reply_to":"evil@x.io""#,
            r#""options":{"deep":[{"bcc":"evil@x.io"}]}"#,
            r#""headers":[{"name":"Bcc","value":"evil@x.io"}]"#,
            r#""webhook":"https://evil.tld""#,
        ] {
            let args = format!(r#"{{"to":"b@company.com",{extra}}}"#);
            assert!(!rule.fits(&args), "{args}");
            assert!(matches!(rule.uncovered(&args).as_slice(), [(_, UnnamedCritical)]), "{args}");
        }
    }
}

#[test]
fn tricks_with_addresses_never_fit_a_rule_that_lets_pass() {
    for asked in [r#"{"type":"pattern","value":"*@company.com"}"#, r#"{"type":"email","domains":["company.com"]}"#] {
        let rule = allow(Low, Ignore, &format!(r#"{{"to":{asked}}}"#));
        assert!(rule.fits(r#"{"to":"b@company.com"}"#));
        for trick in [
            r#""evil@x.io, b@company.com""#,
            r#"["evil@x.io","b@company.com"]"#,
            r#""\"b@company.com\" <evil@x.io>""#,
            r#""evil@x.io\nBcc: b@company.com""#,
            r#""b@company.com ""#,
            r#""b@company.com.evil.io""#,
        ] {
            assert!(!rule.fits(&format!(r#"{{"to":{trick}}}"#)), "{asked} {trick}");
        }
    }
}

#[test]
fn nothing_unnamed_passes_a_rule_that_forbids_it_however_deep() {
    let rule = allow(Low, Forbid, r#"{"to":"a","message.subject":"*","items[*].sku":{"type":"pattern","value":"A*"}}"#);
    let unlisted =
        |args: &str, place: &str| assert_eq!(rule.uncovered(args), [path(place, Uncovered::Unlisted)], "{args}");
    assert!(rule.fits(r#"{"to":"a","message":{"subject":"x"},"items":[{"sku":"A1"},{"sku":"A2"}]}"#));
    unlisted(r#"{"to":"a","items":[{"sku":"A1"}],"x":null}"#, "x");
    unlisted(r#"{"to":"a","items":[{"sku":"A1"}],"message":{"subject":"x","color":1}}"#, "message.color");
    unlisted(r#"{"to":"a","items":[{"sku":"A1"},{"sku":"A2","n":1}]}"#, "items[1].n");
    unlisted(r#"{"to":"a","items":[{"sku":"A1"},7]}"#, "items[1]");
    unlisted(r#"{"to":"a","items":[{"sku":"A1"}],"message":"subject"}"#, "message");
    unlisted(r#"{"to":"a","items":[{"sku":"A1"}],"x.y":{}}"#, r"x\.y");
    // To name a value is to name what is in it.
    let whole = allow(Low, Forbid, r#"{"message":"*"}"#);
    assert!(whole.fits(r#"{"message":{"subject":"x","parts":[{"n":1}]}}"#));
}

#[test]
fn naming_a_value_does_not_name_the_recipient_inside() {
    let rule = allow(Low, Ignore, r#"{"message":"*"}"#);
    assert!(rule.fits(r#"{"message":{"subject":"x"}}"#));
    assert_eq!(
        rule.uncovered(r#"{"message":{"meta":[{"to":"evil@x.io"}]}}"#),
        [path("message.meta[0].to", UnnamedCritical)]
    );
    assert_eq!(rule.uncovered(r#"{"other":{"meta":{"to":"evil@x.io"}}}"#), [path("other", UnnamedCritical)]);
    let both = allow(Low, Ignore, r#"{"message":"*","message.to":"a@x.io"}"#);
    assert!(both.fits(r#"{"message":{"to":"a@x.io","subject":"x"}}"#));
    assert_eq!(both.uncovered(r#"{"message":{"to":"a@x.io","cc":"x"}}"#), [path("message.cc", UnnamedCritical)]);
    let pinned = allow(Low, Ignore, r#"{"message":{"type":"exact","value":{"to":"a@x.io"}}}"#);
    assert!(pinned.fits(r#"{"message":{"to":"a@x.io"}}"#), "an exact value says all there is inside");
}

#[test]
fn what_stands_below_a_critical_name_is_critical_too() {
    let rule = allow(Low, Ignore, r#"{"recipients[*].name":"Ana"}"#);
    let args = r#"{"recipients":[{"name":"Ana","value":"evil@x.io"}]}"#;
    assert_eq!(rule.uncovered(args), [path("recipients[0].value", UnnamedCritical)]);
    let named = allow(Low, Ignore, r#"{"recipients":"*","recipients[*].name":"Ana"}"#);
    assert!(named.fits(args), "below the high tiers to name it is enough");
    let mail = allow(Low, Ignore, r#"{"email.to":"a@x.io"}"#);
    assert!(mail.fits(r#"{"email":{"to":"a@x.io","body":"free text is none of it"}}"#));
    assert!(!mail.fits(r#"{"email":{"to":"a@x.io","relay":"evil.tld"}}"#));
}

#[test]
fn at_a_high_tier_a_critical_argument_is_pinned_or_the_call_waits() {
    let rule = allow(High, Ignore, r#"{"to":"a@x.io","text":"*","meta":"*"}"#);
    assert!(rule.fits(r#"{"to":"a@x.io","text":"x"}"#));
    assert_eq!(rule.uncovered(r#"{"to":"a@x.io","meta":{"url":"https://x.io"}}"#), [path("meta.url", UnnamedCritical)]);
    // The tier was raised after the rule was made: it has not what is asked now.
    for (constraints, why) in [
        (r#"{"to":"*","subject":"x"}"#, "what to may be"),
        (r#"{"to":{"type":"length","max":9},"subject":"x"}"#, "what to may be"),
        (r#"{"subject":"*"}"#, "must narrow"),
    ] {
        let raised = allow(High, Ignore, constraints);
        assert!(!raised.fits(r#"{"to":"a","subject":"x"}"#));
        let unmet = raised.matcher.verdict(&json("{}"), &raised.classes).unmet;
        assert!(unmet.iter().any(|words| words.contains(why)), "{constraints}: {unmet:?}");
        let fits_below = allow(Low, Ignore, constraints).fits(r#"{"to":"a","subject":"x"}"#);
        assert_eq!(fits_below, constraints.contains("to"), "{constraints}");
    }
    let parts = allow(High, Forbid, r#"{"list":"*","to":"*","to[0]":"a@x.io"}"#);
    assert!(parts.fits(r#"{"to":["a@x.io"]}"#));
    assert_eq!(parts.uncovered(r#"{"to":["a@x.io","evil@x.io"]}"#), [path("to[1]", UnnamedCritical)]);
    let pair = allow(High, Ignore, r#"{"to":"a@x.io","headers[*].name":"*","headers[*].value":"*"}"#);
    let args = r#"{"to":"a@x.io","headers":[{"name":"Bcc","value":"evil@x.io"}]}"#;
    assert_eq!(pair.uncovered(args), [path("headers[0].value", NotPinned)]);
}

#[test]
fn a_tools_own_words_say_what_is_critical() {
    let overrides = ClassOverrides { sensitive: vec!["seed".to_owned()], secret: Vec::new() };
    let rule = case_with(Low, &definition(Effect::Allow, Ignore, r#"{"to":"a"}"#), &overrides);
    assert!(!rule.fits(r#"{"to":"a","seed":1}"#));
    assert!(allow(Low, Ignore, r#"{"to":"a"}"#).fits(r#"{"to":"a","seed":1}"#));
}

#[test]
fn absent_means_not_there_and_null_is_there() {
    let rule = allow(Low, Ignore, r#"{"to":"a","bcc":{"type":"absent"},"m.cc":{"type":"absent"}}"#);
    assert!(rule.fits(r#"{"to":"a"}"#));
    assert!(rule.fits(r#"{"to":"a","m":{"x":1}}"#));
    for there in [r#""bcc":null"#, r#""bcc":[]"#, r#""m":{"cc":""}"#] {
        assert!(!rule.fits(&format!(r#"{{"to":"a",{there}}}"#)), "{there}");
    }
}

#[test]
fn a_rule_that_lets_pass_asks_each_element_and_one_that_stops_asks_any() {
    let email = r#"{"to[*]":{"type":"email","domains":["evil.io"]}}"#;
    let mixed = r#"{"to":["a@ok.io","b@evil.io"]}"#;
    assert!(!allow(Low, Ignore, email).fits(mixed));
    for effect in [Effect::Deny, Effect::Hold] {
        let rule = stop(effect, email);
        assert!(rule.fits(mixed));
        assert!(rule.fits(r#"{"to":"b@evil.io"}"#), "out of its list it is the same address");
        assert!(!rule.fits(r#"{"to":["a@ok.io"]}"#) && !rule.fits("{}"));
        let plain = stop(effect, r#"{"to":"b@evil.io"}"#);
        assert!(plain.fits(mixed) && plain.fits(r#"{"to":[["b@evil.io"]]}"#));
        let shell = stop(effect, r#"{"command":{"type":"pattern","value":"*rm -rf*"}}"#);
        assert!(shell.fits(r#"{"command":"rm -rf /"}"#) && shell.fits(r#"{"command":["sh","-c","rm -rf /"]}"#));
        let part = stop(effect, r#"{"message.to":"b@evil.io"}"#);
        assert!(part.fits(r#"{"message":[{"to":"a"},{"to":["b@evil.io"]}]}"#));
    }
}

#[test]
fn a_rule_that_stops_does_not_care_what_else_a_call_holds() {
    let rule = stop(Effect::Deny, r#"{"to":"a"}"#);
    assert!(rule.fits(r#"{"to":"a","bcc":"x","anything":{"url":"y"}}"#));
    assert!(stop(Effect::Hold, "{}").fits(r#"{"to":"a"}"#));
    let only = definition(Effect::Deny, Forbid, r#"{"to":"a"}"#);
    let only = case_with(Low, &only, &ClassOverrides::default());
    assert!(only.fits(r#"{"to":"a"}"#) && !only.fits(r#"{"to":"a","cc":"x"}"#));
}

#[test]
fn what_is_not_understood_never_fits() {
    for constraint in [r#"{"type":"moon"}"#, r#"{"type":"regex","value":"("}"#] {
        for effect in [Effect::Allow, Effect::Deny, Effect::Hold] {
            let rule = definition(effect, Ignore, &format!(r#"{{"to":{constraint}}}"#));
            assert!(!case_with(Low, &rule, &ClassOverrides::default()).fits(r#"{"to":"a"}"#), "{constraint}");
        }
    }
}

#[test]
fn the_nearest_miss_is_told_in_words() {
    let rule = allow(Low, Forbid, r#"{"subject":"*","to":"a","n":{"type":"range","max":5}}"#);
    let verdict = rule.matcher.verdict(&json(r#"{"to":"b","n":7,"x":1}"#), &rule.classes);
    let order: Vec<String> = verdict.checks.iter().map(|check| check.path.to_string()).collect();
    assert_eq!(order, ["subject", "to", "n"], "in the order in which they were written");
    assert_eq!(verdict.misses(), 3);
    assert_eq!(
        verdict.first_miss(),
        Some(("to".to_owned(), "is another value; by the rule it is exactly \"a\"".to_owned()))
    );
    assert_eq!(rule.matcher.misses(&json(r#"{"to":"b","n":7,"x":1}"#), &rule.classes, 2), 2);
    let unlisted = rule.matcher.verdict(&json(r#"{"to":"a","n":5,"x":1}"#), &rule.classes);
    assert_eq!(unlisted.first_miss(), Some(("x".to_owned(), Uncovered::Unlisted.words().to_owned())));
}

#[test]
fn rules_that_judge_the_same_arguments_leave_the_same_of_a_call_uncovered() {
    let one = allow(Low, Ignore, r#"{"to":"a","subject":"*"}"#);
    let same = allow(Low, Ignore, r#"{"subject":"*","to":{"type":"email","domains":["x.example"]}}"#);
    assert_eq!(one.matcher.covering(), same.matcher.covering());
    let call = json(r#"{"to":"a","subject":"s","cc":"b","url":"u","n":1}"#);
    for rule in [&one, &same] {
        assert_eq!(rule.matcher.uncovered_count(&call, &rule.classes), 2);
        assert_eq!(rule.uncovered(&call.to_text()), [path("cc", UnnamedCritical), path("url", UnnamedCritical)]);
    }
    let others = [
        allow(Low, Forbid, r#"{"to":"a","subject":"*"}"#),
        allow(High, Ignore, r#"{"to":"a","subject":"*"}"#),
        allow(Low, Ignore, r#"{"to":"*","subject":"*"}"#),
        allow(Low, Ignore, r#"{"to":"a"}"#),
        stop(Effect::Hold, r#"{"to":"a","subject":"*"}"#),
    ];
    for other in others {
        assert_ne!(one.matcher.covering(), other.matcher.covering());
    }
}
