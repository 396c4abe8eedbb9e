//! `countersign serve`.

use engine::identity::FirstSignIn;

use super::signals::Signals;
use crate::config::{Config, ServeFlags, sign_in_url};
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::postgres::Database;
use crate::serve::{Server, bind};

pub(super) async fn run(flags: ServeFlags) -> Outcome {
    let config = Config::load(&flags)?;
    logging::for_server(config.log_format);
    let mut signals = Signals::new()?;
    let starting = async {
        let listener = bind(config.addr).await?;
        let database = Database::open(&config).await?;
        Server::start(config.clone(), listener, database).await
    };
    let mut server = tokio::select! {
        server = starting => server?,
        // What was started is told to stop when it is dropped.
        () = signals.next() => return Err(Failure::new("stopped while starting")),
    };
    let password = std::env::var("COUNTERSIGN_ADMIN_PASSWORD").ok().filter(|password| !password.is_empty());
    match server.first_sign_in(password.as_deref()).await {
        Ok(first) => print!("{}", greeting(server.config(), &first)),
        Err(failure) => {
            server.stop().await?;
            return Err(failure);
        }
    }
    let told = until_told(&mut server, &mut signals).await;
    stop(server, signals).await.and(told)
}

/// Serves until a signal comes. Answers why, if it was not a signal.
pub(super) async fn until_told(server: &mut Server, signals: &mut Signals) -> Outcome {
    tokio::select! {
        () = signals.next() => Ok(()),
        failure = server.ended() => Err(failure),
    }
}

/// Stops in an orderly way; a second signal ends it at once.
pub(super) async fn stop(server: Server, mut signals: Signals) -> Outcome {
    tokio::select! {
        stopped = server.stop() => stopped,
        () = signals.next() => Err(Failure::new("stopped at once; what was committed is safe")),
    }
}

/// What whoever started the server needs to know next.
fn greeting(config: &Config, first: &FirstSignIn) -> String {
    let url = config.base_url();
    let next = match first {
        FirstSignIn::Link(secret) => format!("Sign in once with: {}", sign_in_url(&url, secret)),
        FirstSignIn::PasswordSet => "Sign in as admin, with the password from COUNTERSIGN_ADMIN_PASSWORD.".to_owned(),
        FirstSignIn::AlreadyThere => {
            let place = match &config.database_url {
                Some(_) => String::new(),
                None => format!(" --data-dir {}", config.data_dir.display()),
            };
            format!("To get a new sign-in link: countersign user link admin{place}")
        }
    };
    format!("Countersign is ready: {url}\n{next}\n")
}
