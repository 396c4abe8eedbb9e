//! The registry of tools. A tool's name is whatever an agent called it by: in a path every byte of it that is not
//! plain stands percent-encoded, a slash too.

use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::event::Event;
use domain::identity::Principal;
use domain::json::Json;
use domain::problem::Problem;
use domain::query_string::QueryString;
use domain::risk::RiskTier;
use domain::time_text::parse_instant;
use domain::tool::{Executor, Gating, Registered, Runs, Tool};
use domain::tool_filter::ToolFilter;
use engine::gating::BypassEnd;
use engine::registry::{FullTool, ToolSettings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, ReasonBody, Strict, WordsBody};
use super::record::PageMeta;
use super::{One, Page, idempotent, object, page, query};
use crate::http::AppState;
use crate::http::problem::{ApiError, ApiResult};
use crate::http::session::Caller;

/// The tool in the path. Bytes that are no text name nothing.
pub(super) struct ToolName(String);

impl FromRequestParts<AppState> for ToolName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Self(name)).map_err(|_| ApiError(Problem::not_found("tool")))
    }
}

/// How a tool's calls are gated.
#[derive(Serialize, ToSchema)]
struct GatingRecord {
    /// `gated`, `paused`, `blocked` or `open`.
    state: &'static str,
    /// When a bypass ends.
    until: Option<DateTime<Utc>>,
    /// Why it is not gated as usual.
    reason: Option<String>,
    /// A bypass ended by itself at this time, and nobody has changed the gating since.
    bypass_ended: Option<DateTime<Utc>>,
}

impl From<&Tool> for GatingRecord {
    fn from(tool: &Tool) -> Self {
        let until = if let Gating::Open { until, .. } = &tool.gating { Some(*until) } else { None };
        let reason = tool.gating.reason().map(str::to_owned);
        Self { state: tool.gating.as_str(), until, reason, bypass_ended: tool.bypass_ended }
    }
}

/// A tool, and how it stands right now.
#[derive(Serialize, ToSchema)]
struct ToolRecord {
    /// What agents call it by.
    name: String,
    /// How much harm a call may do.
    risk_tier: RiskTier,
    /// How its calls are gated.
    gating: GatingRecord,
    /// Who runs its calls; `null`: nobody yet.
    executor: Option<Executor>,
    /// How long a call may wait; `null`: as is usual here.
    expiry_hours: Option<i32>,
    /// Whether running the same call twice is harmless, by the word of a person.
    idempotent: bool,
    /// Whether a person has looked at it.
    reviewed: bool,
    /// Names of arguments that are critical for this tool beyond the usual ones.
    sensitive_args: Vec<String>,
    /// Names of arguments that are secret for this tool beyond the usual ones.
    secret_args: Vec<String>,
    /// Of the canonical form of its schema (RFC 8785).
    schema_sha256: Option<Digest>,
    /// Counts its changes.
    revision: i64,
    /// The configuration settles it again at every start.
    configured: bool,
    /// Its calls through the gateway pass ungated: the configuration says so.
    passes: bool,
    /// Calls that wait for a decision.
    pending: i64,
    /// Approved calls that wait for a run.
    queued: i64,
    /// Those of them that nobody is set up to run.
    waiting_for_executor: i64,
    /// How its runs of the last hour ended.
    last_hour: Runs,
    /// When it was first seen.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
    /// The console's page for it.
    url: String,
    /// Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Json>)]
    input_schema: Option<Option<Json>>,
    /// What happened to it. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<Event>>,
}

impl ToolRecord {
    fn new(registered: Registered, base: &str) -> Self {
        let waiting_for_executor = registered.waiting_for_executor();
        let passes = registered.passes();
        let Registered { tool, pending, queued, last_hour, configured, created_at, updated_at, .. } = registered;
        Self {
            gating: GatingRecord::from(&tool),
            url: format!("{base}{}", app::tool_page(&tool.name)),
            name: tool.name,
            risk_tier: tool.risk_tier,
            executor: tool.executor,
            expiry_hours: tool.expiry_hours,
            idempotent: tool.idempotent,
            reviewed: tool.reviewed,
            sensitive_args: tool.sensitive_args,
            secret_args: tool.secret_args,
            schema_sha256: tool.schema_sha256,
            revision: tool.revision,
            configured,
            passes,
            pending,
            queued,
            waiting_for_executor,
            last_hour,
            created_at,
            updated_at,
            input_schema: None,
            events: None,
        }
    }

    fn full(full: FullTool, base: &str) -> Self {
        let schema = full.registered.tool.input_schema.clone();
        Self { input_schema: Some(schema), events: Some(full.events), ..Self::new(full.registered, base) }
    }
}

/// Lists tools by name.
#[utoipa::path(
    get, path = "/tools", tag = "Tools", operation_id = "list_tools",
    params(query::Tools, query::Page, query::Skip),
    responses((status = 200, description = "A page of the list", body = Page<ToolRecord>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let filter = ToolFilter::read(&mut query);
    query.finish()?;
    let found = engine::registry::list(&state.engine, &principal, &filter).await?;
    let base = state.config.base_url();
    let meta = PageMeta {
        total: Some(found.total),
        limit: filter.limit.get(),
        has_more: found.next.is_some(),
        next_cursor: found.next,
    };
    let records: Vec<ToolRecord> = found.tools.into_iter().map(|tool| ToolRecord::new(tool, &base)).collect();
    Ok(page(records, meta))
}

/// Shows a tool with its schema and its events.
#[utoipa::path(
    get, path = "/tools/{name}", tag = "Tools", operation_id = "get_tool",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too")),
    responses((status = 200, description = "Done", body = One<ToolRecord>))
)]
pub(super) async fn get(
    State(state): State<AppState>,
    Caller(principal): Caller,
    ToolName(name): ToolName,
) -> ApiResult<Response> {
    Ok(object(StatusCode::OK, &shown(&state, &principal, &name).await?))
}

async fn shown(state: &AppState, principal: &Principal, name: &str) -> ApiResult<ToolRecord> {
    let full = engine::registry::show(&state.engine, principal, name).await?;
    Ok(ToolRecord::full(full, &state.config.base_url()))
}

/// A change was made. Whoever may change tools but not read them is told the new revision and nothing else.
async fn changed(state: &AppState, principal: &Principal, tool: Tool) -> ApiResult<Response> {
    let change = if principal.may(domain::identity::Scope::ActionsRead) {
        ToolChange::Shown(Box::new(shown(state, principal, &tool.name).await?))
    } else {
        ToolChange::Told(Changed { name: tool.name, revision: tool.revision })
    };
    Ok(object(StatusCode::OK, &change))
}

/// A tool after a change.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum ToolChange {
    Shown(Box<ToolRecord>),
    Told(Changed),
}

/// A tool after a change, for who may not read tools.
#[derive(Serialize, ToSchema)]
#[schema(as = ToolRevision)]
#[serde(deny_unknown_fields)]
struct Changed {
    /// The tool.
    name: String,
    /// Counts its changes.
    revision: i64,
}

/// What holds for a tool. Only members that are given change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ToolSettings)]
pub(super) struct SettingsBody {
    /// The one that was looked at: where it is another by now, nothing changes.
    revision: Option<i64>,
    /// How much harm a call may do.
    risk_tier: Option<RiskTier>,
    /// How long a call may wait; `null`: as is usual here.
    #[serde(default, deserialize_with = "body::there")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 8760)]
    expiry_hours: Option<Option<i64>>,
    /// Whether running the same call twice is harmless, by the word of a person.
    idempotent: Option<bool>,
    /// Whether a person has looked at it.
    reviewed: Option<bool>,
    /// Names of arguments that are critical for this tool beyond the usual ones.
    sensitive_args: Option<Vec<String>>,
    /// Names of arguments that are secret for this tool beyond the usual ones.
    secret_args: Option<Vec<String>>,
    /// Who runs its calls; `null`: nobody.
    #[serde(default, deserialize_with = "body::there")]
    #[schema(value_type = Option<Executor>)]
    executor: Option<Option<Executor>>,
    /// The JSON Schema that its arguments must fit; `null`: none.
    #[serde(default, deserialize_with = "body::there")]
    #[schema(value_type = Option<Json>)]
    input_schema: Option<Option<Json>>,
    /// Why, for the trail.
    reason: Option<String>,
}

/// Settles what holds for a tool: only members that are given change.
#[utoipa::path(
    put, path = "/tools/{name}", tag = "Tools", operation_id = "set_tool",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too")),
    request_body = SettingsBody,
    responses((status = 200, description = "The tool, or for who may not read tools its name and revision", body = One<ToolChange>))
)]
pub(super) async fn put(
    State(state): State<AppState>,
    Caller(principal): Caller,
    ToolName(name): ToolName,
    Strict { value, .. }: Strict<SettingsBody>,
) -> ApiResult<Response> {
    let settings = ToolSettings {
        revision: value.revision,
        risk_tier: value.risk_tier,
        expiry_hours: value.expiry_hours,
        idempotent: value.idempotent,
        reviewed: value.reviewed,
        sensitive_args: value.sensitive_args,
        secret_args: value.secret_args,
        executor: value.executor,
        input_schema: value.input_schema,
        reason: value.reason,
    };
    let tool = engine::registry::settle(&state.engine, &principal, &name, settings).await?;
    changed(&state, &principal, tool).await
}

/// Pauses a tool: every call waits for a person, whatever rules say.
#[utoipa::path(
    post, path = "/tools/{name}/pause", tag = "Tools", operation_id = "pause_tool",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too"), idempotent::Key),
    request_body = ReasonBody,
    responses((status = 200, description = "The tool, or for who may not read tools its name and revision", body = One<ToolChange>))
)]
pub(super) async fn pause(
    State(state): State<AppState>,
    Caller(principal): Caller,
    ToolName(name): ToolName,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ReasonBody>,
) -> ApiResult<Response> {
    let reason = value.reason.unwrap_or_default();
    gated(&state, &principal, &headers, "pause", &name, &bytes, async || {
        Ok(engine::gating::pause(&state.engine, &principal, &name, &reason).await?)
    })
    .await
}

/// Blocks a tool: every call is refused.
#[utoipa::path(
    post, path = "/tools/{name}/block", tag = "Tools", operation_id = "block_tool",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too"), idempotent::Key),
    request_body = ReasonBody,
    responses((status = 200, description = "The tool, or for who may not read tools its name and revision", body = One<ToolChange>))
)]
pub(super) async fn block(
    State(state): State<AppState>,
    Caller(principal): Caller,
    ToolName(name): ToolName,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ReasonBody>,
) -> ApiResult<Response> {
    let reason = value.reason.unwrap_or_default();
    gated(&state, &principal, &headers, "block", &name, &bytes, async || {
        Ok(engine::gating::block(&state.engine, &principal, &name, &reason).await?)
    })
    .await
}

/// Gates a tool as usual again.
#[utoipa::path(
    post, path = "/tools/{name}/resume", tag = "Tools", operation_id = "resume_tool",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too"), idempotent::Key),
    request_body = WordsBody,
    responses((status = 200, description = "The tool, or for who may not read tools its name and revision", body = One<ToolChange>))
)]
pub(super) async fn resume(
    State(state): State<AppState>,
    Caller(principal): Caller,
    ToolName(name): ToolName,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<WordsBody>,
) -> ApiResult<Response> {
    gated(&state, &principal, &headers, "resume", &name, &bytes, async || {
        Ok(engine::gating::resume(&state.engine, &principal, &name, value.reason.as_deref()).await?)
    })
    .await
}

/// For how long the calls of a tool pass ungated, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BypassBody {
    /// This, or `until`.
    #[schema(minimum = 1, maximum = 24)]
    hours: Option<i64>,
    /// Not more than a day from now.
    #[schema(value_type = Option<DateTime<Utc>>)]
    until: Option<String>,
    /// For the trail.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 4000)]
    reason: Option<String>,
}

impl BypassBody {
    fn end(&self) -> Result<BypassEnd, Problem> {
        match (self.hours, &self.until) {
            (Some(hours), None) => Ok(BypassEnd::Hours(hours)),
            (None, Some(until)) => {
                parse_instant(until).map(BypassEnd::At).map_err(|words| Problem::invalid("/until", words))
            }
            (None, None) => Err(Problem::invalid("/hours", "is missing: say hours, or until when")),
            (Some(_), Some(_)) => Err(Problem::invalid("/until", "contradicts hours: say one of them")),
        }
    }
}

/// Lets every call of a tool pass for a while. Each is noted.
#[utoipa::path(
    post, path = "/tools/{name}/bypass", tag = "Tools", operation_id = "bypass_tool",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too"), idempotent::Key),
    request_body = BypassBody,
    responses((status = 200, description = "The tool, or for who may not read tools its name and revision", body = One<ToolChange>))
)]
pub(super) async fn bypass(
    State(state): State<AppState>,
    Caller(principal): Caller,
    ToolName(name): ToolName,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<BypassBody>,
) -> ApiResult<Response> {
    let (end, reason) = (value.end()?, value.reason.unwrap_or_default());
    gated(&state, &principal, &headers, "bypass", &name, &bytes, async || {
        Ok(engine::gating::bypass(&state.engine, &principal, &name, end, &reason).await?)
    })
    .await
}

async fn gated(
    state: &AppState,
    principal: &Principal,
    headers: &HeaderMap,
    verb: &str,
    name: &str,
    body: &[u8],
    change: impl AsyncFnOnce() -> Result<Tool, ApiError>,
) -> ApiResult<Response> {
    let route = format!("POST /tools/{name}/{verb}");
    idempotent::run(state, principal, headers, &route, body, async |_| changed(state, principal, change().await?).await)
        .await
}
