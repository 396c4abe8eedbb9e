use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{CallMask, MARK, holds_mark, mask_echoes, mask_json, mask_result, mask_text, secrets_of};
use crate::argument::{ArgumentClass, ClassOverrides, classify};
use crate::json::Json;

fn none() -> ClassOverrides {
    ClassOverrides::default()
}

fn masked(text: &str) -> String {
    mask_json(&Json::parse_str(text).unwrap(), &none()).to_text()
}

/// Values that no other part of a generated document is.
fn secret() -> impl Strategy<Value = String> {
    "[a-z]{2}[0-9]{3}[A-Za-z0-9+/:.\"\\\\ äß]{1,12}Zq[0-9]"
}

/// Documents like those that agents send: secrets by name, in lists, in texts and elsewhere.
pub(crate) fn any_arguments() -> impl Strategy<Value = Json> {
    let name =
        prop::sample::select(vec!["to", "subject", "config", "items", "headers", "url", "note", "amount", "name"]);
    let secret_name =
        prop::sample::select(vec!["password", "apiKey", "X-Auth-Token", "credentials", "smtp_pass", "AUTHORIZATION"]);
    let leaf = prop_oneof![
        "[a-z ]{0,8}".prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        Just(Json::Null),
        Just(Json::from(true)),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, move |inner| {
        let secrets = prop_oneof![
            secret().prop_map(Json::from),
            vec(secret().prop_map(Json::from), 0..3).prop_map(Json::Array),
            secret().prop_map(|secret| Json::object([("user", Json::from("root")), ("inner", Json::from(secret))])),
        ];
        let member = prop_oneof![
            3 => (name.clone().prop_map(str::to_owned), inner.clone()),
            1 => (secret_name.clone().prop_map(str::to_owned), secrets),
        ];
        prop_oneof![
            vec(inner, 0..4).prop_map(Json::Array),
            vec(member, 0..5).prop_map(|members| {
                let mut kept: Vec<(String, Json)> = Vec::new();
                for (key, value) in members {
                    if kept.iter().all(|(other, _)| *other != key) {
                        kept.push((key, value));
                    }
                }
                Json::Object(kept)
            }),
        ]
    });
    // The secrets again where they do not belong.
    (tree, any::<prop::sample::Index>()).prop_map(|(tree, index)| {
        let secrets = secret_values(&tree);
        let echo = secrets.get(index.index(secrets.len().max(1))).cloned().unwrap_or_default();
        let inner = Json::object([("x", Json::from(echo.clone()))]).to_text();
        Json::object([("echo", Json::from(format!("it is {echo}."))), ("inside", Json::from(inner)), ("args", tree)])
    })
}

/// The secrets by name, found in the plainest way.
pub(crate) fn secret_values(json: &Json) -> Vec<String> {
    fn leaves(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::String(text) if text.len() >= 4 => found.push(text.clone()),
            Json::Array(items) => items.iter().for_each(|item| leaves(item, found)),
            Json::Object(members) => members.iter().for_each(|(_, member)| leaves(member, found)),
            _ => {}
        }
    }
    fn walk(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Json::Object(members) => {
                for (key, value) in members {
                    match classify(key, &ClassOverrides::default()) {
                        ArgumentClass::Secret => leaves(value, found),
                        _ => walk(value, found),
                    }
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(json, &mut found);
    found.retain(|secret| secret != "root");
    found
}

/// Texts in which the forms of secrets begin, end and run into each other.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "password",
        "token",
        "api",
        " key",
        "=",
        ":",
        ": ",
        "\"",
        "'",
        "\\\"",
        " ",
        "\n",
        "&",
        ";",
        ",",
        "{",
        "}",
        "[",
        "]",
        "://",
        "@",
        "/",
        "https",
        "Bearer ",
        "basic ",
        "Authorization",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "--password",
        "-u ",
        "curl ",
        "cs_agent_",
        "abc_",
        "s3cr3tValue99",
        "eyJabc.def.ghi1234567",
        "ghp_0123456789012345678901",
        "[REDACTED]",
        "REDACTED",
        "ä",
        "\u{2028}",
        "null",
        "x",
    ]);
    vec(prop_oneof![6 => piece.prop_map(str::to_owned), 1 => "[ -~]{0,4}"], 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn masking_twice_is_masking_once(args in any_arguments(), text in any_text()) {
        let args = Json::object([("args", args), ("text", Json::from(text.clone()))]);
        let once = mask_json(&args, &none());
        prop_assert_eq!(CallMask::of(&args, &none()).args().clone(), once.clone());
        prop_assert_eq!(mask_json(&once, &none()), once);
        let once = mask_text(&text);
        prop_assert_eq!(mask_text(&once), once);
    }

    #[test]
    fn no_secret_survives(args in any_arguments()) {
        let out = mask_json(&args, &none());
        let text = out.to_text();
        for secret in secret_values(&args).into_iter().chain(secrets_of(&args, &none())) {
            let quoted = Json::from(secret.clone()).to_text();
            prop_assert!(!text.contains(&secret), "{} in {}", secret, text);
            prop_assert!(!text.contains(&quoted[1..quoted.len() - 1]), "{} in {}", secret, text);
        }
        prop_assert_eq!(secrets_of(&out, &none()), Vec::<String>::new());
        prop_assert_eq!(holds_mark(&out), out != args);
    }

    #[test]
    fn no_echo_survives(args in any_arguments(), head in any_text(), tail in "[a-z ]{0,6}") {
        let secrets = secrets_of(&args, &none());
        for secret in &secrets {
            let text = format!("{head}{secret}{tail}");
            prop_assert!(!mask_echoes(&text, &secrets).contains(secret));
            let result = Json::object([("error", Json::from(text)), ("list", Json::from(vec![secret.clone()]))]);
            let masked = mask_result(&result, &secrets);
            prop_assert!(!masked.to_text().contains(secret));
            prop_assert_eq!(mask_result(&masked, &secrets), masked);
        }
    }

    #[test]
    fn texts_without_secrets_stay(text in "[a-z ,.!?]{0,60}") {
        prop_assert_eq!(mask_text(&text), text);
    }

    #[test]
    fn masking_keeps_a_document_a_document(json in crate::json::tests::any_json()) {
        let out = mask_json(&json, &none());
        prop_assert_eq!(Json::parse_str(&out.to_text()), Ok(out));
    }

    #[test]
    fn by_form_wherever_it_stands(secret in "[a-zA-Z]{3}[0-9]{2}[a-zA-Z0-9]{6}", head in "[a-z ]{0,10}", tail in "( [a-z ]{0,10})?") {
        let forms = [
            format!("Bearer {secret}"), format!("Authorization: Basic {secret}"), format!("https://ana:{secret}@h.example/p"),
            format!("https://h.example/p?a=1&access_token={secret}&b=2"), format!("password={secret}"), format!("api key: {secret}"),
            format!("{{\"password\": \"{secret}\"}}"), format!("{{\\\"password\\\":\\\"{secret}\\\"}}"), format!("PGPASSWORD={secret} psql"),
            format!("--password {secret}"), format!("curl -u ana:{secret} https://h.example"), format!("cs_agent_abc_{secret}"),
            format!("postgres://app:{secret}@db:5432/x"), format!("password: '{secret}'"), format!("user[password]={secret}"),
            format!("-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----"), format!("secret => \"{secret}\""),
            format!("https://h.example/?next=https%3A%2F%2Fx%2F%3Ftoken%3D{secret}%26a%3D1"), format!("<smtpPassword>{secret}</smtpPassword>"),
            format!("passphrase: correct horse {secret} staple"), format!("Cookie: a=1; sid={secret}; b=2"), format!("{{password: [\"{secret}\"]}}"),
        ];
        for form in forms {
            let text = format!("{head} {form}{tail}");
            let masked = mask_text(&text);
            prop_assert!(!masked.contains(&secret), "{} -> {}", text, masked);
            prop_assert!(masked.contains(MARK));
        }
    }
}

#[test]
fn what_is_around_a_secret_stays() {
    let told = [
        (
            "GET https://ana:s3cret@h.example/p?x=1&token=abc&y=2 now",
            "GET https://[REDACTED]@h.example/p?x=1&token=[REDACTED]&y=2 now",
        ),
        (
            "curl -H \"Authorization: Bearer abc123\" https://h.example",
            "curl -H \"Authorization: [REDACTED]\" https://h.example",
        ),
        ("Server=db;Password=p;User=u", "Server=db;Password=[REDACTED];User=u"),
        ("key cs_agent_7f3_abcdefgh1234 used", "key [REDACTED] used"),
        ("sent with Bearer abcd1234.", "sent with Bearer [REDACTED]."),
        ("{\"user\":\"u\",\"password\":\"a\\\"b\",\"n\":1}", "{\"user\":\"u\",\"password\":\"[REDACTED]\",\"n\":1}"),
        ("token=a, user=ana", "token=[REDACTED], user=ana"),
        ("API key: abc then", "API key: [REDACTED] then"),
        ("deploy --token abc --env prod", "deploy --token [REDACTED] --env prod"),
        ("password=", "password="),
        ("a\n-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\nb", "a\n[REDACTED]\nb"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[REDACTED]"),
        ("redis://:p%40ss@h", "redis://[REDACTED]@h"),
        ("https://u:a/b#c@h.example/x", "https://[REDACTED]@h.example/x"),
    ];
    for (text, expected) in told {
        assert_eq!(mask_text(text), expected);
    }
}

#[test]
fn what_is_no_secret_stays() {
    let open = [
        "max_tokens: 500, token_count=7",
        "at 12:30: all well",
        "https://medium.com/@user",
        "http://h:8080/@x",
        "mail ana@x.example: hello",
        "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
        "password: null",
        "the bearer of news",
        "a basic example",
        "x = y",
        "\"password\": null, \"n\": 1",
        "tokenizer=bpe",
        "-----",
        "://",
        "=",
        ":",
        "cs_total_x",
        "passwordless: yes",
    ];
    for text in open {
        assert_eq!(mask_text(text), text);
    }
}

#[test]
fn secrets_by_name_at_any_depth() {
    assert_eq!(
        masked(
            r#"{"config":{"password":"hunter2","retries":3},"list":[{"apiKey":["k1234","k5678"]}],"pin":1234,"token":null}"#
        ),
        r#"{"config":{"password":"[REDACTED]","retries":3},"list":[{"apiKey":"[REDACTED]"}],"pin":"[REDACTED]","token":null}"#
    );
}

#[test]
fn secrets_beside_their_name() {
    assert_eq!(
        masked(
            r#"{"headers":[{"name":"Authorization","value":"xyz"},{"name":"Accept","value":"text"}],"argv":["db","--password","hunter2","-v"]}"#
        ),
        r#"{"headers":[{"name":"Authorization","value":"[REDACTED]"},{"name":"Accept","value":"text"}],"argv":["db","--password","[REDACTED]","-v"]}"#
    );
}

#[test]
fn a_document_in_a_string_is_a_document() {
    assert_eq!(
        masked(r#"{"body":"{\"user\": \"ana\", \"auth\": {\"a\": \"b\"}}"}"#),
        r#"{"body":"{\"user\":\"ana\",\"auth\":\"[REDACTED]\"}"}"#
    );
    assert_eq!(masked(r#"{"body":"{ \"user\" : 1 }"}"#), r#"{"body":"{ \"user\" : 1 }"}"#, "untouched as it was");
}

#[test]
fn the_canary_of_one_argument_is_found_in_the_others() {
    let out = masked(
        r#"{"password":"canary-8f3a","command":"login canary-8f3a","url":"https://h/?q=canary-8f3a","n":1,"my-canary-8f3a":1}"#,
    );
    assert!(!out.contains("canary-8f3a"), "{out}");
}

#[test]
fn a_sentence_does_not_hide_the_recipient() {
    assert_eq!(
        masked(
            r#"{"to":"evil@x.example","body":"token: evil@x.example","url":"https://deploy-bot@x","note":"deploy-bot"}"#
        ),
        r#"{"to":"evil@x.example","body":"token: [REDACTED]","url":"https://[REDACTED]@x","note":"deploy-bot"}"#
    );
}

#[test]
fn encoded_echoes_are_echoes() {
    let secrets = vec!["a\"b c/ü!".to_owned()];
    assert_eq!(
        mask_echoes(r#"raw a"b c/ü! json a\"b c/ü! url a%22b%20c%2F%C3%BC%21"#, &secrets),
        "raw [REDACTED] json [REDACTED] url [REDACTED]"
    );
    assert_eq!(mask_echoes("abc", &["abc".to_owned(), String::new()]), "abc", "too short to look for");
    assert_eq!(mask_echoes("[REDACTED] DACT", &["DACT".to_owned()]), "[REDACTED] [REDACTED]");
}

#[test]
fn the_longest_secret_wins_and_long_ones_go_whole() {
    let long = format!("{}-end", "aé".repeat(500));
    let secrets: Vec<String> = ["abcd", "abcdef", "abcdefgh", "abce", &long].map(str::to_owned).to_vec();
    let told = [
        ("abcdefg", "[REDACTED]g"),
        ("abcdefgh", "[REDACTED]"),
        ("abcde", "[REDACTED]e"),
        ("abcexx", "[REDACTED]xx"),
        ("abc", "abc"),
        ("abcabcd", "abc[REDACTED]"),
        ("zzzz abcdefgi", "zzzz [REDACTED]gi"),
    ];
    for (text, expected) in told {
        assert_eq!(mask_echoes(text, &secrets), expected);
    }
    assert_eq!(mask_echoes(&format!("({long})"), &secrets), "([REDACTED])");
}

#[test]
fn keys_stay_apart() {
    let out = mask_json(
        &Json::parse_str(r#"{"Bearer abcd1234":1,"Bearer efgh5678":2,"Bearer [REDACTED]":3}"#).unwrap(),
        &none(),
    );
    assert_eq!(
        out.to_text(),
        r#"{"Bearer [REDACTED] (2)":"[REDACTED]","Bearer [REDACTED] (3)":"[REDACTED]","Bearer [REDACTED]":"[REDACTED]"}"#
    );
    assert_eq!(
        masked(r#"{"x cs_agent_1_abcdefgh":1,"password_hunter2xyz":"hunter2xyz"}"#),
        r#"{"x [REDACTED]":1,"password_[REDACTED]":"[REDACTED]"}"#
    );
}

#[test]
fn a_password_that_is_a_word_does_not_take_the_names_away() {
    assert_eq!(masked(r#"{"password":"password","user":"user"}"#), r#"{"password":"[REDACTED]","user":"user"}"#);
}

#[test]
fn the_mark_is_found() {
    assert!(holds_mark(&Json::parse_str(r#"{"a":[{"b":"x [REDACTED] y"}]}"#).unwrap()));
    assert!(holds_mark(&Json::parse_str(r#"{"[REDACTED]":1}"#).unwrap()));
    assert!(!holds_mark(&Json::parse_str(r#"{"a":"REDACTED"}"#).unwrap()));
}

/// What would take minutes if any form were looked for from every place to the end.
#[test]
fn hostile_documents_do_not_take_long() {
    let texts = [
        "://",
        "-",
        "=",
        "a:",
        "\"",
        "{",
        "token=[",
        "-----BEGIN ",
        "bearer ",
        "[REDACTED]",
        " -u curl",
        "\\",
        "x://a:b",
        "token ",
        "key: ",
    ];
    let texts =
        texts.into_iter().map(|piece| Json::object([("text", Json::from(piece.repeat(200_000 / piece.len())))]));
    let with_secrets = |secrets: Vec<Json>, text: String| {
        Json::object([("password", Json::Array(secrets)), ("text", Json::from(text))])
    };
    let documents = texts.chain([
        with_secrets((0..10_000).map(|number| Json::from(format!("aaaa{number}"))).collect(), "aaaa".repeat(50_000)),
        with_secrets(
            (0..120).map(|number| Json::from(format!("{}{number}", "a".repeat(2_000)))).collect(),
            "a".repeat(200_000),
        ),
        Json::Object((0..10_000).map(|number| (format!("Bearer abcd{number}"), Json::Null)).collect()),
    ]);
    for document in documents {
        let start = Instant::now();
        let out = mask_json(&document, &none());
        let head: String = document.to_text().chars().take(40).collect();
        assert!(start.elapsed() < Duration::from_secs(20), "{head}: {:?}", start.elapsed());
        assert_eq!(mask_json(&out, &none()), out, "{head}");
    }
}
