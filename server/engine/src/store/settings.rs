//! `settings`: what is known of this installation beside its configuration.

use sqlx::PgPool;

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
