//! Connections of the pool, and transactions on them. To have one ready, the pool looks a name up, shakes hands and tries again:
//! that takes fifteen kilobytes of every future in which it may happen. Boxed, it takes them only while it happens, and a call
//! that waits for a person waits for long.

#![allow(clippy::disallowed_methods, reason = "it is what the others call in their place")]

use sqlx::pool::PoolConnection;
use sqlx::postgres::Postgres;
use sqlx::{PgPool, Transaction};

/// A connection.
pub(crate) async fn acquire(pool: &PgPool) -> sqlx::Result<PoolConnection<Postgres>> {
    Box::pin(pool.acquire()).await
}

/// A transaction.
pub(crate) async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    Box::pin(pool.begin()).await
}

/// A transaction that reads everything as it stands at its first statement.
pub(crate) async fn snapshot(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    Box::pin(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")).await
}
