//! A running server: database, engine, workers and HTTP, started in this order and stopped in the other one.
//! Stopping loses nothing: new requests are turned away first, those under way get their answer, waiting ones
//! are told, and the database goes last.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use engine::Engine;
use engine::identity::FirstSignIn;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::http::{self, AppState, prometheus};
use crate::outbound::Outbound;
use crate::postgres::Database;
use crate::workers;
use crate::workers::alerts::Messenger;
use crate::workers::http_executor::Dispatcher;
use crate::workers::mcp_executor;

/// Enough to keep two or four cores of Postgres busy, and as many again that the gate may keep at hand; the private
/// cluster takes 100, so two servers may share it.
const CONNECTIONS: u32 = 32;
/// How long requests under way have to get their answer.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// A server that takes requests.
pub struct Server {
    state: AppState,
    database: Database,
    workers: JoinSet<()>,
    http: JoinHandle<std::io::Result<()>>,
}

/// Takes the address, before anything else is started.
///
/// # Errors
/// When it is taken, or not this machine's.
pub async fn bind(addr: SocketAddr) -> Outcome<TcpListener> {
    listen(addr, "--addr").await
}

async fn listen(addr: SocketAddr, flag: &str) -> Outcome<TcpListener> {
    TcpListener::bind(addr).await.map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("another program listens there. Stop it, or choose another address with {flag}")
            }
            std::io::ErrorKind::PermissionDenied => {
                format!(
                    "ports below 1024 are for root. Choose a higher one with {flag}, and let a proxy take the low one"
                )
            }
            _ => format!("it must be an address of this machine. Correct {flag}"),
        };
        Failure::new(format!("{addr} cannot be listened on: {remedy} ({error})."))
    })
}

impl Server {
    /// Brings the database to the program's schema, then starts everything on it.
    ///
    /// # Errors
    /// When the database cannot be reached or is newer than the program, or the configuration does not fit it.
    /// The database is stopped again then.
    pub async fn start(config: Config, listener: TcpListener, database: Database) -> Outcome<Self> {
        let begun = async {
            let engine = start_engine(&config, &database).await?;
            let monitoring = match config.metrics_addr {
                Some(addr) => {
                    Some((listen(addr, "--metrics-addr").await?, prometheus::Exposition::start(engine.clone()).await?))
                }
                None => None,
            };
            Ok((engine, monitoring))
        };
        match begun.await {
            Ok((engine, monitoring)) => {
                let mut server = Self::start_on(engine, config, listener, database)?;
                if let Some((listener, exposition)) = monitoring {
                    server.workers.spawn(monitor(listener, exposition, server.state.stopping.clone()));
                }
                // A link printed by a command may be wrong then; nothing else.
                if let Err(error) = engine::address::announce(server.engine(), &server.config().base_url()).await {
                    warn!(error = &error as &dyn std::error::Error, "the console's address was not written down");
                }
                Ok(server)
            }
            Err(failure) => {
                if let Err(also) = database.stop().await {
                    error!(error = %also, "the database was not stopped");
                }
                Err(failure)
            }
        }
    }

    fn start_on(engine: Engine, mut config: Config, listener: TcpListener, database: Database) -> Outcome<Self> {
        // Port 0 asks the system for a free one.
        config.addr = listener.local_addr().map_err(|error| Failure::because("the listener has no address", &error))?;
        let stopping = CancellationToken::new();
        let mut workers = workers::start(&engine, workers::all(config.sweep_seconds), &stopping);
        let outbound = Arc::new(Outbound::new(config.outbound_allow.clone()));
        workers.spawn(Dispatcher::new(engine.clone(), outbound.clone()).run(stopping.clone()));
        workers.spawn(Messenger::new(engine.clone(), outbound, config.base_url()).run(stopping.clone()));
        let state = AppState::new(engine, config, stopping.clone());
        state.upstreams.keep_up(&state.engine, &mut workers, &stopping);
        workers.spawn(mcp_executor::run(state.engine.clone(), state.upstreams.clone(), stopping.clone()));
        let service = http::router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
        // Without this a page that is sent in pieces waits 40 ms for an acknowledgement between two of them.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                warn!(error = &error as &dyn std::error::Error, "TCP_NODELAY was not set");
            }
        });
        let http = tokio::spawn(
            axum::serve(listener, service).with_graceful_shutdown(stopping.cancelled_owned()).into_future(),
        );
        Ok(Self { state, database, workers, http })
    }

    /// The engine, for whoever started the server.
    pub fn engine(&self) -> &Engine {
        &self.state.engine
    }

    /// The configuration in force, with the address that was really taken.
    pub fn config(&self) -> &Config {
        &self.state.config
    }

    /// Makes the first administrator where there is nobody yet. Only then it is ready: before, nobody could sign in.
    ///
    /// # Errors
    /// When the password is too short, or the database fails.
    pub async fn first_sign_in(&self, password: Option<&str>) -> Outcome<FirstSignIn> {
        let first = engine::identity::ensure_administrator(self.engine(), password).await?;
        self.state.readiness.set(true);
        info!(addr = %self.config().addr, version = env!("CARGO_PKG_VERSION"), "ready");
        Ok(first)
    }

    /// Waits until the HTTP side ends by itself, which it should not.
    pub async fn ended(&mut self) -> Failure {
        match (&mut self.http).await {
            Ok(Err(error)) => Failure::because("the server ended", &error),
            _ => Failure::new("the server ended by itself"),
        }
    }

    /// Stops in an orderly way.
    ///
    /// # Errors
    /// When the private Postgres does not stop.
    pub async fn stop(mut self) -> Outcome {
        info!("stopping");
        self.state.readiness.set(false);
        self.state.engine.stop();
        self.state.stopping.cancel();
        if !self.http.is_finished() && tokio::time::timeout(DRAIN_WITHIN, &mut self.http).await.is_err() {
            warn!(seconds = DRAIN_WITHIN.as_secs(), "some requests did not end and are cut off");
            self.http.abort();
        }
        let workers = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN_WITHIN, workers).await.is_err() {
            warn!("a worker did not end and is cut off");
        }
        // What the last requests did is sealed now rather than at the next start.
        if let Err(error) = workers::seal(self.state.engine.clone()).await {
            warn!(error = &error as &dyn std::error::Error, "the last entries are sealed at the next start");
        }
        self.database.stop().await?;
        info!("stopped");
        Ok(())
    }
}

/// Answers Prometheus until the server stops.
async fn monitor(listener: TcpListener, exposition: prometheus::Exposition, stopping: CancellationToken) {
    if let Ok(addr) = listener.local_addr() {
        info!(%addr, "Prometheus may ask for /metrics");
    }
    let served =
        axum::serve(listener, prometheus::router(exposition)).with_graceful_shutdown(stopping.cancelled_owned());
    if let Err(error) = served.await {
        error!(error = &error as &dyn std::error::Error, "Prometheus is not answered any more");
    }
}

async fn start_engine(config: &Config, database: &Database) -> Outcome<Engine> {
    let pool = database.pool(CONNECTIONS).await?;
    engine::schema::migrate(&pool).await?;
    Ok(Engine::start(pool, config.policy()).await?)
}
