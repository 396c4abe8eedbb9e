//! A PostgreSQL server of our own, so that Countersign starts with nothing configured.
//!
//! The cluster lives under the data directory, listens on a Unix socket in a directory nobody else may enter,
//! and belongs to exactly one process at a time: whoever holds the lock starts and stops it. Invariants:
//! - what was committed survives a crash of any process here (fsync stays on; only a throw-away cluster drops it);
//! - a cluster left over by a killed process is stopped in an orderly way before it is started again;
//! - no data directory is touched by a server of another major version.
//!
//! The engine's tests, the command line and `serve` all use it, which is why it is here and not in the server.

mod account;
mod binaries;
mod error;
mod initdb;
mod layout;
mod lock;
mod postmaster;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod watchdog;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};

pub use binaries::{BINARIES_VARIABLE, Binaries, find_binaries};
pub use error::ClusterError;

use crate::store::databases;
use account::Account;
use layout::Layout;
use lock::{Holder, Lock};
use postmaster::Postmaster;
use watchdog::Watchdog;

/// The database of the application, and the role that owns it. The role is no superuser: what the triggers and
/// constraints of the schema forbid, the application cannot do.
pub const DATABASE: &str = "countersign";
const ROLE: &str = "countersign";
/// The cluster's superuser, used to create the two above and for nothing else.
const SUPERUSER: &str = "postgres";
/// Names the socket file; no TCP port is ever opened.
const PORT: u16 = 5432;

/// How long a command waits for another command, or for a server that is just starting.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which cluster, and with whose binaries.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Countersign's data directory; the cluster is its subdirectory `postgres`.
    pub data_dir: PathBuf,
    /// Where PostgreSQL's programs are; `None`: wherever [`find_binaries`] finds them.
    pub binaries: Option<PathBuf>,
}

impl ClusterOptions {
    /// The cluster under `data_dir`, with the binaries this machine has.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), binaries: None }
    }
}

/// A running cluster: ours to stop, or somebody else's that we may use.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    /// `None`: another process runs the cluster.
    owned: Option<Owned>,
}

/// What it takes to run a cluster. Fields drop in this order: the lock goes last.
#[derive(Debug)]
struct Owned {
    postmaster: Postmaster,
    throw_away: Option<Watchdog>,
    _lock: Lock,
}

impl Cluster {
    /// Starts the cluster for a server that keeps it, making it first where there is none.
    ///
    /// # Errors
    /// When another server works in the directory, or PostgreSQL is missing, cannot write or does not start.
    pub async fn start(options: &ClusterOptions) -> Result<Self, ClusterError> {
        Self::own(options, Holder::Server, false).await
    }

    /// Reaches the cluster for one command: the running server's, or its own for a moment.
    ///
    /// # Errors
    /// As for [`Cluster::start`], and when the server that holds the directory has no database ready.
    pub async fn reach(options: &ClusterOptions) -> Result<Self, ClusterError> {
        match Self::own(options, Holder::Command, false).await {
            Err(ClusterError::Busy { .. }) => {
                let layout = postmaster::wait_for_ready(&Layout::existing(&options.data_dir)?, PATIENCE).await?;
                Ok(Self { layout, owned: None })
            }
            owned => owned,
        }
    }

    /// A cluster in a temporary directory, quick and not durable, that disappears with this process however it ends.
    ///
    /// # Errors
    /// As for [`Cluster::start`].
    pub async fn throw_away(binaries: Option<PathBuf>) -> Result<Self, ClusterError> {
        let name = format!("countersign-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let data_dir = std::env::temp_dir().join(name);
        Self::own(&ClusterOptions { data_dir, binaries }, Holder::Server, true).await
    }

    async fn own(options: &ClusterOptions, holder: Holder, throw_away: bool) -> Result<Self, ClusterError> {
        let binaries = find_binaries(options.binaries.as_deref(), layout::major_version(&options.data_dir)).await?;
        let data_dir = layout::create_data_dir(&options.data_dir)?;
        let lock = Lock::take(&data_dir, holder, PATIENCE).await?;
        let account = Account::that_runs(&data_dir)?;
        let layout = Layout::prepare(&data_dir, &account)?;
        let watchdog = if throw_away { Some(Watchdog::start(&layout.data_dir)?) } else { None };
        initdb::make_cluster(&layout, &binaries, &account, throw_away).await?;
        postmaster::settle_leftover(&layout).await?;
        let postmaster = Postmaster::start(&layout, binaries, account, throw_away).await?;
        let cluster = Self { layout, owned: Some(Owned { postmaster, throw_away: watchdog, _lock: lock }) };
        cluster.ensure_database().await?;
        Ok(cluster)
    }

    /// How the application connects to `database`.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        self.connect_options_as(ROLE, database)
    }

    fn connect_options_as(&self, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.layout.socket_dir)
            .port(PORT)
            .username(role)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
            .application_name("countersign")
    }

    /// Where the cluster keeps its files.
    pub fn data_dir(&self) -> &Path {
        &self.layout.data_dir
    }

    /// Whether this process runs the cluster, rather than using another's.
    pub const fn is_ours(&self) -> bool {
        self.owned.is_some()
    }

    /// Waits until PostgreSQL ends by itself. Never returns for a cluster that another process runs.
    pub async fn exited(&mut self) -> Option<ExitStatus> {
        match &mut self.owned {
            Some(owned) => owned.postmaster.exited().await,
            None => std::future::pending().await,
        }
    }

    /// Starts PostgreSQL again after it has ended by itself.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self) -> Result<(), ClusterError> {
        match &mut self.owned {
            Some(owned) => owned.postmaster.restart(&self.layout).await,
            None => Ok(()),
        }
    }

    /// Stops PostgreSQL in an orderly way and lets the directory go. Another process's cluster is left alone.
    ///
    /// # Errors
    /// When PostgreSQL does not end.
    pub async fn stop(self) -> Result<(), ClusterError> {
        let Some(Owned { mut postmaster, throw_away, _lock }) = self.owned else { return Ok(()) };
        postmaster.stop().await?;
        self.layout.leave();
        if let Some(watchdog) = throw_away {
            watchdog.clean_up(&self.layout.data_dir)?;
        }
        Ok(())
    }

    /// The application's role and database. They are there already in every start but the first.
    async fn ensure_database(&self) -> Result<(), ClusterError> {
        if let Ok(connection) = PgConnection::connect_with(&self.connect_options(DATABASE)).await {
            let _ = connection.close().await;
            return Ok(());
        }
        let mut admin = self.administrator().await?;
        databases::create_role(&mut admin, ROLE).await?;
        databases::create(&mut admin, DATABASE, ROLE, None).await?;
        admin.close().await?;
        Ok(())
    }

    async fn administrator(&self) -> Result<PgConnection, ClusterError> {
        Ok(PgConnection::connect_with(&self.connect_options_as(SUPERUSER, "postgres")).await?)
    }
}
