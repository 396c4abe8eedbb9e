//! Databases and roles of a cluster of our own. These statements run before there is a schema to check them
//! against, and take names where parameters are not allowed.

use sqlx::{AssertSqlSafe, PgConnection};

/// Creates a role that may log in and nothing more, unless it is there.
pub(crate) async fn create_role(connection: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let present: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    if !present {
        sqlx::query(AssertSqlSafe(format!("CREATE ROLE {} LOGIN", identifier(name)))).execute(connection).await?;
    }
    Ok(())
}

/// Creates a database that `owner` owns, empty or as a copy of `template`, unless it is there.
pub(crate) async fn create(
    connection: &mut PgConnection,
    name: &str,
    owner: &str,
    template: Option<&str>,
) -> sqlx::Result<()> {
    let present: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    if !present {
        let template = template.map(|name| format!(" TEMPLATE {}", identifier(name))).unwrap_or_default();
        let statement = format!("CREATE DATABASE {} OWNER {}{template}", identifier(name), identifier(owner));
        sqlx::query(AssertSqlSafe(statement)).execute(connection).await?;
    }
    Ok(())
}

/// A name that is our own choice, quoted all the same.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
