//! `countersign user`.

use clap::{Args, Subcommand};
use domain::identity::Role;
use engine::Engine;
use engine::identity::{self, NewUser};

use super::administer::{ACTOR, with_engine};
use super::terminal;
use crate::config::{Config, DatabaseFlags, sign_in_url};
use crate::failure::Outcome;

#[derive(Subcommand, Debug)]
pub(super) enum UserCommand {
    /// Add a person and print a link that signs them in once (or set a password with --password-stdin)
    Add(Add),
    /// Set a person's password, asked for on the terminal or read from standard input; their sessions end
    Password(Named),
    /// Shut a person out: their sessions and tokens end
    Disable(Named),
    /// Let a person in again who was shut out; their sessions and tokens do not come back
    Enable(Named),
    /// Give a person another role, from their very next request on
    Role(ChangeRole),
    /// Print a link that signs a person in once, within a day
    Link(Named),
}

#[derive(Args, Debug)]
pub(super) struct Add {
    /// Small letters, digits, dots, dashes and underscores
    name: String,
    /// viewer (reads), operator (reads and decides) or admin
    #[arg(long, default_value = "operator", value_parser = |word: &str| word.parse::<Role>().map_err(|error| error.to_string()))]
    role: Role,
    /// Read a password from standard input instead of printing a sign-in link
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Args, Debug)]
pub(super) struct Named {
    /// The person's name
    name: String,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Args, Debug)]
pub(super) struct ChangeRole {
    /// The person's name
    name: String,
    /// viewer (reads), operator (reads and decides) or admin
    #[arg(value_parser = |word: &str| word.parse::<Role>().map_err(|error| error.to_string()))]
    role: Role,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) async fn run(command: UserCommand) -> Outcome {
    match command {
        UserCommand::Add(add) => self::add(add).await,
        UserCommand::Password(named) => {
            let password = terminal::read_password(&format!("New password of {}: ", named.name))?;
            with_engine(named.database, async |engine, _| {
                Ok(identity::set_password(engine, ACTOR, &named.name, &password).await?)
            })
            .await
        }
        UserCommand::Disable(named) => {
            with_engine(named.database, async |engine, _| {
                identity::disable_user(engine, ACTOR, &named.name).await?;
                Ok(())
            })
            .await
        }
        UserCommand::Enable(named) => {
            with_engine(named.database, async |engine, _| {
                identity::enable_user(engine, ACTOR, &named.name).await?;
                Ok(())
            })
            .await
        }
        UserCommand::Role(change) => {
            with_engine(change.database, async |engine, _| {
                identity::set_role(engine, ACTOR, &change.name, change.role).await?;
                Ok(())
            })
            .await
        }
        UserCommand::Link(named) => {
            let link = with_engine(named.database, async |engine, config| link_for(engine, config, &named.name).await);
            println!("{}", link.await?);
            Ok(())
        }
    }
}

/// A link on the address that was asked for, else on the one of the server that runs (or ran last) on the database.
async fn link_for(engine: &Engine, config: &Config, name: &str) -> Outcome<String> {
    let secret = identity::create_sign_in_link(engine, ACTOR, name).await?;
    let announced = engine::address::announced(engine).await?;
    let base = config.public_url.clone().or(announced).unwrap_or_else(|| config.base_url());
    Ok(sign_in_url(&base, &secret))
}

async fn add(add: Add) -> Outcome {
    let password = if add.password_stdin { Some(terminal::read_password("Password: ")?) } else { None };
    let link = with_engine(add.database, async |engine, config| {
        let wants_link = password.is_none();
        identity::create_user(engine, ACTOR, NewUser { name: add.name.clone(), role: add.role, password }).await?;
        if !wants_link {
            return Ok(None);
        }
        Ok(Some(link_for(engine, config, &add.name).await?))
    })
    .await?;
    if let Some(link) = link {
        println!("{link}");
    }
    Ok(())
}
