//! What is typed into a sheet becomes the rule that it says, and nothing else.

use super::*;
use crate::constraint::{ArgumentPath, read_constraint};
use crate::rule::read_draft;
use crate::rule::tests::{json, now};

const BEHIND: fn() -> Behind<'static> = || Behind { now: now(), end_of_day: None, kept: &[], wider: &[] };

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A sheet with one row, and all else as it should be.
fn one(kind: &str, value: &str) -> Vec<(String, String)> {
    pairs(&[
        ("effect", "allow"),
        ("description", "Weekly report"),
        ("uses", "50"),
        ("until", "24h"),
        ("path.0", "to"),
        ("kind.0", kind),
        ("value.0", value),
    ])
}

fn draft(fields: &[(String, String)]) -> Result<Json, Vec<FieldError>> {
    let (sheet, errors) = Sheet::read(fields, "send_email");
    if errors.is_empty() { sheet.draft(&BEHIND()) } else { Err(errors) }
}

/// What the row becomes, or what is said of it.
fn asked(kind: &str, value: &str) -> Result<String, String> {
    let told = |errors: Vec<FieldError>| format!("{}: {}", errors[0].pointer, errors[0].message);
    let draft = draft(&one(kind, value)).map_err(told)?;
    let draft = read_draft(&draft, None).map_err(told)?;
    Ok(draft.constraints[0].1.to_json().to_text())
}

#[test]
fn each_kind_is_read_as_what_it_says() {
    for (kind, value, becomes) in [
        ("text", "5", r#"{"type":"exact","value":"5"}"#),
        ("text", " a\r\nb ", r#"{"type":"exact","value":" a\nb "}"#),
        ("json", " 5.00 ", r#"{"type":"exact","value":5.00}"#),
        ("json", r#"{"a": null}"#, r#"{"type":"exact","value":{"a":null}}"#),
        ("one_of", "a\r\n\r\nb c", r#"{"type":"one_of","values":["a","b c"]}"#),
        ("one_of_json", "[1, \"1\"]", r#"{"type":"one_of","values":[1,"1"]}"#),
        ("pattern", "Q? numbers*", r#"{"type":"pattern","value":"Q? numbers*"}"#),
        ("regex", "[a-z]+", r#"{"type":"regex","value":"[a-z]+"}"#),
        ("range", "1..50", r#"{"type":"range","min":1,"max":50}"#),
        ("range", " 0.5 .. ", r#"{"type":"range","min":0.5}"#),
        ("range", "..-3", r#"{"type":"range","max":-3}"#),
        ("email", "@partner.example", r#"{"type":"email","domains":["partner.example"]}"#),
        ("email", "a@b.example, c.example", r#"{"type":"email","domains":["c.example"],"addresses":["a@b.example"]}"#),
        ("url", "api.example.com", r#"{"type":"url","hosts":["api.example.com"]}"#),
        (
            "url",
            "https://a.example https://b.example",
            r#"{"type":"url","hosts":["a.example","b.example"],"schemes":["https"]}"#,
        ),
        ("path", " /srv/reports ", r#"{"type":"path","under":"/srv/reports"}"#),
        ("length", "40", r#"{"type":"length","max":40}"#),
        ("any", "left over", r#"{"type":"any"}"#),
        ("absent", "", r#"{"type":"absent"}"#),
        ("from_action", "", r#"{"type":"exact","from_action":true}"#),
    ] {
        assert_eq!(asked(kind, value).as_deref(), Ok(becomes), "{kind} {value:?}");
    }
}

#[test]
fn what_says_nothing_is_told_at_its_row() {
    for (kind, value) in [
        ("json", "12a"),
        ("one_of", ""),
        ("one_of_json", "1"),
        ("range", "5"),
        ("range", "a..b"),
        ("range", ".."),
        ("email", ""),
        ("email", "ana@"),
        ("url", "http://a.example https://b.example"),
        ("url", "https://a.example b.example"),
        ("length", "many"),
        ("pattern", ""),
        ("kept", ""),
        ("wider", ""),
    ] {
        let told = asked(kind, value).unwrap_err();
        assert!(told.starts_with("/arg_constraints/to"), "{kind} {value:?}: {told}");
    }
}

#[test]
fn a_constraint_survives_the_sheet() {
    for written in [
        r#"{"type":"any"}"#,
        r#"{"type":"absent"}"#,
        r#"{"type":"exact","value":"two\nlines "}"#,
        r#"{"type":"exact","value":"carriage\r\nreturn"}"#,
        r#"{"type":"exact","value":"zero\u200bwidth"}"#,
        r#"{"type":"exact","value":["5",5,1e3,null]}"#,
        r#"{"type":"one_of","values":["a","b"]}"#,
        r#"{"type":"one_of","values":["a",1]}"#,
        r#"{"type":"one_of","values":["two\nlines",""]}"#,
        r#"{"type":"range","min":-0.5,"max":1e3}"#,
        r#"{"type":"email","domains":["*.partner.example"],"addresses":["a@b.example"]}"#,
        r#"{"type":"url","hosts":["a.example","b.example:8443"],"schemes":["https","wss"]}"#,
        r#"{"type":"url","hosts":["*.example.com"]}"#,
        r#"{"type":"path","under":"/srv"}"#,
        r#"{"type":"length","max":3}"#,
        r#"{"type":"pattern","value":"a\\*"}"#,
    ] {
        let Ok(Asked::Constraint(before)) = read_constraint(&json(written)) else { panic!("{written}") };
        let row = Row::of(&"to".parse::<ArgumentPath>().unwrap(), &Asked::Constraint(before.clone()));
        assert_eq!(asked(row.kind.as_str(), &row.text), Ok(before.to_json().to_text()), "{row:?}");
    }
}

#[test]
fn what_is_kept_or_wider_stands_behind_the_word() {
    let digest = Digest::of(&json("\"secret\""));
    let (kept, wider) = ([("to".to_owned(), digest)], [("to".to_owned(), json(r#"{"type":"any"}"#))]);
    let behind = Behind { kept: &kept, wider: &wider, ..BEHIND() };
    let of = |kind: &str| {
        let draft = Sheet::read(&one(kind, ""), "send_email").0.draft(&behind).unwrap();
        draft.get("arg_constraints").and_then(|all| all.get("to")).unwrap().to_text()
    };
    assert_eq!(of("kept"), format!(r#"{{"type":"exact","sha256":"{digest}"}}"#));
    assert_eq!(of("wider"), r#"{"type":"any"}"#);
}

#[test]
fn limits_are_a_choice_or_of_ones_own() {
    let with = |fields: &[(&str, &str)], end_of_day: Option<DateTime<Utc>>| {
        let mut all = one("any", "");
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let told = Sheet::read(&all, "send_email").0.draft(&Behind { end_of_day, ..BEHIND() });
        told.map(|draft| {
            format!("{} {}", draft.get("max_uses").unwrap().to_text(), draft.get("expires_at").unwrap().to_text())
        })
        .map_err(|errors| errors[0].pointer.clone())
    };
    let midnight = "2026-08-01T22:00:00Z".parse().ok();
    let told = |text: &str| Ok(text.to_owned());
    assert_eq!(with(&[], None), told(r#"50 "2026-07-02T12:00:00.000000Z""#));
    assert_eq!(with(&[("uses", "none"), ("until", "none")], None), told("null null"));
    assert_eq!(with(&[("uses", "other"), ("uses_other", "7")], None), told(r#"7 "2026-07-02T12:00:00.000000Z""#));
    assert_eq!(
        with(&[("until", "day"), ("until_day", "2026-08-01")], midnight),
        told(r#"50 "2026-08-01T22:00:00.000000Z""#)
    );
    assert_eq!(with(&[("until", "2026-08-01T10:00:00Z")], None), told(r#"50 "2026-08-01T10:00:00.000000Z""#));
    assert_eq!(with(&[("effect", "deny")], None), told(r#"null "2026-07-02T12:00:00.000000Z""#));
    assert_eq!(with(&[("uses", "other"), ("uses_other", "many")], None), Err("/max_uses".to_owned()));
    assert_eq!(with(&[("until", "day"), ("until_day", "tomorrow")], None), Err("/expires_at".to_owned()));
    assert_eq!(with(&[("until", "soon")], None), Err("/expires_at".to_owned()));
}

#[test]
fn fields_that_nobody_asked_for_are_refused_by_name() {
    for field in ["risk_tier", "created_by", "path.x", "value.99999", "kind"] {
        let mut all = one("any", "");
        all.push((field.to_owned(), "x".to_owned()));
        let errors = draft(&all).unwrap_err();
        assert_eq!(errors[0].pointer, "", "{field}");
        assert!(errors[0].message.contains(field), "{}", errors[0].message);
    }
    let mut twice = one("any", "");
    twice.push(("effect".to_owned(), "deny".to_owned()));
    assert!(draft(&twice).unwrap_err()[0].message.contains("twice"));
}

#[test]
fn blank_and_unnamed_rows_ask_nothing_and_a_nameless_one_is_told() {
    let mut all = one("any", "");
    all.extend(pairs(&[("path.1", " "), ("kind.1", "text"), ("value.1", "")]));
    all.extend(pairs(&[("path.2", "cc"), ("kind.2", "unnamed"), ("value.2", "x")]));
    let (sheet, _) = Sheet::read(&all, "send_email");
    assert_eq!(sheet.rows.len(), 2);
    let draft = sheet.draft(&BEHIND()).unwrap();
    assert_eq!(draft.get("arg_constraints").unwrap().as_object().unwrap().len(), 1);

    all.extend(pairs(&[("path.3", ""), ("kind.3", "text"), ("value.3", "x")]));
    assert_eq!(Sheet::read(&all, "send_email").0.draft(&BEHIND()).unwrap_err()[0].pointer, "/arg_constraints/");
}

#[test]
fn a_name_that_a_browser_would_rewrite_comes_back_as_it_is() {
    let mut all = one("any", "");
    all.retain(|(name, _)| name != "path.0");
    all.extend(pairs(&[("name.0", "%20odd%0D%0A%26name")]));
    assert_eq!(Sheet::read(&all, "send_email").0.rows[0].path, " odd\r\n&name");
}
