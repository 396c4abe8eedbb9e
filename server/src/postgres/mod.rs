//! The database a server runs on: an outside one, or the private cluster, which is watched over for as long as
//! the server runs and stopped last.

use std::time::{Duration, Instant};

use engine::cluster::{Cluster, ClusterError, ClusterOptions, DATABASE};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::config::Config;
use crate::failure::{Failure, Outcome};

/// Waiting for a connection longer than this is an outage, and is answered as one.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(5);
/// A connection that has lain idle for longer is asked whether it still lives before it is used: the server may
/// have been restarted under it. One that was used just now is not, because that would cost every statement a round trip.
const PROBE_AFTER: Duration = Duration::from_secs(10);

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A server that ran this long starts its back-off anew when it ends.
const STEADY_AFTER: Duration = Duration::from_secs(60);

/// A database to serve from.
pub struct Database {
    options: PgConnectOptions,
    private: Option<Supervisor>,
}

impl Database {
    /// The database that the configuration names; the private one is started.
    ///
    /// # Errors
    /// When the private one does not start, or `database_url` is none.
    pub async fn open(config: &Config) -> Outcome<Self> {
        match &config.database_url {
            Some(url) => Ok(Self::outside(outside_options(url)?)),
            None => Ok(Self::private(Cluster::start(&ClusterOptions::new(&config.data_dir)).await?)),
        }
    }

    /// A database that others look after.
    pub const fn outside(options: PgConnectOptions) -> Self {
        Self { options, private: None }
    }

    /// A cluster of ours, watched over from now on.
    pub fn private(cluster: Cluster) -> Self {
        Self { options: cluster.connect_options(DATABASE), private: Some(Supervisor::start(cluster)) }
    }

    /// A pool of at most `connections` connections.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn pool(&self, connections: u32) -> Outcome<PgPool> {
        pool(self.options.clone(), connections).await
    }

    /// Stops the private cluster; an outside database is left alone.
    ///
    /// # Errors
    /// When the cluster does not stop.
    pub async fn stop(self) -> Outcome {
        match self.private {
            Some(supervisor) => Ok(supervisor.stop().await?),
            None => Ok(()),
        }
    }
}

/// How to connect to an outside database.
///
/// # Errors
/// When the URL is none.
pub fn outside_options(url: &str) -> Outcome<PgConnectOptions> {
    let options: PgConnectOptions =
        url.parse().map_err(|error| Failure::because("database_url cannot be read", &error))?;
    Ok(options.application_name("countersign").options([("jit", "off")]))
}

/// A pool for the engine.
///
/// # Errors
/// When the database cannot be reached.
pub async fn pool(options: PgConnectOptions, connections: u32) -> Outcome<PgPool> {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let unreachable = |error: sqlx::Error| {
        let context =
            format!("The database at {place} cannot be reached. Check that it runs, and what database_url says");
        Failure::because(&context, &error)
    };
    // The pool would try until its patience is over, and then not say what was wrong.
    match tokio::time::timeout(ACQUIRE_WITHIN, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => drop(connection.close().await),
        Ok(Err(error)) => return Err(unreachable(error)),
        Err(_) => return Err(unreachable(sqlx::Error::PoolTimedOut)),
    }
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_WITHIN)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > PROBE_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(unreachable)
}

/// Keeps the private cluster running: a server process that ends by itself is started again.
struct Supervisor {
    stopping: CancellationToken,
    task: JoinHandle<Result<(), ClusterError>>,
}

impl Supervisor {
    fn start(cluster: Cluster) -> Self {
        let stopping = CancellationToken::new();
        let task = tokio::spawn(supervise(cluster, stopping.clone()));
        Self { stopping, task }
    }

    async fn stop(self) -> Result<(), ClusterError> {
        self.stopping.cancel();
        self.task.await.unwrap_or(Ok(()))
    }
}

async fn supervise(mut cluster: Cluster, stopping: CancellationToken) -> Result<(), ClusterError> {
    let mut delay = FIRST_DELAY;
    loop {
        let started = Instant::now();
        let status = tokio::select! {
            biased;
            () = stopping.cancelled() => return cluster.stop().await,
            status = cluster.exited() => status,
        };
        if started.elapsed() > STEADY_AFTER {
            delay = FIRST_DELAY;
        }
        let status = status.map(|status| status.to_string()).unwrap_or_default();
        error!(status, restart_in_ms = delay.as_millis() as u64, "Postgres ended by itself");
        tokio::select! {
            biased;
            () = stopping.cancelled() => return cluster.stop().await,
            () = tokio::time::sleep(delay) => {}
        }
        delay = (delay * 2).min(LONGEST_DELAY);
        match cluster.restart().await {
            Ok(()) => info!("Postgres runs again"),
            Err(error) => error!(error = &error as &dyn std::error::Error, "Postgres does not start"),
        }
    }
}
