//! Request bodies: strict JSON, read once for its form (duplicate keys, depth, NUL, numbers) and once for its
//! meaning, with every error told by JSON pointer.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use domain::json::Json;
use domain::problem::{Code, Problem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::http::AppState;
use crate::http::problem::{ApiError, ApiResult};

/// A person's words for what they do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonBody {
    /// Kept in the trail, and shown to whoever it concerns.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 4000)]
    pub(super) reason: Option<String>,
}

/// Words for what somebody does, where there is something to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsBody {
    /// Kept in the trail, and shown to whoever it concerns.
    #[schema(max_length = 4000)]
    pub(super) reason: Option<String>,
}

/// An id that stands in a body, at `pointer`; `whose`: "action's".
pub(super) fn id<T: FromStr>(text: &str, pointer: &str, whose: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::invalid(pointer, format!("is no {whose} id")))
}

/// What stands there, `null` or a value; what does not stand there stays `None` by default.
pub(super) fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A body that was read, and its bytes.
pub(super) struct Strict<T> {
    pub(super) value: T,
    pub(super) bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Strict<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> ApiResult<Self> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            let code = if too_large { Code::TooLarge } else { Code::MalformedJson };
            Problem::new(code, rejection.body_text())
        })?;
        // No body at all says what an empty object says.
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        Ok(Self { value: read(text)?, bytes })
    }
}

/// Reads `T` from strict JSON.
fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    // serde would take a list for the members of an object in their order.
    if !Json::parse(text).map_err(Problem::from)?.is_object() {
        return Err(Problem::invalid("", "must be an object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = pointer(error.path());
        let words = words(&error.into_inner());
        // serde names a missing member in its words only.
        match words.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(name) => Problem::invalid(format!("{place}/{name}"), "is missing"),
            None => Problem::invalid(place, words),
        }
    })
}

/// serde's message without the position, which the pointer tells better.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        hours: i64,
    }

    #[test]
    fn a_wrong_type_is_told_by_its_place() {
        let problem = read::<Sample>(br#"{"hours": "two"}"#).expect_err("a string is no number");
        assert_eq!(problem.code, Code::InvalidRequest);
        assert_eq!(problem.errors[0].pointer, "/hours");
    }

    #[test]
    fn a_missing_member_is_told_by_its_place() {
        let problem = read::<Sample>(b"{}").expect_err("hours is missing");
        assert_eq!((problem.errors[0].pointer.as_str(), problem.errors[0].message.as_str()), ("/hours", "is missing"));
    }

    #[test]
    fn an_unknown_member_is_refused_and_named() {
        let problem = read::<Sample>(br#"{"hours": 2, "minutes": 3}"#).expect_err("minutes is unknown");
        assert!(problem.detail.contains("minutes"), "{}", problem.detail);
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_and_named() {
        let problem = read::<Sample>(br#"{"hours": 2, "hours": 3}"#).expect_err("twice");
        assert_eq!(problem.code, Code::MalformedJson);
        assert!(problem.detail.contains("hours"), "{}", problem.detail);
    }

    #[test]
    fn only_an_object_is_read() {
        for text in ["[2]", "[]", "2", "null", r#""hours""#] {
            let problem = read::<Sample>(text.as_bytes()).expect_err("no object");
            assert_eq!((problem.code, problem.errors[0].message.as_str()), (Code::InvalidRequest, "must be an object"));
        }
    }

    #[test]
    fn a_good_body_is_read() {
        assert_eq!(read::<Sample>(br#"{"hours": 2}"#).expect("good").hours, 2);
    }
}
