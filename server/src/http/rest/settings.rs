//! What holds in this installation, and the database beneath it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::problem::Problem;
use domain::risk::RiskTier;
use domain::time_text::parse_instant;
use engine::settings::{Change, DefaultExpiry, Setting, Settings};
use engine::upkeep;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, Strict};
use super::people::Nothing;
use super::{One, idempotent, object};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// A setting of the installation.
#[derive(Serialize, ToSchema)]
struct SettingRecord<T> {
    /// What holds now.
    value: T,
    /// What the configuration says.
    configured: T,
    /// Who settled something else.
    settled_by: Option<String>,
    /// When they did.
    settled_at: Option<DateTime<Utc>>,
    /// Until when it holds; `null`: for good.
    until: Option<DateTime<Utc>>,
}

impl<T> From<Setting<T>> for SettingRecord<T> {
    fn from(own: Setting<T>) -> Self {
        let until = own.settled.as_ref().and_then(|by| by.until);
        let (settled_by, settled_at) = own.settled.map(|by| (by.by, by.at)).unzip();
        Self { value: own.value, configured: own.configured, settled_by, settled_at, until }
    }
}

/// What holds in this installation.
#[derive(Serialize, ToSchema)]
struct SettingsRecord {
    /// How long a call may wait where its tool says nothing.
    default_expiry_hours: SettingRecord<i64>,
    /// The risk of a tool that nobody has settled.
    default_risk_tier: SettingRecord<RiskTier>,
    /// The zone that days are counted in, as an IANA name.
    timezone: String,
}

fn answer(settings: Settings) -> Response {
    let record = SettingsRecord {
        default_expiry_hours: settings.default_expiry_hours.into(),
        default_risk_tier: settings.default_risk_tier.into(),
        timezone: settings.timezone,
    };
    object(StatusCode::OK, &record)
}

/// Shows what holds in this installation.
#[utoipa::path(
    get, path = "/settings", tag = "Settings", operation_id = "get_settings",
    responses((status = 200, description = "Done", body = One<SettingsRecord>))
)]
pub(super) async fn get(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    Ok(answer(engine::settings::show(&state.engine, &principal).await?))
}

/// What is given changes; `null`: back to what the configuration says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsBody {
    /// How long a call may wait where its tool says nothing.
    #[serde(default, deserialize_with = "body::there")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 8760)]
    default_expiry_hours: Option<Option<i64>>,
    /// Until when `default_expiry_hours` holds.
    #[schema(value_type = Option<DateTime<Utc>>)]
    until: Option<String>,
    /// The risk of a tool that nobody has settled.
    #[serde(default, deserialize_with = "body::there")]
    #[schema(value_type = Option<RiskTier>)]
    default_risk_tier: Option<Option<RiskTier>>,
    /// Why, for the trail.
    reason: Option<String>,
}

/// Changes what holds in this installation: what is given changes; `null`: back to what the configuration says.
#[utoipa::path(
    put, path = "/settings", tag = "Settings", operation_id = "change_settings",
    request_body = SettingsBody,
    responses((status = 200, description = "Done", body = One<SettingsRecord>))
)]
pub(super) async fn put(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Strict { value, .. }: Strict<SettingsBody>,
) -> ApiResult<Response> {
    let until = value.until.as_deref().map(parse_instant).transpose();
    let until = until.map_err(|message| Problem::invalid("/until", message))?;
    let hours = value.default_expiry_hours;
    if until.is_some() && !matches!(hours, Some(Some(_))) {
        return Err(Problem::invalid("/until", "is the end of default_expiry_hours, which is not given").into());
    }
    let change = Change {
        default_expiry: hours.map(|hours| hours.map(|hours| DefaultExpiry { hours, until })),
        default_risk_tier: value.default_risk_tier,
    };
    Ok(answer(engine::settings::change(&state.engine, &principal, change, value.reason.as_deref()).await?))
}

/// A table of the database.
#[derive(Serialize, ToSchema)]
struct TableRecord {
    /// The table.
    name: String,
    /// With its indexes and what is stored beside it.
    total_bytes: i64,
    /// The rows alone.
    table_bytes: i64,
    /// The indexes alone.
    index_bytes: i64,
    /// By PostgreSQL's statistics.
    rows_estimated: i64,
    /// Rows that are gone and take room until the next vacuum.
    dead_rows: i64,
    /// When it was last vacuumed, if it ever was.
    last_vacuum: Option<DateTime<Utc>>,
    /// When statistics of it were last taken.
    last_analyze: Option<DateTime<Utc>>,
    /// One is under way.
    being_vacuumed: bool,
}

/// An index of the database.
#[derive(Serialize, ToSchema)]
struct IndexRecord {
    /// The index.
    name: String,
    /// Its table.
    table: String,
    /// How often it was used since statistics are kept.
    scans: i64,
    /// Its size.
    bytes: i64,
}

/// How large the database is.
#[derive(Serialize, ToSchema)]
struct DatabaseRecord {
    /// All of it.
    bytes: i64,
    /// The server's version.
    postgres_version: String,
    /// The newest change of the schema that was made.
    migration: Option<i64>,
    /// The largest first.
    tables: Vec<TableRecord>,
    /// The least used first.
    indexes: Vec<IndexRecord>,
}

/// Shows the sizes of the tables and indexes of the database.
#[utoipa::path(
    get, path = "/database", tag = "Settings", operation_id = "get_database",
    responses((status = 200, description = "Done", body = One<DatabaseRecord>))
)]
pub(super) async fn database(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    let found = upkeep::show(&state.engine, &principal).await?;
    let tables = found.tables.into_iter().map(|table| TableRecord {
        name: table.name,
        total_bytes: table.total_bytes,
        table_bytes: table.table_bytes,
        index_bytes: table.index_bytes,
        rows_estimated: table.rows,
        dead_rows: table.dead_rows,
        last_vacuum: table.last_vacuum,
        last_analyze: table.last_analyze,
        being_vacuumed: table.being_vacuumed,
    });
    let indexes = found.indexes.into_iter().map(|index| IndexRecord {
        name: index.name,
        table: index.table,
        scans: index.scans,
        bytes: index.bytes,
    });
    let record = DatabaseRecord {
        bytes: found.bytes,
        postgres_version: found.version,
        migration: found.migration,
        tables: tables.collect(),
        indexes: indexes.collect(),
    };
    Ok(object(StatusCode::OK, &record))
}

/// A vacuum that was begun.
#[derive(Serialize, ToSchema)]
#[schema(as = VacuumStarted)]
struct Started {
    /// Always `true`.
    started: bool,
}

/// Begins to vacuum the database, and does not wait for the end.
#[utoipa::path(
    post, path = "/database/vacuum", tag = "Settings", operation_id = "vacuum_database",
    params(idempotent::Key),
    request_body = Nothing,
    responses((status = 202, description = "Begun", body = One<Started>))
)]
pub(super) async fn vacuum(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { bytes, .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    idempotent::run(&state, &principal, &headers, "POST /database/vacuum", &bytes, async |_| {
        upkeep::vacuum(&state.engine, &principal).await?;
        Ok(object(StatusCode::ACCEPTED, &Started { started: true }))
    })
    .await
}
