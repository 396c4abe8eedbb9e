//! Commands on the database itself, whether or not a server runs on it: with an outside database they connect to
//! it; with the private one they use the running server's, or start it for the moment.

use std::time::Duration;

use engine::cluster::{Cluster, ClusterOptions, DATABASE};
use engine::schema::{self, Version};
use engine::{Engine, Policy};
use sqlx::PgPool;

use crate::config::{Config, DatabaseFlags, ServeFlags};
use crate::failure::Outcome;
use crate::postgres;

/// How administration by command stands in the trail.
pub(super) const ACTOR: &str = "system:cli";

const CONNECTIONS: u32 = 3;
/// How long a server that is just starting may take to migrate.
const MIGRATED_WITHIN: Duration = Duration::from_secs(30);

/// Runs `work` with the engine, and puts everything back as it was.
pub(super) async fn with_engine<T>(
    flags: DatabaseFlags,
    work: impl AsyncFnOnce(&Engine, &Config) -> Outcome<T>,
) -> Outcome<T> {
    let config = load(flags)?;
    with_pool(&config, async |pool, ours| {
        settle_schema(&pool, ours).await?;
        // The tools of the configuration are for the server to apply.
        let engine = Engine::start(pool, Policy { tools: Vec::new(), ..config.policy() }).await?;
        let outcome = work(&engine, &config).await;
        engine.stop();
        outcome
    })
    .await
}

/// `countersign migrate`.
pub(super) async fn migrate(flags: DatabaseFlags) -> Outcome {
    let config = load(flags)?;
    with_pool(&config, async |pool, _| Ok(schema::migrate(&pool).await?)).await?;
    println!("The database has this program's schema.");
    Ok(())
}

fn load(flags: DatabaseFlags) -> Outcome<Config> {
    Ok(Config::load(&ServeFlags { database: flags, ..ServeFlags::default() })?)
}

/// Opens a pool for `work`, telling it whether nobody else can be using the database.
async fn with_pool<T>(config: &Config, work: impl AsyncFnOnce(PgPool, bool) -> Outcome<T>) -> Outcome<T> {
    if let Some(url) = &config.database_url {
        let pool = postgres::pool(postgres::outside_options(url)?, CONNECTIONS).await?;
        let outcome = work(pool.clone(), false).await;
        pool.close().await;
        return outcome;
    }
    let cluster = Cluster::reach(&ClusterOptions::new(&config.data_dir)).await?;
    let outcome = match postgres::pool(cluster.connect_options(DATABASE), CONNECTIONS).await {
        Ok(pool) => {
            let outcome = work(pool.clone(), cluster.is_ours()).await;
            pool.close().await;
            outcome
        }
        Err(failure) => Err(failure),
    };
    let stopped = cluster.stop().await;
    let answer = outcome?;
    stopped?;
    Ok(answer)
}

/// A private database that only we use is migrated on the way; a server that is just starting is waited for.
async fn settle_schema(pool: &PgPool, ours: bool) -> Outcome {
    if ours {
        return Ok(schema::migrate(pool).await?);
    }
    let migrated = async {
        while schema::version(pool).await? == Version::Behind {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok::<_, engine::Error>(())
    };
    // Whatever is still wrong afterwards, the engine says when it starts.
    match tokio::time::timeout(MIGRATED_WITHIN, migrated).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Ok(()),
    }
}
