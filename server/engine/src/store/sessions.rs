//! `sessions`: browsers that are signed in.

use domain::id::UserId;
use domain::identity::Person;
use domain::page::Cursor;
use domain::people::SessionInfo;
use domain::user_agent;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::word;

/// A living session.
pub(crate) struct Session {
    pub(crate) person: Person,
    pub(crate) secret_hash: Vec<u8>,
    /// Still good for a moment after a rotation.
    pub(crate) previous_hash: Option<Vec<u8>>,
    pub(crate) due_for_rotation: bool,
    pub(crate) due_for_touch: bool,
}

/// Adds a session.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    user: UserId,
    hash: &[u8],
    idle_minutes: i32,
    absolute_hours: i32,
    user_agent: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sessions (id, user_id, secret_hash, idle_until, absolute_end, user_agent)
         VALUES ($1, $2, $3, now() + make_interval(mins => $4), now() + make_interval(hours => $5), $6)",
        id,
        user.0,
        hash,
        idle_minutes,
        absolute_hours,
        user_agent
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A session that has not ended, of a person who is not disabled.
pub(crate) async fn find(pool: &PgPool, id: Uuid, rotate_minutes: i32) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query!(
        r#"SELECT u.id, u.name, u.role, s.secret_hash,
                  CASE WHEN s.rotated_at > now() - interval '1 minute' THEN s.previous_hash END AS "previous_hash?",
                  s.rotated_at < now() - make_interval(mins => $2) AS "due_for_rotation!",
                  s.last_seen_at < now() - interval '1 minute' AS "due_for_touch!"
           FROM sessions s JOIN users u ON u.id = s.user_id
           WHERE s.id = $1 AND s.idle_until > now() AND s.absolute_end > now() AND u.disabled_at IS NULL"#,
        id,
        rotate_minutes
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(Session {
            person: Person { id: UserId(row.id), role: word("role", &row.role)?, name: row.name },
            secret_hash: row.secret_hash,
            previous_hash: row.previous_hash,
            due_for_rotation: row.due_for_rotation,
            due_for_touch: row.due_for_touch,
        })
    })
    .transpose()
}

/// Moves the idle end of a session that is in use.
pub(crate) async fn touch(pool: &PgPool, id: Uuid, idle_minutes: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET last_seen_at = now(), idle_until = now() + make_interval(mins => $2) WHERE id = $1",
        id,
        idle_minutes
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Gives a session a new secret. `false`: a parallel request has just done so.
pub(crate) async fn rotate(pool: &PgPool, id: Uuid, old_hash: &[u8], new_hash: &[u8]) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE sessions SET previous_hash = secret_hash, secret_hash = $3, rotated_at = now() WHERE id = $1 AND secret_hash = $2",
        id,
        old_hash,
        new_hash
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session, of anybody or of one person. Answers the name of its person; `None`: there is none.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    id: Uuid,
    of: Option<UserId>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "WITH ended AS (DELETE FROM sessions WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) RETURNING user_id)
         SELECT u.name FROM ended JOIN users u ON u.id = ended.user_id",
        id,
        of.map(|user| user.0)
    )
    .fetch_optional(connection)
    .await
}

/// Ends the sessions of a person, all but one. Answers how many.
pub(crate) async fn delete_of(connection: &mut PgConnection, user: UserId, keep: Option<Uuid>) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2", user.0, keep)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// The living sessions of a person, newest first, those after `after`, at most `limit`.
pub(crate) async fn of_person(
    pool: &PgPool,
    user: UserId,
    after: Option<Cursor>,
    limit: i64,
    current: Option<Uuid>,
) -> sqlx::Result<Vec<SessionInfo>> {
    let (at, id) = after.map_or((None, None), |cursor| (Some(cursor.at), Some(cursor.id)));
    let rows = sqlx::query!(
        r#"SELECT id, created_at, last_seen_at, least(idle_until, absolute_end) AS "ends_at!", user_agent
           FROM sessions
           WHERE user_id = $1 AND idle_until > now() AND absolute_end > now()
             AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
           ORDER BY created_at DESC, id DESC LIMIT $4"#,
        user.0,
        at,
        id,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SessionInfo {
            id: row.id,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            ends_at: row.ends_at,
            browser: user_agent::words(row.user_agent.as_deref()),
            current: current == Some(row.id),
        })
        .collect())
}

/// Removes sessions and links that have ended, and failures nobody counts any more.
pub(crate) async fn forget_ended(pool: &PgPool) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "WITH links AS (DELETE FROM sign_in_links WHERE expires_at < now() - interval '1 day'),
              failures AS (DELETE FROM sign_in_failures WHERE window_start < now() - interval '1 day')
         DELETE FROM sessions WHERE idle_until < now() OR absolute_end < now()"
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
