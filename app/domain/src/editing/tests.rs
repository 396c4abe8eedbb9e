use proptest::prelude::*;

use super::*;
use crate::argument::{ArgumentClass, ClassOverrides};
use crate::json::Json;
use crate::json::tests::any_json;
use crate::problem::FieldError;
use crate::redaction::{CallMask, MARK};

fn json(text: &str) -> Json {
    Json::parse_str(text).expect(text)
}

fn mask(args: &Json) -> CallMask {
    CallMask::of(args, &ClassOverrides::default())
}

fn edited(args: &str, changes: &[Change]) -> Result<String, Vec<FieldError>> {
    let args = json(args);
    apply(&args, &mask(&args), changes).map(|edited| edited.to_text())
}

fn whole(args: &str, new: &str) -> Result<String, Vec<FieldError>> {
    edited(args, &[Change::set("", json(new))])
}

fn pointers(result: Result<String, Vec<FieldError>>) -> Vec<String> {
    result.expect_err("it is refused").into_iter().map(|error| error.pointer).collect()
}

/// What a browser posts when nobody touches anything: every line end as CR LF.
fn untouched(form: &Form) -> Posted {
    let pairs = form.fields.iter().flat_map(|field| {
        let text = field.text.replace('\n', "\r\n");
        [(format!("k.{}", field.key), field.kind.as_str().to_owned()), (format!("v.{}", field.key), text)]
    });
    let added = ["n.new0", "v.new0", "n.new1", "v.new1"].map(|name| (name.to_owned(), String::new()));
    Posted(pairs.chain(added).collect())
}

/// Posts the form of `args` after writing `text` and `kind` at a pointer.
fn post(args: &str, at: &str, kind: Option<Kind>, text: &str) -> Result<String, Vec<Refused>> {
    let args = json(args);
    let mask = mask(&args);
    let form = form(&args, &mask);
    let key = form.fields.iter().find(|field| field.pointer == at).expect(at).key;
    let mut posted = untouched(&form);
    for (name, value) in &mut posted.0 {
        if *name == format!("v.{key}") {
            *value = text.to_owned();
        }
        if let (true, Some(kind)) = (*name == format!("k.{key}"), kind) {
            *value = kind.as_str().to_owned();
        }
    }
    let changes = read(&form, &posted)?;
    Ok(apply(&args, &mask, &changes).expect("a read form can be applied").to_text())
}

#[test]
fn a_changed_value_keeps_its_type_and_everything_else_its_bytes() {
    let args = r#"{"z":1e3,"a":-0,"n":9007199254740993,"to":"ana","deep":{"list":[1.0,true,null]}}"#;
    assert_eq!(
        post(args, "/n", None, "9007199254740994").unwrap(),
        args.replace("9007199254740993", "9007199254740994")
    );
    assert_eq!(post(args, "/deep/list/0", None, "2.50").unwrap(), args.replace("1.0", "2.50"));
    assert_eq!(post(args, "/to", None, "12").unwrap(), args.replace(r#""ana""#, r#""12""#));
    assert_eq!(post(args, "/to", Some(Kind::Null), "ana").unwrap(), args.replace(r#""ana""#, "null"));
    assert_eq!(post(args, "/deep/list/1", Some(Kind::False), "").unwrap(), args.replace("true", "false"));
    assert_eq!(
        post(args, "/deep/list/2", Some(Kind::Json), "{\"x\": 0.10}").unwrap(),
        args.replace("null", "{\"x\":0.10}")
    );
    assert_eq!(post(args, "/deep/list/0", Some(Kind::Remove), "1.0").unwrap(), args.replace("1.0,", ""));
    assert_eq!(post(args, "/deep/list/3", Some(Kind::Text), "more").unwrap(), args.replace("null", r#"null,"more""#));
    assert_eq!(
        post(args, "/deep", Some(Kind::Remove), "").unwrap(),
        args.replace(r#","deep":{"list":[1.0,true,null]}"#, "")
    );
}

#[test]
fn a_text_that_is_not_of_the_type_is_refused_at_its_place_and_never_taken_for_a_text() {
    for (kind, text) in [
        (None, "12a"),
        (None, ""),
        (None, "0x10"),
        (None, "1,5"),
        (None, "NaN"),
        (None, "01"),
        (Some(Kind::Json), "{\"a\":1,\"a\":2}"),
        (Some(Kind::Json), "{"),
        (Some(Kind::Text), "a\0b"),
    ] {
        let refused = post(r#"{"amount":12}"#, "/amount", kind, text).expect_err(text);
        assert_eq!((refused.len(), refused[0].pointer.as_str()), (1, "/amount"), "{text}");
    }
    assert_eq!(post(r#"{"amount":12}"#, "/amount", Some(Kind::Text), "12").unwrap(), r#"{"amount":"12"}"#);
    let escaped = post("{\"to\":\"a\u{200b}b\"}", "/to", None, r"a\x").expect_err("no such escape");
    assert_eq!(escaped[0].pointer, "/to");
}

#[test]
fn what_cannot_be_seen_stands_in_its_control_as_an_escape() {
    let args = json("{\"to\":\"ana\u{200b}\\\\x\\r\\n\",\"list\":{\"k\u{202e}\":\"\u{e0041}\"}}");
    let form = form(&args, &mask(&args));
    let field = |pointer: &str| form.fields.iter().find(|field| field.pointer == pointer).unwrap();
    assert_eq!((field("/to").kind, field("/to").text.as_str()), (Kind::Escaped, "ana\\u{200B}\\\\x\\u{000D}\n"));
    assert_eq!(field("/list/k\u{202e}").text, "\\u{E0041}");
    let without = post("{\"to\":\"ana\u{200b}@x\"}", "/to", None, "ana@x").unwrap();
    assert_eq!(without, r#"{"to":"ana@x"}"#);
}

#[test]
fn a_secret_is_kept_unseen_until_it_is_replaced_and_its_mark_never_becomes_a_value() {
    let args = r#"{"user":"ana","config":{"password":"hunter-22","port":25},"url":"https://bob:s3cret-9@host.example/x","pin":1234}"#;
    let form = form(&json(args), &mask(&json(args)));
    for field in &form.fields {
        for secret in ["hunter-22", "s3cret-9", "1234"] {
            assert!(!field.text.contains(secret), "{field:?}");
        }
    }
    assert_eq!(post(args, "/user", None, "ben").unwrap(), args.replace("\"ana\"", "\"ben\""));
    assert_eq!(post(args, "/config/password", None, MARK).unwrap(), args);
    assert_eq!(post(args, "/config/password", None, "new one").unwrap(), args.replace("hunter-22", "new one"));
    assert_eq!(post(args, "/pin", None, "99").unwrap(), args.replace("1234", "99"));
    assert_eq!(pointers(edited(args, &[Change::set("/user", Json::from(MARK))])), ["/user"]);
    assert_eq!(
        pointers(edited(args, &[Change::set("/url", Json::from("https://[REDACTED]@evil.example/"))])),
        ["/url"]
    );
    assert_eq!(pointers(edited(args, &[Change::set("/other", Json::from(MARK))])), ["/other"]);
    assert_eq!(pointers(edited(args, &[Change::set("/a [REDACTED]", Json::Null)])), ["/a [REDACTED]"]);
}

#[test]
fn a_whole_new_object_keeps_the_secrets_whose_marks_stand_where_they_were_shown() {
    let args =
        r#"{"to":"a","password":"hunter-22","hosts":[{"name":"x","token":"tok-x1"},{"name":"y","token":"tok-y2"}]}"#;
    let kept = r#"{"to":"b","password":"[REDACTED]","hosts":[{"name":"x","token":"[REDACTED]"},{"name":"z","token":"[REDACTED]"}]}"#;
    assert_eq!(
        whole(args, kept).unwrap(),
        args.replace(r#""to":"a""#, r#""to":"b""#).replace(r#""name":"y""#, r#""name":"z""#)
    );
    let fewer = r#"{"hosts":[{"name":"y","token":"[REDACTED]"}]}"#;
    assert_eq!(whole(args, fewer).unwrap(), r#"{"hosts":[{"name":"y","token":"tok-y2"}]}"#);
    let turned = r#"{"hosts":[{"name":"y","token":"[REDACTED]"},{"name":"x","token":"[REDACTED]"}]}"#;
    assert_eq!(
        whole(args, turned).unwrap(),
        r#"{"hosts":[{"name":"y","token":"tok-y2"},{"name":"x","token":"tok-x1"}]}"#
    );
    let unknown = r#"{"hosts":[{"name":"new","token":"[REDACTED]"}]}"#;
    assert_eq!(pointers(whole(args, unknown)), ["/hosts/0/token"]);
    assert_eq!(pointers(whole(args, r#"{"note":"the password is [REDACTED]"}"#)), ["/note"]);
    assert_eq!(pointers(whole(args, r#"{"key":"[REDACTED]","password":"[REDACTED]"}"#)), ["/key"]);
    assert_eq!(pointers(whole(args, "[1]")), [""]);
}

#[test]
fn changes_that_contradict_each_other_or_lead_nowhere_are_refused() {
    let args = r#"{"a":{"b":1},"l":[1,2]}"#;
    let set = |path: &str| Change::set(path, Json::Null);
    for (changes, at) in [
        (vec![set("/a"), set("/a/b")], "/a"),
        (vec![set("/a/b"), set("/a/b")], "/a/b"),
        (vec![Change::remove("/a"), set("/a/b")], "/a"),
        (vec![set("/a/c/d")], "/a/c"),
        (vec![set("/a/b/c")], "/a/b/c"),
        (vec![set("/l/3")], "/l"),
        (vec![set("/l/01")], "/l"),
        (vec![set("/l/-")], "/l/-"),
        (vec![Change::remove("/nothing")], "/nothing"),
        (vec![Change::remove("")], ""),
        (vec![set("a")], "a"),
    ] {
        assert_eq!(pointers(edited(args, &changes)).first().map(String::as_str), Some(at), "{changes:?}");
    }
    let both = [Change::remove("/l/0"), Change::set("/l/1", json("9")), Change::set("/l/2", json("3")), set("/n")];
    assert_eq!(edited(args, &both).unwrap(), r#"{"a":{"b":1},"l":[9,3],"n":null}"#);
}

#[test]
fn changes_travel_as_json() {
    let changes = vec![Change::set("/a~1b", json("[1e3]")), Change::remove("/c"), Change::set("", json("{}"))];
    assert_eq!(Change::from_json(&Change::to_json(&changes)), Ok(changes));
    for bad in
        ["{}", "[1]", r#"[{"path":"/a"}]"#, r#"[{"path":"/a","remove":false}]"#, r#"[{"path":"/a","value":1,"x":2}]"#]
    {
        assert!(Change::from_json(&json(bad)).is_err(), "{bad}");
    }
}

#[test]
fn what_decides_the_call_comes_first_and_large_parts_are_one_json_text_or_stay_unseen() {
    let list: Vec<String> = (0..13).map(|n| n.to_string()).collect();
    let args = json(&format!(
        r#"{{"note":"hi","to":"ana","many":[{}],"body":"{}","empty":{{}}}}"#,
        list.join(","),
        "x".repeat(30_000)
    ));
    let form = form(&args, &mask(&args));
    let told: Vec<(&str, Kind, ArgumentClass)> =
        form.fields.iter().map(|field| (field.pointer.as_str(), field.kind, field.class)).collect();
    assert_eq!(
        told,
        [
            ("/to", Kind::Text, ArgumentClass::Critical),
            ("/note", Kind::Text, ArgumentClass::Plain),
            ("/many", Kind::Json, ArgumentClass::Plain),
            ("/body", Kind::Keep, ArgumentClass::Plain),
            ("/empty", Kind::Json, ArgumentClass::Plain),
        ]
    );
    assert_eq!(form.fields[3].kept, Some(Kept::Long(30_000)));
    let wide = Json::Object((0..5_000).map(|n| (format!("k{n}"), Json::from(n))).collect());
    let form = super::form(&wide, &mask(&wide));
    assert_eq!((form.fields.len(), form.left_out), (200, 4_800));
}

#[test]
fn an_argument_is_added_by_its_name_once() {
    let args = json(r#"{"to":"ana"}"#);
    let mask = mask(&args);
    let form = form(&args, &mask);
    let with = |pairs: &[(&str, &str)]| {
        let mut posted = untouched(&form);
        posted.0.retain(|(name, _)| !pairs.iter().any(|(other, _)| other == name));
        posted.0.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        read(&form, &posted)
    };
    let changes =
        with(&[("n.new0", "cc"), ("v.new0", "ben"), ("n.new1", "n"), ("k.new1", "number"), ("v.new1", "1e3")]);
    assert_eq!(apply(&args, &mask, &changes.unwrap()).unwrap().to_text(), r#"{"to":"ana","cc":"ben","n":1e3}"#);
    let refused = |pairs| with(pairs).unwrap_err().into_iter().map(|refused| refused.key).collect::<Vec<_>>();
    assert_eq!(refused(&[("v.new0", "ben")]), ["new0"]);
    assert_eq!(refused(&[("n.new0", "cc"), ("n.new1", "cc")]), ["new1"]);
    assert_eq!(refused(&[("n.new0", "cc"), ("k.new0", "number"), ("v.new0", "x")]), ["new0"]);
    assert_eq!(refused(&[("n.new0", "to"), ("v.new0", "ben")]), ["new0"]);
}

proptest! {
    #[test]
    fn editing_nothing_changes_no_byte(members in prop::collection::vec(("[a-z\u{200b}]{0,6}|password|to|config", any_json()), 0..8)) {
        let mut kept: Vec<(String, Json)> = Vec::new();
        for (key, value) in members {
            if kept.iter().all(|(other, _)| *other != key) {
                kept.push((key, value));
            }
        }
        let args = Json::Object(kept);
        let mask = mask(&args);
        let form = form(&args, &mask);
        let changes = read(&form, &untouched(&form)).unwrap();
        prop_assert_eq!(&changes, &Vec::new());
        prop_assert_eq!(apply(&args, &mask, &changes).unwrap().to_text(), args.to_text());
        let shown = [Change::set("", mask.args().clone())];
        prop_assert_eq!(apply(&args, &mask, &shown).unwrap().to_text(), args.to_text());
    }

    #[test]
    fn a_text_with_escapes_reads_back_as_it_was(text in prop::collection::vec(any::<char>(), 0..40)) {
        let text = String::from_iter(text);
        prop_assert_eq!(escape::unescape(&escape::escape(&text)), Ok(text.clone()));
        prop_assert!(!needs_escapes(&escape::escape(&text)));
        let value = Json::from(text.replace('\0', ""));
        prop_assert_eq!(Json::parse_str(&json_text(&value)), Ok(value));
    }

    #[test]
    fn json_in_a_control_reads_back_digit_for_digit(value in any_json()) {
        let text = json_text(&value);
        prop_assert_eq!(Json::parse_str(&text).unwrap().to_text(), value.to_text());
        prop_assert!(!needs_escapes(&text));
    }

    #[test]
    fn changing_one_value_changes_no_other(args in any_json(), new in any_json(), pick: prop::sample::Index) {
        let Json::Object(members) = &args else { return Ok(()) };
        prop_assume!(!members.is_empty());
        let mask = mask(&args);
        let at = pick.index(members.len());
        let path = within("", &mask.args().as_object().unwrap()[at].0);
        let Ok(edited) = apply(&args, &mask, &[Change::set(path, new)]) else { return Ok(()) };
        for (nth, (before, after)) in members.iter().zip(edited.as_object().unwrap()).enumerate() {
            prop_assert_eq!(&before.0, &after.0);
            if nth != at {
                prop_assert_eq!(before.1.to_text(), after.1.to_text());
            }
        }
    }
}
