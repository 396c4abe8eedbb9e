//! `idempotency_keys`: requests that were made, and what they were answered.

use sqlx::PgPool;
use uuid::Uuid;

/// A request that was made before under the same key.
pub(crate) struct Earlier {
    pub(crate) body_sha256: String,
    pub(crate) subject: Uuid,
    pub(crate) response: Option<(u16, Vec<u8>)>,
    /// It has been running for so long that whoever ran it is gone.
    pub(crate) abandoned: bool,
}

/// Takes a key for a request. `false`: it is taken.
pub(crate) async fn begin(
    pool: &PgPool,
    principal: &str,
    route: &str,
    key: &str,
    body_sha256: &str,
    subject: Uuid,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO idempotency_keys (principal, route, key, body_sha256, subject_id) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO NOTHING",
        principal,
        route,
        key,
        body_sha256,
        subject
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What is known of a key that is taken.
pub(crate) async fn find(pool: &PgPool, principal: &str, route: &str, key: &str) -> sqlx::Result<Option<Earlier>> {
    let row = sqlx::query!(
        r#"SELECT body_sha256, subject_id, status, response, created_at < now() - interval '30 seconds' AS "old!"
           FROM idempotency_keys WHERE principal = $1 AND route = $2 AND key = $3"#,
        principal,
        route,
        key
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Earlier {
        body_sha256: row.body_sha256,
        subject: row.subject_id,
        abandoned: row.status.is_none() && row.old,
        response: row.status.map(|status| (status.unsigned_abs(), row.response.unwrap_or_default())),
    }))
}

/// Takes over a request whose runner is gone. `false`: another did.
pub(crate) async fn take_over(pool: &PgPool, principal: &str, route: &str, key: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE idempotency_keys SET created_at = now()
         WHERE principal = $1 AND route = $2 AND key = $3 AND status IS NULL
           AND created_at < now() - interval '30 seconds'",
        principal,
        route,
        key
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the answer.
pub(crate) async fn finish(
    pool: &PgPool,
    principal: &str,
    route: &str,
    key: &str,
    status: i16,
    response: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE idempotency_keys SET status = $4, response = $5 WHERE principal = $1 AND route = $2 AND key = $3",
        principal,
        route,
        key,
        status,
        response
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Lets a key go whose request changed nothing and may be made again.
pub(crate) async fn release(pool: &PgPool, principal: &str, route: &str, key: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM idempotency_keys WHERE principal = $1 AND route = $2 AND key = $3 AND status IS NULL",
        principal,
        route,
        key
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets the keys older than a day.
pub(crate) async fn forget_old(pool: &PgPool) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'")
        .execute(pool)
        .await?;
    Ok(done.rows_affected())
}
