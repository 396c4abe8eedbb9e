//! What PostgreSQL says of its tables and indexes, and their upkeep.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// A table that grows, in bytes and rows, and when it was last looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableState {
    pub name: String,
    pub total_bytes: i64,
    pub table_bytes: i64,
    pub index_bytes: i64,
    /// As PostgreSQL estimates them.
    pub rows: i64,
    pub dead_rows: i64,
    pub last_vacuum: Option<DateTime<Utc>>,
    pub last_analyze: Option<DateTime<Utc>>,
    /// It is being vacuumed now.
    pub being_vacuumed: bool,
}

/// An index, and how often it was used since the statistics began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexState {
    pub name: String,
    pub table: String,
    pub scans: i64,
    pub bytes: i64,
}

/// The tables of the product, the largest first.
pub(crate) async fn tables(pool: &PgPool) -> sqlx::Result<Vec<TableState>> {
    sqlx::query_as!(
        TableState,
        r#"SELECT s.relname::text AS "name!", pg_total_relation_size(s.relid) AS "total_bytes!",
               pg_relation_size(s.relid) AS "table_bytes!", pg_indexes_size(s.relid) AS "index_bytes!",
               s.n_live_tup AS "rows!", s.n_dead_tup AS "dead_rows!",
               greatest(s.last_vacuum, s.last_autovacuum) AS last_vacuum,
               greatest(s.last_analyze, s.last_autoanalyze) AS last_analyze,
               EXISTS (SELECT FROM pg_stat_progress_vacuum p WHERE p.relid = s.relid) AS "being_vacuumed!"
           FROM pg_stat_user_tables s WHERE s.schemaname = 'public' AND s.relname <> '_sqlx_migrations'
           ORDER BY 2 DESC, 1"#
    )
    .fetch_all(pool)
    .await
}

/// The indexes of the product, those that are used least first.
pub(crate) async fn indexes(pool: &PgPool) -> sqlx::Result<Vec<IndexState>> {
    sqlx::query_as!(
        IndexState,
        r#"SELECT s.indexrelname::text AS "name!", s.relname::text AS "table!", s.idx_scan AS "scans!",
               pg_relation_size(s.indexrelid) AS "bytes!"
           FROM pg_stat_user_indexes s WHERE s.schemaname = 'public' AND s.relname <> '_sqlx_migrations'
           ORDER BY s.idx_scan, 4 DESC, 1"#
    )
    .fetch_all(pool)
    .await
}

/// The whole database in bytes, and the server's version in words.
pub(crate) async fn server(pool: &PgPool) -> sqlx::Result<(i64, String)> {
    let record = sqlx::query!(
        r#"SELECT pg_database_size(current_database()) AS "bytes!", current_setting('server_version') AS "version!""#
    )
    .fetch_one(pool)
    .await?;
    Ok((record.bytes, record.version))
}

/// Vacuums and analyzes the tables that grow, one after the other; each is written to all the while.
pub(crate) async fn vacuum(pool: &PgPool) -> sqlx::Result<()> {
    // Not within a transaction, and of no table at once with another: the fewest pages are held up.
    let mut connection = super::acquire(pool).await?;
    for statement in [
        "VACUUM (ANALYZE) pending_actions",
        "VACUUM (ANALYZE) approval_rules",
        "VACUUM (ANALYZE) approval_events",
        "VACUUM (ANALYZE) execution_attempts",
        "VACUUM (ANALYZE) unsealed_events",
    ] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}
