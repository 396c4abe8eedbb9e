//! `/api/approvals`: the interface for programs. A handler authenticates (its `Caller` argument), parses,
//! calls one use-case and shapes the answer.
//!
//! One object is answered as `{"data": …, "meta": {}}`, a list with its paging in `meta`.

mod actions;
mod alerts;
mod body;
mod decisions;
mod executions;
mod executors;
mod idempotent;
mod metrics;
mod ndjson;
mod people;
mod record;
mod retention;
mod rules;
mod sessions;
mod settings;
mod tokens;
mod tools;
mod trail;
mod upstreams;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::page::Limit;
use domain::people::Listing;
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
        .route("/rules", post(rules::create).get(rules::list))
        .route("/rules/from-action", post(rules::from_action))
        .route("/rules/test", post(rules::test))
        .route("/rules/export", get(rules::export))
        .route("/rules/replay", post(rules::replay))
        .route("/rules/promotions", get(rules::promotions))
        .route("/rules/suggestions/{action_id}", get(rules::suggestions))
        .route("/rules/{id}/apply", post(rules::apply))
        .route("/rules/{id}", get(rules::get))
        .route("/rules/{id}/revoke", post(rules::revoke))
        .route("/rules/{id}/resume", post(rules::resume))
        .route("/rules/{id}/replace", post(rules::replace))
        .route("/metrics", get(metrics::report))
        .route("/tools", get(tools::list))
        .route("/tools/{name}", get(tools::get).put(tools::put))
        .route("/tools/{name}/pause", post(tools::pause))
        .route("/tools/{name}/block", post(tools::block))
        .route("/tools/{name}/bypass", post(tools::bypass))
        .route("/tools/{name}/resume", post(tools::resume))
        .route("/upstreams", get(upstreams::list))
        .route("/users", post(people::invite).get(people::list))
        .route("/users/{name}", get(people::show))
        .route("/users/{name}/role", post(people::set_role))
        .route("/users/{name}/disable", post(people::disable))
        .route("/users/{name}/enable", post(people::enable))
        .route("/users/{name}/link", post(people::link))
        .route("/users/{name}/sessions", get(sessions::list))
        .route("/users/{name}/sessions/revoke", post(sessions::revoke_all))
        .route("/sessions/{id}/revoke", post(sessions::revoke))
        .route("/settings", get(settings::get).put(settings::put))
        .route("/database", get(settings::database))
        .route("/database/vacuum", post(settings::vacuum))
        .route("/events", get(trail::list))
        .route("/events/export", get(trail::export))
        .route("/events/seal", get(trail::seal))
        .route("/events/verify", get(trail::verify))
        .route("/events/{named}", get(trail::get))
        .route("/retention", get(retention::overview))
        .route("/retention/run", post(retention::run))
        .route("/retention/runs/{id}", get(retention::show))
        .route("/retention/archives/{id}", get(retention::archive))
        .route("/alerts", get(alerts::list))
        .route("/alerts/endpoints", post(alerts::add))
        .route("/alerts/endpoints/{id}/remove", post(alerts::remove))
        .route("/alerts/endpoints/{id}/test", post(alerts::test))
        .route("/alerts/deliveries/{id}/replay", post(alerts::replay))
        .route("/tokens", post(tokens::create).get(tokens::list))
        .route("/tokens/{id}/revoke", post(tokens::revoke))
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

/// The text of one object's answer.
fn envelope<T: Serialize>(data: &T) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Envelope { data, meta: NoMeta {} })
}

/// A list of people or of what is theirs.
fn listing<T: Serialize>(limit: Limit, found: Listing<T>) -> Response {
    let meta = record::PageMeta {
        total: found.total,
        limit: limit.get(),
        has_more: found.next.is_some(),
        next_cursor: found.next,
    };
    page(&found.items, meta)
}

/// A list and where it goes on.
fn page<T: Serialize>(data: &[T], meta: record::PageMeta) -> Response {
    axum::Json(Envelope { data, meta }).into_response()
}
