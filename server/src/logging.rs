//! The log: to standard error, one line per event, for people or for programs. An error is logged once, where it
//! is handled.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// What is logged when `COUNTERSIGN_LOG` says nothing: what happens, without the chatter of the libraries.
const SERVER: &str = "info,sqlx=warn,hyper=warn,leptos=warn,rmcp=warn";
const DEMO: &str = "warn";
/// A command says by itself what it did.
const COMMAND: &str = "error";

/// The log of a server.
pub fn for_server(format: LogFormat) {
    start(format, SERVER);
}

/// The log of the demo: only what went wrong, because its team asks all the time.
pub fn for_demo() {
    start(LogFormat::Pretty, DEMO);
}

/// The log of a command.
pub fn for_command() {
    start(LogFormat::Pretty, COMMAND);
}

fn start(format: LogFormat, otherwise: &str) {
    let filter = EnvFilter::try_from_env("COUNTERSIGN_LOG").unwrap_or_else(|_| EnvFilter::new(otherwise));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Somebody who has set up a log already (a test) keeps it.
    let _ = match format {
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Pretty => log.compact().with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
}
