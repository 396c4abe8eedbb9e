//! Parking and reading actions.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::filter::ActionFilter;
use domain::id::{ActionId, AttemptId};
use domain::identity::Principal;
use domain::json::Json;
use domain::lifecycle::Status;
use domain::page::Sort;
use domain::problem::Problem;
use domain::query_string::QueryString;
use engine::actions::Until;
use engine::gate::{Gated, ParkRequest, Presumed};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::Strict;
use super::record::{ActionRecord, PageMeta, full};
use super::{One, Page, idempotent, object, page, query};
use crate::http::AppState;
use crate::http::problem::{ApiError, ApiResult};
use crate::http::session::{Caller, bearer};

/// Carries the attempt under which a call is made, so that a call that comes back to the gate from inside its own
/// approved run is known.
const ATTEMPT: &str = "countersign-attempt";
/// A request under a key is run by [`idempotent`], which must know who asks before it begins.
const IDEMPOTENCY: &str = "idempotency-key";
/// The longest a request is held, in seconds.
const MAX_WAIT: u64 = 60;

/// A call that is to wait for a person, or for a rule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Park {
    /// The tool that is to be called.
    #[schema(min_length = 1, max_length = 200)]
    tool_name: String,
    /// One member per argument. Numbers keep every digit they are written with.
    #[schema(value_type = std::collections::HashMap<String, Json>)]
    tool_args: Json,
    /// What the call is, for whoever decides.
    #[schema(max_length = 4000)]
    agent_summary: Option<String>,
    /// The agent's conversation or run, as it names it.
    #[schema(max_length = 200)]
    session_id: Option<String>,
    /// Why the agent wants it.
    #[schema(max_length = 16000)]
    why: Option<String>,
    /// What it goes by.
    evidence: Option<Json>,
    /// Left out: as is usual for the tool.
    #[schema(minimum = 1, maximum = 8760)]
    expires_in_hours: Option<i64>,
    /// While the action is not over, the same call under it is that action, and another call is refused.
    #[schema(min_length = 1, max_length = 200)]
    deduplication_key: Option<String>,
}

impl Park {
    fn request(self, under_attempt: Option<AttemptId>) -> ParkRequest {
        ParkRequest {
            tool_name: self.tool_name,
            tool_args: self.tool_args,
            agent_summary: self.agent_summary,
            session_id: self.session_id,
            why: self.why,
            evidence: self.evidence,
            expires_in_hours: self.expires_in_hours,
            deduplication_key: self.deduplication_key,
            id: None,
            under_attempt,
        }
    }
}

/// Who parks.
pub(super) enum Parker {
    Known(Principal),
    /// A program whose token was good moments ago. The statement that parks decides whether it still is, which saves
    /// the busiest request a trip to the database.
    Presumed(Arc<Presumed>, String),
}

impl FromRequestParts<AppState> for Parker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        let plain = !parts.headers.contains_key(ATTEMPT) && !parts.headers.contains_key(IDEMPOTENCY);
        if plain
            && let Some(token) = bearer(&parts.headers)?
            && let Some(presumed) = state.engine.presume(token)
        {
            return Ok(Self::Presumed(presumed, token.to_owned()));
        }
        Ok(Self::Known(Caller::from_request_parts(parts, state).await?.0))
    }
}

/// Parks a call of a tool: it waits for a person, or a standing rule decides it at once.
///
/// A rule that denies it, or a tool that is blocked, answers 403; the action is kept all the same. With a
/// `deduplication_key` that this agent used before for a call that is not over, the answer is that action.
#[utoipa::path(
    post, path = "/actions", tag = "Actions", operation_id = "park_action",
    params(idempotent::Key, ("Countersign-Attempt" = Option<AttemptId>, Header, description = "The attempt under which the call is made, where it is made inside of an approved run.")),
    request_body = Park,
    responses(
        (status = 201, description = "Parked: `status` says whether it waits or was approved by a rule", body = One<ActionRecord>),
        (status = 200, description = "The action that this call was parked as before", body = One<ActionRecord>),
    )
)]
pub(super) async fn park(
    State(state): State<AppState>,
    parker: Parker,
    headers: HeaderMap,
    body: ApiResult<Strict<Park>>,
) -> ApiResult<Response> {
    let attempt = headers.get(ATTEMPT).and_then(|value| value.to_str().ok()?.parse::<AttemptId>().ok());
    let body = body.map(|Strict { value, bytes }| (value.request(attempt), bytes));
    let principal = match parker {
        Parker::Known(principal) => principal,
        Parker::Presumed(presumed, token) => {
            if let Ok((request, _)) = &body
                && let Some(gated) = engine::gate::park_presumed(&state.engine, &presumed, request).await?
            {
                return Ok(parked(&state, &gated));
            }
            // Nothing was written. Before anybody is told why, even about the body, it must be known who asks.
            engine::identity::authenticate_token(&state.engine, &token).await?
        }
    };
    let (request, bytes) = body?;
    idempotent::run(&state, &principal, &headers, "POST /actions", &bytes, async |id| {
        let request = ParkRequest { id: id.map(ActionId), ..request };
        Ok(parked(&state, &engine::gate::park(&state.engine, &principal, request).await?))
    })
    .await
}

fn parked(state: &AppState, gated: &Gated) -> Response {
    let status = if gated.attached { StatusCode::OK } else { StatusCode::CREATED };
    object(status, &ActionRecord::new(&gated.action, &gated.mask, &state.config.base_url()))
}

/// Lists actions, those that wait longest first.
#[utoipa::path(
    get, path = "/actions", tag = "Actions", operation_id = "list_actions",
    params(query::Actions, query::Page, query::Skip),
    responses((status = 200, description = "A page of the list", body = Page<ActionRecord>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let filter = filter(raw.as_deref(), &[], Sort::Oldest)?;
    answer(&state, &principal, &filter).await
}

/// Lists actions that are over, newest first.
#[utoipa::path(
    get, path = "/actions/executed", tag = "Actions", operation_id = "list_executed_actions",
    params(query::Actions, query::Page, query::Skip),
    responses((status = 200, description = "A page of the list", body = Page<ActionRecord>))
)]
pub(super) async fn executed(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let filter = filter(raw.as_deref(), &Status::TERMINAL, Sort::Newest)?;
    answer(&state, &principal, &filter).await
}

fn filter(raw: Option<&str>, allowed: &[Status], sort: Sort) -> Result<ActionFilter, Problem> {
    let mut query = QueryString::parse(raw)?;
    let mut filter = ActionFilter::read(&mut query, sort);
    if !allowed.is_empty() {
        if let Some(wrong) = filter.statuses.iter().find(|status| !allowed.contains(status)) {
            query.refuse("status", format!("{wrong} is not the status of an action that has ended"));
        }
        if filter.statuses.is_empty() {
            filter.statuses = allowed.to_vec();
        }
    }
    query.finish()?;
    Ok(filter)
}

async fn answer(state: &AppState, principal: &Principal, filter: &ActionFilter) -> ApiResult<Response> {
    let found = engine::actions::list(&state.engine, principal, filter).await?;
    let base = state.config.base_url();
    let mut records = Vec::with_capacity(found.actions.len());
    let unusual = engine::anomalies::of(&state.engine, principal, &found.actions).await?;
    for action in &found.actions {
        let overrides = engine::actions::overrides(&state.engine, &action.tool_name).await?;
        let mask = action.mask(&overrides);
        records.push(ActionRecord::new(action, &mask, &base).flagged(unusual.get(&action.id)));
    }
    let meta = PageMeta {
        total: found.total,
        limit: filter.limit.get(),
        has_more: found.next.is_some(),
        next_cursor: found.next.map(|cursor| cursor.encode()),
    };
    Ok(page(records, meta))
}

/// Shows an action with its attempts, events, and what the rules say of it.
///
/// With `wait` the answer is held until the action is decided, or with `until=executed` until it has an outcome.
#[utoipa::path(
    get, path = "/actions/{id}", tag = "Actions", operation_id = "get_action",
    params(("id" = ActionId, Path), query::Wait),
    responses((status = 200, description = "The action as it stands", body = One<ActionRecord>))
)]
pub(super) async fn get(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    let mut query = QueryString::parse(raw.as_deref())?;
    let wait = query.one::<u64>("wait");
    if wait.is_some_and(|seconds| seconds > MAX_WAIT) {
        query.refuse("wait", format!("is at most {MAX_WAIT} seconds"));
    }
    let until = match query.one::<String>("until").as_deref() {
        None | Some("decided") => Until::Decided,
        Some("executed") => Until::Executed,
        Some(other) => {
            query.refuse("until", format!("is decided or executed, not {other}"));
            Until::Decided
        }
    };
    query.finish()?;
    let found = match wait {
        Some(seconds) => {
            engine::actions::wait(&state.engine, &principal, id, Duration::from_secs(seconds), until).await?
        }
        None => engine::actions::get(&state.engine, &principal, id).await?,
    };
    let considered = engine::rules::considered(&state.engine, &principal, &found.action).await?;
    let unusual = engine::anomalies::of(&state.engine, &principal, std::slice::from_ref(&found.action)).await?;
    let record = full(found, considered, &state.config.base_url()).flagged(unusual.get(&id));
    Ok(object(StatusCode::OK, &record))
}

/// An id from a path: what is no id names nothing.
pub(super) fn parse_id(text: &str) -> Result<ActionId, Problem> {
    text.parse().map_err(|_| Problem::not_found("action"))
}
