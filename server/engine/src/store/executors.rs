//! `tools.executor` and `tools.executor_config`: who runs a tool's approved calls, and for `http` where and signed with
//! what. Nothing else reads `executor_config`: it holds secrets.

use chrono::{DateTime, Utc};
use domain::tool::Executor;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgExecutor, PgPool};

use super::{corrupt, maybe_word};
use crate::executors::SigningSecret;

/// What `executor_config` holds: nothing, unless the executor is `http`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HttpConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_seconds: Option<u32>,
    /// The newest first. It has no end; those before it sign beside it until theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) secrets: Vec<KeptSecret>,
}

/// A secret and until when it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptSecret {
    pub(crate) secret: SigningSecret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<DateTime<Utc>>,
}

/// Who runs a tool, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) executor: Option<Executor>,
    pub(crate) http: HttpConfig,
}

struct SettingRecord {
    executor: Option<String>,
    executor_config: String,
}

impl SettingRecord {
    fn into_setting(self) -> sqlx::Result<Setting> {
        Ok(Setting {
            executor: maybe_word("executor", self.executor.as_deref())?,
            // What cannot be read is not repeated: there are secrets in it.
            http: serde_json::from_str(&self.executor_config)
                .map_err(|_| corrupt("executor configuration", "of a tool"))?,
        })
    }
}

/// Who runs the tool.
pub(crate) async fn find(executor: impl PgExecutor<'_>, tool: &str) -> sqlx::Result<Option<Setting>> {
    sqlx::query_as!(
        SettingRecord,
        r#"SELECT executor, executor_config::text AS "executor_config!" FROM tools WHERE name = $1"#,
        tool
    )
    .fetch_optional(executor)
    .await?
    .map(SettingRecord::into_setting)
    .transpose()
}

/// The same, kept from changing until the transaction ends.
pub(crate) async fn find_locked(connection: &mut PgConnection, tool: &str) -> sqlx::Result<Option<Setting>> {
    sqlx::query_as!(
        SettingRecord,
        r#"SELECT executor, executor_config::text AS "executor_config!" FROM tools WHERE name = $1 FOR UPDATE"#,
        tool
    )
    .fetch_optional(connection)
    .await?
    .map(SettingRecord::into_setting)
    .transpose()
}

/// Writes who runs the tool, under the tool's next revision.
pub(crate) async fn write(connection: &mut PgConnection, tool: &str, setting: &Setting) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE tools SET executor = $2, executor_config = $3::text::jsonb, revision = revision + 1, updated_at = now()
         WHERE name = $1",
        tool,
        setting.executor.map(Executor::as_str),
        serde_json::to_string(&setting.http).expect("a setting is plain data")
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The tools with executor `http` of which a call is queued.
pub(crate) async fn due(pool: &PgPool) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT t.name FROM tools t
         WHERE t.executor = 'http' AND executor_is_ready(t.executor, t.executor_config) AND EXISTS (
             SELECT FROM pending_actions q
             WHERE q.tool_name = t.name AND q.status = 'approved' AND q.execution_state = 'queued')"
    )
    .fetch_all(pool)
    .await
}
