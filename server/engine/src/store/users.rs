//! `users`, their sign-in links, and the failures that throttle a sign-in.

use domain::id::UserId;
use domain::identity::{Person, Role};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::word;

/// A person as the sign-in knows them.
pub(crate) struct Account {
    pub(crate) person: Person,
    pub(crate) password_hash: Option<String>,
    pub(crate) disabled: bool,
}

struct AccountRecord {
    id: Uuid,
    name: String,
    role: String,
    password_hash: Option<String>,
    disabled: bool,
}

impl AccountRecord {
    fn into_account(self) -> sqlx::Result<Account> {
        Ok(Account {
            person: Person { id: UserId(self.id), role: word("role", &self.role)?, name: self.name },
            password_hash: self.password_hash,
            disabled: self.disabled,
        })
    }
}

/// A person by name.
pub(crate) async fn find(pool: &PgPool, name: &str) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        AccountRecord,
        r#"SELECT id, name, role, password_hash, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE name = $1"#,
        name
    )
    .fetch_optional(pool)
    .await?
    .map(AccountRecord::into_account)
    .transpose()
}

/// Whether anybody at all is there.
pub(crate) async fn any(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users) AS "any!""#).fetch_one(connection).await
}

/// Adds a person.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: UserId,
    name: &str,
    role: Role,
    password_hash: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO users (id, name, role, password_hash) VALUES ($1, $2, $3, $4)",
        id.0,
        name,
        role.as_str(),
        password_hash
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets a person's password. `false`: nobody has that name.
pub(crate) async fn set_password(connection: &mut PgConnection, name: &str, hash: &str) -> sqlx::Result<bool> {
    let done =
        sqlx::query!("UPDATE users SET password_hash = $2 WHERE name = $1", name, hash).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Shuts a person out and ends their sessions. `false`: nobody has that name.
pub(crate) async fn disable(connection: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "WITH gone AS (UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE name = $1 RETURNING id),
              ended AS (DELETE FROM sessions USING gone WHERE sessions.user_id = gone.id)
         SELECT id FROM gone",
        name
    )
    .fetch_optional(connection)
    .await?;
    Ok(done.is_some())
}

/// Keeps the hash of a link that signs `user` in once, within `minutes`.
pub(crate) async fn insert_link(
    connection: &mut PgConnection,
    user: UserId,
    hash: &[u8],
    minutes: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sign_in_links (secret_hash, user_id, expires_at) VALUES ($1, $2, now() + make_interval(mins => $3))",
        hash,
        user.0,
        minutes
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a link up. `None`: it is unknown, used, too old, or its person is disabled.
pub(crate) async fn use_link(connection: &mut PgConnection, hash: &[u8]) -> sqlx::Result<Option<Person>> {
    let row = sqlx::query!(
        "UPDATE sign_in_links l SET used_at = now() FROM users u
         WHERE l.secret_hash = $1 AND l.used_at IS NULL AND l.expires_at > now()
           AND u.id = l.user_id AND u.disabled_at IS NULL
         RETURNING u.id, u.name, u.role",
        hash
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(Person { id: UserId(row.id), role: word("role", &row.role)?, name: row.name })).transpose()
}

/// Failed sign-ins of `subject` in the present window of `minutes`, and the seconds until the window ends.
pub(crate) async fn failures(pool: &PgPool, subject: &str, minutes: i32) -> sqlx::Result<(i32, i64)> {
    let row = sqlx::query!(
        r#"SELECT failures, ceil(extract(epoch FROM window_start + make_interval(mins => $2) - now()))::bigint AS "seconds!"
           FROM sign_in_failures WHERE subject = $1 AND window_start > now() - make_interval(mins => $2)"#,
        subject,
        minutes
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map_or((0, 0), |row| (row.failures, row.seconds)))
}

/// Counts a failed sign-in of `subject`; the window starts with the first.
pub(crate) async fn count_failure(connection: &mut PgConnection, subject: &str, minutes: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sign_in_failures AS f (subject, failures, window_start) VALUES ($1, 1, now())
         ON CONFLICT ON CONSTRAINT sign_in_failures_pkey DO UPDATE SET
            failures = CASE WHEN f.window_start > now() - make_interval(mins => $2) THEN f.failures + 1 ELSE 1 END,
            window_start = CASE WHEN f.window_start > now() - make_interval(mins => $2) THEN f.window_start ELSE now() END",
        subject,
        minutes
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the failures of `subject` after a success.
pub(crate) async fn clear_failures(connection: &mut PgConnection, subject: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM sign_in_failures WHERE subject = $1", subject).execute(connection).await?;
    Ok(())
}
