//! When a constraint holds.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::constraint::{BadPattern, Compiled, Quantifier, Why, escape_glob};

fn compiled(text: &str) -> Compiled {
    Compiled::new(&constraint(text)).unwrap()
}

fn judge(text: &str, value: &str, of: Quantifier) -> Result<(), Why> {
    compiled(text).judge(&[Some(&json(value))], of)
}

/// Whether a rule that lets pass takes the value.
fn lets_pass(text: &str, value: &str) -> bool {
    judge(text, value, Quantifier::Each).is_ok()
}

/// Whether a rule that stops calls stops at the value.
fn stops(text: &str, value: &str) -> bool {
    judge(text, value, Quantifier::Any).is_ok()
}

fn text(value: &str) -> String {
    Json::from(value).to_text()
}

#[test]
fn equality_knows_types_and_numbers_by_value() {
    for same in ["1", "1.0", "1e0", "10e-1"] {
        assert!(lets_pass(r#"{"type":"exact","value":1}"#, same), "{same}");
    }
    for other in ["true", "\"1\"", "null", "[1]", "1.0000000000000000000000000001", "{}"] {
        assert_eq!(judge(r#"{"type":"exact","value":1}"#, other, Quantifier::Each), Err(Why::Differs), "{other}");
    }
    assert!(lets_pass(r#"{"type":"exact","value":{"a":1,"b":[2]}}"#, r#"{"b":[2.0],"a":1e0}"#));
    assert!(!lets_pass(r#"{"type":"exact","value":["a","b"]}"#, r#"["b","a"]"#));
    assert!(!lets_pass(r#"{"type":"exact","value":{"a":1}}"#, r#"{"a":1,"b":null}"#));
    assert!(lets_pass(r#"{"type":"one_of","values":[1,"b",null]}"#, "1.0"));
    assert!(lets_pass(r#"{"type":"one_of","values":[1,"b",null]}"#, "null"));
    assert!(!lets_pass(r#"{"type":"one_of","values":[1,"b",null]}"#, "false"));
}

#[test]
fn numbers_are_compared_digit_for_digit() {
    let tail = format!("0.1{}1", "0".repeat(60));
    for (own, other) in [
        ("9007199254740993", "9007199254740992"),
        ("2512292042121000001", "2512292042121000000"),
        ("1e400", "1e401"),
        (tail.as_str(), "0.1"),
    ] {
        let exact = format!(r#"{{"type":"exact","value":{own}}}"#);
        assert!(lets_pass(&exact, own) && !lets_pass(&exact, other), "{own}");
        let below = format!(r#"{{"type":"range","max":{own}}}"#);
        assert!(lets_pass(&below, own), "a bound belongs to its range");
    }
    assert!(!lets_pass(r#"{"type":"range","max":9007199254740992}"#, "9007199254740993"));
    assert!(!lets_pass(r#"{"type":"range","max":0.1}"#, &tail));
    assert!(!lets_pass(r#"{"type":"range","max":1e400}"#, "1.1e400"));
    assert!(lets_pass(r#"{"type":"exact","value":0}"#, "-0"));
    assert!(lets_pass(r#"{"type":"range","min":0,"max":0}"#, "-0.00"));
    for no_number in ["\"5\"", "null", "true", "[]", "{}"] {
        assert_eq!(
            judge(r#"{"type":"range","min":1}"#, no_number, Quantifier::Each),
            Err(Why::NotNumber),
            "{no_number}"
        );
    }
}

#[test]
fn what_is_missing_is_not_null_and_holds_for_any_and_absent_alone() {
    for own in KINDS {
        let holds = compiled(own).judge(&[None], Quantifier::Each).is_ok();
        assert_eq!(holds, matches!(constraint(own), Constraint::Any | Constraint::Absent), "{own}");
    }
    assert!(compiled(r#"{"type":"pattern","value":"*"}"#).judge(&[None], Quantifier::Each).is_ok());
    // Wildcards that ask for something need something.
    for asks in [r#"{"type":"pattern","value":"?*"}"#, r#"{"type":"regex","value":".*"}"#] {
        assert_eq!(compiled(asks).judge(&[None], Quantifier::Each), Err(Why::Missing), "{asks}");
        assert!(!lets_pass(asks, "{}"), "{asks}");
    }
    assert!(!lets_pass(r#"{"type":"regex","value":"^$"}"#, "\"anything\""));
    assert_eq!(judge(r#"{"type":"absent"}"#, "null", Quantifier::Each), Err(Why::Present));
    assert!(lets_pass(r#"{"type":"exact","value":null}"#, "null"));
}

#[test]
fn a_glob_is_about_the_whole_text() {
    for (glob, takes, leaves) in [
        ("*rm -rf*", &["rm -rf /", "x; rm -rf /\n", "rm -rf"][..], &["rm -r -f /"][..]),
        ("a?c", &["abc", "a*c", "a\nc", "aßc"], &["ac", "abbc", "abc "]),
        ("[a-c]x", &["ax", "cx"], &["dx", "Ax", "-x"]),
        ("[!a-c]x", &["dx", "-x"], &["ax", "x"]),
        (r"[a\-c]x", &["ax", "-x", "cx"], &["bx"]),
        ("[]]x", &["]x"], &["x"]),
        (r"\*\?\[x\]", &["*?[x]"], &["abx"]),
        ("a*b*c", &["abc", "a-b-c", "abcbc"], &["acb", "ab"]),
        ("ab*ba", &["abba", "ab-ba"], &["aba"]),
        ("Report*", &["Report", "Report 7"], &["report", " Report"]),
    ] {
        let own = format!(r#"{{"type":"pattern","value":{}}}"#, text(glob));
        for value in takes {
            assert!(lets_pass(&own, &text(value)), "{glob} takes {value}");
        }
        for value in leaves {
            assert_eq!(judge(&own, &text(value), Quantifier::Each), Err(Why::NotLikeIt), "{glob} leaves {value}");
        }
    }
    assert!(lets_pass(r#"{"type":"pattern","value":"12*"}"#, "12.50"), "a number is matched as it is written");
    for value in ["null", "true", "{}", r#"{"a":"b"}"#, "[]"] {
        assert!(!lets_pass(r#"{"type":"pattern","value":"?*"}"#, value), "{value}");
    }
}

#[test]
fn a_pattern_that_cannot_be_read_is_refused_in_words() {
    for (glob, part) in [
        ("a[", "does not close"),
        ("a[!", "does not close"),
        ("a\\", "lone"),
        ("[z-a]", "backwards"),
        ("[[:alpha:]]", "named class"),
    ] {
        match Compiled::new(&Constraint::Pattern(glob.to_owned())) {
            Err(BadPattern::Glob(words)) => assert!(words.contains(part), "{glob}: {words}"),
            other => panic!("{glob}: {other:?}"),
        }
    }
    for regex in ["a)|(b", "(", "(?P<x>a", "a{2,1}", "(?x)a # no end", "\\1", "(?=a)"] {
        assert!(Compiled::new(&Constraint::Regex(regex.to_owned())).is_err(), "{regex}");
    }
}

#[test]
fn an_expression_is_about_the_whole_text_whatever_it_says() {
    for (regex, value) in [("a|b", "ab"), ("a$", "a\n"), ("(?m)^a$", "a\nb"), ("a", "xa"), ("(?i)A", "ab")] {
        let own = Compiled::new(&Constraint::Regex(regex.to_owned())).unwrap();
        assert!(own.judge(&[Some(&Json::from(value))], Quantifier::Each).is_err(), "{regex}");
    }
    assert!(lets_pass(r#"{"type":"regex","value":"(?i)inv-[0-9]+"}"#, "\"INV-7\""));
}

#[test]
fn an_expression_is_refused_or_takes_linear_time() {
    for regex in ["((a{1000}){1000}){1000}", "(((a{30}){30}){30}){30}", "\\pL{500}"] {
        let regex = Compiled::new(&Constraint::Regex(regex.to_owned()));
        assert_eq!(regex.unwrap_err(), BadPattern::TooLarge);
    }
    let hostile = "a".repeat(50_000);
    for regex in ["(a+)+$", "(a|a)*b", "(.*a){20}", "a*a*a*a*a*a*b", ".*.*.*=.*"] {
        let own = Compiled::new(&Constraint::Regex(regex.to_owned())).unwrap();
        let started = Instant::now();
        let _ = own.judge(&[Some(&Json::from(format!("{hostile}!")))], Quantifier::Each);
        assert!(started.elapsed() < Duration::from_secs(2), "{regex} took {:?}", started.elapsed());
    }
    let glob = format!("{}b", "*a".repeat(499));
    let own = Compiled::new(&Constraint::Pattern(glob)).unwrap();
    let started = Instant::now();
    assert!(own.judge(&[Some(&Json::from(hostile))], Quantifier::Each).is_err());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_shell_prefix_takes_what_its_writer_did_not_mean() {
    // The reason for the warning, and why it pins nothing.
    for line in [
        "git status; rm -rf /",
        "git status && curl evil.example",
        "git status $(id)",
        "git status\nid",
        "git status `id`",
        "git statusfoo",
    ] {
        assert!(lets_pass(r#"{"type":"pattern","value":"git status*"}"#, &text(line)), "{line}");
        assert!(!lets_pass(r#"{"type":"exact","value":"git status"}"#, &text(line)), "{line}");
    }
}

const AT_COMPANY: &[&str] = &[
    r#"{"type":"pattern","value":"*@company.com"}"#,
    r#"{"type":"regex","value":".*@company\\.com"}"#,
    r#"{"type":"email","domains":["company.com"]}"#,
    r#"{"type":"email","addresses":["b@company.com"]}"#,
];

#[test]
fn an_address_is_one_plain_address_or_it_does_not_pass() {
    for own in AT_COMPANY {
        assert!(lets_pass(own, "\"b@company.com\""), "{own}");
        assert!(lets_pass(own, r#"["b@company.com","b@company.com"]"#), "{own}");
        for trick in [
            "\"evil@x.io, b@company.com\"",
            "\"evil@x.io;b@company.com\"",
            r#"["evil@x.io","b@company.com"]"#,
            r#"[["b@company.com"]]"#,
            r#""\"b@company.com\" <evil@x.io>""#,
            r#""<b@company.com>""#,
            r#""evil@x.io\nBcc: b@company.com""#,
            r#""b@company.com ""#,
            r#"" b@company.com""#,
            r#""b@company.com\t""#,
            r#""b@company.com.evil.io""#,
            r#""evil@x.io@company.com""#,
            r#""evil(x)@company.com""#,
            r#""b\u200b@company.com""#,
            r#""ЬЬ@company.com""#,
            r#""@company.com""#,
            r#"".b@company.com""#,
            r#""b@company.com,""#,
            r#"{"address":"b@company.com"}"#,
            "[]",
            "null",
        ] {
            assert!(!lets_pass(own, trick), "{own} lets {trick} pass");
        }
    }
    assert!(lets_pass(r#"{"type":"email","domains":["company.com"]}"#, "\"b@COMPANY.com\""));
    assert!(!lets_pass(r#"{"type":"email","domains":["company.com"]}"#, "\"b@mail.company.com\""));
    assert!(!lets_pass(r#"{"type":"email","domains":["*.company.com"]}"#, "\"b@company.com\""));
    assert!(lets_pass(r#"{"type":"email","domains":["*.company.com"]}"#, "\"b@mail.company.com\""));
    assert!(!lets_pass(r#"{"type":"email","domains":["*.company.com"]}"#, "\"b@evilcompany.com\""));
}

#[test]
fn a_url_is_at_its_host_and_at_nothing_that_looks_like_it() {
    let own = r#"{"type":"url","hosts":["*.example.com"]}"#;
    for there in [
        "https://a.example.com",
        "https://a.example.com/",
        "HTTPS://A.Example.com/x?q=1#top",
        "https://a.b.example.com/x//y",
    ] {
        assert!(lets_pass(own, &text(there)), "{there}");
    }
    for trick in [
        "https://evil.tld/?a=.example.com/x",
        "https://evil.tld/#.example.com/",
        "http://169.254.169.254/?x=.example.com",
        "https://example.com@evil.tld/",
        "https://a.example.com@evil.tld/",
        "https://a.example.com:pw@a.example.com/",
        "https://a.example.com.evil.tld/",
        "https://EXAMPLE.com./",
        "https://a.example.com./",
        "https://example.com/",
        "https://evilexample.com/",
        "http://a.example.com/",
        "https://a.example.com:8443/",
        "https://a.example.com:443/",
        "https:a.example.com",
        "https:///a.example.com",
        "https://a.example.com\\@evil.tld/",
        "https://a.example.com/%2e%2e/x",
        "https://a.example.com/../x",
        "https://a.example.com/a%2fb",
        "https://a.exa\tmple.com/",
        " https://a.example.com/",
        "https://a.example.com/ ",
        "https://a%2eexample.com/",
        "https://2852039166/",
        "https://[::1]/",
        "//a.example.com/",
        "a.example.com",
        "javascript:alert(1)//.example.com/",
    ] {
        assert!(!lets_pass(own, &text(trick)), "{trick}");
    }
    let ported = r#"{"type":"url","hosts":["example.com:8443","www.example.com:443"],"schemes":["https"]}"#;
    assert!(lets_pass(ported, "\"https://example.com:8443/\""));
    assert!(lets_pass(ported, "\"https://www.example.com/\""), "the scheme's own port is its port");
    assert!(!lets_pass(ported, "\"https://example.com/\""));
    assert!(!lets_pass(ported, "\"http://www.example.com/\""));
}

#[test]
fn a_path_stays_below_its_folder_whoever_reads_it() {
    let own = r#"{"type":"path","under":"/srv/reports/"}"#;
    for there in ["/srv/reports/a.csv", "/srv/reports/2026/07/a b.csv"] {
        assert!(lets_pass(own, &text(there)), "{there}");
    }
    for trick in [
        "/srv/reports",
        "/srv/reports/",
        "/srv/reports2/a",
        "/srv/reports/../../etc/passwd",
        "/srv/reports/./a",
        "/srv/reports//a",
        "/srv/reports/..%2f..%2fetc",
        "/srv/reports/..\\..\\etc",
        "/srv/reports/a\n/etc/passwd",
        "/srv/reports/$(id)",
        "/srv/reports/~root",
        "/srv/reports/a.",
        "/srv/reports/..\u{200b}/a",
        "srv/reports/a",
        "file:///srv/reports/a",
        "/SRV/reports/a",
    ] {
        assert!(!lets_pass(own, &text(trick)), "{trick}");
    }
    assert!(lets_pass(r#"{"type":"path","under":"reports"}"#, "\"reports/a\""));
    assert!(lets_pass(r#"{"type":"path","under":"/"}"#, "\"/etc/passwd\""));
    assert!(!lets_pass(r#"{"type":"path","under":"/"}"#, "\"/\""));
}

#[test]
fn length_counts_characters_and_elements() {
    let own = r#"{"type":"length","max":3}"#;
    for (value, why) in [
        ("\"äöü\"", Ok(())),
        ("[1,2,3]", Ok(())),
        ("\"abcd\"", Err(Why::TooLong)),
        ("[1,2,3,4]", Err(Why::TooLong)),
        ("7", Err(Why::NoLength)),
        ("null", Err(Why::NoLength)),
    ] {
        assert_eq!(judge(own, value, Quantifier::Each), why, "{value}");
    }
}

#[test]
fn of_a_list_every_element_must_do_to_pass_and_one_is_enough_to_stop() {
    for (own, good, bad) in [
        (r#"{"type":"pattern","value":"a*"}"#, "\"ab\"", "\"b\""),
        (r#"{"type":"regex","value":"a+"}"#, "\"aa\"", "\"b\""),
        (r#"{"type":"range","max":5}"#, "5", "6"),
        (r#"{"type":"email","domains":["x.io"]}"#, "\"a@x.io\"", "\"a@y.io\""),
        (r#"{"type":"url","hosts":["x.io"]}"#, "\"https://x.io/\"", "\"https://y.io/\""),
        (r#"{"type":"path","under":"/srv"}"#, "\"/srv/a\"", "\"/etc/a\""),
    ] {
        let (both, twice, deep) =
            (format!("[{good},{bad}]"), format!("[{good},{good}]"), format!("[[{bad}],[{good}]]"));
        assert!(lets_pass(own, &twice) && !lets_pass(own, &both) && !lets_pass(own, "[]"), "{own}");
        assert!(stops(own, &both) && stops(own, &deep), "{own}");
        assert!(!stops(own, &format!("[{bad}]")) && !stops(own, "[]"), "{own}");
    }
}

#[test]
fn what_a_rule_stops_is_stopped_inside_a_list_too() {
    let evil = r#"{"type":"exact","value":"evil@x.io"}"#;
    let either = r#"{"type":"one_of","values":["evil@x.io",7]}"#;
    for own in [evil, either] {
        for value in ["\"evil@x.io\"", r#"["a@y.io","evil@x.io"]"#, r#"[["evil@x.io"]]"#] {
            assert!(stops(own, value), "{own} {value}");
        }
        assert!(!lets_pass(own, r#"["evil@x.io"]"#), "a list is another value to a rule that lets pass");
    }
    let absent = compiled(r#"{"type":"absent"}"#);
    let one = json("1");
    assert!(absent.judge(&[Some(&one), None], Quantifier::Any).is_ok());
    assert!(absent.judge(&[Some(&one), None], Quantifier::Each).is_err());
}

#[test]
fn a_rule_that_stops_is_not_got_around_by_another_way_to_write_it() {
    let mail = r#"{"type":"email","domains":["evil.io"],"addresses":["ana@x.io"]}"#;
    for value in [
        "\"a@evil.io\"",
        "\"a@EVIL.io\"",
        "\"b@ok.io, a@evil.io\"",
        "\"\\\"b@ok.io\\\" <a@evil.io>\"",
        "\"b@ok.io\\nBcc: a@evil.io.\"",
        "\"a@ evil.io\"",
        "\"a@ev\\u200bil.io\"",
        "\"Ana@X.io\"",
        "\"<ana@x.io>\"",
        "\"mailto:ana@x.io\"",
    ] {
        assert!(stops(mail, value), "{value}");
    }
    for value in ["\"a@notevil.io\"", "\"diana@x.io\"", "\"a@evil.io.ok.com\"", "\"evil.io\"", "\"a@sub.evil.io\""] {
        assert!(!stops(mail, value), "{value}");
    }
    let site = r#"{"type":"url","hosts":["evil.tld","*.evil.tld"]}"#;
    for value in [
        "https://evil.tld",
        "http://evil.tld/x",
        "https://EVIL.tld./",
        "https://evil.tld:8443/",
        "https://ok.com@evil.tld/",
        "https://a.evil.tld/../x",
        "https:\\\\evil.tld\\x",
        "//evil.tld/",
        "evil.tld/x",
        "see https://ok.com and https://evil.tld",
        "https://ok.com,https://evil.tld",
        "https://ev\til.tld/",
    ] {
        assert!(stops(site, &text(value)), "{value}");
    }
    for value in ["https://ok.com/?u=evil.tld", "https://evil.tld.ok.com/", "https://notevil.tld/"] {
        assert!(!stops(site, &text(value)), "{value}");
    }
    let folder = r#"{"type":"path","under":"/etc"}"#;
    for value in [
        "/etc/passwd",
        "/etc",
        "/srv/../etc/passwd",
        "//etc//passwd",
        "/srv/%2e%2e/etc/passwd",
        "/srv/%252e%252e/etc/passwd",
        "\\etc\\passwd",
        "/ETC/passwd",
        "../../etc/passwd",
        "~/../../etc/passwd",
        "$HOME/x",
        "file:///etc/passwd",
    ] {
        assert!(stops(folder, &text(value)), "{value}");
    }
    for value in ["/srv/etc/x", "/etcetera/x", "etc/x", "/etc/../srv/x"] {
        assert!(!stops(folder, &text(value)), "{value}");
    }
}

proptest! {
    #[test]
    fn a_value_turned_into_a_pattern_takes_that_value_alone(value in "[a-z*?\\[\\]\\\\!^ -]{1,12}", other in "[a-z*?\\[\\]\\\\!^ -]{0,12}") {
        let own = Compiled::new(&Constraint::Pattern(escape_glob(&value))).unwrap();
        prop_assert!(own.judge(&[Some(&Json::from(value.as_str()))], Quantifier::Each).is_ok());
        prop_assert_eq!(own.judge(&[Some(&Json::from(other.as_str()))], Quantifier::Each).is_ok(), value == other);
    }

    #[test]
    fn runs_are_found_as_the_machine_would_find_them(glob in "[ab*]{1,10}", value in "[ab]{0,12}") {
        let own = Compiled::new(&Constraint::Pattern(glob.clone())).unwrap();
        let machine = regex::Regex::new(&format!(r"\A{}\z", glob.replace('*', ".*"))).unwrap();
        prop_assert_eq!(own.judge(&[Some(&Json::from(value.as_str()))], Quantifier::Each).is_ok(), machine.is_match(&value));
    }

    #[test]
    fn what_passes_a_rule_would_stop_the_other_way_round(at in 0..KINDS.len(), value in crate::json::tests::any_json()) {
        let own = compiled(KINDS[at]);
        if own.judge(&[Some(&value)], Quantifier::Each).is_ok() {
            prop_assert!(own.judge(&[Some(&value)], Quantifier::Any).is_ok());
        }
    }

    #[test]
    fn equal_values_have_one_digest_and_others_another(one in crate::json::tests::any_json(), other in crate::json::tests::any_json()) {
        let kept = Exact::kept(&one, Json::from(MARK));
        prop_assert!(kept.is(&one));
        prop_assert_eq!(kept.is(&other), super::super::same_value(&one, &other));
    }
}
