//! The command line. Commands that administer talk to the database through the engine; commands that act for
//! somebody (`park`, `hook`, `pending`, `approve`, `reject`, `rules`) talk to a server over HTTP, with that somebody's token.
//! Exit codes: 0 done, 1 failed, 2 asked wrongly.
#![allow(clippy::print_stdout, reason = "what a command answers goes to standard output, and nothing else does")]

mod actions;
mod administer;
mod audit;
mod demo;
mod hook;
mod remote;
mod retention;
mod rules;
mod serve;
mod signals;
mod terminal;
mod token;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, DatabaseFlags, ServeFlags};
use crate::failure::{Failure, Outcome};
use crate::http::openapi;
use crate::logging;

const EXAMPLES: &str = "\
Examples:
  countersign serve                                   start on http://127.0.0.1:3000 with a private Postgres
  countersign demo                                    look around: a simulated team on throw-away data
  countersign token create --name mailbot --scope actions:submit,actions:read
  countersign token create --name ana-cli --scope actions:read,decisions:write --user ana
  echo '{\"tool_name\":\"send_email\",\"tool_args\":{\"to\":\"a@example.com\"}}' | countersign park -
  countersign pending
  countersign approve 0198f0c2-7c1e-7c3a-9d52-3f1f6a1b2c3d --note 'checked with Ana'

Configuration: flags before COUNTERSIGN_* variables before countersign.toml; `countersign config check` shows what is in force.
Other variables: COUNTERSIGN_ADMIN_PASSWORD (the administrator's password, set by serve), COUNTERSIGN_PG_BIN (directory of
PostgreSQL's programs), COUNTERSIGN_LOG (what is logged, e.g. info or debug,sqlx=warn).
Exit codes: 0 done, 1 failed, 2 asked wrongly.";

/// Where AI agents' risky tool calls wait for a person's approval.
#[derive(Parser, Debug)]
#[command(name = "countersign", version, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Start the server: console, API and workers, on the private Postgres unless --database-url says otherwise
    Serve(ServeFlags),
    /// Start on throw-away data with a simulated team of agents and workers
    Demo(demo::DemoFlags),
    /// Bring the database to this program's schema, and do nothing else
    Migrate(DatabaseFlags),
    /// Add people and help them in
    #[command(subcommand)]
    User(user::UserCommand),
    /// Make, list and revoke API tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Park a tool call, as an agent does
    Park(actions::Park),
    /// Gate a harness that runs its tools itself: its hook before each call and after it
    Hook(hook::Hook),
    /// List the calls that wait for a decision
    Pending(actions::Pending),
    /// Approve a call (with a person's token)
    Approve(actions::Approve),
    /// Reject a call (with a person's token)
    Reject(actions::Reject),
    /// List, export, try and make standing rules
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check and export the audit trail, and write its newest seal to a file
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Archive and purge what is over for long enough
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Print the description of the REST interface (OpenAPI 3.1), as a server has it at /api/openapi.json
    Openapi,
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Print the configuration in force, each value with where it comes from, secrets masked
    Check(ServeFlags),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(Failure::because("the runtime does not start", &error))),
    };
    let outcome = runtime.block_on(run(cli.command));
    // Nothing that still hangs may keep the process.
    runtime.shutdown_background();
    end(outcome)
}

fn end(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(command: Command) -> Outcome {
    // A server logs what happens; a command says by itself what it did.
    if !matches!(command, Command::Serve(_) | Command::Demo(_)) {
        logging::for_command();
    }
    match command {
        Command::Serve(flags) => serve::run(flags).await,
        Command::Demo(flags) => demo::run(flags).await,
        Command::Migrate(flags) => administer::migrate(flags).await,
        Command::User(command) => user::run(command).await,
        Command::Token(command) => token::run(command).await,
        Command::Park(command) => actions::park(command).await,
        Command::Hook(command) => hook::run(command).await,
        Command::Pending(command) => actions::pending(command).await,
        Command::Approve(command) => actions::approve(command).await,
        Command::Reject(command) => actions::reject(command).await,
        Command::Rules(command) => rules::run(command).await,
        Command::Config(ConfigCommand::Check(flags)) => {
            print!("{}", Config::load(&flags)?);
            Ok(())
        }
        Command::Audit(command) => audit::run(command).await,
        Command::Retention(command) => retention::run(command).await,
        Command::Openapi => {
            print!("{}", openapi::text());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
