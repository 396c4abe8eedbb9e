//! `api_tokens`: what programs present.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::{TokenId, UserId};
use domain::identity::{Person, Scope, TokenIdentity};
use sqlx::{PgConnection, PgPool};

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

/// A token as it is listed: never its secret.
#[derive(Clone, Debug)]
pub struct TokenInfo {
    pub id: TokenId,
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// The person whose token it is; `None`: a program's.
    pub user: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// All tokens, newest first.
pub(crate) async fn list(pool: &PgPool) -> sqlx::Result<Vec<TokenInfo>> {
    let rows = sqlx::query!(
        r#"SELECT t.id, t.name, t.scopes, u.name AS "user?", t.created_at, t.expires_at, t.last_used_at, t.revoked_at
           FROM api_tokens t LEFT JOIN users u ON u.id = t.user_id ORDER BY t.created_at DESC, t.id"#
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TokenInfo {
                id: TokenId(row.id),
                name: row.name,
                scopes: scopes(&row.scopes)?,
                user: row.user,
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
                revoked_at: row.revoked_at,
            })
        })
        .collect()
}

/// Revokes the token that goes by `name`. `None`: there is none.
pub(crate) async fn revoke(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<TokenId>> {
    let id = sqlx::query_scalar!(
        "UPDATE api_tokens SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id",
        name
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(TokenId))
}
