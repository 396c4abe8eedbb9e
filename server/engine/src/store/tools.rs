//! `tools`: the registry.

use chrono::{DateTime, Utc};
use domain::json::Json;
use domain::risk::RiskTier;
use domain::tool::{Executor, Gating, Registered, Runs, Tool};
use domain::tool_filter::ToolFilter;
use sqlx::{PgConnection, PgExecutor, PgPool};

use super::{corrupt, maybe_word, word};

struct ToolRecord {
    name: String,
    risk_tier: String,
    gating: String,
    gating_reason: Option<String>,
    open_until: Option<DateTime<Utc>>,
    open_now: bool,
    executor: Option<String>,
    expiry_hours: Option<i32>,
    idempotent: bool,
    reviewed: bool,
    sensitive_args: Vec<String>,
    secret_args: Vec<String>,
    input_schema: Option<String>,
    schema_sha256: Option<String>,
    revision: i64,
    rules_version: i64,
}

/// `select_tools!("... rest of the statement", arguments)`: a checked query of whole tools.
macro_rules! select_tools {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ToolRecord,
            r#"SELECT name, risk_tier, gating, gating_reason, open_until,
                coalesce(open_until > now(), false) AS "open_now!", executor, expiry_hours, idempotent, reviewed,
                sensitive_args, secret_args, coalesce(input_schema_text, input_schema::text) AS "input_schema?",
                schema_sha256, revision, rules_version
            FROM tools "# + $rest
            $(, $argument)*
        )
    };
}

impl ToolRecord {
    fn into_tool(self) -> sqlx::Result<Tool> {
        let mut bypass_ended = None;
        let gating = match (self.gating.as_str(), self.open_until) {
            ("gated", _) => Gating::Gated,
            ("open", Some(until)) if self.open_now => {
                Gating::Open { until, reason: self.gating_reason.unwrap_or_default() }
            }
            // A bypass that has run out is no bypass, whether or not anybody cleared it away.
            ("open", until) => {
                bypass_ended = until;
                Gating::Gated
            }
            ("paused", _) => Gating::Paused { reason: self.gating_reason },
            ("blocked", _) => Gating::Blocked { reason: self.gating_reason },
            (other, _) => return Err(corrupt("gating", other)),
        };
        let schema = self.input_schema.as_deref().map(Json::parse_str);
        Ok(Tool {
            risk_tier: word("risk tier", &self.risk_tier)?,
            gating,
            bypass_ended,
            executor: maybe_word("executor", self.executor.as_deref())?,
            name: self.name,
            expiry_hours: self.expiry_hours,
            idempotent: self.idempotent,
            reviewed: self.reviewed,
            sensitive_args: self.sensitive_args,
            secret_args: self.secret_args,
            input_schema: schema.transpose().map_err(|error| corrupt("input schema", error))?,
            schema_sha256: maybe_word("digest", self.schema_sha256.as_deref())?,
            revision: self.revision,
            rules_version: self.rules_version,
        })
    }
}

/// A tool by its name.
pub(crate) async fn find(executor: impl PgExecutor<'_>, name: &str) -> sqlx::Result<Option<Tool>> {
    let record = select_tools!("WHERE name = $1", name).fetch_optional(executor).await?;
    record.map(ToolRecord::into_tool).transpose()
}

/// A tool by its name, which nobody changes until the transaction ends; others may read it so, too.
pub(crate) async fn find_held(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Tool>> {
    let record = select_tools!("WHERE name = $1 FOR SHARE", name).fetch_optional(connection).await?;
    record.map(ToolRecord::into_tool).transpose()
}

/// A tool by its name, kept from changing until the transaction ends.
pub(crate) async fn find_locked(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Tool>> {
    let record = select_tools!("WHERE name = $1 FOR UPDATE", name).fetch_optional(connection).await?;
    record.map(ToolRecord::into_tool).transpose()
}

/// A page of tools by name: what the filter holds, narrowed before the page is cut. Without their schemas, which are
/// long, and of which a list only tells that they are there.
pub(crate) async fn list(pool: &PgPool, filter: &ToolFilter, limit: i64) -> sqlx::Result<Vec<Tool>> {
    let records = sqlx::query_as!(
        ToolRecord,
        r#"SELECT name, risk_tier, gating, gating_reason, open_until, coalesce(open_until > now(), false) AS "open_now!",
            executor, expiry_hours, idempotent, reviewed, sensitive_args, secret_args, NULL AS "input_schema?",
            schema_sha256, revision, rules_version
           FROM tools
           WHERE ($1::text IS NULL OR position(lower($1) IN lower(name)) > 0)
             AND ($2::text IS NULL OR $2 = CASE WHEN gating = 'open' AND open_until <= now() THEN 'gated' ELSE gating END)
             AND ($3::bool IS NULL OR reviewed = $3)
             AND ($4::text IS NULL OR name > $4)
           ORDER BY name LIMIT $5 OFFSET $6"#,
        filter.name,
        filter.gating,
        filter.reviewed,
        filter.after,
        limit,
        filter.offset
    )
    .fetch_all(pool)
    .await?;
    records.into_iter().map(ToolRecord::into_tool).collect()
}

/// How many tools the filter holds, wherever the page begins, and the database's clock.
pub(crate) async fn count(pool: &PgPool, filter: &ToolFilter) -> sqlx::Result<(i64, DateTime<Utc>)> {
    let counted = sqlx::query!(
        r#"SELECT count(*) AS "count!", now() AS "now!" FROM tools
           WHERE ($1::text IS NULL OR position(lower($1) IN lower(name)) > 0)
             AND ($2::text IS NULL OR $2 = CASE WHEN gating = 'open' AND open_until <= now() THEN 'gated' ELSE gating END)
             AND ($3::bool IS NULL OR reviewed = $3)"#,
        filter.name,
        filter.gating,
        filter.reviewed
    )
    .fetch_one(pool)
    .await?;
    Ok((counted.count, counted.now))
}

/// How the tools stand, in their order. `configured` tells which of them the configuration settles.
pub(crate) async fn registered(
    pool: &PgPool,
    tools: Vec<Tool>,
    configured: impl Fn(&str) -> bool,
) -> sqlx::Result<Vec<Registered>> {
    let names: Vec<String> = tools.iter().map(|tool| tool.name.clone()).collect();
    let standings = sqlx::query!(
        r#"WITH pending AS (
            SELECT tool_name, count(*) AS calls FROM pending_actions
            WHERE status = 'pending' AND tool_name = ANY($1) GROUP BY tool_name
        ), queued AS (
            SELECT tool_name, count(*) AS calls FROM pending_actions
            WHERE status = 'approved' AND execution_state = 'queued' AND tool_name = ANY($1) GROUP BY tool_name
        ), ended AS (
            SELECT a.tool_name, count(*) FILTER (WHERE e.state = 'succeeded') AS succeeded,
                count(*) FILTER (WHERE e.state = 'failed') AS failed, count(*) FILTER (WHERE e.state = 'unknown') AS unknown
            FROM execution_attempts e JOIN pending_actions a ON a.id = e.action_id
            WHERE e.finished_at > now() - interval '1 hour' AND a.tool_name = ANY($1) GROUP BY a.tool_name
        )
        SELECT t.created_at, t.updated_at, coalesce(pending.calls, 0) AS "pending!", coalesce(queued.calls, 0) AS "queued!",
            coalesce(succeeded, 0) AS "succeeded!", coalesce(failed, 0) AS "failed!", coalesce(unknown, 0) AS "unknown!",
            EXISTS (SELECT FROM upstream_tools u WHERE u.tool_name = t.name AND u.offered AND u.passes) AS "passes!"
        FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place) JOIN tools t USING (name)
        LEFT JOIN pending ON pending.tool_name = t.name LEFT JOIN queued ON queued.tool_name = t.name
        LEFT JOIN ended ON ended.tool_name = t.name
        ORDER BY wanted.place"#,
        &names
    )
    .fetch_all(pool)
    .await?;
    let registered = tools.into_iter().zip(standings).map(|(tool, standing)| Registered {
        pending: standing.pending,
        queued: standing.queued,
        last_hour: Runs { succeeded: standing.succeeded, failed: standing.failed, unknown: standing.unknown },
        configured: configured(&tool.name),
        configured_to_pass: standing.passes,
        created_at: standing.created_at,
        updated_at: standing.updated_at,
        tool,
    });
    Ok(registered.collect())
}

/// Adds a tool nobody has looked at. `false`: it was there.
pub(crate) async fn register(connection: &mut PgConnection, name: &str, tier: RiskTier) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO tools (name, risk_tier) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT tools_pkey DO NOTHING",
        name,
        tier.as_str()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a changed tool under the next revision. What configures an executor goes with it: secrets of a URL that is
/// called no more are kept by nobody.
pub(crate) async fn update(connection: &mut PgConnection, tool: &Tool) -> sqlx::Result<()> {
    let until = if let Gating::Open { until, .. } = &tool.gating { Some(*until) } else { None };
    let schema = tool.input_schema.as_ref().map(Json::to_text);
    sqlx::query!(
        "UPDATE tools SET risk_tier = $2, gating = $3, open_until = $4, gating_reason = $5, executor = $6,
            executor_config = CASE WHEN executor IS NOT DISTINCT FROM $6 THEN executor_config ELSE '{}' END,
            expiry_hours = $7, idempotent = $8, reviewed = $9, sensitive_args = $10, secret_args = $11,
            input_schema = $12::text::jsonb, input_schema_text = $12, schema_sha256 = $13,
            revision = revision + 1, updated_at = now()
         WHERE name = $1",
        tool.name,
        tool.risk_tier.as_str(),
        tool.gating.as_str(),
        until,
        tool.gating.reason(),
        tool.executor.map(Executor::as_str),
        tool.expiry_hours,
        tool.idempotent,
        tool.reviewed,
        &tool.sensitive_args,
        &tool.secret_args,
        schema,
        tool.schema_sha256.map(|digest| digest.to_string()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Says that the tool's rules are not what they were, and keeps the tool from changing until the transaction ends.
/// `None`: there is no such tool.
pub(crate) async fn touch_rules(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Tool>> {
    let touched = sqlx::query!("UPDATE tools SET rules_version = rules_version + 1 WHERE name = $1", name)
        .execute(&mut *connection)
        .await?;
    if touched.rows_affected() == 0 { Ok(None) } else { find(connection, name).await }
}
