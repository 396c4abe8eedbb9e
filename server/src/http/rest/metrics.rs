//! The figures.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::metrics::Metrics;

use super::{One, object};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// Shows the figures of the day, the week and the month, health and incidents.
#[utoipa::path(
    get, path = "/metrics", tag = "Metrics", operation_id = "get_metrics",
    responses((status = 200, description = "Done", body = One<Metrics>))
)]
pub(super) async fn report(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    Ok(object(StatusCode::OK, &engine::metrics::report(&state.engine, &principal).await?))
}
