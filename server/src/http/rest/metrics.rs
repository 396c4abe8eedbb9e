//! The figures.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::object;
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// `GET /metrics`
pub(super) async fn report(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    Ok(object(StatusCode::OK, &engine::metrics::report(&state.engine, &principal).await?))
}
