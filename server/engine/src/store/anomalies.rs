//! What is usual for a tool, a session and an agent, beside calls that wait.

use domain::id::ActionId;
use sqlx::PgPool;
use uuid::Uuid;

/// How a waiting call compares with what came before it.
pub(crate) struct Comparison {
    pub(crate) id: ActionId,
    /// It reaches somebody whom no approved call of its tool has reached.
    pub(crate) new_recipient: bool,
    /// Calls of its session in the ten minutes up to it.
    pub(crate) of_session: i64,
    /// How many such calls ten minutes usually saw before, of those that saw any; only looked up where there are many now.
    pub(crate) usual: Option<f64>,
    /// Of its agent's last thousand calls: those of its tool but for itself, and all.
    pub(crate) of_tool: i64,
    pub(crate) of_agent: i64,
}

/// Compares those of `ids` that wait. `many`: so many calls in ten minutes make one look at the session's history.
pub(crate) async fn compare(pool: &PgPool, ids: &[ActionId], many: i64) -> sqlx::Result<Vec<Comparison>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let records = sqlx::query!(
        r#"WITH asked AS MATERIALIZED (
            SELECT id, tool_name, session_id, agent_id, requested_at, recipients FROM pending_actions
            WHERE id = ANY($1) AND status = 'pending'
        ), habits AS (
            SELECT agent_id, tool_name, count(*) AS calls
            FROM (SELECT DISTINCT agent_id FROM asked) agents
            CROSS JOIN LATERAL (
                SELECT p.tool_name FROM pending_actions p WHERE p.agent_id = agents.agent_id
                ORDER BY p.requested_at DESC, p.id DESC LIMIT 1000) newest
            GROUP BY agent_id, tool_name
        ), totals AS (
            SELECT agent_id, sum(calls)::bigint AS calls FROM habits GROUP BY agent_id
        ), counted AS (
            SELECT a.*, (
                SELECT count(*) FROM (
                    SELECT FROM pending_actions s WHERE s.session_id = a.session_id
                        AND s.requested_at > a.requested_at - interval '10 minutes' AND s.requested_at <= a.requested_at
                    LIMIT 1000) near) AS of_session
            FROM asked a
        )
        SELECT c.id, c.of_session AS "of_session!",
            EXISTS (
                SELECT FROM unnest(c.recipients) AS reached WHERE NOT EXISTS (
                    SELECT FROM known_recipients k WHERE k.tool_name = c.tool_name AND k.recipient_sha256 = reached)
            ) AS "new_recipient!",
            CASE WHEN c.of_session > $2 THEN (
                SELECT count(*)::float8 / nullif(count(DISTINCT floor(extract(epoch FROM before.requested_at) / 600)), 0)
                FROM (
                    SELECT s.requested_at FROM pending_actions s WHERE s.session_id = c.session_id
                        AND s.requested_at <= c.requested_at - interval '10 minutes'
                    ORDER BY s.requested_at DESC LIMIT 1000) before
            ) END AS usual,
            coalesce((SELECT h.calls FROM habits h WHERE h.agent_id = c.agent_id AND h.tool_name = c.tool_name), 1) - 1 AS "of_tool!",
            coalesce((SELECT t.calls FROM totals t WHERE t.agent_id = c.agent_id), 0) AS "of_agent!"
        FROM counted c"#,
        &ids,
        many
    )
    .fetch_all(pool)
    .await?;
    let comparison = records.into_iter().map(|record| Comparison {
        id: ActionId(record.id),
        new_recipient: record.new_recipient,
        of_session: record.of_session,
        usual: record.usual,
        of_tool: record.of_tool,
        of_agent: record.of_agent,
    });
    Ok(comparison.collect())
}
