//! `tools`: the registry.

use chrono::{DateTime, Utc};
use domain::risk::RiskTier;
use domain::tool::{Executor, Gating, Tool};
use sqlx::{PgConnection, PgExecutor};

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
    revision: i64,
}

impl ToolRecord {
    fn into_tool(self) -> sqlx::Result<Tool> {
        let gating = match (self.gating.as_str(), self.open_until) {
            ("gated", _) => Gating::Gated,
            ("open", Some(until)) if self.open_now => {
                Gating::Open { until, reason: self.gating_reason.unwrap_or_default() }
            }
            // A bypass that has run out is no bypass, whether or not anybody cleared it away.
            ("open", _) => Gating::Gated,
            ("paused", _) => Gating::Paused,
            ("blocked", _) => Gating::Blocked,
            (other, _) => return Err(corrupt("gating", other)),
        };
        Ok(Tool {
            risk_tier: word("risk tier", &self.risk_tier)?,
            gating,
            executor: maybe_word("executor", self.executor.as_deref())?,
            name: self.name,
            expiry_hours: self.expiry_hours,
            idempotent: self.idempotent,
            reviewed: self.reviewed,
            sensitive_args: self.sensitive_args,
            secret_args: self.secret_args,
            revision: self.revision,
        })
    }
}

/// A tool by its name.
pub(crate) async fn find(executor: impl PgExecutor<'_>, name: &str) -> sqlx::Result<Option<Tool>> {
    sqlx::query_as!(
        ToolRecord,
        r#"SELECT name, risk_tier, gating, gating_reason, open_until, coalesce(open_until > now(), false) AS "open_now!",
                  executor, expiry_hours, idempotent, reviewed, sensitive_args, secret_args, revision
           FROM tools WHERE name = $1"#,
        name
    )
    .fetch_optional(executor)
    .await?
    .map(ToolRecord::into_tool)
    .transpose()
}

/// A tool by its name, which nobody changes until the transaction ends; others may read it so, too.
pub(crate) async fn find_held(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Tool>> {
    sqlx::query_as!(
        ToolRecord,
        r#"SELECT name, risk_tier, gating, gating_reason, open_until, coalesce(open_until > now(), false) AS "open_now!",
                  executor, expiry_hours, idempotent, reviewed, sensitive_args, secret_args, revision
           FROM tools WHERE name = $1 FOR SHARE"#,
        name
    )
    .fetch_optional(connection)
    .await?
    .map(ToolRecord::into_tool)
    .transpose()
}

/// A tool by its name, kept from changing until the transaction ends.
pub(crate) async fn find_locked(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Tool>> {
    sqlx::query_as!(
        ToolRecord,
        r#"SELECT name, risk_tier, gating, gating_reason, open_until, coalesce(open_until > now(), false) AS "open_now!",
                  executor, expiry_hours, idempotent, reviewed, sensitive_args, secret_args, revision
           FROM tools WHERE name = $1 FOR UPDATE"#,
        name
    )
    .fetch_optional(connection)
    .await?
    .map(ToolRecord::into_tool)
    .transpose()
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

/// Writes a changed tool under the next revision.
pub(crate) async fn update(connection: &mut PgConnection, tool: &Tool) -> sqlx::Result<()> {
    let (until, reason) = match &tool.gating {
        Gating::Open { until, reason } => (Some(*until), Some(reason.as_str())),
        _ => (None, None),
    };
    sqlx::query!(
        "UPDATE tools SET risk_tier = $2, gating = $3, open_until = $4, gating_reason = $5, executor = $6,
            expiry_hours = $7, idempotent = $8, reviewed = $9, sensitive_args = $10, secret_args = $11,
            revision = revision + 1, updated_at = now()
         WHERE name = $1",
        tool.name,
        tool.risk_tier.as_str(),
        tool.gating.as_str(),
        until,
        reason,
        tool.executor.map(Executor::as_str),
        tool.expiry_hours,
        tool.idempotent,
        tool.reviewed,
        &tool.sensitive_args,
        &tool.secret_args,
    )
    .execute(connection)
    .await?;
    Ok(())
}
