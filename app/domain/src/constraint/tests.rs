use super::{ArgumentPath, Asked, Constraint, Exact, PathError, Segment, read_constraint, stored_constraint};
use crate::json::{Json, JsonErrorKind};
use crate::redaction::MARK;

#[cfg(feature = "matcher")]
mod judging;
mod paths;

pub(super) fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

/// A constraint that may be written.
pub(super) fn constraint(text: &str) -> Constraint {
    match read_constraint(&json(text)) {
        Ok(Asked::Constraint(constraint)) => constraint,
        other => panic!("{text}: {other:?}"),
    }
}

/// Where a constraint is refused, and why.
fn refusals(text: &str) -> Vec<(String, String)> {
    let errors = read_constraint(&json(text)).unwrap_err();
    assert!(!errors.is_empty(), "{text} is refused without a word");
    errors.into_iter().map(|error| (error.pointer, error.message)).collect()
}

fn refused_at(text: &str) -> Vec<String> {
    refusals(text).into_iter().map(|(pointer, _)| pointer).collect()
}

/// One of each kind, as it is stored.
pub(super) const KINDS: &[&str] = &[
    r#"{"type":"any"}"#,
    r#"{"type":"absent"}"#,
    r#"{"type":"exact","value":{"a":[1,null]}}"#,
    r#"{"type":"one_of","values":["a",1.50,null]}"#,
    r#"{"type":"pattern","value":"Invoice \\* *"}"#,
    r#"{"type":"regex","value":"INV-[0-9]{4}"}"#,
    r#"{"type":"range","min":-1e400,"max":9007199254740993}"#,
    r#"{"type":"range","max":0.10000000000000000000000001}"#,
    r#"{"type":"email","domains":["partner.example","*.partner.example"],"addresses":["ana@x.io"]}"#,
    r#"{"type":"url","hosts":["api.example.com","*.example.com:8443"],"schemes":["https","wss"]}"#,
    r#"{"type":"url","hosts":["api.example.com"]}"#,
    r#"{"type":"path","under":"/srv/reports"}"#,
    r#"{"type":"length","max":18446744073709551615}"#,
];

#[test]
fn every_kind_is_stored_as_it_was_written_and_read_back_the_same() {
    for text in KINDS {
        let written = constraint(text);
        assert_eq!(written.to_json().to_text(), *text);
        assert_eq!(stored_constraint(&written.to_json()), written);
    }
}

#[test]
fn the_short_forms_of_scripts_are_typed() {
    assert_eq!(constraint(r#""*""#), Constraint::Any);
    for value in [r#""a@b.example""#, "1.0", "null", "true", r#"["*"]"#, r#""**""#] {
        assert_eq!(constraint(value), Constraint::exactly(json(value)), "{value}");
    }
    // An object is a constraint that forgot its kind, never a value.
    assert_eq!(refused_at("{}"), ["/type"]);
    assert_eq!(refused_at(r#"{"value":"x"}"#), ["/type"]);
}

#[test]
fn a_kind_that_nobody_knows_is_refused_when_written_and_never_holds_when_read() {
    for text in [
        r#"{"type":"phase_of_moon","is":"full"}"#,
        r#"{"type":"Exact","value":1}"#,
        r#"{"type":5}"#,
        r#"{"type":null,"value":1}"#,
        r#"{"type":["any"]}"#,
    ] {
        assert_eq!(refused_at(text), ["/type"], "{text}");
        let stored = stored_constraint(&json(text));
        assert_eq!(stored, Constraint::Unknown(json(text)));
        assert_eq!(stored.to_json(), json(text), "what a later version wrote is kept as it is");
        assert_eq!((stored.specificity(), stored.pins(), stored.is_any()), (0, false, false));
    }
    // What a later version may have added to a kind that is known.
    let extended = json(r#"{"type":"exact","value":1,"case":"any"}"#);
    assert_eq!(stored_constraint(&extended), Constraint::Unknown(extended));
}

#[test]
fn everything_that_is_wrong_is_said_at_its_place() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"type":"any","value":1,"max":2}"#, &["/value", "/max"]),
        (r#"{"type":"exact"}"#, &["/value"]),
        (r#"{"type":"exact","value":1,"from_action":true}"#, &["/value"]),
        (r#"{"type":"exact","from_action":false}"#, &["/value"]),
        (r#"{"type":"exact","sha256":"ABC"}"#, &["/sha256"]),
        (r#"{"type":"one_of","values":[]}"#, &["/values"]),
        (r#"{"type":"one_of","values":"a"}"#, &["/values"]),
        (r#"{"type":"pattern","value":""}"#, &["/value"]),
        (r#"{"type":"pattern","value":7,"a/b":1}"#, &["/value", "/a~1b"]),
        (r#"{"type":"range"}"#, &["/min"]),
        (r#"{"type":"range","min":"1","max":"2"}"#, &["/min", "/max"]),
        (r#"{"type":"range","min":9007199254740993,"max":9007199254740992}"#, &["/min"]),
        (r#"{"type":"email"}"#, &["/domains"]),
        (
            r#"{"type":"email","domains":["x.io",".x.io","x","*","*.x.io","1.2.3.4"]}"#,
            &["/domains/1", "/domains/2", "/domains/3", "/domains/5"],
        ),
        (
            r#"{"type":"email","addresses":["ana@x.io","<ana@x.io","a b@x.io","ana@x","a,b@x.io"]}"#,
            &["/addresses/1", "/addresses/2", "/addresses/3", "/addresses/4"],
        ),
        (
            r#"{"type":"url","hosts":["*","example.com/x","u@example.com","169.254.169.254","[::1]","localhost","example.com:+443","example.com:0","example.com:"]}"#,
            &[
                "/hosts/0", "/hosts/1", "/hosts/2", "/hosts/3", "/hosts/4", "/hosts/5", "/hosts/6", "/hosts/7",
                "/hosts/8",
            ],
        ),
        (r#"{"type":"url","hosts":["x.io"],"schemes":["https","file"]}"#, &["/schemes/1"]),
        (r#"{"type":"path","under":"/srv/../etc"}"#, &["/under"]),
        (r#"{"type":"path","under":"/srv/$HOME"}"#, &["/under"]),
        (r#"{"type":"path","under":"/srv/re\u200bports"}"#, &["/under"]),
        (r#"{"type":"length","max":-1}"#, &["/max"]),
        (r#"{"type":"length","max":1.5}"#, &["/max"]),
    ];
    for (text, places) in cases {
        assert_eq!(refused_at(text), *places, "{text}");
    }
}

#[test]
fn what_is_too_large_is_refused_when_written() {
    let long = "a".repeat(10_000);
    assert_eq!(refused_at(&format!(r#"{{"type":"pattern","value":"{long}"}}"#)), ["/value"]);
    assert_eq!(refused_at(&format!(r#"{{"type":"regex","value":"{long}"}}"#)), ["/value"]);
    let huge = "a".repeat(100_000);
    assert_eq!(refused_at(&format!(r#"{{"type":"exact","value":"{huge}"}}"#)), ["/value"]);
    assert_eq!(refused_at(&format!(r#"{{"type":"one_of","values":["{huge}"]}}"#)), ["/values"]);
    assert_eq!(refused_at(&format!(r#""{huge}""#)), [""]);
    let many = vec!["1"; 201].join(",");
    assert_eq!(refused_at(&format!(r#"{{"type":"one_of","values":[{many}]}}"#)), ["/values"]);
}

#[test]
fn a_host_has_one_way_to_write_its_port() {
    let written = constraint(r#"{"type":"url","hosts":["API.example.com:0443"],"schemes":["HTTPS"]}"#);
    assert_eq!(written.to_json().to_text(), r#"{"type":"url","hosts":["api.example.com:443"],"schemes":["https"]}"#);
}

#[test]
fn two_keys_of_one_name_are_refused_by_whoever_reads_them_and_named() {
    for (text, pointer, key) in [
        (r#"{"to":"a@ok","to":"x@evil"}"#, "/to", "to"),
        (r#"{"message":{"to":"a@ok","t\u006f":"x@evil"}}"#, "/message/to", "to"),
        (r#"{"arg_constraints":{"to":{"type":"exact","value":"a","type":"any"}}}"#, "/arg_constraints/to/type", "type"),
    ] {
        let error = Json::parse_str(text).unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::DuplicateKey(key.to_owned()), "{text}");
        assert_eq!(error.pointer, pointer);
    }
}

#[test]
fn numbers_are_kept_digit_for_digit() {
    let tail = format!("0.1{}1", "0".repeat(60));
    for literal in ["9007199254740993", "2512292042121000001", "1e400", "-0", "1.10", &tail] {
        let text = format!(r#"{{"type":"exact","value":{literal}}}"#);
        assert_eq!(constraint(&text).to_json().to_text(), text);
        assert!(constraint(&text).words().contains(literal));
    }
}

#[test]
fn wildcards_alone_weigh_nothing_and_pin_nothing() {
    for text in [
        r#"{"type":"any"}"#,
        r#"{"type":"pattern","value":"*"}"#,
        r#"{"type":"pattern","value":"***"}"#,
        r#"{"type":"pattern","value":"?*"}"#,
        r#"{"type":"regex","value":".*"}"#,
        r#"{"type":"regex","value":"^(?s:.+)$"}"#,
        r#"{"type":"regex","value":"(?s).*.*"}"#,
        r#"{"type":"regex","value":"[\\s\\S]*?"}"#,
    ] {
        let read = constraint(text);
        assert_eq!((read.is_any(), read.specificity(), read.pins()), (true, 0, false), "{text}");
    }
    for text in [
        r#"{"type":"pattern","value":"\\*"}"#,
        r#"{"type":"pattern","value":"?"}"#,
        r#"{"type":"pattern","value":"a*"}"#,
        r#"{"type":"regex","value":"^$"}"#,
        r#"{"type":"regex","value":"()"}"#,
        r#"{"type":"regex","value":".*a"}"#,
    ] {
        let read = constraint(text);
        assert_eq!((read.is_any(), read.specificity()), (false, 1), "{text}");
    }
}

#[test]
fn weights_are_those_of_the_contract() {
    let weights: Vec<u32> = KINDS.iter().map(|text| constraint(text).specificity()).collect();
    assert_eq!(weights, [0, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(constraint(r#"{"type":"one_of","values":["a"]}"#).specificity(), 2);
}

#[test]
fn a_length_and_the_root_folder_do_not_say_what_a_value_is() {
    assert!(!constraint(r#"{"type":"length","max":3}"#).pins());
    assert!(!constraint(r#"{"type":"path","under":"/"}"#).pins());
    assert!(constraint(r#"{"type":"path","under":"/srv"}"#).pins());
}

#[test]
fn a_line_for_a_shell_with_an_open_part_pins_nothing() {
    for (text, prefix) in [
        (r#"{"type":"pattern","value":"git status*"}"#, "git status"),
        (r#"{"type":"pattern","value":"git log * --oneline"}"#, "git log "),
        (r#"{"type":"pattern","value":"git status[!;]*"}"#, "git status"),
        (r#"{"type":"regex","value":"^git status.*$"}"#, "git status"),
        (r#"{"type":"regex","value":"git log [^;]+"}"#, "git log "),
        (r#"{"type":"regex","value":"git log \\S+"}"#, "git log "),
    ] {
        let read = constraint(text);
        assert_eq!(read.shell_prefix(), Some(prefix), "{text}");
        assert!(!read.pins(), "{text}");
    }
    for text in [
        r#"{"type":"pattern","value":"git status"}"#,
        r#"{"type":"pattern","value":"git add \\*"}"#,
        r#"{"type":"regex","value":"git (status|log)"}"#,
        r#"{"type":"regex","value":"git log -n [0-9]{1,3}\\."}"#,
        r#"{"type":"pattern","value":"*@partner.example"}"#,
    ] {
        assert_eq!(constraint(text).shell_prefix(), None, "{text}");
    }
}

#[test]
fn in_a_command_no_open_part_pins_however_it_starts() {
    let command: ArgumentPath = "shell.command".parse().unwrap();
    let plain: ArgumentPath = "reference".parse().unwrap();
    for open in [
        r#"{"type":"pattern","value":"git*"}"#,
        r#"{"type":"pattern","value":"/usr/bin/ls *"}"#,
        r#"{"type":"regex","value":"ls.*"}"#,
    ] {
        assert!(!constraint(open).pins_at(&command), "{open}");
        assert!(constraint(open).pins_at(&plain), "{open}");
    }
    assert!(constraint(r#"{"type":"regex","value":"git (status|log)"}"#).pins_at(&command));
}

#[test]
fn a_value_that_was_shown_masked_is_known_wherever_it_stands() {
    for text in [
        format!(r#""{MARK}""#),
        format!(r#"{{"type":"exact","value":{{"a":["x {MARK}"]}}}}"#),
        format!(r#"{{"type":"one_of","values":["a","{MARK}"]}}"#),
        format!(r#"{{"type":"pattern","value":"{MARK}*"}}"#),
        format!(r#"{{"type":"regex","value":".*{MARK}"}}"#),
        format!(r#"{{"type":"path","under":"/srv/{MARK}"}}"#),
    ] {
        assert!(constraint(&text).holds_mark(), "{text}");
    }
}

#[test]
fn a_kept_value_is_shown_as_it_was_masked_and_never_as_somebody_says() {
    let kept = Constraint::Exact(Exact::kept(&json(r#""s3cret""#), Json::from(MARK)));
    let stored = kept.to_json();
    assert!(!stored.to_text().contains("s3cret"));
    assert_eq!(stored_constraint(&stored), kept);
    assert_eq!(kept.words(), format!("is exactly \"{MARK}\" (kept as a digest)"));
    let digest = stored.get("sha256").unwrap().as_str().unwrap().to_owned();
    let claimed = constraint(&format!(r#"{{"type":"exact","sha256":"{digest}","shown":"harmless"}}"#));
    assert_eq!(claimed, kept);
}

#[test]
fn constraints_read_as_words() {
    let words: Vec<String> = KINDS.iter().map(|text| constraint(text).words()).collect();
    assert_eq!(
        words,
        [
            "may be anything",
            "is not there",
            "is exactly {\"a\":[1,null]}",
            "is one of \"a\", 1.50 or null",
            "is like \"Invoice \\* *\"",
            "matches the expression \"INV-[0-9]{4}\"",
            "is from -1e400 to 9007199254740993",
            "is at most 0.10000000000000000000000001",
            "is an address at partner.example or *.partner.example or ana@x.io",
            "is a URL at api.example.com or *.example.com:8443 (https or wss)",
            "is a URL at api.example.com",
            "is a path below /srv/reports",
            "has a length of at most 18446744073709551615",
        ]
    );
    let hidden = constraint(r#""a\u202eb""#).words();
    assert_eq!(hidden, "is exactly \"a‹U+202E›b\"");
}
