//! `Idempotency-Key` around a handler: run once, answer the same ever after.

use axum::body::to_bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::identity::Principal;
use domain::problem::Problem;
use engine::idempotency::{Begun, begin, finish};
use uuid::Uuid;

use crate::http::AppState;
use crate::http::problem::{ApiError, ApiResult};

const KEY: &str = "idempotency-key";
/// Tells a client that it reads a stored answer.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

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
    let bytes = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| Problem::new(domain::problem::Code::Internal, error.to_string()))?;
    finish(&state.engine, &keyed, parts.status.as_u16(), &bytes).await?;
    parts.headers.insert(REPLAYED, HeaderValue::from_static("false"));
    Ok(Response::from_parts(parts, bytes.into()))
}

fn replay(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    (status, [(CONTENT_TYPE, HeaderValue::from_static(kind)), (REPLAYED, HeaderValue::from_static("true"))], body)
        .into_response()
}
