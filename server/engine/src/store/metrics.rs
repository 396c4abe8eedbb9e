//! The figures, counted from `pending_actions` through its indexes on the times of decision and execution.

use chrono::{DateTime, Utc};
use domain::view::ToolHistory;
use sqlx::PgPool;

/// Whether Postgres knows the time zone.
pub(crate) async fn knows_timezone(pool: &PgPool, timezone: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1) AS "known!""#, timezone)
        .fetch_one(pool)
        .await
}

/// Counts since the day began in the zone.
pub(crate) struct Today {
    pub(crate) day: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) pending: i64,
    pub(crate) approved: i64,
    pub(crate) approved_by_rule: i64,
    pub(crate) approved_by_people: i64,
    pub(crate) rejected: i64,
    pub(crate) rejected_by_people: i64,
    pub(crate) expired: i64,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
}

/// What happened since the day began in `timezone`.
pub(crate) async fn today(pool: &PgPool, timezone: &str) -> sqlx::Result<Today> {
    sqlx::query_as!(
        Today,
        r#"WITH bounds AS (SELECT date_trunc('day', now() AT TIME ZONE $1) AT TIME ZONE $1 AS since),
        decided AS (
            SELECT
                count(*) FILTER (WHERE status IN ('approved', 'executed', 'abandoned')) AS approved,
                count(*) FILTER (WHERE status IN ('approved', 'executed', 'abandoned') AND decided_by LIKE 'rule:%') AS approved_by_rule,
                count(*) FILTER (WHERE status IN ('approved', 'executed', 'abandoned') AND decided_by LIKE 'human:%') AS approved_by_people,
                count(*) FILTER (WHERE status = 'rejected') AS rejected,
                count(*) FILTER (WHERE status = 'rejected' AND decided_by LIKE 'human:%') AS rejected_by_people,
                count(*) FILTER (WHERE status = 'expired') AS expired
            FROM pending_actions, bounds WHERE decided_at >= since
        ), executed AS (
            SELECT count(*) FILTER (WHERE execution_state = 'succeeded') AS succeeded,
                   count(*) FILTER (WHERE execution_state = 'failed') AS failed
            FROM pending_actions, bounds WHERE executed_at >= since
        )
        SELECT to_char(now() AT TIME ZONE $1, 'YYYY-MM-DD') AS "day!", now() AS "now!",
               (SELECT count(*) FROM pending_actions WHERE status = 'pending') AS "pending!",
               approved AS "approved!", approved_by_rule AS "approved_by_rule!", approved_by_people AS "approved_by_people!",
               rejected AS "rejected!", rejected_by_people AS "rejected_by_people!", expired AS "expired!",
               succeeded AS "succeeded!", failed AS "failed!"
        FROM decided, executed"#,
        timezone
    )
    .fetch_one(pool)
    .await
}

/// The figures of the last seven days that health is judged by.
pub(crate) struct Week {
    pub(crate) pending: i64,
    pub(crate) p50_seconds: Option<f64>,
    pub(crate) p95_seconds: Option<f64>,
    pub(crate) by_rule: i64,
    pub(crate) by_people: i64,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
}

/// What happened in the last seven days.
pub(crate) async fn week(pool: &PgPool) -> sqlx::Result<Week> {
    sqlx::query_as!(
        Week,
        r#"WITH decided AS (
            SELECT decided_by, extract(epoch FROM decided_at - requested_at)::float8 AS seconds
            FROM pending_actions
            WHERE decided_at >= now() - interval '7 days'
              AND (status IN ('approved', 'executed', 'abandoned') OR status = 'rejected' AND decided_by LIKE 'human:%')
              AND decided_by ~ '^(human|rule):'
        ), executed AS (
            SELECT count(*) FILTER (WHERE execution_state = 'succeeded') AS succeeded,
                   count(*) FILTER (WHERE execution_state = 'failed') AS failed
            FROM pending_actions WHERE executed_at >= now() - interval '7 days'
        ), summed AS (
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE decided_by LIKE 'human:%') AS p50,
                   percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE decided_by LIKE 'human:%') AS p95,
                   count(*) FILTER (WHERE decided_by LIKE 'rule:%') AS by_rule,
                   count(*) FILTER (WHERE decided_by LIKE 'human:%') AS by_people
            FROM decided
        )
        SELECT (SELECT count(*) FROM pending_actions WHERE status = 'pending') AS "pending!",
               p50 AS "p50_seconds?", p95 AS "p95_seconds?", by_rule AS "by_rule!", by_people AS "by_people!",
               succeeded AS "succeeded!", failed AS "failed!"
        FROM summed, executed"#
    )
    .fetch_one(pool)
    .await
}

/// What became of a tool's calls in the last thirty days.
pub(crate) async fn tool_history(pool: &PgPool, tool: &str) -> sqlx::Result<ToolHistory> {
    sqlx::query_as!(
        ToolHistory,
        r#"SELECT
            count(*) FILTER (WHERE status IN ('approved', 'executed', 'abandoned') AND decided_by LIKE 'human:%') AS "approved_by_people!",
            count(*) FILTER (WHERE status = 'rejected' AND decided_by LIKE 'human:%') AS "rejected_by_people!",
            count(*) FILTER (WHERE status IN ('approved', 'executed', 'abandoned') AND decided_by LIKE 'rule:%') AS "approved_by_rule!",
            count(*) FILTER (WHERE status = 'expired') AS "expired!",
            count(*) FILTER (WHERE execution_state = 'failed') AS "failed!"
           FROM pending_actions WHERE tool_name = $1 AND decided_at >= now() - interval '30 days'"#,
        tool
    )
    .fetch_one(pool)
    .await
}
