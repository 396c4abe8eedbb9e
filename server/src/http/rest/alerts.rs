//! Alerts: where they go, what there was, how the messages fared.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::alert::{AlertKind, Format, Says, Severity};
use domain::problem::{Code, Problem};
use engine::alerts::{self, Alert, Delivery, Endpoint};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Strict;
use super::people::Nothing;
use super::{One, idempotent, object};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// Where alerts are sent.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertEndpoint)]
struct EndpointRecord {
    id: Uuid,
    /// What it is called.
    name: String,
    /// Without what is secret in it.
    url: String,
    /// In which form.
    format: Format,
    /// Who added it.
    created_by: String,
    created_at: DateTime<Utc>,
}

impl From<Endpoint> for EndpointRecord {
    fn from(own: Endpoint) -> Self {
        Self {
            id: own.id,
            name: own.name,
            url: own.url,
            format: own.format,
            created_by: own.created_by,
            created_at: own.created_at,
        }
    }
}

/// Something that was found, until it was over.
#[derive(Serialize, ToSchema)]
struct AlertRecord {
    id: Uuid,
    kind: AlertKind,
    severity: Severity,
    /// In a line.
    title: String,
    /// More about it.
    detail: String,
    /// When it was found.
    opened_at: DateTime<Utc>,
    /// When it was over; `null`: it is not.
    closed_at: Option<DateTime<Utc>>,
}

impl From<Alert> for AlertRecord {
    fn from(own: Alert) -> Self {
        Self {
            id: own.id,
            kind: own.kind,
            severity: own.severity,
            title: own.title,
            detail: own.detail,
            opened_at: own.opened_at,
            closed_at: own.closed_at,
        }
    }
}

/// A message about an alert to one place.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertDelivery)]
struct DeliveryRecord {
    id: Uuid,
    /// The place, by its name.
    endpoint: String,
    kind: AlertKind,
    /// What it is about.
    title: String,
    /// Whether the alert was opened or closed.
    says: Says,
    /// How often it was sent.
    attempts: i32,
    created_at: DateTime<Utc>,
    /// When it is sent next; `null`: it is not.
    next_at: Option<DateTime<Utc>>,
    /// When the place took it.
    delivered_at: Option<DateTime<Utc>>,
    /// The status of the last answer (HTTP).
    last_status: Option<i32>,
    /// What went wrong last.
    last_error: Option<String>,
}

impl From<Delivery> for DeliveryRecord {
    fn from(own: Delivery) -> Self {
        Self {
            id: own.id,
            endpoint: own.endpoint,
            kind: own.kind,
            title: own.title,
            says: own.says,
            attempts: own.attempts,
            created_at: own.created_at,
            next_at: own.next_at,
            delivered_at: own.delivered_at,
            last_status: own.last_status,
            last_error: own.last_error,
        }
    }
}

/// Where alerts go, and what was sent.
#[derive(Serialize, ToSchema)]
struct AlertsRecord {
    /// All places.
    endpoints: Vec<EndpointRecord>,
    /// The newest fifty.
    alerts: Vec<AlertRecord>,
    /// The newest fifty messages.
    deliveries: Vec<DeliveryRecord>,
}

/// Shows where alerts go, and the newest fifty alerts and messages.
#[utoipa::path(
    get, path = "/alerts", tag = "Alerts", operation_id = "list_alerts",
    responses((status = 200, description = "Done", body = One<AlertsRecord>))
)]
pub(super) async fn list(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    let found = alerts::show(&state.engine, &principal).await?;
    let record = AlertsRecord {
        endpoints: found.endpoints.into_iter().map(EndpointRecord::from).collect(),
        alerts: found.alerts.into_iter().map(AlertRecord::from).collect(),
        deliveries: found.deliveries.into_iter().map(DeliveryRecord::from).collect(),
    };
    Ok(object(StatusCode::OK, &record))
}

/// A place that alerts are sent to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertEndpointBody)]
pub(super) struct EndpointBody {
    /// What it is called.
    #[schema(pattern = "^[A-Za-z0-9._ -]{1,64}$")]
    name: String,
    /// Public, or allowed by `outbound_allow`.
    url: String,
    /// Left out: `standard`.
    format: Option<Format>,
}

/// A place with its secret, which is shown in the first answer alone.
#[derive(Serialize, ToSchema)]
#[schema(as = NewAlertEndpoint)]
struct Shown<'a> {
    endpoint: &'a EndpointRecord,
    signing_secret: Option<&'a str>,
}

/// Adds a place that alerts are sent to.
///
/// The answer has the secret that messages are signed with; a repetition under the same key has `null` there.
#[utoipa::path(
    post, path = "/alerts/endpoints", tag = "Alerts", operation_id = "add_alert_endpoint",
    params(idempotent::Key),
    request_body = EndpointBody,
    responses((status = 201, description = "Made", body = One<Shown>))
)]
pub(super) async fn add(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<EndpointBody>,
) -> ApiResult<Response> {
    let format = value.format.unwrap_or(Format::Standard);
    idempotent::run(&state, &principal, &headers, "POST /alerts/endpoints", &bytes, async |_| {
        let added = alerts::add(&state.engine, &principal, &value.name, &value.url, format).await?;
        let endpoint = EndpointRecord::from(added.endpoint);
        let shown = Shown { endpoint: &endpoint, signing_secret: Some(added.secret.reveal()) };
        idempotent::shown_once(StatusCode::CREATED, &shown, &Shown { endpoint: &endpoint, signing_secret: None })
    })
    .await
}

/// What it was done with.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertReference)]
struct Done {
    /// Its identifier.
    id: Uuid,
}

/// Removes a place.
#[utoipa::path(
    post, path = "/alerts/endpoints/{id}/remove", tag = "Alerts", operation_id = "remove_alert_endpoint",
    params(("id" = Uuid, Path)),
    request_body = Nothing,
    responses((status = 200, description = "Done", body = One<Done>))
)]
pub(super) async fn remove(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    Strict { .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    let id = parse(&id)?;
    alerts::remove(&state.engine, &principal, id).await?;
    Ok(object(StatusCode::OK, &Done { id }))
}

/// Sends a test message to a place.
#[utoipa::path(
    post, path = "/alerts/endpoints/{id}/test", tag = "Alerts", operation_id = "test_alert_endpoint",
    params(("id" = Uuid, Path)),
    request_body = Nothing,
    responses((status = 202, description = "Begun", body = One<Done>))
)]
pub(super) async fn test(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    Strict { .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    let id = parse(&id)?;
    alerts::test(&state.engine, &principal, id).await?;
    Ok(object(StatusCode::ACCEPTED, &Done { id }))
}

/// Sends a message once more.
#[utoipa::path(
    post, path = "/alerts/deliveries/{id}/replay", tag = "Alerts", operation_id = "replay_alert_delivery",
    params(("id" = Uuid, Path)),
    request_body = Nothing,
    responses((status = 202, description = "Begun", body = One<Done>))
)]
pub(super) async fn replay(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    Strict { .. }: Strict<Nothing>,
) -> ApiResult<Response> {
    let id = parse(&id)?;
    alerts::replay(&state.engine, &principal, id).await?;
    Ok(object(StatusCode::ACCEPTED, &Done { id }))
}

fn parse(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "There is no such thing."))
}
