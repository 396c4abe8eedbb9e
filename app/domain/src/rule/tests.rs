use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::argument::ClassOverrides;
use crate::constraint::{Asked, Exact, read_constraints};
use crate::problem::FieldError;
use crate::redaction::MARK;

#[cfg(feature = "matcher")]
mod covering;
mod drafts;
mod hygiene;
#[cfg(feature = "matcher")]
mod kept;
#[cfg(feature = "matcher")]
mod linting;
#[cfg(feature = "matcher")]
mod narrowing;
mod order;

pub(crate) fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

/// An allowing draft of these constraints, with nothing else that could be missing at a low tier.
pub(crate) fn draft(constraints: &str) -> Draft {
    Draft {
        tool_name: "send_email".to_owned(),
        effect: Effect::Allow,
        constraints: read_constraints(&json(constraints)).unwrap(),
        unlisted: None,
        description: "Weekly report".to_owned(),
        notes: None,
        expires_at: None,
        max_uses: None,
        confirm_broad: false,
    }
}

/// The rule that a draft becomes at this tier, made from an action with these arguments.
pub(crate) fn made(draft: Draft, tier: RiskTier, from: Option<&str>) -> Result<Accepted, Vec<FieldError>> {
    let from = from.map(json);
    let ground = Ground { tier, overrides: &ClassOverrides::default(), now: now(), from: from.as_ref() };
    accept(draft, &ground)
}

fn refused_at(draft: Draft, tier: RiskTier, from: Option<&str>) -> Vec<String> {
    made(draft, tier, from).unwrap_err().into_iter().map(|error| error.pointer).collect()
}

fn only(accepted: &Accepted) -> &Constraint {
    match accepted.definition.constraints.as_slice() {
        [(_, constraint)] => constraint,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_low_tier_asks_for_a_description_and_for_confirmation_of_what_narrows_nothing() {
    for tier in [RiskTier::Low, RiskTier::Medium] {
        assert!(made(draft(r#"{"to":"a@b.example"}"#), tier, None).is_ok());
        for broad in
            ["{}", r#"{"to":"*","subject":{"type":"pattern","value":"**"}}"#, r#"{"to":{"type":"regex","value":".*"}}"#]
        {
            assert_eq!(refused_at(draft(broad), tier, None), ["/confirm_broad"], "{broad}");
            assert!(made(Draft { confirm_broad: true, ..draft(broad) }, tier, None).is_ok());
        }
    }
    let silent = Draft { description: " \n".to_owned(), confirm_broad: true, ..draft("{}") };
    assert_eq!(refused_at(silent, RiskTier::Low, None), ["/description"]);
}

#[test]
fn a_high_tier_asks_for_a_narrowing_an_end_and_a_pin_on_all_that_is_critical() {
    let named = r#"{"to":"a@b.example","subject":"*"}"#;
    for tier in [RiskTier::High, RiskTier::Critical] {
        let ended = |draft| Draft { max_uses: Some(1), ..draft };
        assert!(made(ended(draft(named)), tier, None).is_ok());
        assert!(refused_at(draft(named), tier, None).contains(&"/max_uses".to_owned()));
        let broad = Draft { confirm_broad: true, ..ended(draft(r#"{"subject":"*"}"#)) };
        assert_eq!(refused_at(broad, tier, None), ["/arg_constraints"], "no confirmation is enough");
        for loose in [
            r#"{"to":"*","subject":"x"}"#,
            r#"{"to":{"type":"length","max":40},"subject":"x"}"#,
            r#"{"to":{"type":"pattern","value":"?*"},"subject":"x"}"#,
            r#"{"to[*]":"*","subject":"x"}"#,
        ] {
            let places = refused_at(ended(draft(loose)), tier, None);
            assert!(
                matches!(places.as_slice(), [place] if place.starts_with("/arg_constraints/to")),
                "{loose}: {places:?}"
            );
        }
        assert!(
            made(ended(draft(r#"{"to[*]":{"type":"email","domains":["b.example"]},"to":"*"}"#)), tier, None).is_ok()
        );
    }
    let dated = Draft { expires_at: Some(now() + TimeDelta::days(1)), ..draft(named) };
    assert!(made(dated.clone(), RiskTier::High, None).is_ok());
    assert_eq!(refused_at(dated, RiskTier::Critical, None), ["/max_uses"]);
    assert_eq!(refused_at(Draft { max_uses: Some(6), ..draft(named) }, RiskTier::Critical, None), ["/max_uses"]);
}

#[test]
fn what_is_critical_in_the_action_is_pinned_by_the_rule_made_from_it() {
    let args = r#"{"to":"a@b.example","bcc":["x@y.example"],"body":"hi","message":{"cc":"c@d.example","text":"x"},"headers":[{"name":"Bcc","value":"z@z.example"}]}"#;
    let once = |constraints| Draft { max_uses: Some(1), ..draft(constraints) };
    let errors = made(once(r#"{"to":"a@b.example"}"#), RiskTier::High, Some(args)).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("bcc, message.cc, headers[0].value"), "{errors:?}");
    for enough in [
        r#"{"to":"a@b.example","bcc":{"type":"exact","from_action":true},"message.cc":"c@d.example","headers":{"type":"exact","from_action":true}}"#,
        r#"{"to":"a@b.example","bcc[*]":"x@y.example","message":{"type":"exact","from_action":true},"headers[*].value":"z@z.example"}"#,
    ] {
        assert!(made(once(enough), RiskTier::High, Some(args)).is_ok(), "{enough}");
    }
}

#[test]
fn below_a_critical_name_every_part_is_pinned_but_free_text() {
    let args = r#"{"recipients":[{"name":"Ana","value":"ana@x.example"}],"email":{"to":"b@x.example","body":"long"}}"#;
    let once = |constraints| Draft { max_uses: Some(1), ..draft(constraints) };
    let part = once(r#"{"recipients[*].name":"Ana","email.to":"b@x.example"}"#);
    let errors = made(part, RiskTier::High, Some(args)).unwrap_err();
    assert!(
        errors[0].message.contains("recipients[0].value,") || errors[0].message.contains("recipients[0].value may"),
        "{errors:?}"
    );
    let whole = once(
        r#"{"recipients[*].name":"Ana","recipients[*].value":"ana@x.example","email.to":"b@x.example","email.body":"*"}"#,
    );
    assert!(made(whole, RiskTier::High, Some(args)).is_ok());
    let said_loosely = once(r#"{"recipients[*].name":"*","subject":"x"}"#);
    assert_eq!(refused_at(said_loosely, RiskTier::High, None), ["/arg_constraints/recipients[*].name"]);
}

#[test]
fn a_shell_prefix_pins_no_command() {
    for open in [
        r#"{"type":"pattern","value":"git status*"}"#,
        r#"{"type":"pattern","value":"git*"}"#,
        r#"{"type":"regex","value":"git .*"}"#,
    ] {
        let rule = Draft { max_uses: Some(1), ..draft(&format!(r#"{{"command":{open}}}"#)) };
        assert_eq!(refused_at(rule.clone(), RiskTier::High, None), ["/arg_constraints/command"], "{open}");
        assert!(made(rule, RiskTier::Low, None).is_ok(), "below the high tiers it is warned about");
    }
    let closed = Draft { max_uses: Some(1), ..draft(r#"{"command":"git status"}"#) };
    assert!(made(closed, RiskTier::High, None).is_ok());
}

#[test]
fn an_end_is_ahead_and_within_a_year_and_uses_are_counted_from_one() {
    let with = |expires_at, max_uses| Draft { expires_at, max_uses, ..draft(r#"{"to":"a"}"#) };
    for (end, fine) in [
        (TimeDelta::zero(), false),
        (TimeDelta::seconds(-1), false),
        (TimeDelta::seconds(1), true),
        (TimeDelta::days(365), true),
        (TimeDelta::days(365) + TimeDelta::seconds(1), false),
    ] {
        let made = made(with(Some(now() + end), None), RiskTier::Low, None);
        assert_eq!(
            made.map_err(|errors| errors[0].pointer.clone()).err(),
            (!fine).then(|| "/expires_at".to_owned()),
            "{end}"
        );
    }
    for (uses, fine) in
        [(0, false), (-1, false), (1, true), (MOST_USES, true), (MOST_USES + 1, false), (i64::MAX, false)]
    {
        assert_eq!(made(with(None, Some(uses)), RiskTier::Low, None).is_ok(), fine, "{uses}");
    }
    let both = made(with(Some(now()), Some(0)), RiskTier::Critical, None).unwrap_err();
    assert_eq!(
        both.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(),
        ["/expires_at", "/max_uses"],
        "each place once"
    );
}

#[test]
fn rules_that_stop_calls_need_no_pin_and_have_no_uses() {
    for effect in [Effect::Deny, Effect::Hold] {
        let rule = |constraints| Draft { effect, ..draft(constraints) };
        assert!(made(rule("{}"), RiskTier::Critical, None).is_ok());
        assert!(made(rule(r#"{"to":"*"}"#), RiskTier::High, None).is_ok());
        assert_eq!(refused_at(Draft { max_uses: Some(1), ..rule("{}") }, RiskTier::Low, None), ["/max_uses"]);
    }
}

#[test]
fn what_is_not_named_is_forbidden_at_high_tiers_unless_somebody_says_otherwise() {
    for (effect, tier, usual) in [
        (Effect::Allow, RiskTier::Low, Unlisted::Ignore),
        (Effect::Allow, RiskTier::Medium, Unlisted::Ignore),
        (Effect::Allow, RiskTier::High, Unlisted::Forbid),
        (Effect::Allow, RiskTier::Critical, Unlisted::Forbid),
        (Effect::Deny, RiskTier::Critical, Unlisted::Ignore),
        (Effect::Hold, RiskTier::High, Unlisted::Ignore),
    ] {
        let max_uses = (effect == Effect::Allow).then_some(1);
        let rule = Draft { effect, max_uses, ..draft(r#"{"to":"a@b.example"}"#) };
        assert_eq!(made(rule.clone(), tier, None).unwrap().definition.unlisted, usual);
        let said = Draft { unlisted: Some(Unlisted::Ignore), ..rule };
        assert_eq!(made(said, tier, None).unwrap().definition.unlisted, Unlisted::Ignore);
    }
}

#[test]
fn what_an_agent_wrote_is_a_value_and_never_a_constraint() {
    let from_action = draft(r#"{"to":{"type":"exact","from_action":true}}"#);
    for args in [
        r#"{"to":{"type":"any"}}"#,
        r#"{"to":"*"}"#,
        r#"{"to":{"type":"exact","from_action":true}}"#,
        r#"{"to":["[x]","?"]}"#,
    ] {
        let rule = made(from_action.clone(), RiskTier::Low, Some(args)).unwrap();
        let value = json(args).get("to").unwrap().clone();
        assert_eq!(only(&rule), &Constraint::exactly(value.clone()));
        let stored = rule.definition.constraints_json();
        let read = crate::constraint::stored_constraint(stored.get("to").unwrap());
        assert_eq!(read, Constraint::exactly(value), "and stays one when it is read back");
    }
}

#[test]
fn a_value_of_the_action_is_there_once_or_the_rule_is_not_made() {
    let rule = |path: &str| draft(&format!(r#"{{"{path}":{{"type":"exact","from_action":true}}}}"#));
    let args = r#"{"to":["a","b"],"m":{"x":1}}"#;
    for (path, there) in
        [("to", true), ("m.x", true), ("to[1]", true), ("cc", false), ("to[*]", false), ("to[2]", false)]
    {
        let made = made(rule(path), RiskTier::Low, Some(args));
        assert_eq!(made.is_ok(), there, "{path}");
        if let Err(errors) = made {
            assert_eq!(errors[0].pointer, format!("/arg_constraints/{path}/from_action"));
        }
    }
    assert_eq!(refused_at(rule("to"), RiskTier::Low, None), ["/arg_constraints/to/from_action"]);
}

#[test]
fn a_secret_is_kept_as_a_digest_whoever_wrote_it() {
    let args = r#"{"password":"hunter2hunter2","body":"it is hunter2hunter2","headers":[{"name":"Authorization","value":"Basic abcd"}]}"#;
    for path in ["password", "body", "headers", "headers[0].value"] {
        let rule = draft(&format!(r#"{{"{path}":{{"type":"exact","from_action":true}}}}"#));
        let made = made(rule, RiskTier::Low, Some(args)).unwrap();
        let Constraint::Exact(kept @ Exact::Kept { .. }) = only(&made) else { panic!("{path}: {made:?}") };
        assert!(kept.is(json(args).get("password").unwrap()) == (path == "password"));
        assert!(kept.shown().to_text().contains(MARK));
        let told = format!("{} {}", made.definition.constraints_json().to_text(), made.definition.words());
        assert!(!told.contains("hunter2") && !told.contains("abcd"), "{told}");
    }
    let typed = made(draft(r#"{"db.password":"hunter2hunter2"}"#), RiskTier::Low, None).unwrap();
    assert!(
        matches!(only(&typed), Constraint::Exact(kept @ Exact::Kept { .. }) if kept.is(&Json::from("hunter2hunter2")))
    );
    // Kept already: an edit of a rule sends back what it was shown.
    let stored = only(&typed).to_json().to_text();
    let again = made(draft(&format!(r#"{{"db.password":{stored}}}"#)), RiskTier::Low, None).unwrap();
    assert_eq!(only(&again), only(&typed));
}

#[test]
fn a_secret_cannot_be_guessed_piece_by_piece() {
    for constraint in [
        r#"{"password":{"type":"pattern","value":"h*"}}"#,
        r#"{"password":{"type":"regex","value":"h.+"}}"#,
        r#"{"password":{"type":"one_of","values":["a","b"]}}"#,
        r#"{"password":{"type":"length","max":8}}"#,
        r#"{"credentials.user":{"type":"pattern","value":"r*"}}"#,
        r#"{"config":{"type":"one_of","values":[{"api_key":"abcd1234"}]}}"#,
        r#"{"note":{"type":"pattern","value":"password=hunter2*"}}"#,
    ] {
        let refused = refused_at(draft(constraint), RiskTier::Low, None);
        assert!(matches!(refused.as_slice(), [place] if place.starts_with("/arg_constraints/")), "{constraint}");
    }
    for constraint in [r#"{"password":"*","to":"a"}"#, r#"{"password":{"type":"absent"}}"#] {
        assert!(made(draft(constraint), RiskTier::Low, None).is_ok(), "{constraint}");
    }
    let pair = r#"{"headers":[{"name":"Authorization","value":"Basic abcd"}]}"#;
    let guess = draft(r#"{"headers[0].value":{"type":"pattern","value":"B*"}}"#);
    assert_eq!(refused_at(guess, RiskTier::Low, Some(pair)), ["/arg_constraints/headers[0].value"]);
}

#[test]
fn no_rule_is_ever_made_on_the_mark_of_a_secret() {
    for masked in [
        format!(r#"{{"note":"{MARK}"}}"#),
        format!(r#"{{"note":{{"type":"exact","value":["{MARK}"]}}}}"#),
        format!(r#"{{"note":{{"type":"one_of","values":["a","x {MARK}"]}}}}"#),
        format!(r#"{{"note":{{"type":"pattern","value":"*{MARK}"}}}}"#),
        format!(r#"{{"password":"{MARK}"}}"#),
    ] {
        let errors = made(draft(&masked), RiskTier::Low, None).unwrap_err();
        assert!(errors[0].message.contains("from_action"), "{masked}: {errors:?}");
    }
    // An agent sent the very text: it is compared with, and not mistaken for something that was hidden.
    let sent = format!(r#"{{"note":"{MARK}"}}"#);
    let rule = made(draft(r#"{"note":{"type":"exact","from_action":true}}"#), RiskTier::Low, Some(&sent)).unwrap();
    assert!(matches!(only(&rule), Constraint::Exact(kept @ Exact::Kept { .. }) if kept.is(&Json::from(MARK))));
}

#[test]
fn a_value_too_large_to_keep_in_full_is_kept_as_its_digest_and_read_back() {
    let long = format!(r#"{{"body":"{}"}}"#, "a".repeat(100_000));
    let deep = format!(r#"{{"body":{}1{}}}"#, "[".repeat(63), "]".repeat(63));
    for args in [long, deep] {
        let rule = made(draft(r#"{"body":{"type":"exact","from_action":true}}"#), RiskTier::Low, Some(&args)).unwrap();
        let stored = rule.definition.constraints_json().to_text();
        assert!(stored.len() < 1_000);
        let read = crate::constraint::stored_constraint(json(&stored).get("body").unwrap());
        assert_eq!(&read, only(&rule));
        assert!(matches!(read, Constraint::Exact(kept) if kept.is(json(&args).get("body").unwrap())));
    }
}

#[test]
fn a_constraint_that_cannot_be_used_is_refused_at_its_place() {
    #[cfg(feature = "matcher")]
    for (constraint, place) in [
        (r#"{"a":{"type":"regex","value":"("}}"#, "/arg_constraints/a/value"),
        (r#"{"a.b":{"type":"pattern","value":"x["}}"#, "/arg_constraints/a.b/value"),
    ] {
        assert_eq!(refused_at(draft(constraint), RiskTier::Low, None), [place]);
    }
    let unknown = Draft {
        constraints: vec![("a".parse().unwrap(), Asked::Constraint(Constraint::Unknown(json(r#"{"type":"x"}"#))))],
        ..draft("{}")
    };
    assert_eq!(refused_at(unknown, RiskTier::Low, None), ["/arg_constraints/a"]);
    let twice = draft(r#"{"a[0]":1,"a[00]":2}"#);
    assert_eq!(refused_at(twice, RiskTier::Low, None), ["/arg_constraints/a[0]"]);
}

#[test]
fn what_people_write_beside_a_rule_is_masked_and_measured() {
    let told = Draft {
        description: "  use Bearer abcdef123456  ".to_owned(),
        notes: Some(" ".to_owned()),
        ..draft(r#"{"to":"a"}"#)
    };
    let rule = made(told, RiskTier::Low, None).unwrap();
    assert_eq!(rule.description, format!("use Bearer {MARK}"));
    assert_eq!(rule.notes, None);
    let long = Draft { description: "x".repeat(501), notes: Some("a\0b".to_owned()), ..draft(r#"{"to":"a"}"#) };
    assert_eq!(refused_at(long, RiskTier::Low, None), ["/description", "/notes"]);
}

#[test]
fn everything_that_stands_against_a_draft_is_said_at_once() {
    let wrong = Draft {
        description: String::new(),
        max_uses: Some(0),
        expires_at: Some(now()),
        ..draft(&format!(r#"{{"to":"*","note":"{MARK}","password":{{"type":"length","max":1}}}}"#))
    };
    assert_eq!(
        refused_at(wrong, RiskTier::High, None),
        ["/description", "/expires_at", "/max_uses", "/arg_constraints/note", "/arg_constraints/password"]
    );
    let unpinned = Draft { description: String::new(), ..draft(r#"{"to":"*"}"#) };
    assert_eq!(
        refused_at(unpinned, RiskTier::High, None),
        ["/description", "/arg_constraints", "/max_uses", "/arg_constraints/to"],
        "what the tier asks is said together with the rest"
    );
}

#[test]
fn demands_are_a_list_to_tick_off() {
    let overrides = ClassOverrides::default();
    let ground = |tier| Ground { tier, overrides: &overrides, now: now(), from: None };
    let rule = made(draft(r#"{"to":"a@b.example"}"#), RiskTier::Low, None).unwrap().definition;
    let ticks = |tier| {
        demands(&rule, &ground(tier), false).iter().map(|demand| (demand.words.clone(), demand.met)).collect::<Vec<_>>()
    };
    assert_eq!(ticks(RiskTier::Low), []);
    assert_eq!(
        ticks(RiskTier::Critical),
        [
            ("At least one narrowing constraint".to_owned(), true),
            ("A limit of uses or time".to_owned(), false),
            ("Every critical argument pinned".to_owned(), true),
            ("At most 5 uses".to_owned(), false),
        ]
    );
}

#[test]
fn a_rule_reads_as_words() {
    let words = |constraints: &str, unlisted| {
        let rule = Draft { confirm_broad: true, unlisted: Some(unlisted), ..draft(constraints) };
        made(rule, RiskTier::Low, None).unwrap().definition.words()
    };
    assert_eq!(words("{}", Unlisted::Ignore), "every call");
    assert_eq!(words("{}", Unlisted::Forbid), "no arguments at all");
    assert_eq!(
        words(r#"{"to":"a","subject":"*"}"#, Unlisted::Forbid),
        "to is exactly \"a\", subject may be anything, nothing else"
    );
}

#[test]
fn what_a_rule_is_now_is_told_in_the_order_of_what_cannot_be_undone() {
    let mut rule = order::rule(r#"{"to":"a"}"#, 1, 1);
    assert_eq!(rule.state(), RuleState::Active);
    rule.suspended_reason = Some("schema".to_owned());
    assert_eq!(rule.state(), RuleState::Suspended);
    rule.definition.max_uses = Some(2);
    rule.use_count = 2;
    assert_eq!(rule.state(), RuleState::Exhausted);
    rule.live = false;
    assert_eq!(rule.state(), RuleState::Expired);
    rule.revoked = Some(Revocation { at: now(), by: "human:ana".to_owned(), reason: "over".to_owned() });
    assert_eq!(rule.state(), RuleState::Revoked);
}

#[test]
fn words_are_read_back_and_others_are_refused() {
    for effect in Effect::ALL {
        assert_eq!(effect.as_str().parse(), Ok(*effect));
    }
    for unlisted in Unlisted::ALL {
        assert_eq!(unlisted.as_str().parse(), Ok(*unlisted));
    }
    assert!("Allow".parse::<Effect>().is_err());
}
