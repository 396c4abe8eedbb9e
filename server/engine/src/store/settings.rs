//! `settings`: what is known of this installation beside its configuration.

use chrono::{DateTime, Utc};
use domain::json::Json;
use sqlx::{PgConnection, PgPool};

use super::corrupt;

/// What an administrator may settle.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    /// The function `default_expiry_hours` reads it, too.
    DefaultExpiry,
    DefaultRiskTier,
}

impl Key {
    const fn as_str(self) -> &'static str {
        match self {
            Self::DefaultExpiry => "default_expiry",
            Self::DefaultRiskTier => "default_risk_tier",
        }
    }
}

/// What was settled, by whom and when.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) value: Json,
    pub(crate) updated_by: String,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What was settled; `None`: nothing, the configuration holds.
pub(crate) async fn find(connection: &mut PgConnection, key: Key) -> sqlx::Result<Option<Settled>> {
    let found = sqlx::query!(
        r#"SELECT value::text AS "value!", updated_by, updated_at FROM settings WHERE key = $1"#,
        key.as_str()
    )
    .fetch_optional(connection)
    .await?;
    let settled = found.map(|record| {
        let value = Json::parse_str(&record.value).map_err(|error| corrupt("setting", error))?;
        Ok(Settled { value, updated_by: record.updated_by, updated_at: record.updated_at })
    });
    settled.transpose()
}

/// Settles something; `None`: the configuration holds again.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    key: Key,
    value: Option<&Json>,
    by: &str,
) -> sqlx::Result<()> {
    let Some(value) = value else {
        sqlx::query!("DELETE FROM settings WHERE key = $1", key.as_str()).execute(connection).await?;
        return Ok(());
    };
    sqlx::query!(
        "INSERT INTO settings (key, value, updated_by) VALUES ($1, $2::text::jsonb, $3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now(), updated_by = excluded.updated_by",
        key.as_str(),
        value.to_text(),
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The deadline of calls whose tool has none, as it holds now.
pub(crate) async fn default_expiry_hours(pool: &PgPool, configured: i32) -> sqlx::Result<i32> {
    sqlx::query_scalar!(r#"SELECT default_expiry_hours($1) AS "hours!""#, configured).fetch_one(pool).await
}

/// A text setting.
pub(crate) async fn text(pool: &PgPool, key: &str) -> sqlx::Result<Option<String>> {
    let value =
        sqlx::query_scalar!("SELECT value #>> '{}' FROM settings WHERE key = $1", key).fetch_optional(pool).await?;
    Ok(value.flatten())
}

/// Sets a text, if it is not set to that already.
pub(crate) async fn set_text(pool: &PgPool, key: &str, value: &str, by: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO settings AS s (key, value, updated_by) VALUES ($1, to_jsonb($2::text), $3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now(), updated_by = excluded.updated_by
         WHERE s.value <> excluded.value",
        key,
        value,
        by
    )
    .execute(pool)
    .await?;
    Ok(())
}
