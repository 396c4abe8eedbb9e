//! `upstreams`, `upstream_tools`, `unanswered_calls`: MCP servers behind the gateway, what they offer, and calls whose
//! outcome nobody has been told.

use chrono::{DateTime, Utc};
use domain::id::ActionId;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

/// Where an upstream stands.
pub(crate) struct Standing {
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) why: Option<String>,
    pub(crate) server: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) changed_at: DateTime<Utc>,
    pub(crate) offered: i64,
    pub(crate) unreviewed: i64,
    pub(crate) passing: Vec<String>,
}

/// Writes where an upstream stands; what it stands at since is kept while that stays the same.
pub(crate) async fn write_standing(
    pool: &PgPool,
    name: &str,
    why: Option<&str>,
    server: Option<&str>,
    protocol: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO upstreams AS u (name, state, why, server, protocol)
         VALUES ($1, CASE WHEN $2::text IS NULL THEN 'up' ELSE 'down' END, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET state = EXCLUDED.state, why = EXCLUDED.why,
             server = coalesce(EXCLUDED.server, u.server), protocol = coalesce(EXCLUDED.protocol, u.protocol),
             changed_at = CASE WHEN u.state = EXCLUDED.state THEN u.changed_at ELSE now() END",
        name,
        why,
        server,
        protocol
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Where the named upstreams stand, with what they offer and what of it passes.
pub(crate) async fn standing(pool: &PgPool) -> sqlx::Result<Vec<Standing>> {
    sqlx::query_as!(
        Standing,
        r#"SELECT name, state, why, server, protocol, changed_at,
               (SELECT count(*) FROM upstream_tools t WHERE t.upstream = u.name AND t.offered) AS "offered!",
               (SELECT count(*) FROM upstream_tools t JOIN tools own ON own.name = t.tool_name
                WHERE t.upstream = u.name AND t.offered AND NOT t.passes AND NOT own.reviewed) AS "unreviewed!",
               ARRAY(SELECT t.tool_name FROM upstream_tools t WHERE t.upstream = u.name AND t.offered AND t.passes
                     ORDER BY t.tool_name) AS "passing!"
           FROM upstreams u ORDER BY name"#
    )
    .fetch_all(pool)
    .await
}

/// A tool of an upstream, as it was last listed.
#[derive(PartialEq, Eq)]
pub(crate) struct OfferedTool {
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) passes: bool,
    pub(crate) offered: bool,
}

/// What an upstream was last seen to offer, or once did.
pub(crate) async fn tools(pool: &PgPool, upstream: &str) -> sqlx::Result<Vec<OfferedTool>> {
    sqlx::query_as!(
        OfferedTool,
        "SELECT name, definition, passes, offered FROM upstream_tools WHERE upstream = $1",
        upstream
    )
    .fetch_all(pool)
    .await
}

/// Writes what is offered under one of our tools, and that the upstream runs it, if nobody else does.
pub(crate) async fn write_tool(pool: &PgPool, tool_name: &str, upstream: &str, tool: &OfferedTool) -> sqlx::Result<()> {
    let mut transaction = super::begin(pool).await?;
    sqlx::query!(
        "INSERT INTO upstream_tools (tool_name, upstream, name, definition, passes, offered)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tool_name) DO UPDATE SET definition = EXCLUDED.definition, passes = EXCLUDED.passes,
             offered = EXCLUDED.offered, seen_at = now()",
        tool_name,
        upstream,
        tool.name,
        tool.definition,
        tool.passes,
        tool.offered
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "UPDATE tools SET executor_config = jsonb_build_object('upstream', $2::text), revision = revision + 1
         WHERE name = $1 AND executor = 'mcp' AND executor_config IS DISTINCT FROM jsonb_build_object('upstream', $2::text)",
        tool_name,
        upstream
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// The action that a call belongs to: the one that is not answered yet under the key, or `id`, which is noted.
pub(crate) async fn hold(
    pool: &PgPool,
    agent: &str,
    key: &str,
    id: ActionId,
    (request_id, seconds): (&str, f64),
) -> sqlx::Result<ActionId> {
    let held = sqlx::query_scalar!(
        "INSERT INTO unanswered_calls (action_id, agent_id, call_key, request_id, held_until)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
         ON CONFLICT (agent_id, call_key) DO UPDATE SET request_id = EXCLUDED.request_id, held_until = EXCLUDED.held_until
         RETURNING action_id",
        id.0,
        agent,
        key,
        request_id,
        seconds
    )
    .fetch_one(pool)
    .await?;
    Ok(ActionId(held))
}

/// The actions for which a request of that number is held now.
pub(crate) async fn held(pool: &PgPool, agent: &str, request_id: &str) -> sqlx::Result<Vec<ActionId>> {
    let held = sqlx::query_scalar!(
        "SELECT action_id FROM unanswered_calls WHERE agent_id = $1 AND request_id = $2 AND held_until > now()",
        agent,
        request_id
    )
    .fetch_all(pool)
    .await?;
    Ok(held.into_iter().map(ActionId).collect())
}

/// Notes that the agent has been told.
pub(crate) async fn answered(executor: impl PgExecutor<'_>, id: ActionId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM unanswered_calls WHERE action_id = $1", id.0).execute(executor).await?;
    Ok(())
}

/// Forgets calls that are over for `days` and that nobody came back for.
pub(crate) async fn forget_unanswered(pool: &PgPool, days: i32) -> sqlx::Result<u64> {
    let forgotten = sqlx::query!(
        "DELETE FROM unanswered_calls u WHERE u.created_at < now() - make_interval(days => $1) AND NOT EXISTS (
             SELECT FROM pending_actions a WHERE a.id = u.action_id AND a.status IN ('pending', 'approved'))",
        days
    )
    .execute(pool)
    .await?;
    Ok(forgotten.rows_affected())
}

/// An approved call of an upstream's tool that nobody runs.
pub(crate) struct Due {
    pub(crate) id: Uuid,
    pub(crate) upstream: String,
}

/// Approved calls of these upstreams that have waited for so many seconds: whoever waits for the outcome has had the time to
/// make the call itself.
pub(crate) async fn due(pool: &PgPool, upstreams: &[String], seconds: i32) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"SELECT a.id, u.upstream FROM upstream_tools u JOIN tools t ON t.name = u.tool_name
           JOIN pending_actions a ON a.tool_name = u.tool_name
           WHERE u.upstream = ANY($1) AND t.executor = 'mcp' AND a.status = 'approved' AND a.execution_state = 'queued'
             AND a.decided_at <= now() - make_interval(secs => $2)
           ORDER BY a.decided_at, a.id LIMIT 100"#,
        upstreams,
        f64::from(seconds)
    )
    .fetch_all(pool)
    .await
}

/// The name under which an upstream knows one of our tools.
pub(crate) async fn name_there(executor: impl PgExecutor<'_>, tool_name: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT name FROM upstream_tools WHERE tool_name = $1", tool_name)
        .fetch_optional(executor)
        .await
}
