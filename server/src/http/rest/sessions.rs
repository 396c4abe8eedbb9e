//! Browsers that are signed in: seen and ended by whoever they belong to, or by an administrator.

use app::visitor::Visitor;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::page::{Cursor, Limit};
use domain::people::SessionInfo;
use domain::problem::{Code, Problem};
use domain::query_string::QueryString;
use engine::identity;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Strict;
use super::people::Nothing;
use super::{One, Page, idempotent, listing, object, query};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// Lists the browsers in which a person is signed in, newest first.
#[utoipa::path(
    get, path = "/users/{name}/sessions", tag = "People and tokens", operation_id = "list_sessions",
    params(("name" = String, Path), query::Page),
    responses((status = 200, description = "A page of the list", body = Page<SessionInfo>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    visitor: Option<Extension<Visitor>>,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let (limit, after) = (query.one::<Limit>("limit").unwrap_or_default(), query.one::<Cursor>("cursor"));
    query.finish()?;
    let current = visitor.and_then(|visitor| visitor.session_id);
    let found = identity::list_sessions(&state.engine, &principal, &name, current, after, limit).await?;
    Ok(listing(limit, found))
}

/// What was ended.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionsEnded)]
struct Ended {
    /// Whose sessions they were.
    user: String,
    /// How many.
    sessions_ended: u64,
}

/// Ends all sessions of a person, but the one that asks.
#[utoipa::path(
    post, path = "/users/{name}/sessions/revoke", tag = "People and tokens", operation_id = "revoke_sessions",
    params(("name" = String, Path)),
    request_body = Nothing,
    responses((status = 200, description = "Done", body = One<Ended>))
)]
pub(super) async fn revoke_all(
    State(state): State<AppState>,
    Caller(principal): Caller,
    visitor: Option<Extension<Visitor>>,
    Path(user): Path<String>,
    Strict { .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    let keep = visitor.and_then(|visitor| visitor.session_id);
    let sessions_ended = identity::revoke_sessions(&state.engine, &principal, &user, keep).await?;
    Ok(object(StatusCode::OK, &Ended { user, sessions_ended }))
}

/// Ends a session.
#[utoipa::path(
    post, path = "/sessions/{id}/revoke", tag = "People and tokens", operation_id = "revoke_session",
    params(("id" = Uuid, Path), idempotent::Key),
    request_body = Nothing,
    responses((status = 200, description = "Done", body = One<Ended>))
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { bytes, .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    let id = id.parse::<Uuid>().map_err(|_| Problem::new(Code::NotFound, "There is no such session."))?;
    let route = format!("POST /sessions/{id}/revoke");
    idempotent::run(&state, &principal, &headers, &route, &bytes, async |_| {
        let user = identity::revoke_session(&state.engine, &principal, id).await?;
        Ok(object(StatusCode::OK, &Ended { user, sessions_ended: 1 }))
    })
    .await
}
