//! MCP servers behind the gateway.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use engine::upstreams::Standing;
use serde::Serialize;
use utoipa::ToSchema;

use super::{One, object};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// Where one stands.
#[derive(Serialize, ToSchema)]
struct UpstreamRecord {
    /// As the configuration calls it.
    name: String,
    /// `up` or `down`.
    state: &'static str,
    /// Why it is down.
    why: Option<String>,
    /// Since when it stands so.
    since: DateTime<Utc>,
    /// What it calls itself.
    server: Option<String>,
    /// The revision of the protocol that it speaks.
    protocol: Option<String>,
    /// How many tools it offers.
    tools: i64,
    /// How many of those that are gated nobody has looked at as they are now.
    unreviewed: i64,
    /// Those that are not gated.
    passing: Vec<String>,
}

impl From<Standing> for UpstreamRecord {
    fn from(standing: Standing) -> Self {
        Self {
            name: standing.name,
            state: if standing.down.is_some() { "down" } else { "up" },
            why: standing.down,
            since: standing.since,
            server: standing.server,
            protocol: standing.protocol,
            tools: standing.offered,
            unreviewed: standing.unreviewed,
            passing: standing.passing,
        }
    }
}

/// Lists the MCP servers behind the gateway.
#[utoipa::path(
    get, path = "/upstreams", tag = "Tools", operation_id = "list_upstreams",
    responses((status = 200, description = "Done", body = One<Vec<UpstreamRecord>>))
)]
pub(super) async fn list(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    let (standing, _) = engine::upstreams::standing(&state.engine, &principal).await?;
    let upstreams: Vec<UpstreamRecord> = standing.into_iter().map(UpstreamRecord::from).collect();
    Ok(object(StatusCode::OK, &upstreams))
}
