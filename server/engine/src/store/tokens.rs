//! `api_tokens`: what programs present.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::{TokenId, UserId};
use domain::identity::{Person, Scope, TokenIdentity};
use domain::page::Cursor;
use domain::people::{TokenInfo, TokenState};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::word;

/// A token that is good, and whose it is.
pub(crate) struct LivingToken {
    pub(crate) identity: TokenIdentity,
    pub(crate) secret_hash: Vec<u8>,
    pub(crate) person: Option<Person>,
    pub(crate) due_for_touch: bool,
}

fn scopes(words: &[String]) -> sqlx::Result<BTreeSet<Scope>> {
    words.iter().map(|scope| word("scope", scope)).collect()
}

/// A token that is neither revoked nor expired, and whose person, if it has one, is not disabled.
pub(crate) async fn find(pool: &PgPool, id: TokenId) -> sqlx::Result<Option<LivingToken>> {
    let row = sqlx::query!(
        r#"SELECT t.id, t.name, t.secret_hash, t.scopes, u.id AS "user_id?", u.name AS "user_name?", u.role AS "role?",
                  coalesce(t.last_used_at < now() - interval '1 minute', true) AS "due_for_touch!"
           FROM api_tokens t LEFT JOIN users u ON u.id = t.user_id
           WHERE t.id = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
             AND u.disabled_at IS NULL"#,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let person = match (row.user_id, row.user_name, row.role) {
        (Some(id), Some(name), Some(role)) => Some(Person { id: UserId(id), name, role: word("role", &role)? }),
        _ => None,
    };
    Ok(Some(LivingToken {
        identity: TokenIdentity { id: TokenId(row.id), name: row.name, scopes: scopes(&row.scopes)? },
        secret_hash: row.secret_hash,
        person,
        due_for_touch: row.due_for_touch,
    }))
}

/// Notes that a token is in use.
pub(crate) async fn touch(pool: &PgPool, id: TokenId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE api_tokens SET last_used_at = now()
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
        id.0
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A token about to be written.
pub(crate) struct NewTokenRow<'a> {
    pub(crate) id: TokenId,
    pub(crate) name: &'a str,
    pub(crate) secret_hash: &'a [u8],
    pub(crate) user: Option<UserId>,
    pub(crate) scopes: &'a BTreeSet<Scope>,
    pub(crate) created_by: &'a str,
    pub(crate) expires_in_days: Option<i32>,
}

/// Adds a token.
pub(crate) async fn insert(connection: &mut PgConnection, token: &NewTokenRow<'_>) -> sqlx::Result<()> {
    let scopes: Vec<String> = token.scopes.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "INSERT INTO api_tokens (id, name, secret_hash, user_id, scopes, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7))",
        token.id.0,
        token.name,
        token.secret_hash,
        token.user.map(|id| id.0),
        &scopes,
        token.created_by,
        token.expires_in_days
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct TokenRecord {
    id: Uuid,
    name: String,
    user_name: Option<String>,
    scopes: Vec<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    expired: bool,
}

impl TokenRecord {
    fn into_info(self) -> sqlx::Result<TokenInfo> {
        let state = match (self.revoked_at, self.expired) {
            (Some(_), _) => TokenState::Revoked,
            (None, true) => TokenState::Expired,
            (None, false) => TokenState::Active,
        };
        Ok(TokenInfo {
            id: TokenId(self.id),
            name: self.name,
            user: self.user_name,
            scopes: scopes(&self.scopes)?,
            created_by: self.created_by,
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            revoked_at: self.revoked_at,
            state,
        })
    }
}

/// Which tokens are listed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listed {
    /// Those of one person.
    pub(crate) user: Option<UserId>,
    /// Those that are good, or those that are not any more.
    pub(crate) active: Option<bool>,
    /// This one.
    pub(crate) only: Option<TokenId>,
}

/// Tokens, newest first, those after `after`, at most `limit`. Never their secrets.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    listed: Listed,
    after: Option<Cursor>,
    limit: i64,
) -> sqlx::Result<Vec<TokenInfo>> {
    let (at, id) = after.map_or((None, None), |cursor| (Some(cursor.at), Some(cursor.id)));
    let rows = sqlx::query_as!(
        TokenRecord,
        r#"SELECT t.id, t.name, u.name AS "user_name?", t.scopes, t.created_by, t.created_at, t.expires_at,
                  t.last_used_at, t.revoked_at, coalesce(t.expires_at <= now(), false) AS "expired!"
           FROM api_tokens t LEFT JOIN users u ON u.id = t.user_id
           WHERE ($1::uuid IS NULL OR t.user_id = $1)
             AND ($2::boolean IS NULL
                  OR (t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())) = $2)
             AND ($3::timestamptz IS NULL OR (t.created_at, t.id) < ($3, $4::uuid))
             AND ($5::uuid IS NULL OR t.id = $5)
           ORDER BY t.created_at DESC, t.id DESC LIMIT $6"#,
        listed.user.map(|id| id.0),
        listed.active,
        at,
        id,
        listed.only.map(|id| id.0),
        limit
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(TokenRecord::into_info).collect()
}

/// How many tokens are listed in all.
pub(crate) async fn count(pool: &PgPool, listed: Listed) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM api_tokens
           WHERE ($1::uuid IS NULL OR user_id = $1)
             AND ($2::boolean IS NULL OR (revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) = $2)"#,
        listed.user.map(|id| id.0),
        listed.active
    )
    .fetch_one(pool)
    .await
}

/// The token that goes by `name`: a revoked one has given its name away.
pub(crate) async fn by_name(pool: &PgPool, name: &str) -> sqlx::Result<Option<TokenId>> {
    let id = sqlx::query_scalar!("SELECT id FROM api_tokens WHERE name = $1 AND revoked_at IS NULL", name)
        .fetch_optional(pool)
        .await?;
    Ok(id.map(TokenId))
}

/// Revokes a token. `false`: it was revoked before, or there is none.
pub(crate) async fn revoke(connection: &mut PgConnection, id: TokenId) -> sqlx::Result<bool> {
    let done = sqlx::query!("UPDATE api_tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", id.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes all tokens of a person. Answers how many.
pub(crate) async fn revoke_of(connection: &mut PgConnection, user: UserId) -> sqlx::Result<u64> {
    let done =
        sqlx::query!("UPDATE api_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL", user.0)
            .execute(connection)
            .await?;
    Ok(done.rows_affected())
}
