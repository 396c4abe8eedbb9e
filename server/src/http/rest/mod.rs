//! `/api/approvals`: the interface for programs. A handler authenticates (its `Caller` argument), parses,
//! calls one use-case and shapes the answer.
//!
//! One object is answered as `{"data": …, "meta": {}}`, a list with its paging in `meta`.

mod actions;
mod body;
mod decisions;
mod executions;
mod executors;
mod idempotent;
mod metrics;
mod record;
mod tools;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::AppState;

/// All routes, relative to `/api/approvals`.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/actions", post(actions::park).get(actions::list))
        .route("/actions/executed", get(actions::executed))
        .route("/actions/expire-stale", post(decisions::expire_stale))
        .route("/actions/{id}", get(actions::get))
        .route("/actions/{id}/approve", post(decisions::approve))
        .route("/actions/{id}/reject", post(decisions::reject))
        .route("/actions/{id}/withdraw", post(decisions::withdraw))
        .route("/actions/{id}/resolve", post(decisions::resolve))
        .route("/actions/{id}/retry", post(decisions::retry))
        .route("/actions/{id}/abandon", post(decisions::abandon))
        .route("/actions/{id}/extend", post(decisions::extend))
        .route("/actions/bulk", post(decisions::bulk))
        .route("/executions/claim", post(executions::claim))
        .route("/executions/{attempt}/heartbeat", post(executions::heartbeat))
        .route("/executions/{attempt}/result", post(executions::result))
        .route("/tools/{name}/executor", get(executors::get).put(executors::put))
        .route("/metrics", get(metrics::daily))
        .route("/tools", get(tools::list))
        .route("/tools/{name}", get(tools::get).put(tools::put))
        .route("/tools/{name}/pause", post(tools::pause))
        .route("/tools/{name}/block", post(tools::block))
        .route("/tools/{name}/bypass", post(tools::bypass))
        .route("/tools/{name}/resume", post(tools::resume))
}

#[derive(Serialize)]
struct Envelope<'a, T: ?Sized, M> {
    data: &'a T,
    meta: M,
}

/// Nothing to say about one object.
#[derive(Serialize)]
struct NoMeta {}

/// One object.
fn object<T: Serialize + ?Sized>(status: StatusCode, data: &T) -> Response {
    (status, axum::Json(Envelope { data, meta: NoMeta {} })).into_response()
}

/// A list and where it goes on.
fn page<T: Serialize>(data: &[T], meta: record::PageMeta) -> Response {
    axum::Json(Envelope { data, meta }).into_response()
}
