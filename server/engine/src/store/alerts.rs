//! `alert_endpoints`, `alerts`, `deliveries`.

use chrono::{DateTime, Utc};
use domain::alert::{AlertKind, Format, Says, Severity};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::word;

/// Where messages go. Without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: Uuid,
    pub name: String,
    pub url: String,
    pub format: Format,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
}

/// Something that was wrong, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub id: Uuid,
    pub kind: AlertKind,
    pub severity: Severity,
    pub title: String,
    pub detail: String,
    pub opened_at: DateTime<Utc>,
    /// `None`: it is on.
    pub closed_at: Option<DateTime<Utc>>,
}

/// A message to one place, and how it fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: Uuid,
    pub endpoint: String,
    pub kind: AlertKind,
    pub title: String,
    pub says: Says,
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    /// `None`: it arrived, or was given up.
    pub next_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
}

/// A message that is to be sent now.
pub(crate) struct Due {
    pub(crate) id: Uuid,
    pub(crate) says: Says,
    pub(crate) alert: Alert,
    pub(crate) url: String,
    pub(crate) format: Format,
    pub(crate) secret: String,
}

struct EndpointRecord {
    id: Uuid,
    name: String,
    url: String,
    format: String,
    created_by: String,
    created_at: DateTime<Utc>,
}

/// Adds a place. `false`: another one has its name.
pub(crate) async fn add_endpoint(
    connection: &mut PgConnection,
    (id, name, url): (Uuid, &str, &str),
    format: Format,
    secret: &str,
    by: &str,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "INSERT INTO alert_endpoints (id, name, url, format, secret, created_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        id,
        name,
        url,
        format.as_str(),
        secret,
        by
    )
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Ends a place, and what waits to be sent there. Its name; `None`: there is no such place.
pub(crate) async fn end_endpoint(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query!("UPDATE deliveries SET next_at = NULL WHERE endpoint_id = $1 AND next_at IS NOT NULL", id)
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar!("UPDATE alert_endpoints SET active = false WHERE id = $1 AND active RETURNING name", id)
        .fetch_optional(connection)
        .await
}

/// The places there are, by name.
pub(crate) async fn endpoints(pool: &PgPool) -> sqlx::Result<Vec<Endpoint>> {
    let records = sqlx::query_as!(
        EndpointRecord,
        "SELECT id, name, url, format, created_by, created_at FROM alert_endpoints WHERE active ORDER BY name"
    )
    .fetch_all(pool)
    .await?;
    let endpoint = |record: EndpointRecord| {
        Ok(Endpoint {
            format: word("format", &record.format)?,
            id: record.id,
            name: record.name,
            url: record.url,
            created_by: record.created_by,
            created_at: record.created_at,
        })
    };
    records.into_iter().map(endpoint).collect()
}

struct AlertRecord {
    id: Uuid,
    kind: String,
    severity: String,
    title: String,
    detail: String,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

impl AlertRecord {
    fn into_alert(self) -> sqlx::Result<Alert> {
        Ok(Alert {
            kind: word("kind of alert", &self.kind)?,
            severity: word("severity", &self.severity)?,
            id: self.id,
            title: self.title,
            detail: self.detail,
            opened_at: self.opened_at,
            closed_at: self.closed_at,
        })
    }
}

/// Opens an alert; `closed`: one that is over at once. `false`: one of its kind is open.
pub(crate) async fn open(
    connection: &mut PgConnection,
    id: Uuid,
    (kind, severity): (AlertKind, Severity),
    (title, detail): (&str, &str),
    closed: bool,
) -> sqlx::Result<bool> {
    let opened = sqlx::query!(
        "INSERT INTO alerts (id, kind, severity, title, detail, closed_at)
         VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN now() END) ON CONFLICT DO NOTHING",
        id,
        kind.as_str(),
        severity.as_str(),
        title,
        detail,
        closed
    )
    .execute(connection)
    .await?;
    Ok(opened.rows_affected() == 1)
}

/// Closes what is open of a kind.
pub(crate) async fn close(connection: &mut PgConnection, kind: AlertKind) -> sqlx::Result<Option<Alert>> {
    let record = sqlx::query_as!(
        AlertRecord,
        "UPDATE alerts SET closed_at = now() WHERE kind = $1 AND closed_at IS NULL
         RETURNING id, kind, severity, title, detail, opened_at, closed_at",
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?;
    record.map(AlertRecord::into_alert).transpose()
}

/// The newest alerts, newest first.
pub(crate) async fn newest(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<Alert>> {
    let records = sqlx::query_as!(
        AlertRecord,
        "SELECT id, kind, severity, title, detail, opened_at, closed_at FROM alerts
         ORDER BY opened_at DESC, id DESC LIMIT $1",
        limit
    )
    .fetch_all(pool)
    .await?;
    records.into_iter().map(AlertRecord::into_alert).collect()
}

/// Puts a message about an alert before every place, or before the one named.
pub(crate) async fn address(
    connection: &mut PgConnection,
    alert: Uuid,
    says: Says,
    only: Option<Uuid>,
) -> sqlx::Result<u64> {
    let addressed = sqlx::query!(
        "INSERT INTO deliveries (id, alert_id, endpoint_id, says)
         SELECT gen_random_uuid(), $1, id, $2 FROM alert_endpoints WHERE active AND ($3::uuid IS NULL OR id = $3)",
        alert,
        says.as_str(),
        only
    )
    .execute(connection)
    .await?;
    Ok(addressed.rows_affected())
}

struct DueRecord {
    id: Uuid,
    says: String,
    alert_id: Uuid,
    kind: String,
    severity: String,
    title: String,
    detail: String,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    url: String,
    format: String,
    secret: String,
}

/// Takes up to `limit` messages that are due; nobody else takes them for so many seconds.
pub(crate) async fn take_due(pool: &PgPool, limit: i64, seconds: i32) -> sqlx::Result<Vec<Due>> {
    let records = sqlx::query_as!(
        DueRecord,
        r#"WITH due AS (
            SELECT id FROM deliveries WHERE next_at <= now() ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE deliveries d SET next_at = now() + make_interval(secs => $2::int), attempts = d.attempts + 1
            FROM due WHERE d.id = due.id RETURNING d.id, d.says, d.alert_id, d.endpoint_id
        )
        SELECT t.id, t.says, a.id AS alert_id, a.kind, a.severity, a.title, a.detail, a.opened_at, a.closed_at,
            e.url, e.format, e.secret
        FROM taken t JOIN alerts a ON a.id = t.alert_id JOIN alert_endpoints e ON e.id = t.endpoint_id"#,
        limit,
        seconds
    )
    .fetch_all(pool)
    .await?;
    let due = |record: DueRecord| {
        let alert = AlertRecord {
            id: record.alert_id,
            kind: record.kind,
            severity: record.severity,
            title: record.title,
            detail: record.detail,
            opened_at: record.opened_at,
            closed_at: record.closed_at,
        };
        Ok(Due {
            id: record.id,
            says: word("state of an alert", &record.says)?,
            alert: alert.into_alert()?,
            url: record.url,
            format: word("format", &record.format)?,
            secret: record.secret,
        })
    };
    records.into_iter().map(due).collect()
}

/// Writes down that a message arrived.
pub(crate) async fn delivered(pool: &PgPool, id: Uuid, status: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE deliveries SET delivered_at = now(), next_at = NULL, last_status = $2, last_error = NULL WHERE id = $1",
        id,
        status
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How often a message was tried.
pub(crate) async fn attempts(pool: &PgPool, id: Uuid) -> sqlx::Result<i32> {
    sqlx::query_scalar!("SELECT attempts FROM deliveries WHERE id = $1", id).fetch_one(pool).await
}

/// Writes down that a try failed, and when the next comes; `None`: none does. What was ended meanwhile stays ended.
pub(crate) async fn failed(
    pool: &PgPool,
    id: Uuid,
    (status, error): (Option<i32>, &str),
    next_in_seconds: Option<i32>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE deliveries SET last_status = $2, last_error = $3, next_at = now() + make_interval(secs => $4::int)
         WHERE id = $1 AND delivered_at IS NULL AND next_at IS NOT NULL",
        id,
        status,
        error,
        next_in_seconds
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Sends a message again, from the start; `false`: there is none, or its place has ended.
pub(crate) async fn replay(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<bool> {
    let again = sqlx::query!(
        "UPDATE deliveries d SET next_at = now(), delivered_at = NULL, attempts = 0
         FROM alert_endpoints e WHERE d.id = $1 AND e.id = d.endpoint_id AND e.active",
        id
    )
    .execute(connection)
    .await?;
    Ok(again.rows_affected() == 1)
}

struct DeliveryRecord {
    id: Uuid,
    endpoint: String,
    kind: String,
    title: String,
    says: String,
    attempts: i32,
    created_at: DateTime<Utc>,
    next_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    last_status: Option<i32>,
    last_error: Option<String>,
}

/// The newest messages, newest first.
pub(crate) async fn deliveries(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<Delivery>> {
    let records = sqlx::query_as!(
        DeliveryRecord,
        "SELECT d.id, e.name AS endpoint, a.kind, a.title, d.says, d.attempts, d.created_at, d.next_at, d.delivered_at,
             d.last_status, d.last_error
         FROM deliveries d JOIN alerts a ON a.id = d.alert_id JOIN alert_endpoints e ON e.id = d.endpoint_id
         ORDER BY d.created_at DESC, d.id DESC LIMIT $1",
        limit
    )
    .fetch_all(pool)
    .await?;
    let delivery = |record: DeliveryRecord| {
        Ok(Delivery {
            kind: word("kind of alert", &record.kind)?,
            says: word("state of an alert", &record.says)?,
            id: record.id,
            endpoint: record.endpoint,
            title: record.title,
            attempts: record.attempts,
            created_at: record.created_at,
            next_at: record.next_at,
            delivered_at: record.delivered_at,
            last_status: record.last_status,
            last_error: record.last_error,
        })
    };
    records.into_iter().map(delivery).collect()
}
