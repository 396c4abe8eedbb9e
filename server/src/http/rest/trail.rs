//! The audit trail: its entries, one with its proof, exports, the newest seal, verification.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::event_filter::EventFilter;
use domain::id::{ActionId, EventId, RuleId};
use domain::json::Json;
use domain::problem::Problem;
use domain::query_string::QueryString;
use engine::audit::{self, Anchor, Ask, Format, FullEvent, Verification, Whereabouts};
use futures::{StreamExt, stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::record::PageMeta;
use super::{One, Page, ndjson, object, page, query};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// How long the last line of an export that is cut off has to get away.
const SENT_WITHIN: Duration = Duration::from_millis(500);

/// Lists the entries of the trail, newest first.
#[utoipa::path(
    get, path = "/events", tag = "Audit trail", operation_id = "list_events",
    params(query::Events, query::Page, query::Skip),
    responses((status = 200, description = "A page of the list", body = Page<Event>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let filter = EventFilter::read(&mut query);
    query.finish()?;
    let found = audit::list(&state.engine, &principal, &filter).await?;
    let meta =
        PageMeta { total: None, limit: filter.limit.get(), has_more: found.next.is_some(), next_cursor: found.next };
    Ok(page(found.events, meta))
}

/// An entry with its proof.
// Not a flattened struct: raw JSON does not survive that.
#[derive(Serialize, ToSchema)]
struct EventRecord {
    /// Its place in the trail.
    seq: i64,
    event_id: EventId,
    /// What it is about, if that is an action.
    action_id: Option<ActionId>,
    /// The rule that it is about, or by which it happened.
    rule_id: Option<RuleId>,
    event_type: EventType,
    /// `human:<name>`, `agent:<name>`, `rule:<id>` or `system:<what>`.
    actor: String,
    /// A person's words, masked.
    reason: Option<String>,
    /// Facts of the event: an object, masked.
    event_metadata: Json,
    /// By the database's clock.
    occurred_at: DateTime<Utc>,
    /// Over the content of the entry.
    content_hash: Digest,
    /// Whether the hash is that of what the entry says.
    verifies: bool,
    /// The seal that holds it; `null` for a moment after it was written.
    seal_number: Option<i64>,
    /// When that was made.
    sealed_at: Option<DateTime<Utc>>,
    /// The console's page for it.
    url: String,
}

impl EventRecord {
    fn new(full: FullEvent, base: &str) -> Self {
        let FullEvent { event, intact, seal, .. } = full;
        Self {
            url: format!("{base}/audit/{}", event.seq),
            seq: event.seq,
            event_id: event.event_id,
            action_id: event.action_id,
            rule_id: event.rule_id,
            event_type: event.event_type,
            actor: event.actor,
            reason: event.reason,
            event_metadata: event.event_metadata,
            occurred_at: event.occurred_at,
            content_hash: event.content_hash,
            verifies: intact,
            seal_number: seal.map(|(number, _)| number),
            sealed_at: seal.map(|(_, at)| at),
        }
    }
}

/// Shows an entry with its proof.
#[utoipa::path(
    get, path = "/events/{named}", tag = "Audit trail", operation_id = "get_event",
    params(("named" = String, Path, description = "Its `seq` or its `event_id`")),
    responses((status = 200, description = "Done", body = One<EventRecord>))
)]
pub(super) async fn get(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(named): Path<String>,
) -> ApiResult<Response> {
    let named: Whereabouts = named.parse()?;
    let full = audit::show(&state.engine, &principal, named).await?;
    Ok(object(StatusCode::OK, &EventRecord::new(full, &state.config.base_url())))
}

/// Exports everything that the filter holds.
///
/// If it is cut off, its last line says so and the connection is broken: what a client has then is no whole file.
#[utoipa::path(
    get, path = "/events/export", tag = "Audit trail", operation_id = "export_events",
    params(query::Events, query::EventFile),
    responses((status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"))))
)]
pub(super) async fn export(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let format = match query.one::<String>("format").as_deref() {
        None | Some("" | "ndjson") => Format::Ndjson,
        Some("csv") => Format::Csv,
        Some(_) => {
            query.refuse("format", "must be ndjson or csv".to_owned());
            Format::Ndjson
        }
    };
    let filter = EventFilter::read_what(&mut query);
    query.finish()?;
    let pieces = audit::export(&state.engine, &principal, filter, format).await?;
    let pieces = pieces.flat_map(move |piece| match piece {
        Ok(piece) => stream::once(async { Ok(piece) }).boxed(),
        Err(error) => {
            let sign = cut_off(format, &error.into_problem()).into_bytes();
            let breaks = async {
                // What is not sent yet when the connection breaks is lost.
                tokio::time::sleep(SENT_WITHIN).await;
                Err(io::Error::other("the export was cut off"))
            };
            stream::once(async { Ok(sign) }).chain(stream::once(breaks)).boxed()
        }
    });
    let (kind, name) = match format {
        Format::Ndjson => (ndjson::NDJSON, "attachment; filename=\"events.ndjson\""),
        Format::Csv => (HeaderValue::from_static("text/csv; charset=utf-8"), "attachment; filename=\"events.csv\""),
    };
    let headers = [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, HeaderValue::from_static(name))];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// The last line of a file that is not whole.
fn cut_off(format: Format, problem: &Problem) -> String {
    match format {
        Format::Ndjson => ndjson::line("error", problem),
        Format::Csv => format!("CUT OFF,\"This file is not whole: {}\"\r\n", problem.detail.replace('"', "\"\"")),
    }
}

/// Shows the newest seal, to be kept elsewhere.
#[utoipa::path(
    get, path = "/events/seal", tag = "Audit trail", operation_id = "get_newest_seal",
    responses(
        (status = 200, description = "Done", body = One<Anchor>),
        (status = 404, description = "Nothing is sealed yet"),
    )
)]
pub(super) async fn seal(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    let newest = audit::newest_seal(&state.engine, &principal).await?;
    let newest = newest.ok_or_else(|| {
        Problem::new(domain::problem::Code::NotFound, "Nothing is sealed yet: the trail has no entry.")
    })?;
    Ok(object(StatusCode::OK, &newest))
}

/// What verification found, and whether that is nothing.
#[derive(Serialize, ToSchema)]
struct VerificationRecord {
    /// Whether nothing speaks against the trail.
    whole: bool,
    #[serde(flatten)]
    found: Verification,
}

impl From<Verification> for VerificationRecord {
    fn from(found: Verification) -> Self {
        Self { whole: found.is_whole(), found }
    }
}

/// Verifies the trail: every hash is computed again.
///
/// With `Accept: application/x-ndjson` how far it is comes a few times a second, and last the whole; whoever hangs up ends
/// the reading.
#[utoipa::path(
    get, path = "/events/verify", tag = "Audit trail", operation_id = "verify_events",
    params(query::Verify),
    responses((status = 200, description = "What was found", content((One<VerificationRecord> = "application/json"), (String = "application/x-ndjson"))))
)]
pub(super) async fn verify(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let archives = query.flag("archives").unwrap_or(false);
    let number = query.one::<i64>("against_number");
    let digest = query.one::<Digest>("against_sha256");
    if number.is_some() != digest.is_some() {
        query.refuse("against_sha256", "and against_number belong together: both are of one kept seal".to_owned());
    }
    query.finish()?;
    let ask = Ask { against: number.zip(digest).map(|(number, digest)| Anchor::kept(number, digest)), archives };
    if !ndjson::is_wanted(&headers) {
        let found = audit::verify(&state.engine, &principal, &ask, |_| {}).await?;
        return Ok(object(StatusCode::OK, &VerificationRecord::from(found)));
    }
    Ok(ndjson::answer(async move |lines| {
        let outcome = audit::verify(&state.engine, &principal, &ask, |step| lines.progress(&step)).await;
        lines.end(outcome.map(VerificationRecord::from)).await;
    }))
}
