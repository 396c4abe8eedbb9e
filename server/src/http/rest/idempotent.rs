//! `Idempotency-Key` around a handler: run once, answer the same ever after.
//!
//! An answer that holds a secret is the exception. What is kept for a repetition is kept readable for a day, so the
//! secret is left out of it: a repetition is told that the thing was made, with `null` where the secret stood. Whoever
//! lost the first answer revokes what it made and makes another.

use axum::body::to_bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::identity::Principal;
use domain::problem::{Code, Problem};
use engine::idempotency::{Begun, begin, finish};
use serde::Serialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{envelope, object};
use crate::http::AppState;
use crate::http::problem::{ApiError, ApiResult};

const KEY: &str = "idempotency-key";

/// What a request says about being sent again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; it is read by its name")]
pub(super) struct Key {
    /// Makes a repetition harmless: the same key with the same body is answered with the answer that was given. Kept for 24
    /// hours.
    #[param(rename = "Idempotency-Key", required = false, pattern = "^[!-~]{1,255}$")]
    idempotency_key: String,
}
/// Tells a client that it reads a stored answer.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What is kept of an answer in place of its body; an extension of the response.
#[derive(Clone)]
struct Kept(Vec<u8>);

/// An answer of which only `kept` is written down: `shown` holds a secret.
pub(super) fn shown_once<T: Serialize>(status: StatusCode, shown: &T, kept: &T) -> ApiResult<Response> {
    let mut response = object(status, shown);
    let kept = envelope(kept).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    response.extensions_mut().insert(Kept(kept));
    Ok(response)
}

/// Runs `handler` under the request's key, if it has one. The handler gets the id for what it creates.
pub(super) async fn run<F>(
    state: &AppState,
    principal: &Principal,
    headers: &HeaderMap,
    route: &str,
    body: &[u8],
    handler: impl FnOnce(Option<Uuid>) -> F,
) -> ApiResult<Response>
where
    F: Future<Output = ApiResult<Response>>,
{
    let Some(key) = headers.get(KEY) else { return handler(None).await };
    let key =
        key.to_str().map_err(|_| Problem::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))?;
    let keyed = match begin(&state.engine, principal, route, key, body).await? {
        Begun::Run(keyed) => keyed,
        Begun::Replay { status, body } => return Ok(replay(status, body)),
    };
    let response = handler(Some(keyed.subject)).await.unwrap_or_else(ApiError::into_response);
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let kept = parts.extensions.remove::<Kept>();
    finish(&state.engine, &keyed, parts.status.as_u16(), kept.as_ref().map_or(&bytes, |kept| &kept.0)).await?;
    parts.headers.insert(REPLAYED, HeaderValue::from_static("false"));
    Ok(Response::from_parts(parts, bytes.into()))
}

fn replay(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    (status, [(CONTENT_TYPE, HeaderValue::from_static(kind)), (REPLAYED, HeaderValue::from_static("true"))], body)
        .into_response()
}
