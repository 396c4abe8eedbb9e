//! `countersign demo`: the real server on a throw-away database, with a simulated team around it, so that a
//! newcomer sees a living console at once. Agents park calls over HTTP with real tokens, workers claim and
//! report, a colleague decides now and then. Nothing leaves this machine: the workers only pretend.

mod catalogue;
mod rules;
mod story;
mod suspicious;
mod team;
mod worker;

use std::net::SocketAddr;

use clap::Args;
use engine::cluster::Cluster;
use engine::identity::FirstSignIn;
use tokio_util::sync::CancellationToken;

use super::serve::{stop, until_told};
use super::signals::Signals;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::postgres::Database;
use crate::serve::{Server, bind};

/// Set to sign in by a password instead of the link; the same variable as for `serve`.
const PASSWORD_VARIABLE: &str = "COUNTERSIGN_ADMIN_PASSWORD";

#[derive(Args, Debug)]
pub(super) struct DemoFlags {
    /// Where to listen
    #[arg(long, value_name = "HOST:PORT", env = "COUNTERSIGN_ADDR", default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// The same number tells the same story
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Seconds between two calls of the team, on average
    #[arg(long, value_name = "SECONDS", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pace: u64,
}

pub(super) async fn run(flags: DemoFlags) -> Outcome {
    logging::for_demo();
    let mut signals = Signals::new()?;
    let starting = async {
        let listener = bind(flags.addr).await?;
        let cluster = Cluster::throw_away(None).await?;
        let config = Config::built_in(flags.addr, cluster.data_dir(), catalogue::tools());
        let server = Server::start(config, listener, Database::private(cluster)).await?;
        greet(&server).await?;
        Ok::<_, Failure>(server)
    };
    let mut server = tokio::select! {
        server = starting => server?,
        () = signals.next() => return Err(Failure::new("stopped while starting")),
    };
    let stopping = CancellationToken::new();
    let outcome = match team::start(&server, flags.seed, flags.pace, &stopping).await {
        Ok(mut team) => {
            let told = until_told(&mut server, &mut signals).await;
            stopping.cancel();
            team.shutdown().await;
            told
        }
        Err(failure) => Err(failure),
    };
    stop(server, signals).await.and(outcome)?;
    println!("The demo is over, and its data is gone.");
    Ok(())
}

async fn greet(server: &Server) -> Outcome {
    let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty());
    let next = match server.first_sign_in(password.as_deref()).await? {
        FirstSignIn::Link(secret) => {
            format!("Sign in once with: {}", server.config().sign_in_url(&secret))
        }
        FirstSignIn::PasswordSet | FirstSignIn::AlreadyThere => {
            format!("Sign in as admin, with the password from {PASSWORD_VARIABLE}.")
        }
    };
    println!("Countersign is ready: {}\n{next}", server.config().base_url());
    println!("This is a demo: a simulated team keeps it busy, and everything is gone when you stop it with Ctrl-C.");
    Ok(())
}
