//! Where a path leads, and how it is written.

use proptest::prelude::*;

use super::*;

fn path(text: &str) -> ArgumentPath {
    text.parse().unwrap()
}

fn found(text: &str, args: &str) -> Vec<Option<String>> {
    let args = json(args);
    path(text).select(&args).into_iter().map(|value| value.map(Json::to_text)).collect()
}

fn there(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| Some((*value).to_owned())).collect()
}

#[test]
fn a_path_leads_through_objects_and_lists() {
    let args = r#"{"to":"a","message":{"to":["b","c"],"parts":[{"url":1},{"url":2},{}]},"a.b":3,"":4,"list[0]":5}"#;
    assert_eq!(found("to", args), there(&["\"a\""]));
    assert_eq!(found("message.to", args), there(&["[\"b\",\"c\"]"]));
    assert_eq!(found("message.to[1]", args), there(&["\"c\""]));
    assert_eq!(found("message.to[*]", args), there(&["\"b\"", "\"c\""]));
    assert_eq!(found("message.parts[*].url", args), [Some("1".to_owned()), Some("2".to_owned()), None]);
    assert_eq!(found(r"a\.b", args), there(&["3"]));
    assert_eq!(found(r"list\[0\]", args), there(&["5"]));
    assert_eq!(found("", args), there(&["4"]));
}

#[test]
fn a_way_that_ends_early_is_told_as_nothing_and_never_left_out() {
    let args = r#"{"to":"a","none":[],"null":null}"#;
    for text in ["cc", "to.x", "to[0]", "to[*]", "none[*]", "none[0]", "none[*].x", "null.x"] {
        assert_eq!(found(text, args), [None], "{text}");
    }
    assert_eq!(found("null", args), there(&["null"]));
    assert_eq!(path("a").select(&Json::Null), [None]);
}

#[test]
fn a_rule_that_stops_finds_a_value_in_whatever_list_it_is_wrapped() {
    let loosely = |text: &str, args: &str| {
        let args = json(args);
        path(text).select_loosely(&args).into_iter().map(|value| value.map(Json::to_text)).collect::<Vec<_>>()
    };
    assert_eq!(loosely("to[*]", r#"{"to":"a"}"#), there(&["\"a\""]));
    assert_eq!(
        loosely("m.to", r#"{"m":[{"to":"a"},[{"to":"b"}],7]}"#),
        [Some("\"a\"".to_owned()), Some("\"b\"".to_owned()), None]
    );
    assert_eq!(loosely("m[*].to", r#"{"m":{"to":"a"}}"#), there(&["\"a\""]));
}

#[test]
fn one_value_is_one_only_where_the_path_does_not_fan_out() {
    let args = json(r#"{"to":["a","b"],"one":["a"],"m":{"x":1}}"#);
    assert_eq!(path("m.x").select_one(&args), Some(&json("1")));
    assert_eq!(path("to[*]").select_one(&args), None);
    assert_eq!(path("one[*]").select_one(&args), Some(&json("\"a\"")));
    assert_eq!(path("x").select_one(&args), None);
}

#[test]
fn what_is_no_path_is_refused() {
    for (text, error) in [
        ("[0]", PathError::NoName),
        ("[*].to", PathError::NoName),
        ("to[", PathError::Brackets),
        ("to[]", PathError::Brackets),
        ("to[-1]", PathError::Brackets),
        ("to[+1]", PathError::Brackets),
        ("to[x]", PathError::Brackets),
        ("to[0]x", PathError::Brackets),
        ("to]", PathError::Brackets),
        ("to[99999999999999999999999]", PathError::Brackets),
        ("to\\", PathError::Escape),
        ("to\\x", PathError::Escape),
        (&format!("a{}", "[0]".repeat(64)), PathError::TooDeep),
    ] {
        assert_eq!(text.parse::<ArgumentPath>(), Err(error), "{text}");
    }
}

#[test]
fn the_names_of_a_path_leave_places_out() {
    assert_eq!(path("message.parts[*].url").names(), ["message", "parts", "url"]);
}

fn any_path() -> impl Strategy<Value = ArgumentPath> {
    let segment = prop_oneof![
        3 => "[a-z.\\[\\]\\\\ \"*äß/~]{0,6}".prop_map(Segment::Name),
        1 => (0..1_000_usize).prop_map(Segment::At),
        1 => Just(Segment::Each),
    ];
    (".{0,5}", proptest::collection::vec(segment, 0..6)).prop_map(|(first, rest)| {
        rest.into_iter().fold(ArgumentPath::argument(&first), |path, segment| path.then(segment))
    })
}

proptest! {
    #[test]
    fn a_path_is_read_back_as_it_was_written(path in any_path(), other in any_path()) {
        prop_assert_eq!(path.to_string().parse(), Ok(path.clone()));
        prop_assert_eq!(path.to_string() == other.to_string(), path == other);
    }

    #[test]
    fn whatever_is_read_as_a_path_has_one_spelling(text in "[ab.\\[\\]*0-3\\\\]{0,12}") {
        if let Ok(path) = text.parse::<ArgumentPath>() {
            let spelling = path.to_string();
            prop_assert_eq!(spelling.parse(), Ok(path));
        }
    }
}
