//! Reading what somebody wrote.

use super::*;

fn places(text: &str, tool: Option<&str>) -> Vec<String> {
    read_draft(&json(text), tool).unwrap_err().into_iter().map(|error| error.pointer).collect()
}

#[test]
fn a_draft_is_read_with_all_its_parts() {
    let text = r#"{"tool_name":"send_email","effect":"deny","arg_constraints":{"to":"*"},"unlisted_args":"forbid","description":"d","notes":"n","expires_at":"2026-08-01T00:00:00+02:00","max_uses":5,"confirm_broad":true}"#;
    let read = read_draft(&json(text), None).unwrap();
    assert_eq!(
        read,
        Draft {
            tool_name: "send_email".to_owned(),
            effect: Effect::Deny,
            constraints: vec![("to".parse().unwrap(), Asked::Constraint(Constraint::Any))],
            unlisted: Some(Unlisted::Forbid),
            description: "d".to_owned(),
            notes: Some("n".to_owned()),
            expires_at: Some("2026-07-31T22:00:00Z".parse().unwrap()),
            max_uses: Some(5),
            confirm_broad: true,
        }
    );
}

#[test]
fn what_is_left_out_or_null_is_as_usual() {
    let null = r#"{"effect":null,"arg_constraints":null,"unlisted_args":null,"notes":null,"expires_at":null,"max_uses":null,"confirm_broad":null}"#;
    for text in ["{}", null] {
        let read = read_draft(&json(text), Some("send_email")).unwrap();
        assert_eq!(read, Draft { description: String::new(), ..draft("{}") });
    }
}

#[test]
fn the_tool_is_that_of_what_the_rule_is_made_from() {
    assert_eq!(places("{}", None), ["/tool_name"]);
    assert_eq!(places(r#"{"tool_name":" "}"#, None), ["/tool_name"]);
    assert_eq!(places(r#"{"tool_name":7}"#, None), ["/tool_name"]);
    assert_eq!(places(r#"{"tool_name":"other"}"#, Some("send_email")), ["/tool_name"]);
    assert!(read_draft(&json(r#"{"tool_name":"send_email"}"#), Some("send_email")).is_ok());
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let text = r#"{
        "effect":"permit","unlisted_args":7,"description":[],"notes":1,"expires_at":"tomorrow","max_uses":1.5,
        "confirm_broad":"yes","priority":1,"a/b":2,
        "arg_constraints":{
            "to[":"x",
            "cc":{"type":"moon"},
            "bcc":{"type":5},
            "m.x":{"type":"email","domains":["x.io","."],"max":1},
            "good":"x"
        }}"#;
    assert_eq!(
        places(text, None),
        [
            "/priority",
            "/a~1b",
            "/effect",
            "/unlisted_args",
            "/tool_name",
            "/arg_constraints/to[",
            "/arg_constraints/cc/type",
            "/arg_constraints/bcc/type",
            "/arg_constraints/m.x/domains/1",
            "/arg_constraints/m.x/max",
            "/description",
            "/notes",
            "/expires_at",
            "/max_uses",
            "/confirm_broad",
        ]
    );
    assert_eq!(places("[]", None), [""]);
    assert_eq!(places(r#"{"arg_constraints":["to"]}"#, Some("t")), ["/arg_constraints"]);
    let many: Vec<String> = (0..201).map(|at| format!("\"a{at}\":1")).collect();
    assert_eq!(places(&format!(r#"{{"arg_constraints":{{{}}}}}"#, many.join(",")), Some("t")), ["/arg_constraints"]);
}

#[test]
fn a_constraint_of_a_wrong_kind_never_vanishes_from_the_rule() {
    // It would leave a rule that asks less than its maker wrote.
    for kind in ["5", "null", "true", "[]", "{}", "\"\""] {
        let text = format!(r#"{{"arg_constraints":{{"to":{{"type":{kind}}},"subject":"x"}}}}"#);
        assert_eq!(places(&text, Some("t")), ["/arg_constraints/to/type"], "{kind}");
    }
}
