use proptest::prelude::*;

use super::{ArgumentClass, ArgumentRow, ArgumentValue, ClassOverrides, Fold, argument_rows, classify, headline};
use crate::json::Json;
use crate::redaction;
use crate::redaction::tests::{any_arguments, secret_values};
use crate::text_safety::Piece;

fn class(name: &str) -> ArgumentClass {
    classify(name, &ClassOverrides::default())
}

fn rows(text: &str) -> Vec<ArgumentRow> {
    argument_rows(&Json::parse_str(text).unwrap(), &ClassOverrides::default(), Fold::default())
}

fn head(text: &str) -> Option<String> {
    headline(&Json::parse_str(text).unwrap(), &ClassOverrides::default())
}

fn plain(text: &str) -> ArgumentValue {
    let total_chars = text.chars().count();
    ArgumentValue::Text {
        pieces: vec![Piece::Plain(text.to_owned())],
        rest: Vec::new(),
        rest_chars: 0,
        hidden_chars: 0,
        total_chars,
        deceptive: false,
    }
}

#[test]
fn secret_names() {
    let secret = [
        "password",
        "access_token",
        "smtpPassword",
        "X-Api-Key",
        "privateKey",
        "AUTHORIZATION",
        "api_key",
        "apiKey",
        "APIKey",
        "client-secret",
        "db.password",
        "SMTPPassword",
        "password2",
        "PGPASSWORD",
        "credentials",
        "aws_secret_access_key",
        "Proxy-Authorization",
        "refresh_tokens",
        "session_token",
        "auth",
        "smtp_pass",
        "Set-Cookie",
        "pin",
        "seed_phrase",
        "connectionString",
        "oauth2Token",
        "PASSWORD_HASH",
        "userCredential",
        "ssh_private_key",
        "bearer",
        "pass\u{200b}word",
    ];
    for name in secret {
        assert_eq!(class(name), ArgumentClass::Secret, "{name}");
    }
}

#[test]
fn names_that_only_sound_secret() {
    let open = [
        "tokenizer",
        "tokens",
        "max_tokens",
        "max_token",
        "price_per_token",
        "passwordless",
        "token_count",
        "password_policy",
        "secret_name",
        "bypass",
        "passenger",
        "author",
        "authority",
        "key",
        "public_key",
        "keyboard",
        "compass",
        "secretary",
        "cookie_count",
        "boarding_pass_count",
        "pinned",
        "opinion",
        "password_required",
        "monkey",
        "code",
        "string",
        "",
    ];
    for name in open {
        assert_ne!(class(name), ArgumentClass::Secret, "{name}");
    }
}

#[test]
fn critical_names() {
    let critical = [
        "to",
        "cc",
        "bcc",
        "recipient",
        "email",
        "emails",
        "address",
        "url",
        "callbackUrl",
        "uri",
        "path",
        "filePath",
        "amount",
        "price",
        "cost",
        "account",
        "iban",
        "phone",
        "chat_id",
        "chatId",
        "command",
        "reply_to",
        "to_number",
        "accountNumber",
        "webhook_url",
        "token_url",
        "TO",
        "e-mail",
        "destination",
    ];
    for name in critical {
        assert_eq!(class(name), ArgumentClass::Critical, "{name}");
    }
    for name in [
        "subject",
        "body",
        "token_count",
        "today",
        "total",
        "tomato",
        "time_to_live",
        "to_date",
        "email_subject",
        "address_count",
        "costume",
        "pathology",
        "note",
    ] {
        assert_eq!(class(name), ArgumentClass::Plain, "{name}");
    }
}

#[test]
fn a_tools_configuration_has_the_last_word() {
    let overrides = ClassOverrides {
        sensitive: vec!["pageToken".to_owned(), "subject".to_owned(), "both".to_owned()],
        secret: vec!["launch-code".to_owned(), "config.seed".to_owned(), "both".to_owned()],
    };
    assert_eq!(classify("page_token", &overrides), ArgumentClass::Critical);
    assert_eq!(classify("Subject", &overrides), ArgumentClass::Critical);
    assert_eq!(classify("launchCode", &overrides), ArgumentClass::Secret);
    assert_eq!(classify("both", &overrides), ArgumentClass::Secret);
    assert_eq!(classify("my_subject", &overrides), ArgumentClass::Plain, "an entry is the whole name");
    let args = Json::parse_str(r#"{"config":{"seed":"abcd1234"},"seed":"visible"}"#).unwrap();
    assert_eq!(
        redaction::mask_json(&args, &overrides).to_text(),
        r#"{"config":{"seed":"[REDACTED]"},"seed":"visible"}"#
    );
}

#[test]
fn critical_arguments_come_first_and_the_rest_in_order() {
    let rows = rows(r#"{"subject":"Hi","to":["a@x","b@y"],"meta":{"n":1.10,"ok":true,"none":null},"amount":4200.00}"#);
    let told: Vec<(&str, u8, ArgumentClass)> =
        rows.iter().map(|row| (row.path.as_str(), row.depth, row.class)).collect();
    use ArgumentClass::{Critical, Plain};
    let expected = [
        ("to", 0, Critical),
        ("to[0]", 1, Critical),
        ("to[1]", 1, Critical),
        ("amount", 0, Critical),
        ("subject", 0, Plain),
        ("meta", 0, Plain),
        ("meta.n", 1, Plain),
        ("meta.ok", 1, Plain),
        ("meta.none", 1, Plain),
    ];
    assert_eq!(told, expected);
    assert_eq!(rows[0].value, ArgumentValue::List { len: 2 });
    assert_eq!(rows[1].value, plain("a@x"));
    assert_eq!(rows[3].value, ArgumentValue::Number("4200.00".to_owned()));
    assert_eq!(rows[5].value, ArgumentValue::Object { len: 3 });
    assert_eq!(rows[8].value, ArgumentValue::Null);
}

#[test]
fn a_part_of_a_critical_argument_is_critical() {
    let rows = rows(r#"{"recipient":{"id":7,"name":"Ana"}}"#);
    assert!(rows.iter().all(|row| row.class == ArgumentClass::Critical), "{rows:?}");
}

#[test]
fn a_secret_is_one_row_whatever_is_inside() {
    let rows = rows(r#"{"credentials":{"user":"root","deep":[1,2,{"x":"y"}]},"note":"n"}"#);
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].class, &rows[0].value), (ArgumentClass::Secret, &ArgumentValue::Redacted));
}

#[test]
fn a_recipient_that_repeats_a_secret_is_redacted_and_stays_critical() {
    let rows = rows(r#"{"password":"evil@x.example","to":"evil@x.example"}"#);
    assert_eq!(rows[0].path, "to");
    assert_eq!((rows[0].class, &rows[0].value), (ArgumentClass::Critical, &ArgumentValue::Redacted));
}

#[test]
fn long_texts_and_trees_are_folded_and_say_so() {
    let fold = Fold { rest_chars: 1, rest_in_all: 1, ..Fold::at(3, 5) };
    let args = Json::parse_str("{\"a\":\"äöü456\u{202e}\",\"b\":[1,2,3,4]}").unwrap();
    let rows = argument_rows(&args, &ClassOverrides::default(), fold);
    let text = ArgumentValue::Text {
        pieces: vec![Piece::Plain("äöü45".to_owned())],
        rest: vec![Piece::Plain("6".to_owned())],
        rest_chars: 1,
        hidden_chars: 1,
        total_chars: 7,
        deceptive: true,
    };
    assert_eq!(rows[0].value, text);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[3].value, ArgumentValue::Folded { hidden_rows: 3 });
    assert_eq!(argument_rows(&args, &ClassOverrides::default(), Fold::at(usize::MAX, usize::MAX)).len(), 6);
}

#[test]
fn names_are_safe_to_look_at() {
    let rows = rows("{\"t\u{202e}o\":1}");
    assert_eq!(rows[0].path, "t‹U+202E›o");
    assert!(rows[0].name.contains(&Piece::Escape("U+202E".to_owned())));
}

#[test]
fn arguments_that_are_no_object_are_shown_all_the_same() {
    assert_eq!(rows("[1]")[1].path, "arguments[0]");
    assert_eq!(rows("{}"), []);
}

#[test]
fn headlines() {
    let told = [
        (r#"{"subject":"s","to":"ana@partner.example"}"#, "ana@partner.example"),
        (r#"{"cc":"c@x","to":["a@x","b@y","c@z","d@z","e@z"]}"#, "a@x, b@y +3"),
        (
            r#"{"amount":4200.00,"currency":"EUR","iban":"DE89370400440532013000"}"#,
            "4200.00 EUR → DE89370400440532013000",
        ),
        (r#"{"amount":"12.50"}"#, "12.50"),
        (r#"{"url":"https://u:hunter22@h.example/p"}"#, "https://[REDACTED]@h.example/p"),
        (r#"{"message":{"recipients":[{"address":"ana@x"}]}}"#, "ana@x"),
        ("{\"to\":\"a\u{202e}b\\nc\"}", "a‹U+202E›b\\nc"),
        (r#"{"command":"rm -rf /srv"}"#, "rm -rf /srv"),
    ];
    for (args, expected) in told {
        assert_eq!(head(args).as_deref(), Some(expected), "{args}");
    }
    for args in [r#"{"note":"n"}"#, "{}", "[]", r#"{"to":""}"#, r#"{"to":null}"#] {
        assert_eq!(head(args), None, "{args}");
    }
}

#[test]
fn marks_are_no_more_than_a_page_can_take_and_what_is_cut_off_is_counted() {
    let args = r#"{"a":"\u200b1\u200b2\u200b3","\u200bb":"\u200b4","c":"plain"}"#;
    let args = Json::parse_str(args).unwrap();
    let of = |fold| argument_rows(&args, &ClassOverrides::default(), fold);
    let texts = |rows: &[ArgumentRow]| {
        let text = |row: &ArgumentRow| match &row.value {
            ArgumentValue::Text { pieces, hidden_chars, .. } => (pieces.len(), *hidden_chars),
            other => panic!("{other:?}"),
        };
        rows.iter().map(text).collect::<Vec<_>>()
    };
    let few = of(Fold { marks_in_all: 2, ..Fold::default() });
    assert_eq!(texts(&few), [(4, 2), (0, 2), (1, 0)]);
    assert_eq!(few[1].name, [Piece::Plain("‹U+200B›b".to_owned())], "a name is written out");
    assert_eq!(texts(&of(Fold { marks_in_all: 4, ..Fold::default() })), [(6, 0), (0, 2), (1, 0)]);
    let later = of(Fold { marks_in_all: 2, skip_rows: 1, ..Fold::default() });
    assert_eq!(texts(&later), [(6, 0), (2, 0), (1, 0)], "what nobody sees costs nothing");
}

#[test]
fn the_wire_keeps_rows() {
    let rows = rows("{\"to\":\"a\u{200b}\",\"n\":1,\"b\":true,\"l\":[],\"o\":{\"x\":null},\"password\":\"p\"}");
    let text = serde_json::to_string(&rows).unwrap();
    assert_eq!(serde_json::from_str::<Vec<ArgumentRow>>(&text).unwrap(), rows);
}

proptest! {
    #[test]
    fn rows_and_headline_never_hold_a_secret(args in any_arguments(), max_rows in 0..30_usize) {
        let overrides = ClassOverrides::default();
        let rows = argument_rows(&args, &overrides, Fold::at(max_rows, 20));
        let shown = serde_json::to_string(&rows).unwrap() + &headline(&args, &overrides).unwrap_or_default();
        for secret in secret_values(&args) {
            prop_assert!(!shown.contains(&secret), "{} in {}", secret, shown);
        }
        prop_assert!(rows.len() <= max_rows + 1);
    }

    #[test]
    fn every_value_has_its_row_or_is_counted(args in crate::json::tests::any_json(), max_rows in 0..20_usize) {
        let overrides = ClassOverrides::default();
        let all = argument_rows(&args, &overrides, Fold::at(usize::MAX, 10));
        let some = argument_rows(&args, &overrides, Fold::at(max_rows, 10));
        let hidden = match some.last().map(|row| &row.value) {
            Some(ArgumentValue::Folded { hidden_rows }) => hidden_rows - 1,
            _ => 0,
        };
        prop_assert_eq!(some.len() + hidden, all.len());
        if let Some(line) = headline(&args, &overrides) {
            prop_assert!(line.chars().count() <= 80);
            prop_assert!(!line.contains('\n'));
        }
    }
}
