//! Figures that are counted as they are asked for, each through an index. Those of days: [`super::metric_spans`].

use chrono::{DateTime, NaiveDate, Utc};
use domain::metrics::{RuleChanges, Window};
use domain::view::ToolHistory;
use sqlx::PgPool;
use uuid::Uuid;

/// Whether Postgres knows the time zone.
pub(crate) async fn knows_timezone(pool: &PgPool, timezone: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1) AS "known!""#, timezone)
        .fetch_one(pool)
        .await
}

/// How many actions wait.
pub(crate) async fn pending(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM pending_actions WHERE status = 'pending'"#)
        .fetch_one(pool)
        .await
}

/// How many actions wait, by tool.
pub(crate) async fn pending_by_tool(pool: &PgPool) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT tool_name, count(*) AS "count!" FROM pending_actions WHERE status = 'pending' GROUP BY tool_name"#
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tool_name, row.count)).collect())
}

/// Runs of the last hour that succeeded, and that failed.
pub(crate) async fn last_hour(pool: &PgPool) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE execution_state = 'succeeded') AS "succeeded!",
               count(*) FILTER (WHERE execution_state = 'failed') AS "failed!"
           FROM pending_actions WHERE executed_at >= now() - interval '1 hour'"#
    )
    .fetch_one(pool)
    .await?;
    Ok((row.succeeded, row.failed))
}

/// Whether anybody has ever made a rule that lets calls pass.
pub(crate) async fn rules_allow(pool: &PgPool) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM approval_rules WHERE effect = 'allow') AS "any!""#)
        .fetch_one(pool)
        .await
}

/// Rules made and revoked in a window.
pub(crate) async fn rule_changes(pool: &PgPool, window: Window) -> sqlx::Result<RuleChanges> {
    sqlx::query_as!(
        RuleChanges,
        r#"SELECT (SELECT count(*) FROM approval_rules WHERE created_at >= $1 AND created_at < $2) AS "created!",
               (SELECT count(*) FROM approval_rules WHERE revoked_at >= $1 AND revoked_at < $2) AS "revoked!""#,
        window.start,
        window.end
    )
    .fetch_one(pool)
    .await
}

/// What is told of a rule beside how often it decided.
pub(crate) struct NamedRule {
    pub(crate) id: Uuid,
    pub(crate) description: String,
    pub(crate) use_count: i64,
    pub(crate) max_uses: Option<i64>,
    pub(crate) active: bool,
}

/// Rules by their ids.
pub(crate) async fn named_rules(pool: &PgPool, ids: &[Uuid]) -> sqlx::Result<Vec<NamedRule>> {
    sqlx::query_as!(
        NamedRule,
        r#"SELECT id, description, use_count, max_uses, (active AND (expires_at IS NULL OR expires_at > now())) AS "active!"
           FROM approval_rules WHERE id = ANY($1)"#,
        ids
    )
    .fetch_all(pool)
    .await
}

/// How many rules may decide, by tool.
pub(crate) async fn active_rules(pool: &PgPool, tools: &[String]) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT tool_name, count(*) AS "count!" FROM approval_rules
           WHERE tool_name = ANY($1) AND active AND (expires_at IS NULL OR expires_at > now()) GROUP BY tool_name"#,
        tools
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tool_name, row.count)).collect())
}

/// Failed runs of one tool with one error.
pub(crate) struct Failures {
    pub(crate) tool_name: String,
    pub(crate) error: String,
    pub(crate) count: i64,
    pub(crate) latest: DateTime<Utc>,
}

/// The most frequent failures of a window, by tool and error.
pub(crate) async fn failures(pool: &PgPool, window: Window, most: i64) -> sqlx::Result<Vec<Failures>> {
    sqlx::query_as!(
        Failures,
        r#"SELECT tool_name, failed_with(execution_result) AS "error!", count(*) AS "count!",
               max(executed_at) AS "latest!"
           FROM pending_actions WHERE execution_state = 'failed' AND executed_at >= $1 AND executed_at < $2
           GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC, 1, 2 LIMIT $3"#,
        window.start,
        window.end,
        most
    )
    .fetch_all(pool)
    .await
}

/// A tool whose runs fail, and how its calls are treated meanwhile.
pub(crate) struct Failing {
    pub(crate) tool_name: String,
    pub(crate) failed: i64,
    pub(crate) gating: String,
    pub(crate) waiting: i64,
}

/// The tools whose runs failed most within the hour.
pub(crate) async fn failing_tools(pool: &PgPool, most: i64) -> sqlx::Result<Vec<Failing>> {
    sqlx::query_as!(
        Failing,
        r#"SELECT failing.tool_name, failed AS "failed!",
               CASE WHEN t.open_until <= now() THEN 'gated' ELSE t.gating END AS "gating!",
               (SELECT count(*) FROM pending_actions a WHERE a.tool_name = failing.tool_name AND a.status = 'pending')
                   AS "waiting!"
           FROM (SELECT tool_name, count(*) AS failed FROM pending_actions
                 WHERE execution_state = 'failed' AND executed_at >= now() - interval '1 hour'
                 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $1) failing
           JOIN tools t ON t.name = failing.tool_name ORDER BY 2 DESC, 1"#,
        most
    )
    .fetch_all(pool)
    .await
}

/// The first day of a zone from which on the retention has taken no action; `None`: it has never taken any.
pub(crate) async fn rows_since(pool: &PgPool, timezone: &str) -> sqlx::Result<Option<NaiveDate>> {
    sqlx::query_scalar!(
        r#"SELECT (max(greatest(decided_before, executed_before)) AT TIME ZONE $1)::date + 1 AS "day"
           FROM retention_runs WHERE actions_purged > 0"#,
        timezone
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
