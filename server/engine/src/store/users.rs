//! `users`, their sign-in links, and the failures that throttle a sign-in.

use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::identity::{Person, Role};
use domain::people::PersonInfo;
use sqlx::{PgConnection, PgExecutor, PgPool};
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

/// A person by name, kept as they are until the transaction ends: nobody changes them meanwhile.
pub(crate) async fn hold(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        AccountRecord,
        r#"SELECT id, name, role, password_hash, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE name = $1 FOR SHARE"#,
        name
    )
    .fetch_optional(connection)
    .await?
    .map(AccountRecord::into_account)
    .transpose()
}

/// A person by name, about to be changed. (`NO KEY`: a session that is being opened does not wait for it.)
pub(crate) async fn lock(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        AccountRecord,
        r#"SELECT id, name, role, password_hash, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE name = $1
           FOR NO KEY UPDATE"#,
        name
    )
    .fetch_optional(connection)
    .await?
    .map(AccountRecord::into_account)
    .transpose()
}

/// The administrators in office, kept as they are until the transaction ends, so that of two who would each remove
/// another's last colleague the second sees what the first did. Always locked before anybody else, in one order.
pub(crate) async fn lock_administrators(connection: &mut PgConnection) -> sqlx::Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM users WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE"
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// Sets a person's password.
pub(crate) async fn set_password(connection: &mut PgConnection, id: UserId, hash: &str) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE id = $1", id.0, hash).execute(connection).await?;
    Ok(())
}

/// Gives a person a role.
pub(crate) async fn set_role(connection: &mut PgConnection, id: UserId, role: Role) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET role = $2 WHERE id = $1", id.0, role.as_str()).execute(connection).await?;
    Ok(())
}

/// Shuts a person out, or lets them in again.
pub(crate) async fn set_disabled(connection: &mut PgConnection, id: UserId, disabled: bool) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET disabled_at = CASE WHEN $2 THEN now() END WHERE id = $1", id.0, disabled)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that a person was here. Whoever changes them just now is not waited for: it is noted again soon.
pub(crate) async fn seen(executor: impl PgExecutor<'_>, id: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET last_seen_at = now()
         WHERE id = (SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)",
        id.0
    )
    .execute(executor)
    .await?;
    Ok(())
}

struct PersonRecord {
    id: Uuid,
    name: String,
    role: String,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
    has_password: bool,
    has_link: bool,
    sessions: i64,
    tokens: i64,
}

impl PersonRecord {
    fn into_info(self) -> sqlx::Result<PersonInfo> {
        Ok(PersonInfo {
            id: UserId(self.id),
            name: self.name,
            role: word("role", &self.role)?,
            created_at: self.created_at,
            disabled_at: self.disabled_at,
            last_seen_at: self.last_seen_at,
            has_password: self.has_password,
            has_link: self.has_link,
            sessions: self.sessions,
            tokens: self.tokens,
        })
    }
}

/// People by name: those after `after`, or the one called `only`; at most `limit`.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    after: Option<&str>,
    only: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<PersonInfo>> {
    let people = sqlx::query_as!(
        PersonRecord,
        r#"SELECT u.id, u.name, u.role, u.created_at, u.disabled_at, u.last_seen_at,
                  u.password_hash IS NOT NULL AS "has_password!",
                  EXISTS (SELECT FROM sign_in_links l
                          WHERE l.user_id = u.id AND l.used_at IS NULL AND l.expires_at > now()) AS "has_link!",
                  (SELECT count(*) FROM sessions s
                   WHERE s.user_id = u.id AND s.idle_until > now() AND s.absolute_end > now()) AS "sessions!",
                  (SELECT count(*) FROM api_tokens t
                   WHERE t.user_id = u.id AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()))
                      AS "tokens!"
           FROM users u
           WHERE ($1::text IS NULL OR u.name > $1) AND ($2::text IS NULL OR u.name = $2)
           ORDER BY u.name LIMIT $3"#,
        after,
        only,
        limit
    )
    .fetch_all(executor)
    .await?;
    people.into_iter().map(PersonRecord::into_info).collect()
}

/// The name of whoever has this id.
pub(crate) async fn name_of(connection: &mut PgConnection, id: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT name FROM users WHERE id = $1", id.0).fetch_optional(connection).await
}

/// How many people there are.
pub(crate) async fn count(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM users"#).fetch_one(pool).await
}

/// Ends the links of a person that were not used. Answers how many were still good.
pub(crate) async fn end_links(connection: &mut PgConnection, user: UserId) -> sqlx::Result<u64> {
    let done = sqlx::query!("DELETE FROM sign_in_links WHERE user_id = $1 AND used_at IS NULL", user.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
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
