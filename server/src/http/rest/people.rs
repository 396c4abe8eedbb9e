//! People: added, looked at, given a role, shut out and let in.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::identity::{Principal, Role, check_person_name};
use domain::page::Limit;
use domain::people::PersonInfo;
use domain::problem::Problem;
use domain::query_string::QueryString;
use engine::identity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Strict;
use super::{One, Page, idempotent, listing, object, query};
use crate::http::AppState;
use crate::http::problem::{ApiError, ApiResult};
use crate::http::session::Caller;

/// What takes no arguments.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A person who is to be there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InviteBody {
    /// What they sign in as.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: String,
    /// What they may do.
    role: Role,
}

/// A person with the link that signs them in once, which is shown in the first answer alone.
#[derive(Serialize, ToSchema)]
#[schema(as = NewPerson)]
struct Invited<'a> {
    person: &'a PersonInfo,
    sign_in_link: Option<String>,
}

/// Adds a person.
///
/// The answer has a link that signs them in once; a repetition under the same key has `null` there.
#[utoipa::path(
    post, path = "/users", tag = "People and tokens", operation_id = "invite_person",
    params(idempotent::Key),
    request_body = InviteBody,
    responses((status = 201, description = "Made", body = One<Invited>))
)]
pub(super) async fn invite(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<InviteBody>,
) -> ApiResult<Response> {
    idempotent::run(&state, &principal, &headers, "POST /users", &bytes, async |id| {
        let invited = identity::invite(&state.engine, &principal, &value.name, value.role, id).await?;
        let sign_in_link = invited.link.map(|secret| state.config.sign_in_url(&secret));
        let kept = Invited { person: &invited.person, sign_in_link: None };
        let shown = Invited { person: &invited.person, sign_in_link };
        idempotent::shown_once(StatusCode::CREATED, &shown, &kept)
    })
    .await
}

/// Lists people by name.
#[utoipa::path(
    get, path = "/users", tag = "People and tokens", operation_id = "list_people",
    params(query::Page),
    responses((status = 200, description = "A page of the list", body = Page<PersonInfo>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let limit = query.one::<Limit>("limit").unwrap_or_default();
    let after = query.one::<String>("cursor");
    if after.as_deref().is_some_and(|name| check_person_name(name).is_err()) {
        query.refuse("cursor", "is not one that this list gave out".to_owned());
    }
    query.finish()?;
    let found = identity::list_people(&state.engine, &principal, after.as_deref(), limit).await?;
    Ok(listing(limit, found))
}

/// Shows a person.
#[utoipa::path(
    get, path = "/users/{name}", tag = "People and tokens", operation_id = "get_person",
    params(("name" = String, Path)),
    responses((status = 200, description = "Done", body = One<PersonInfo>))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(name): Path<String>,
) -> ApiResult<Response> {
    Ok(object(StatusCode::OK, &identity::person(&state.engine, &principal, &name).await?))
}

/// What a person may do from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleBody {
    /// The role.
    role: Role,
}

/// Gives a person a role.
#[utoipa::path(
    post, path = "/users/{name}/role", tag = "People and tokens", operation_id = "set_role",
    params(("name" = String, Path), idempotent::Key),
    request_body = RoleBody,
    responses((status = 200, description = "Done", body = One<PersonInfo>))
)]
pub(super) async fn set_role(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<RoleBody>,
) -> ApiResult<Response> {
    changed(&state, &principal, &headers, &name, "role", &bytes, async || {
        Ok(identity::set_role(&state.engine, &principal, &name, value.role).await?)
    })
    .await
}

/// Shuts a person out: sessions and tokens end.
#[utoipa::path(
    post, path = "/users/{name}/disable", tag = "People and tokens", operation_id = "disable_person",
    params(("name" = String, Path), idempotent::Key),
    request_body = Nothing,
    responses((status = 200, description = "Done", body = One<PersonInfo>))
)]
pub(super) async fn disable(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Strict { bytes, .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    changed(&state, &principal, &headers, &name, "disable", &bytes, async || {
        Ok(identity::disable_user(&state.engine, &principal, &name).await?)
    })
    .await
}

/// Lets a person in again.
#[utoipa::path(
    post, path = "/users/{name}/enable", tag = "People and tokens", operation_id = "enable_person",
    params(("name" = String, Path), idempotent::Key),
    request_body = Nothing,
    responses((status = 200, description = "Done", body = One<PersonInfo>))
)]
pub(super) async fn enable(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Strict { bytes, .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    changed(&state, &principal, &headers, &name, "enable", &bytes, async || {
        Ok(identity::enable_user(&state.engine, &principal, &name).await?)
    })
    .await
}

async fn changed(
    state: &AppState,
    principal: &Principal,
    headers: &HeaderMap,
    name: &str,
    verb: &str,
    body: &[u8],
    change: impl AsyncFnOnce() -> Result<PersonInfo, ApiError>,
) -> ApiResult<Response> {
    let route = route(name, verb)?;
    idempotent::run(state, principal, headers, &route, body, async |_| Ok(object(StatusCode::OK, &change().await?)))
        .await
}

/// What signs a person in once.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInLink)]
struct Link {
    /// `null` where the request is an earlier one that came again: it is shown once.
    sign_in_link: Option<String>,
}

/// Makes a link that signs a person in once. It ends the one before it.
#[utoipa::path(
    post, path = "/users/{name}/link", tag = "People and tokens", operation_id = "create_sign_in_link",
    params(("name" = String, Path), idempotent::Key),
    request_body = Nothing,
    responses((status = 201, description = "Made", body = One<Link>))
)]
pub(super) async fn link(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Strict { bytes, .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    let route = route(&name, "link")?;
    idempotent::run(&state, &principal, &headers, &route, &bytes, async |_| {
        let secret = identity::create_sign_in_link(&state.engine, &principal, &name).await?;
        let shown = Link { sign_in_link: Some(state.config.sign_in_url(&secret)) };
        idempotent::shown_once(StatusCode::CREATED, &shown, &Link { sign_in_link: None })
    })
    .await
}

/// The route a key belongs to. What can be nobody's name is told so before it is written down.
fn route(name: &str, verb: &str) -> Result<String, Problem> {
    check_person_name(name)
        .map(|()| format!("POST /users/{name}/{verb}"))
        .map_err(|_| Problem::new(domain::problem::Code::NotFound, "Nobody here has this name."))
}
