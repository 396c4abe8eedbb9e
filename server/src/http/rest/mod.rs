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
mod query;
mod record;
mod retention;
mod rules;
mod sessions;
mod settings;
mod tokens;
mod tools;
mod trail;
mod upstreams;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::page::Limit;
use domain::people::Listing;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;

/// All routes, relative to `/api/approvals`, with their description.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(actions::park, actions::list))
        .routes(routes!(actions::executed))
        .routes(routes!(actions::get))
        .routes(routes!(decisions::approve))
        .routes(routes!(decisions::reject))
        .routes(routes!(decisions::withdraw))
        .routes(routes!(decisions::resolve))
        .routes(routes!(decisions::retry))
        .routes(routes!(decisions::abandon))
        .routes(routes!(decisions::extend))
        .routes(routes!(decisions::bulk))
        .routes(routes!(decisions::expire_stale))
        .routes(routes!(executions::claim))
        .routes(routes!(executions::heartbeat))
        .routes(routes!(executions::result))
        .routes(routes!(executors::get, executors::put))
        .routes(routes!(rules::create, rules::list))
        .routes(routes!(rules::from_action))
        .routes(routes!(rules::test))
        .routes(routes!(rules::export))
        .routes(routes!(rules::replay))
        .routes(routes!(rules::promotions))
        .routes(routes!(rules::suggestions))
        .routes(routes!(rules::apply))
        .routes(routes!(rules::get))
        .routes(routes!(rules::revoke))
        .routes(routes!(rules::resume))
        .routes(routes!(rules::replace))
        .routes(routes!(metrics::report))
        .routes(routes!(tools::list))
        .routes(routes!(tools::get, tools::put))
        .routes(routes!(tools::pause))
        .routes(routes!(tools::block))
        .routes(routes!(tools::bypass))
        .routes(routes!(tools::resume))
        .routes(routes!(upstreams::list))
        .routes(routes!(people::invite, people::list))
        .routes(routes!(people::show))
        .routes(routes!(people::set_role))
        .routes(routes!(people::disable))
        .routes(routes!(people::enable))
        .routes(routes!(people::link))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::revoke_all))
        .routes(routes!(sessions::revoke))
        .routes(routes!(settings::get, settings::put))
        .routes(routes!(settings::database))
        .routes(routes!(settings::vacuum))
        .routes(routes!(trail::list))
        .routes(routes!(trail::export))
        .routes(routes!(trail::seal))
        .routes(routes!(trail::verify))
        .routes(routes!(trail::get))
        .routes(routes!(retention::overview))
        .routes(routes!(retention::run))
        .routes(routes!(retention::show))
        .routes(routes!(retention::archive))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::add))
        .routes(routes!(alerts::remove))
        .routes(routes!(alerts::test))
        .routes(routes!(alerts::replay))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
}

/// One object.
#[derive(Serialize, ToSchema)]
struct One<T> {
    data: T,
    meta: NoMeta,
}

/// A list and where it goes on.
#[derive(Serialize, ToSchema)]
struct Page<T> {
    data: Vec<T>,
    meta: record::PageMeta,
}

/// Nothing to say about one object.
#[derive(Serialize, ToSchema)]
struct NoMeta {}

/// One object.
fn object<T: Serialize + ?Sized>(status: StatusCode, data: &T) -> Response {
    (status, axum::Json(One { data, meta: NoMeta {} })).into_response()
}

/// The text of one object's answer.
fn envelope<T: Serialize>(data: &T) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&One { data, meta: NoMeta {} })
}

/// A list of people or of what is theirs.
fn listing<T: Serialize>(limit: Limit, found: Listing<T>) -> Response {
    let meta = record::PageMeta {
        total: found.total,
        limit: limit.get(),
        has_more: found.next.is_some(),
        next_cursor: found.next,
    };
    page(found.items, meta)
}

/// A list and where it goes on.
fn page<T: Serialize>(data: Vec<T>, meta: record::PageMeta) -> Response {
    axum::Json(Page { data, meta }).into_response()
}
