//! Tokens: made, shown once, listed without their secrets, revoked.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::id::TokenId;
use domain::identity::Scope;
use domain::people::TokenInfo;
use domain::problem::{Code, Problem};
use domain::query_string::QueryString;
use engine::identity::{self, NewToken, TokenFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Strict;
use super::people::Nothing;
use super::{One, Page, idempotent, listing, object, query};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// A token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TokenBody)]
pub(super) struct CreateBody {
    /// What it is called: an agent is known by this name.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$")]
    name: String,
    /// What it may do.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// The person whose token it is; left out: a program's.
    user: Option<String>,
    /// Left out: it does not expire.
    expires_in_days: Option<i32>,
}

/// A token with what is presented, which is shown in the first answer alone.
#[derive(Serialize, ToSchema)]
#[schema(as = NewToken)]
struct Issued<'a> {
    token: &'a TokenInfo,
    secret: Option<String>,
}

/// Makes a token.
///
/// The answer has its secret; a repetition under the same key has `null` there.
#[utoipa::path(
    post, path = "/tokens", tag = "People and tokens", operation_id = "create_token",
    params(idempotent::Key),
    request_body = CreateBody,
    responses((status = 201, description = "Made", body = One<Issued>))
)]
pub(super) async fn create(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<CreateBody>,
) -> ApiResult<Response> {
    let CreateBody { name, scopes, user, expires_in_days } = value;
    let new = NewToken { name, scopes, user, expires_in_days };
    idempotent::run(&state, &principal, &headers, "POST /tokens", &bytes, async |id| {
        let issued = identity::issue_token(&state.engine, &principal, new, id).await?;
        let kept = Issued { token: &issued.token, secret: None };
        let shown = Issued { token: &issued.token, secret: issued.secret };
        idempotent::shown_once(StatusCode::CREATED, &shown, &kept)
    })
    .await
}

/// Lists tokens, newest first.
#[utoipa::path(
    get, path = "/tokens", tag = "People and tokens", operation_id = "list_tokens",
    params(query::Tokens, query::Page),
    responses(
        (status = 200, description = "A page of the list", body = Page<TokenInfo>),
        (status = 404, description = "Nobody has this name")
    )
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let filter = TokenFilter::read(&mut query);
    query.finish()?;
    Ok(listing(filter.limit, identity::list_tokens(&state.engine, &principal, &filter).await?))
}

/// Revokes a token.
#[utoipa::path(
    post, path = "/tokens/{id}/revoke", tag = "People and tokens", operation_id = "revoke_token",
    params(("id" = TokenId, Path), idempotent::Key),
    request_body = Nothing,
    responses((status = 200, description = "Done", body = One<TokenInfo>))
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { bytes, .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    let id = id.parse::<TokenId>().map_err(|_| Problem::new(Code::NotFound, "There is no such token."))?;
    let route = format!("POST /tokens/{id}/revoke");
    idempotent::run(&state, &principal, &headers, &route, &bytes, async |_| {
        Ok(object(StatusCode::OK, &identity::revoke_token(&state.engine, &principal, id).await?))
    })
    .await
}
