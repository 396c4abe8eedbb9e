//! What an answer means. It worked if the status is 2xx and the body does not say otherwise; it failed if the status or
//! the body says so, or if nothing was sent; whatever else happened, nobody knows.

use domain::json::Json;
use engine::execution::Report;
use engine::http_executor::Outcome;

use crate::outbound::{Answer, Body, LONGEST, NoAnswer};

/// The longest message of a tool that is repeated in the words about it, in bytes; longer ones stand in the result.
const LONGEST_MESSAGE: usize = 2_000;

pub(super) fn of(answer: Result<Answer, NoAnswer>) -> Outcome {
    match answer {
        Err(NoAnswer::NotSent(why)) => failed(why, None),
        Err(NoAnswer::Lost(why)) => Outcome::Unknown(why),
        Ok(Answer { status, body }) => match status {
            200..=299 => success_or_not(status, body),
            300..=399 => failed(format!("It answered {status}, a redirect. Redirects are not followed."), None),
            400..=599 => refused(status, body),
            _ => Outcome::Unknown(format!("It answered {status}, which is no answer to a call.")),
        },
    }
}

fn success_or_not(status: u16, body: Body) -> Outcome {
    let unknown = |what: &str| Outcome::Unknown(format!("It answered {status}, but {what}."));
    let bytes = match body {
        Body::Whole(bytes) => bytes,
        Body::TooLong => return unknown(&too_long()),
        Body::Encoded => return unknown("in a content coding that was not asked for"),
        Body::Broken => return unknown("the connection ended before the answer did"),
        Body::Late => return unknown("not all of it came in time"),
    };
    match read(&bytes) {
        Ok(Some(json)) if says_failure(&json) => {
            failed(with_message(format!("It answered {status} and says that it failed"), &json), Some(json))
        }
        Ok(result) => Outcome::Known(Report { success: true, result, error: None }),
        Err(wrong) => unknown(wrong),
    }
}

fn refused(status: u16, body: Body) -> Outcome {
    let said = format!("It answered {status}");
    match body {
        Body::Whole(bytes) => match read(&bytes) {
            Ok(Some(json)) => failed(with_message(said, &json), Some(json)),
            Ok(None) => failed(format!("{said}."), None),
            Err(wrong) => failed(format!("{said}, and {wrong}."), None),
        },
        Body::TooLong => failed(format!("{said}, and {}.", too_long()), None),
        Body::Encoded | Body::Broken | Body::Late => failed(format!("{said}, and the rest could not be read."), None),
    }
}

fn failed(error: String, result: Option<Json>) -> Outcome {
    Outcome::Known(Report { success: false, result, error: Some(error) })
}

fn too_long() -> String {
    format!("the answer is longer than {} KiB", LONGEST >> 10)
}

/// The body as JSON; a plain text as a JSON string. `None`: there is none.
fn read(bytes: &[u8]) -> Result<Option<Json>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the answer is not text")?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    match Json::parse(bytes) {
        Ok(json) => Ok(Some(json)),
        // What begins like JSON and is none may be the half of an answer.
        Err(_) if text.trim_start().starts_with(['{', '[', '"']) => Err("the answer is not the JSON it begins as"),
        Err(_) if text.contains('\0') => Err("the answer holds a NUL character"),
        Err(_) => Ok(Some(Json::from(text))),
    }
}

/// `{"error": ...}` that says something, or `{"success": false}`.
fn says_failure(json: &Json) -> bool {
    let error = json.get("error").is_some_and(|error| !matches!(error, Json::Null | Json::Bool(false)));
    error || json.get("success").and_then(Json::as_bool) == Some(false)
}

/// Adds the tool's own words, where it has some in the usual places.
fn with_message(said: String, json: &Json) -> String {
    let error = json.get("error");
    let places =
        [Some(json), error, error.and_then(|error| error.get("message")), json.get("message"), json.get("detail")];
    match places.into_iter().flatten().find_map(Json::as_str) {
        Some(message) if message.len() <= LONGEST_MESSAGE => format!("{said}: {}", message.trim()),
        _ => format!("{said}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> (Option<bool>, String) {
        told(of(Ok(Answer { status, body: Body::Whole(body.as_bytes().to_vec()) })))
    }

    fn told(outcome: Outcome) -> (Option<bool>, String) {
        match outcome {
            Outcome::Known(report) => (Some(report.success), report.error.unwrap_or_default()),
            Outcome::Unknown(why) => (None, why),
        }
    }

    #[test]
    fn it_worked_if_the_status_is_2xx_and_the_body_does_not_say_otherwise() {
        for body in [
            "",
            " \n",
            "{}",
            "[]",
            "null",
            "OK",
            "sent, 3 of 3",
            r#"{"success": true}"#,
            r#"{"error": null}"#,
            r#"{"error": false, "id": 9007199254740993}"#,
            r#"{"result": {"error": "quoted"}}"#,
            r#"{"success": "no"}"#,
            r#"[{"error": "x"}]"#,
        ] {
            for status in [200, 201, 202, 204, 299] {
                assert_eq!(verdict(status, body), (Some(true), String::new()), "{status} {body}");
            }
        }
    }

    #[test]
    fn it_failed_if_the_body_says_so() {
        for (body, words) in [
            (r#"{"success": false}"#, "It answered 200 and says that it failed."),
            (r#"{"error": "mailbox full"}"#, "It answered 200 and says that it failed: mailbox full"),
            (r#"{"error": {"message": "no"}}"#, "It answered 200 and says that it failed: no"),
            (r#"{"error": {}}"#, "It answered 200 and says that it failed."),
            (r#"{"error": ""}"#, "It answered 200 and says that it failed: "),
            (r#"{"success": true, "error": "x"}"#, "It answered 200 and says that it failed: x"),
        ] {
            assert_eq!(verdict(200, body), (Some(false), words.to_owned()), "{body}");
        }
    }

    #[test]
    fn it_failed_if_the_status_says_so_whatever_the_body_says() {
        assert_eq!(verdict(500, r#"{"success": true}"#), (Some(false), "It answered 500.".to_owned()));
        assert_eq!(verdict(404, "no such mailbox"), (Some(false), "It answered 404: no such mailbox".to_owned()));
        assert_eq!(verdict(422, r#"{"detail": "to is wrong"}"#).1, "It answered 422: to is wrong");
        assert_eq!(verdict(302, "").1, "It answered 302, a redirect. Redirects are not followed.");
        for body in [Body::TooLong, Body::Encoded, Body::Broken, Body::Late] {
            let (success, words) = told(of(Ok(Answer { status: 503, body })));
            assert_eq!(success, Some(false), "{words}");
            assert!(words.starts_with("It answered 503, and "), "{words}");
        }
        let not_sent = told(of(Err(NoAnswer::NotSent("Nothing was sent: x.".to_owned()))));
        assert_eq!(not_sent, (Some(false), "Nothing was sent: x.".to_owned()));
    }

    #[test]
    fn whatever_else_came_nobody_knows() {
        for body in [r#"{"success": true"#, r#"{"a": 1, "a": 2}"#, "[1, 2", "\u{0}"] {
            assert_eq!(verdict(200, body).0, None, "{body}");
        }
        assert_eq!(told(of(Ok(Answer { status: 200, body: Body::Whole(vec![0xff, 0xfe]) }))).0, None);
        for body in [Body::TooLong, Body::Encoded, Body::Broken, Body::Late] {
            assert_eq!(told(of(Ok(Answer { status: 200, body }))).0, None);
        }
        assert_eq!(verdict(101, "").0, None);
        assert_eq!(verdict(999, "").0, None);
        assert_eq!(told(of(Err(NoAnswer::Lost("There was no answer.".to_owned())))).0, None);
    }
}
