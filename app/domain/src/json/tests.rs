use proptest::collection::vec;
use proptest::prelude::*;

use super::{Json, JsonErrorKind, MAX_BYTES, MAX_DEPTH, Number};
use crate::problem::{Code, Problem};

fn kind(text: &str) -> JsonErrorKind {
    Json::parse_str(text).expect_err(text).kind
}

fn number(literal: &str) -> Number {
    Number::parse(literal).expect(literal)
}

/// Keys that are easy to mix up, in UTF-8 and in UTF-16 order.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,3}",
        vec(any::<char>().prop_filter("NUL is refused", |character| *character != '\0'), 0..6)
            .prop_map(String::from_iter),
        prop::sample::select(vec!["\u{fb33}", "\u{1f600}", "\r", "\"\\\u{7f}", "\u{20ac}", "é", "e\u{301}"])
            .prop_map(str::to_owned),
    ]
}

fn any_number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?"
    ]
}

pub(crate) fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any_number().prop_map(|literal| Json::Number(number(&literal))),
        any_text().prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::Array),
            vec((any_text(), inner), 0..6).prop_map(|members| {
                let mut kept: Vec<(String, Json)> = Vec::new();
                for (key, value) in members {
                    if kept.iter().all(|(other, _)| *other != key) {
                        kept.push((key, value));
                    }
                }
                Json::Object(kept)
            }),
        ]
    })
}

fn shuffled(json: &Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(shuffled).collect()),
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(key, value)| (key.clone(), shuffled(value))).collect();
            members.reverse();
            let half = members.len() / 2;
            members.rotate_left(half);
            Json::Object(members)
        }
        other => other.clone(),
    }
}

/// The same value as serde_json sees it, numbers aside, whose digits it does not keep.
fn alike(json: &Json, oracle: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (json, oracle) {
        (Json::Null, Value::Null) | (Json::Number(_), Value::Number(_)) => true,
        (Json::Bool(left), Value::Bool(right)) => left == right,
        (Json::String(left), Value::String(right)) => left == right,
        (Json::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| alike(left, right))
        }
        (Json::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| alike(value, other)))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(json in any_json()) {
        prop_assert_eq!(Json::parse_str(&json.to_text()), Ok(json));
    }

    #[test]
    fn serde_reads_and_writes_the_same_text(json in any_json()) {
        let text = serde_json::to_string(&json).unwrap();
        prop_assert_eq!(&text, &json.to_text());
        prop_assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), json);
    }

    #[test]
    fn the_canonical_form_knows_no_order_and_is_its_own(json in any_json()) {
        let canonical = json.canonical();
        prop_assert_eq!(&shuffled(&json).canonical(), &canonical);
        prop_assert_eq!(Json::parse_str(&canonical).unwrap().canonical(), canonical);
    }

    #[test]
    fn good_documents_are_what_serde_json_takes_them_for(json in any_json()) {
        // Numbers past the range of f64 are refused by serde_json, not by us.
        if let Ok(oracle) = serde_json::from_str::<serde_json::Value>(&json.to_text()) {
            prop_assert!(alike(&json, &oracle));
        }
        let quoted = serde_json::to_string(&json.canonical()).unwrap();
        prop_assert_eq!(Json::parse_str(&quoted).unwrap(), Json::from(json.canonical()));
    }

    #[test]
    fn what_we_take_serde_json_takes_and_the_other_way_round(text in r#"[\[\]{}:,"\\ntrue0-9.eE+\- a]{0,12}"#) {
        let ours = Json::parse_str(&text);
        let oracle = serde_json::from_str::<&serde_json::value::RawValue>(&text);
        let only_ours = matches!(
            ours.as_ref().map_err(|error| &error.kind),
            Err(JsonErrorKind::DuplicateKey(_) | JsonErrorKind::NumberOutOfRange)
        );
        prop_assert!(ours.is_ok() == oracle.is_ok() || only_ours, "{:?}: {:?} {:?}", text, ours, oracle);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..64)) {
        let _ = Json::parse(&bytes);
    }

    #[test]
    fn no_damage_to_a_document_makes_the_parser_panic(json in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = json.to_text().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Err(error) = Json::parse(&bytes) {
            prop_assert!(error.offset <= bytes.len());
            prop_assert!(!Problem::from(error).detail.is_empty());
        }
        let _ = Json::parse(&bytes[..at]);
    }

    #[test]
    fn a_key_twice_is_refused_wherever_it_is(json in any_json(), key in any_text(), depth in 0..5_usize) {
        let quoted = Json::from(key.clone()).to_text();
        let value = json.to_text();
        let mut text = format!("{{{quoted}:{value},{quoted}:{value}}}");
        let mut pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        for level in 0..depth {
            if level % 2 == 0 {
                text = format!("[null,{text}]");
                pointer = format!("/1{pointer}");
            } else {
                text = format!("{{\"in\":{text}}}");
                pointer = format!("/in{pointer}");
            }
        }
        let error = Json::parse_str(&text).unwrap_err();
        prop_assert_eq!(error.kind, JsonErrorKind::DuplicateKey(key));
        prop_assert_eq!(error.pointer, pointer);
    }

    #[test]
    fn numbers_keep_their_digits(literal in any_number()) {
        let json = Json::parse_str(&format!("[{literal}]")).unwrap();
        prop_assert_eq!(json.canonical(), format!("[{literal}]"));
        prop_assert_eq!(json.as_array().unwrap()[0].as_number().unwrap().as_str(), literal);
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written(mantissa in any::<i64>(), shift in 0..30_i64, zeros in 0..5_usize) {
        let plain = number(&mantissa.to_string());
        let pad = "0".repeat(zeros);
        let same = [format!("{mantissa}.0{pad}"), format!("{mantissa}.{pad}0e+0")];
        for literal in same {
            prop_assert!(plain.same_value(&number(&literal)), "{}", literal);
        }
        let shifted = number(&format!("{mantissa}E+{shift}"));
        prop_assert_eq!(plain.same_value(&shifted), mantissa == 0 || shift == 0);
        if mantissa != 0 {
            let digits = format!("{mantissa}{pad}e-{zeros}");
            prop_assert!(plain.same_value(&number(&digits)));
            let written_out = format!("{mantissa}{}", "0".repeat(usize::try_from(shift).unwrap()));
            prop_assert!(shifted.same_value(&number(&written_out)));
        }
    }

    #[test]
    fn integers_are_the_same_only_as_themselves(left in any::<i64>(), right in any::<i64>()) {
        prop_assert_eq!(Number::from(left).same_value(&Number::from(right)), left == right);
        prop_assert!(Number::from(left).same_value(&Number::from(left)));
    }
}

#[test]
fn the_example_of_rfc_8785_is_sorted_as_it_says() {
    let text = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
        "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
    let canonical = Json::parse_str(text).unwrap().canonical();
    let sorted = Json::parse_str(&canonical).unwrap();
    let values: Vec<&str> = sorted.as_object().unwrap().iter().filter_map(|(_, value)| value.as_str()).collect();
    let expected = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ];
    assert_eq!(values, expected);
}

#[test]
fn strings_are_escaped_as_rfc_8785_says() {
    let text = r#"{"a":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\u001f\b\t\f\r"}"#;
    let canonical = Json::parse_str(text).unwrap().canonical();
    assert_eq!(canonical, r#"{"a":"€$\u000f\nA'B\"\\\\\"/\u001f\b\t\f\r"}"#);
}

#[test]
fn long_numbers_survive() {
    for literal in ["9007199254740993", "2512292042121000001", "1e400", "-0", "0.1000000000000000055511151231257827"] {
        assert_eq!(Json::parse_str(literal).unwrap().canonical(), literal);
    }
}

#[test]
fn numbers_past_what_postgres_keeps_are_refused() {
    for good in ["1e131071", "0.1e131072", "9e-16383", "0.5e-16382", "0e5", "-1.5e131071"] {
        assert!(Number::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "1e131072",
        "1e200000",
        "-1e200000",
        "1e-16384",
        "0.5e-16383",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e200000",
        "0e-20000",
    ] {
        assert_eq!(kind(bad), JsonErrorKind::NumberOutOfRange, "{bad}");
    }
    assert_eq!(kind(&"1".repeat(1_001)), JsonErrorKind::BadNumber);
    assert!(Json::parse_str(&"1".repeat(1_000)).is_ok());
    assert_eq!(kind(&format!("1e{}", "9".repeat(998))), JsonErrorKind::NumberOutOfRange);
}

#[test]
fn numbers_that_are_the_same() {
    let same = [
        ("1", "1.0"),
        ("1", "1e0"),
        ("1", "10e-1"),
        ("-0", "0"),
        ("0e7", "-0.000"),
        ("1e131071", "10e131070"),
        ("100", "1E+2"),
    ];
    for (left, right) in same {
        assert!(number(left).same_value(&number(right)), "{left} {right}");
    }
    for (left, right) in
        [("1", "-1"), ("1", "10"), ("9007199254740993", "9007199254740992"), ("0.1", "0.10000000000000001")]
    {
        assert!(!number(left).same_value(&number(right)), "{left} {right}");
    }
    assert_ne!(number("1"), number("1.0"), "equality is textual");
}

#[test]
fn wrong_numbers_are_no_numbers() {
    for bad in ["01", "-", "+1", ".5", "1.", "1e", "1e+", "-01", "0x10", "1_000", "NaN", "Infinity", "--1"] {
        assert!(Json::parse_str(bad).is_err(), "{bad}");
    }
}

#[test]
fn depth_is_bounded_not_the_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Json::parse_str(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(kind(&nested(MAX_DEPTH + 1)), JsonErrorKind::TooDeep);
    assert_eq!(kind(&nested(10_000)), JsonErrorKind::TooDeep);
    assert_eq!(kind(&"{\"a\":".repeat(10_000)), JsonErrorKind::TooDeep);
    assert_eq!(kind(&"[".repeat(MAX_BYTES)), JsonErrorKind::TooDeep);
}

#[test]
fn a_document_that_is_too_long_is_refused_before_it_is_read() {
    let longest = format!("\"{}\"", "a".repeat(MAX_BYTES - 2));
    assert!(Json::parse_str(&longest).is_ok());
    let error = Json::parse_str(&format!("{longest} ")).unwrap_err();
    assert_eq!(error.kind, JsonErrorKind::TooLarge);
    assert_eq!(Problem::from(error).code, Code::TooLarge);
}

#[test]
fn twenty_thousand_keys_are_no_trouble() {
    let members: Vec<String> = (0..20_000).map(|number| format!("\"key{number}\":{number}")).collect();
    let text = format!("{{{}}}", members.join(","));
    assert_eq!(Json::parse_str(&text).unwrap().as_object().unwrap().len(), 20_000);
    let twice = format!("{{{},\"key7\":0}}", members.join(","));
    assert_eq!(kind(&twice), JsonErrorKind::DuplicateKey("key7".to_owned()));
}

#[test]
fn a_key_twice_is_named() {
    let problem = Problem::from(Json::parse_str(r#"{"tool_args":{"to":"a@ok","t\u006f":"x@evil"}}"#).unwrap_err());
    assert_eq!(problem.code, Code::MalformedJson);
    assert!(problem.detail.contains("\"to\""), "{}", problem.detail);
    assert_eq!(problem.errors[0].pointer, "/tool_args/to");
}

#[test]
fn an_error_does_not_repeat_what_deceives() {
    let problem = Problem::from(Json::parse_str("{\"\u{202e}\":1,\"\u{202e}\":2}").unwrap_err());
    assert!(problem.detail.contains("‹U+202E›") && !problem.detail.contains('\u{202e}'), "{}", problem.detail);
    let long = "k".repeat(100_000);
    let problem = Problem::from(Json::parse_str(&format!("{{\"{long}\":1,\"{long}\":2}}")).unwrap_err());
    assert!(problem.detail.len() < 1_000);
}

#[test]
fn strings_that_two_readers_could_read_differently_are_refused() {
    assert_eq!(kind(r#""\u0000""#), JsonErrorKind::NulCharacter);
    assert_eq!(kind("\"\0\""), JsonErrorKind::NulCharacter);
    assert_eq!(kind(r#"{"a\u0000":1}"#), JsonErrorKind::NulCharacter);
    for bad in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\ud800""#,
        r#""\ud800x""#,
        r#""\ud83d\n""#,
        r#""\u12g4""#,
        r#""\x""#,
        "\"\n\"",
        "\"\u{1f}\"",
    ] {
        assert_eq!(kind(bad), JsonErrorKind::BadString, "{bad}");
    }
    for short in ["\"", "\"a", r#""\"#, r#""\u12"#, "[", "{", "[1", "{\"a\"", "{\"a\":", "tru", "", "  "] {
        assert_eq!(kind(short), JsonErrorKind::UnexpectedEnd, "{short}");
    }
    assert_eq!(Json::parse(b"\"\xff\"").unwrap_err().kind, JsonErrorKind::InvalidUtf8);
    assert_eq!(Json::parse(b"\"\xed\xa0\x80\"").unwrap_err().kind, JsonErrorKind::InvalidUtf8);
    assert_eq!(Json::parse_str(r#""\ud83d\ude00\u00e9""#), Ok(Json::from("😀é")));
}

#[test]
fn what_is_no_json_is_refused() {
    for bad in
        ["[1,]", "{,}", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1 2]", "truee", "nul1", "\u{feff}1", "// c\n1", "\u{a0}1"]
    {
        assert!(
            matches!(kind(bad), JsonErrorKind::UnexpectedCharacter | JsonErrorKind::TrailingCharacters),
            "{bad}: {:?}",
            kind(bad)
        );
    }
    assert_eq!(kind("1 2"), JsonErrorKind::TrailingCharacters);
}

#[test]
fn our_own_objects_are_short_to_write() {
    let object = Json::object([("k", Json::from("v")), ("n", Json::from(3_i64)), ("none", Json::from(None::<bool>))]);
    assert_eq!(object.to_text(), r#"{"k":"v","n":3,"none":null}"#);
    assert_eq!(object.get("n").and_then(Json::as_i64), Some(3));
    assert_eq!(object.get("missing"), None);
}

#[test]
fn serde_refuses_what_the_parser_refuses() {
    #[derive(serde::Deserialize)]
    struct Envelope {
        #[serde(rename = "args")]
        _args: Json,
    }
    let error = serde_json::from_str::<Envelope>(r#"{"args":{"a":1,"a":2}}"#).err().unwrap();
    assert!(error.to_string().contains("twice"), "{error}");
    assert!(serde_json::from_str::<Envelope>(r#"{"args":{"a":1e400}}"#).is_ok());
}
