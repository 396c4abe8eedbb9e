//! Executors: claim, keep the lease, report.

use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::id::{ActionId, AttemptId};
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::problem::Problem;
use domain::query_string::QueryString;
use engine::execution::{ClaimRequest, Report};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::body::Strict;
use super::record::ClaimRecord;
use super::{One, idempotent, object, query};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// The longest a claim is held, in seconds.
const MAX_WAIT: u64 = 60;
/// And under an idempotency key: shorter than a key is kept for a request that seems to have died.
const MAX_WAIT_UNDER_KEY: u64 = 20;
/// The lease where the executor does not say, in seconds.
const DEFAULT_LEASE: i64 = 60;

/// What a worker would run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimBody {
    /// The names of the tools that it runs, 1 to 500.
    #[serde(default)]
    tools: Vec<String>,
    /// In the place of `tools`: an action that the agent parked, and runs itself.
    action_id: Option<ActionId>,
    /// How long it may be silent, 5 to 3600. Left out: 60.
    lease_seconds: Option<i64>,
}

/// Claims an approved action for a worker, with its exact arguments.
///
/// Under an idempotency key an answer is held for 20 seconds at most.
#[utoipa::path(
    post, path = "/executions/claim", tag = "Executions", operation_id = "claim_action",
    params(query::Hold, idempotent::Key),
    request_body = ClaimBody,
    responses(
        (status = 200, description = "An action to run: nobody else gets it while the lease holds", body = One<ClaimRecord>),
        (status = 204, description = "Nothing is to be run"),
    )
)]
pub(super) async fn claim(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ClaimBody>,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let wait = query.one::<u64>("wait").unwrap_or(0);
    if wait > MAX_WAIT {
        query.refuse("wait", format!("is at most {MAX_WAIT} seconds"));
    }
    query.finish()?;
    idempotent::run(&state, &principal, &headers, "POST /executions/claim", &bytes, async |id| {
        let hold = if id.is_some() { wait.min(MAX_WAIT_UNDER_KEY) } else { wait };
        let request = ClaimRequest {
            tools: value.tools,
            action_id: value.action_id,
            lease_seconds: value.lease_seconds.unwrap_or(DEFAULT_LEASE),
            attempt: id.map(AttemptId),
        };
        let deadline = Instant::now() + Duration::from_secs(hold);
        let claimed = engine::execution::claim_within(&state.engine, &principal, &request, deadline).await?;
        Ok(match claimed {
            Some(claim) => object(StatusCode::OK, &ClaimRecord::from(claim)),
            None => StatusCode::NO_CONTENT.into_response(),
        })
    })
    .await
}

/// A lease that was kept.
#[derive(Serialize, ToSchema)]
struct Lease {
    /// Silent until then, the outcome of the run is unknown.
    lease_until: DateTime<Utc>,
}

/// Keeps the lease of an attempt.
#[utoipa::path(
    post, path = "/executions/{attempt}/heartbeat", tag = "Executions", operation_id = "keep_lease",
    params(("attempt" = AttemptId, Path)),
    responses((status = 200, description = "Done", body = One<Lease>))
)]
pub(super) async fn heartbeat(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(attempt): Path<String>,
) -> ApiResult<Response> {
    let lease_until = engine::execution::heartbeat(&state.engine, &principal, parse_id(&attempt)?).await?;
    Ok(object(StatusCode::OK, &Lease { lease_until }))
}

/// What came of a run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultBody {
    /// Whether the tool did what it was asked for.
    success: bool,
    /// What the tool returned.
    result: Option<Json>,
    /// What went wrong, in words.
    error: Option<String>,
}

/// Where the action stands with the report.
#[derive(Serialize, ToSchema)]
struct Reported {
    action_id: ActionId,
    status: Status,
    execution_state: Option<ExecutionState>,
    /// The attempt had been given up before the report came: it is kept and shown, and a person settles it.
    late: bool,
}

/// Reports what came of an attempt.
///
/// The same report again changes nothing. One for an attempt that was given up meanwhile is kept and shown.
#[utoipa::path(
    post, path = "/executions/{attempt}/result", tag = "Executions", operation_id = "report_result",
    params(("attempt" = AttemptId, Path)),
    request_body = ResultBody,
    responses((status = 200, description = "Done", body = One<Reported>))
)]
pub(super) async fn result(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(attempt): Path<String>,
    Strict { value, .. }: Strict<ResultBody>,
) -> ApiResult<Response> {
    let report = Report { success: value.success, result: value.result, error: value.error };
    let reported = engine::execution::report(&state.engine, &principal, parse_id(&attempt)?, report).await?;
    let told = Reported {
        action_id: reported.action.id,
        status: reported.action.status,
        execution_state: reported.action.execution_state,
        late: reported.late,
    };
    Ok(object(StatusCode::OK, &told))
}

fn parse_id(text: &str) -> Result<AttemptId, Problem> {
    text.parse().map_err(|_| Problem::not_found("attempt"))
}
