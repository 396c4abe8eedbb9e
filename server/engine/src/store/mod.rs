//! All SQL of Countersign, one module per table. Functions take a connection (or the pool, where a statement
//! stands alone) and return domain types; nothing here decides.

pub(crate) mod actions;
pub(crate) mod alerts;
pub(crate) mod anomalies;
pub(crate) mod attempts;
mod connection;
pub(crate) mod databases;
pub(crate) mod events;
pub(crate) mod executors;
pub(crate) mod idempotency;
pub(crate) mod metric_spans;
pub(crate) mod metrics;
pub(crate) mod monitoring;
pub(crate) mod retention;
pub(crate) mod rules;
pub(crate) mod seals;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod shapes;
pub(crate) mod tokens;
pub(crate) mod tools;
pub(crate) mod trail;
pub(crate) mod upkeep;
pub(crate) mod upstreams;
pub(crate) mod users;
pub(crate) mod warm;

pub(crate) use connection::{acquire, begin, snapshot};
use sqlx::{Connection, PgConnection, PgPool};

/// Whether the database answers.
pub(crate) async fn ping(pool: &PgPool) -> sqlx::Result<()> {
    acquire(pool).await?.ping().await
}

/// The newest migration the database has, if it has any.
pub(crate) async fn applied_migration(pool: &PgPool) -> sqlx::Result<Option<i64>> {
    // The table is sqlx's own and not there before the first migration, so this cannot be a checked query.
    let present: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(pool).await?;
    if !present {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(pool).await
}

/// Announces `payload` to whoever listens on `channel`.
pub(crate) async fn notify(pool: &PgPool, channel: &str, payload: &str) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_notify($1, $2)", channel, payload).fetch_one(pool).await?;
    Ok(())
}

/// Waits until this transaction alone holds the lock named `key`; it is let go with the transaction.
pub(crate) async fn lock(connection: &mut PgConnection, key: i64) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", key).fetch_one(connection).await?;
    Ok(())
}

/// Takes the lock named `key` for this transaction unless another has it.
pub(crate) async fn try_lock(connection: &mut PgConnection, key: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "got!""#, key).fetch_one(connection).await
}

/// Waits until nobody holds the lock named `key` alone, and keeps it so until the transaction ends.
pub(crate) async fn lock_shared(connection: &mut PgConnection, key: i64) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock_shared($1)", key).fetch_one(connection).await?;
    Ok(())
}

/// A stored value that the domain cannot read.
pub(crate) fn corrupt(what: &str, value: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} {value} is not understood").into())
}

/// Reads a stored word.
pub(crate) fn word<T: std::str::FromStr>(what: &str, value: &str) -> sqlx::Result<T> {
    value.parse().map_err(|_| corrupt(what, value))
}

/// Reads an optional stored word.
pub(crate) fn maybe_word<T: std::str::FromStr>(what: &str, value: Option<&str>) -> sqlx::Result<Option<T>> {
    value.map(|value| word(what, value)).transpose()
}

/// The database's clock.
pub(crate) async fn now(pool: &PgPool) -> sqlx::Result<chrono::DateTime<chrono::Utc>> {
    sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(pool).await
}

/// The instant at which a day begins in a time zone, so many days later.
pub(crate) async fn beginning_of_day(
    pool: &PgPool,
    day: chrono::NaiveDate,
    later: i32,
    timezone: &str,
) -> sqlx::Result<chrono::DateTime<chrono::Utc>> {
    sqlx::query_scalar!(r#"SELECT ($1::date + $2::int)::timestamp AT TIME ZONE $3 AS "at!""#, day, later, timezone)
        .fetch_one(pool)
        .await
}

/// The time of this transaction, by the database's clock.
pub(crate) async fn now_in(connection: &mut PgConnection) -> sqlx::Result<chrono::DateTime<chrono::Utc>> {
    sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(connection).await
}
