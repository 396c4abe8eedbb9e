//! The retention: what would go, its runs, the archives of what went.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::problem::Problem;
use engine::retention::{self, Download, Due, Run};
use futures::stream::try_unfold;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Strict;
use super::{One, idempotent, ndjson, object};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// How much of an archive is read at once.
const PIECE: usize = 64 << 10;

/// How long things are kept.
#[derive(Serialize, ToSchema)]
#[schema(as = RetentionOverview)]
struct OverviewRecord {
    /// Rejected, expired, withdrawn and abandoned actions: so many days after that.
    decided_days: i32,
    /// Executed actions: so many days after the run.
    executed_days: i32,
    /// Entries of the trail: so many days after they were sealed.
    events_days: i32,
    /// 0: no run begins by itself.
    every_days: i32,
    /// When a run begins by itself.
    next_run_at: Option<DateTime<Utc>>,
    /// The newest first.
    runs: Vec<Run>,
}

/// Shows how long things are kept, and the runs, newest first.
#[utoipa::path(
    get, path = "/retention", tag = "Retention", operation_id = "get_retention",
    responses((status = 200, description = "Done", body = One<OverviewRecord>))
)]
pub(super) async fn overview(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    let found = retention::overview(&state.engine, &principal).await?;
    let record = OverviewRecord {
        decided_days: found.keep.decided_days,
        executed_days: found.keep.executed_days,
        events_days: found.keep.events_days,
        every_days: found.keep.every_days,
        next_run_at: found.next,
        runs: found.runs,
    };
    Ok(object(StatusCode::OK, &record))
}

/// Whether it is only counted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetentionBody)]
pub(super) struct RunBody {
    /// Nothing is archived and nothing goes; what would is told.
    #[serde(default)]
    dry_run: bool,
}

/// What would go.
#[derive(Serialize, ToSchema)]
struct DryRun {
    /// Always `true`.
    dry_run: bool,
    #[serde(flatten)]
    due: Due,
}

/// Archives and purges what is over, or counts it. A run goes on by itself.
#[utoipa::path(
    post, path = "/retention/run", tag = "Retention", operation_id = "run_retention",
    params(idempotent::Key),
    request_body = RunBody,
    responses(
        (status = 200, description = "What would go: `dry_run`", body = One<DryRun>),
        (status = 202, description = "Begun", body = One<Run>),
    )
)]
pub(super) async fn run(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<RunBody>,
) -> ApiResult<Response> {
    if value.dry_run {
        let due = retention::dry_run(&state.engine, &principal).await?;
        return Ok(object(StatusCode::OK, &DryRun { dry_run: true, due }));
    }
    idempotent::run(&state, &principal, &headers, "POST /retention/run", &bytes, async |_| {
        Ok(object(StatusCode::ACCEPTED, &retention::start(&state.engine, &principal).await?))
    })
    .await
}

/// Shows a run.
#[utoipa::path(
    get, path = "/retention/runs/{id}", tag = "Retention", operation_id = "get_retention_run",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "Done", body = One<Run>))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("run"))?;
    Ok(object(StatusCode::OK, &retention::show(&state.engine, &principal, id).await?))
}

/// Gives the file of an archive as it was written, with its hash (RFC 9530, and in hexadecimal digits).
#[utoipa::path(
    get, path = "/retention/archives/{id}", tag = "Retention", operation_id = "get_archive",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The file", body = String, content_type = "application/x-ndjson", headers(("Repr-Digest" = String), ("X-Checksum-SHA256" = domain::digest::Digest))))
)]
pub(super) async fn archive(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("archive"))?;
    let Download { archive, file } = retention::download(&state.engine, &principal, id).await?;
    let text = |text: String| HeaderValue::from_str(&text).expect("digits and letters of ours");
    let headers = [
        (CONTENT_TYPE, ndjson::NDJSON),
        (CONTENT_LENGTH, HeaderValue::from(archive.bytes)),
        (CONTENT_DISPOSITION, text(format!("attachment; filename=\"{}\"", archive.file))),
        (HeaderName::from_static("repr-digest"), text(format!("sha-256=:{}:", STANDARD.encode(archive.sha256.0)))),
        (HeaderName::from_static("x-checksum-sha256"), text(archive.sha256.to_string())),
    ];
    // Shorter than it says, it breaks the connection: nobody takes a part for the whole.
    let pieces = try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}
