//! A real PostgreSQL for tests: one throw-away cluster per test program, started when the first test asks, gone
//! when the program ends, however it ends. Each test gets a database of its own, copied from a migrated one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

use super::{Cluster, ROLE};
use crate::{schema, store::databases};

const TEMPLATE: &str = "migrated";

/// Connections per test: parallel enough for races, few enough for all tests at once.
const CONNECTIONS: u32 = 10;

/// The program's cluster.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        // Tests bring runtimes that end with them; the cluster's outlives them all.
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let cluster = runtime.block_on(async {
                let cluster = Cluster::throw_away(None).await.expect("a throw-away PostgreSQL starts");
                migrate_template(&cluster).await;
                cluster
            });
            std::mem::forget(runtime);
            cluster
        })
        .join()
        .expect("the cluster's thread does not panic")
    })
}

async fn migrate_template(cluster: &Cluster) {
    let mut admin = cluster.administrator().await.expect("the superuser connects");
    databases::create(&mut admin, TEMPLATE, ROLE, None).await.expect("a database is created");
    let pool = PgPool::connect_with(cluster.connect_options(TEMPLATE)).await.expect("the application connects");
    schema::migrate(&pool).await.expect("the migrations run");
    // A template that somebody is connected to cannot be copied.
    pool.close().await;
}

/// How to connect to a new, migrated, empty database that nobody else knows.
pub async fn fresh_options() -> PgConnectOptions {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = cluster();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = cluster.administrator().await.expect("the superuser connects");
    databases::create(&mut admin, &name, ROLE, Some(TEMPLATE)).await.expect("a database is created");
    admin.close().await.expect("the connection closes");
    cluster.connect_options(&name)
}

/// A pool on a new, migrated, empty database.
pub async fn fresh_database() -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .connect_with(fresh_options().await)
        .await
        .expect("the application connects")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_test_has_a_migrated_database_of_its_own() {
        let (one, other) = (fresh_database().await, fresh_database().await);
        assert_ne!(one.connect_options().get_database(), other.connect_options().get_database());
        assert_eq!(schema::version(&one).await.expect("a version"), schema::Version::Ready);
    }
}
