#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use domain::argument::ClassOverrides;

use super::*;

fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

fn schema(text: &str) -> Schema {
    Schema::compile(&json(text), "/input_schema").unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

fn refused(text: &str) -> Problem {
    Schema::compile(&json(text), "/input_schema").map(|_| ()).expect_err(text)
}

fn check(schema: &Schema, args: &str) -> Result<(), Vec<(String, String)>> {
    let args = json(args);
    let mask = || CallMask::of(&args, &ClassOverrides::default());
    let told = |problem: Problem| problem.errors.into_iter().map(|error| (error.pointer, error.message)).collect();
    schema.check(&args, mask, "/tool_args").map_err(told)
}

/// Whether `{"n": value}` fits where `n` must fit `keywords`, written straight, in a list and behind an alternative.
fn fits(keywords: &str, value: &str) -> bool {
    let direct = check(&schema(&format!(r#"{{"properties": {{"n": {keywords}}}}}"#)), &format!(r#"{{"n": {value}}}"#));
    let listed = check(
        &schema(&format!(r#"{{"properties": {{"n": {{"type": "array", "items": {keywords}, "minItems": 1}}}}}}"#)),
        &format!(r#"{{"n": [{value}, {value}]}}"#),
    );
    let referred = check(
        &schema(&format!(
            r##"{{"$defs": {{"x": {keywords}}}, "properties": {{"n": {{"anyOf": [{{"$ref": "#/$defs/x"}}, {{"const": "no"}}]}}}}}}"##
        )),
        &format!(r#"{{"n": {value}}}"#),
    );
    assert_eq!((direct.is_ok(), direct.is_ok()), (listed.is_ok(), referred.is_ok()), "{keywords} {value}");
    direct.is_ok()
}

#[test]
fn numbers_are_held_against_limits_digit_for_digit() {
    let tenth = format!("0.1{}1", "0".repeat(60));
    for (keywords, value, expected) in [
        (r#"{"maximum": 9007199254740992}"#, "9007199254740993", false),
        (r#"{"minimum": 9007199254740993}"#, "9007199254740992", false),
        (r#"{"maximum": 9007199254740993}"#, "9007199254740993", true),
        (r#"{"maximum": 0.1}"#, tenth.as_str(), false),
        (r#"{"exclusiveMinimum": 0.1}"#, tenth.as_str(), true),
        (r#"{"maximum": 1e308}"#, "1e400", false),
        (r#"{"minimum": 0}"#, "1e400", true),
        (r#"{"minimum": 0}"#, "-1e400", false),
        (r#"{"exclusiveMaximum": 0}"#, "-1e-400", true),
        (r#"{"minimum": 0}"#, "-0", true),
        (r#"{"exclusiveMinimum": 0}"#, "-0", false),
        (r#"{"type": "number"}"#, "1e400", true),
        (r#"{"type": "integer"}"#, "1e400", true),
        (r#"{"type": "integer"}"#, "1.0", true),
        (r#"{"type": "integer"}"#, "-0", true),
        (r#"{"type": "integer"}"#, "9007199254740993.0000000000000000001", false),
        (r#"{"type": "integer"}"#, "99999999999999999999999999999999999999", true),
        (r#"{"type": ["integer", "null"]}"#, "1.5", false),
        (r#"{"multipleOf": 0.01}"#, "1070468.14", true),
        (r#"{"multipleOf": 0.01}"#, "4.355", false),
        (r#"{"multipleOf": 0.1}"#, tenth.as_str(), false),
        (r#"{"multipleOf": 2}"#, "9007199254740993", false),
        (r#"{"multipleOf": 3}"#, "9007199254740993", true),
        (r#"{"multipleOf": 2}"#, "1e400", true),
        (r#"{"multipleOf": 7}"#, "1e400", false),
        (r#"{"const": 9007199254740993}"#, "9007199254740992", false),
        (r#"{"const": 9007199254740993}"#, "9007199254740993.0", true),
        (r#"{"const": 0.1}"#, tenth.as_str(), false),
        (r#"{"const": 0}"#, "-0.0", true),
        (r#"{"const": 1}"#, "true", false),
        (r#"{"enum": [1, 2.5, "x"]}"#, "2.50", true),
        (r#"{"enum": [1, 2.5, "x"]}"#, r#""1""#, false),
        (r#"{"enum": [9007199254740992, 1]}"#, "9007199254740993", false),
        (r#"{"const": {"a": [1, null], "b": 2}}"#, r#"{"b": 2.0, "a": [1e0, null]}"#, true),
        (r#"{"uniqueItems": true}"#, "[9007199254740992, 9007199254740993]", true),
        (r#"{"uniqueItems": true}"#, "[1, 1.0]", false),
        (r#"{"uniqueItems": true}"#, r#"[{"a": 1, "b": 2}, {"b": 2, "a": 1}]"#, false),
        (r#"{"uniqueItems": true}"#, r#"[1, true, "1", [1], null]"#, true),
    ] {
        assert_eq!(fits(keywords, value), expected, "{keywords} {value}");
    }
}

#[test]
fn a_limit_that_would_be_read_as_another_number_is_refused_when_it_is_set() {
    for (text, pointer) in [
        (r#"{"properties": {"a/b": {"maximum": 1e400}}}"#, "/input_schema/properties/a~1b/maximum"),
        (r#"{"const": 9007199254740993.1}"#, "/input_schema/const"),
        (r#"{"enum": [1, 99999999999999999999999]}"#, "/input_schema/enum/1"),
        (r#"{"multipleOf": 0.10000000000000000001}"#, "/input_schema/multipleOf"),
    ] {
        assert_eq!(refused(text).errors[0].pointer, pointer, "{text}");
    }
    schema(r#"{"maximum": 18446744073709551615, "minimum": -9223372036854775808, "multipleOf": 0.000001}"#);
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    for (text, pointer) in [
        ("[]", "/input_schema"),
        (r#"{"type": "text"}"#, "/input_schema/type"),
        (r#"{"properties": {"to": {"type": "string", "minLength": -1}}}"#, "/input_schema/properties/to/minLength"),
        (r#"{"properties": {"to": {"pattern": "(unclosed"}}}"#, "/input_schema/properties/to/pattern"),
        (r#"{"properties": {"to": {"pattern": "(?=a)b"}}}"#, "/input_schema/properties/to/pattern"),
        (r#"{"properties": {"to": {"pattern": "(a)\\1"}}}"#, "/input_schema/properties/to/pattern"),
        (r#"{"required": "to"}"#, "/input_schema/required"),
        (r#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#, "/input_schema/$schema"),
    ] {
        let problem = refused(text);
        assert_eq!(problem.errors[0].pointer, pointer, "{text}: {}", problem.detail);
    }
    let long = format!(r#"{{"description": "{}"}}"#, "x".repeat(MAX_SCHEMA));
    assert_eq!(refused(&long).errors[0].pointer, "/input_schema");
}

#[test]
fn nothing_is_fetched_from_anywhere() {
    for text in [
        r#"{"$ref": "http://127.0.0.1:9/schema.json"}"#,
        r#"{"properties": {"a": {"$ref": "https://example.com/other.json#/x"}}}"#,
        r#"{"$ref": "file:///etc/passwd"}"#,
        r#"{"$ref": "other.json"}"#,
        r##"{"$ref": "#/$defs/nowhere"}"##,
        r#"{"$schema": "https://example.com/dialect"}"#,
        r#"{"$id": "https://example.com/a.json", "$ref": "b.json"}"#,
    ] {
        assert!(refused(text).errors[0].pointer.starts_with("/input_schema"), "{text}");
    }
    schema(r##"{"$defs": {"mail": {"type": "string"}}, "properties": {"to": {"$ref": "#/$defs/mail"}}}"##);
    schema(r#"{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"to": {"type": "string"}}}"#);
}

#[test]
fn every_violation_is_told_by_its_place_and_no_value_ever() {
    let schema = schema(
        r#"{"type": "object", "additionalProperties": false, "required": ["to", "subject"], "properties": {
            "to": {"type": "string", "pattern": "^[^@]+@[^@]+$"}, "subject": {"type": "string", "maxLength": 5},
            "copies": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            "api_key": {"type": "string", "minLength": 40}, "kind": {"enum": ["plain", "html"]}}}"#,
    );
    assert_eq!(check(&schema, r#"{"to": "ana@example.com", "subject": "hi", "copies": [1, 2]}"#), Ok(()));
    let told = check(
        &schema,
        r#"{"to": "canary-value", "copies": [1, 0, "canary-two"], "api_key": "canary-secret", "canary-secret": 1,
            "kind": "canary-three", "a/b": 1}"#,
    )
    .unwrap_err();
    let mut pointers: Vec<&str> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/tool_args/[REDACTED]",
            "/tool_args/api_key",
            "/tool_args/a~1b",
            "/tool_args/copies/1",
            "/tool_args/copies/2",
            "/tool_args/kind",
            "/tool_args/subject",
            "/tool_args/to",
        ]
    );
    let words = told.iter().fold(String::new(), |mut all, (pointer, message)| {
        write!(all, "{pointer} {message}; ").unwrap();
        all
    });
    assert!(!words.contains("canary"), "{words}");
    assert!(words.contains(r#"kind must be one of "plain", "html""#), "{words}");
    assert!(words.contains("subject is missing") && words.contains("copies/2 must be a whole number"), "{words}");
}

#[test]
fn what_is_told_is_bounded() {
    let schema = schema(r#"{"properties": {"n": {"items": {"type": "string"}}}, "additionalProperties": false}"#);
    let many = format!(r#"{{"n": [{}]}}"#, vec!["1"; 200_000].join(","));
    let told = check(&schema, &many).unwrap_err();
    assert!((1..=20).contains(&told.len()), "{}", told.len());
    let names: Vec<String> = (0..1_000).map(|n| format!(r#""k{n}": 1"#)).collect();
    assert_eq!(check(&schema, &format!("{{{}}}", names.join(","))).unwrap_err().len(), 20);
}

/// How long it took to refuse or accept.
fn time(schema: &Schema, args: &str) -> Duration {
    let since = Instant::now();
    let _ = check(schema, args);
    since.elapsed()
}

#[test]
fn no_schema_makes_the_gate_slow() {
    let bound = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 2 });
    let text = "a".repeat(500_000);
    for pattern in ["(a+)+$", "^(a|aa)+$", "(.*)*x", "(x+x+)+y"] {
        let schema = schema(&format!(r#"{{"properties": {{"s": {{"pattern": "{pattern}"}}}}}}"#));
        assert!(time(&schema, &format!(r#"{{"s": "{text}!"}}"#)) < bound, "{pattern}");
    }
    assert!(!refused(r#"{"properties": {"s": {"pattern": "((a{1000}){1000}){1000}"}}}"#).errors.is_empty());

    // Alternatives that double at every step: 2^200 looks at one value.
    let defs: Vec<String> = (0..200)
        .map(|n| format!(r##""d{n}": {{"allOf": [{{"$ref": "#/$defs/d{0}"}}, {{"$ref": "#/$defs/d{0}"}}]}}"##, n + 1))
        .collect();
    let doubling = schema(&format!(
        r##"{{"$defs": {{{}, "d200": {{"type": "string"}}}}, "properties": {{"s": {{"$ref": "#/$defs/d0"}}}}}}"##,
        defs.join(",")
    ));
    assert!(time(&doubling, r#"{"s": "x"}"#) < bound);
    assert!(time(&doubling, r#"{"s": 1}"#) < bound);
    assert!(check(&doubling, r#"{"s": 1}"#).is_err());

    // The same at every level of the arguments.
    let nested = schema(
        r##"{"$defs": {"n": {"anyOf": [{"items": {"$ref": "#/$defs/n"}, "minItems": 1}, {"items": {"$ref": "#/$defs/n"},
            "maxItems": 0}, {"type": "string"}]}}, "properties": {"s": {"$ref": "#/$defs/n"}}}"##,
    );
    let deep = format!(r#"{{"s": {}1{}}}"#, "[".repeat(60), "]".repeat(60));
    assert!(time(&nested, &deep) < bound);
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let tree = schema(
        r##"{"$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}},
            "additionalProperties": false}}, "properties": {"root": {"$ref": "#/$defs/node"}}}"##,
    );
    assert_eq!(check(&tree, r#"{"root": {"next": {"next": {}}}}"#), Ok(()));
    let told = check(&tree, r#"{"root": {"next": {"next": 1}}}"#).unwrap_err();
    assert_eq!(told[0].0, "/tool_args/root/next/next");
    let circle = Schema::compile(&json(r##"{"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##), "/x");
    if let Ok(circle) = circle {
        assert!(time(&circle, "{}") < Duration::from_secs(2));
    }
}
