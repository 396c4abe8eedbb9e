//! What a person is told about a rule.

use super::lint::{Flag, Surroundings, Warning, hygiene, lint, lint_among};
use super::order::rule;
use super::*;
use crate::constraint::stored_constraint;

fn words(warnings: &[Warning]) -> Vec<String> {
    let told = |warning: &Warning| match (warning.path(), warning.rule()) {
        (Some(path), _) => format!("{} {path}", warning.as_str()),
        (_, Some(id)) => format!("{} {}", warning.as_str(), id.0.as_u128()),
        _ => warning.as_str().to_owned(),
    };
    warnings.iter().map(told).collect()
}

fn definition(effect: Effect, constraints: &str) -> Definition {
    let constraints = json(constraints);
    let members = constraints.as_object().unwrap().iter();
    Definition {
        tool_name: "send_email".to_owned(),
        effect,
        constraints: members.map(|(path, asked)| (path.parse().unwrap(), stored_constraint(asked))).collect(),
        unlisted: Unlisted::Ignore,
        expires_at: None,
        max_uses: (effect == Effect::Allow).then_some(1),
    }
}

fn linted(effect: Effect, constraints: &str) -> Vec<String> {
    words(&lint(&definition(effect, constraints)))
}

#[test]
fn a_rule_is_warned_about_what_its_maker_may_not_have_meant() {
    for (constraints, warnings) in [
        (r#"{"to":"a@x.io","subject":"*"}"#, &[][..]),
        ("{}", &["broad"]),
        (r#"{"subject":"*"}"#, &["broad"]),
        (r#"{"a":{"type":"pattern","value":"?*"}}"#, &["broad", "wildcards_only a"]),
        (r#"{"a":{"type":"regex","value":"(.|\\n)*"}}"#, &["wildcards_only a"]),
        (r#"{"a":{"type":"regex","value":"[^~]*"}}"#, &["wildcards_only a"]),
        (r#"{"command":{"type":"pattern","value":"git status*"}}"#, &["shell_prefix command"]),
        (r#"{"line":{"type":"regex","value":"git log .*"}}"#, &["shell_prefix line"]),
        (r#"{"command":{"type":"pattern","value":"git*"}}"#, &["shell_prefix command"]),
        (r#"{"to":{"type":"pattern","value":"*@x.io"}}"#, &["address_pattern to"]),
        (r#"{"to":{"type":"pattern","value":"Ana <*@x.io>"}}"#, &["address_pattern to", "never_matches to"]),
        (r#"{"a":{"type":"moon"}}"#, &["not_understood a"]),
        (r#"{"a":{"type":"regex","value":"("}}"#, &["not_understood a"]),
    ] {
        assert_eq!(linted(Effect::Allow, constraints), warnings, "{constraints}");
    }
    let endless = Definition { max_uses: None, ..definition(Effect::Allow, r#"{"to":"a"}"#) };
    assert_eq!(words(&lint(&endless)), ["permanent"]);
}

#[test]
fn a_rule_that_stops_is_warned_about_what_leads_around_it() {
    for (constraints, warnings) in [
        (r#"{"to":"evil@x.io"}"#, &["one_spelling to"][..]),
        (r#"{"url":"https://evil.tld/x"}"#, &["one_spelling url"]),
        (r#"{"command":{"type":"pattern","value":"*rm -rf*"}}"#, &[]),
        (r#"{"to":{"type":"email","domains":["x.io"]}}"#, &[]),
        (r#"{"subject":"*"}"#, &["broad"]),
    ] {
        assert_eq!(linted(Effect::Deny, constraints), warnings, "{constraints}");
    }
}

#[test]
fn constraints_that_rule_each_other_out_are_told() {
    for (constraints, path) in [
        (r#"{"m":{"type":"exact","value":{"to":"a"}},"m.to":"b"}"#, "m.to"),
        (r#"{"m":{"type":"exact","value":{"to":"a"}},"m.cc":{"type":"length","max":3}}"#, "m.cc"),
        (r#"{"m":{"type":"exact","value":"text"},"m.to":"b"}"#, "m.to"),
        (r#"{"m":{"type":"absent"},"m.to":"b"}"#, "m.to"),
        (r#"{"m":{"type":"pattern","value":"x*"},"m.to":"b"}"#, "m.to"),
        (r#"{"list[*]":"a","list[0]":"b"}"#, "list[0]"),
        (r#"{"list":{"type":"exact","value":["a","b"]},"list[*]":"a"}"#, "list[*]"),
    ] {
        assert_eq!(linted(Effect::Allow, constraints), [format!("never_matches {path}")], "{constraints}");
    }
    for constraints in [
        r#"{"m":{"type":"exact","value":{"to":"a"}},"m.to":{"type":"pattern","value":"a*"}}"#,
        r#"{"m":{"type":"exact","value":{"n":1}},"m.n":{"type":"pattern","value":"1.0"}}"#,
        r#"{"m":{"type":"exact","value":{"to":"a"}},"m.cc":{"type":"absent"}}"#,
        r#"{"m":{"type":"absent"},"m.to":{"type":"absent"}}"#,
        r#"{"list":{"type":"length","max":2},"list[*]":"a"}"#,
        r#"{"list[*]":{"type":"pattern","value":"a*"},"list[0]":"ab"}"#,
    ] {
        assert_eq!(linted(Effect::Allow, constraints), [""; 0], "{constraints}");
    }
}

fn stopping(effect: Effect, constraints: &str, id: u128) -> Rule {
    let mut rule = rule("{}", id, 1);
    rule.definition = definition(effect, constraints);
    rule
}

fn around<'a>(others: &'a [Rule], overrides: &'a ClassOverrides) -> Surroundings<'a> {
    Surroundings { tier: RiskTier::Low, overrides, schema_sha256: None, others }
}

fn among(definition: &Definition, others: &[Rule]) -> Vec<String> {
    words(&lint_among(definition, Some(RuleId(uuid::Uuid::from_u128(99))), &around(others, &ClassOverrides::default())))
}

#[test]
fn other_rules_make_a_rule_needless_or_powerless() {
    let own = definition(Effect::Allow, r#"{"subject":"weekly"}"#);
    let wider = rule(r#"{"subject":{"type":"pattern","value":"week*"}}"#, 1, 1);
    let mut spendable = wider.clone();
    spendable.definition.max_uses = Some(9);
    assert_eq!(among(&own, std::slice::from_ref(&wider)), ["shadowed_by 1"]);
    assert_eq!(among(&own, &[spendable]), [""; 0], "what ends first leaves this one to decide");
    let mut over = wider;
    over.live = false;
    assert_eq!(among(&own, &[over]), [""; 0]);
    assert_eq!(among(&own, &[rule(r#"{"subject":"weekly"}"#, 2, 1)]), ["duplicate_of 2"]);
    let others = [
        stopping(Effect::Deny, r#"{"subject":{"type":"pattern","value":"*week*"}}"#, 3),
        stopping(Effect::Hold, r#"{"subject":"weekly"}"#, 4),
        stopping(Effect::Deny, r#"{"body":{"type":"pattern","value":"*rm -rf*"}}"#, 5),
        stopping(Effect::Deny, r#"{"subject":"daily"}"#, 6),
        rule(r#"{"subject":"weekly"}"#, 99, 1),
    ];
    assert_eq!(among(&own, &others), ["denied_by 3", "held_by 4", "may_be_denied 5"]);
    let deny = definition(Effect::Deny, r#"{"subject":"weekly"}"#);
    assert_eq!(among(&deny, &others), ["shadowed_by 3"], "what lets pass does not matter to what stops");
}

#[test]
fn every_warning_has_words_for_people() {
    let path: ArgumentPath = "a\u{202e}b".parse().unwrap();
    let id = RuleId(uuid::Uuid::from_u128(7));
    for warning in [
        Warning::Broad,
        Warning::Permanent,
        Warning::WildcardsOnly(path.clone()),
        Warning::ShellPrefix(path.clone()),
        Warning::AddressPattern(path.clone()),
        Warning::OneSpelling(path.clone()),
        Warning::NeverMatches(path.clone()),
        Warning::NotUnderstood(path),
        Warning::ShadowedBy(id),
        Warning::DuplicateOf(id),
        Warning::DeniedBy(id),
        Warning::HeldBy(id),
        Warning::MayBeDenied(id),
    ] {
        let words = warning.words();
        assert!(words.ends_with('.') && !words.contains('\u{202e}'), "{words}");
        assert_eq!(words.contains(&id.to_string()), warning.rule().is_some(), "{words}");
    }
}

fn flags(rule: &Rule) -> Vec<&'static str> {
    let overrides = ClassOverrides::default();
    hygiene(rule, now(), &around(&[], &overrides)).into_iter().map(Flag::as_str).collect()
}

#[test]
fn what_stands_out_about_a_rule_in_force_is_told_at_its_bounds() {
    let week = 7 * 24 * 60;
    assert_eq!(flags(&rule(r#"{"to":"a"}"#, 1, week - 1)), [""; 0]);
    assert_eq!(flags(&rule(r#"{"to":"a"}"#, 1, week)), ["unused"]);
    let mut used = rule(r#"{"to":"a"}"#, 1, week);
    used.use_count = 80;
    used.definition.max_uses = Some(100);
    assert_eq!(flags(&used), [""; 0]);
    used.use_count = 81;
    assert_eq!(flags(&used), ["nearly_spent"]);
    used.definition.expires_at = Some(now() + TimeDelta::days(7));
    assert_eq!(flags(&used), ["nearly_spent", "expires_soon"]);
    used.definition.expires_at = Some(now() + TimeDelta::days(7) + TimeDelta::seconds(1));
    assert_eq!(flags(&used), ["nearly_spent"]);
    used.schema_sha256 = Some(Digest::of_bytes(b"then"));
    assert_eq!(flags(&used), ["nearly_spent", "stale_schema"]);
    used.revoked = Some(Revocation { at: now(), by: "human:ana".to_owned(), reason: "over".to_owned() });
    assert_eq!(flags(&used), [""; 0], "what is over needs no care");
    assert_eq!(flags(&rule(r#"{"to":"*"}"#, 1, 0)), ["broad"]);
}

#[test]
fn a_rule_that_another_one_makes_needless_is_flagged_once() {
    let own = rule(r#"{"subject":"weekly"}"#, 1, 1);
    let others = [own.clone(), rule(r#"{"subject":{"type":"length","max":3}}"#, 2, 1), rule("{}", 3, 1)];
    let overrides = ClassOverrides::default();
    let flags = hygiene(&own, now(), &around(&others, &overrides));
    assert_eq!(flags, [Flag::Shadowed(RuleId(uuid::Uuid::from_u128(3)))]);
}
