//! `countersign token`.

use clap::{Args, Subcommand};
use domain::identity::Scope;
use domain::page::Limit;
use domain::people::{TokenInfo, TokenState};
use engine::Engine;
use engine::identity::{self, NewToken, TokenFilter};

use super::administer::{ACTOR, with_engine};
use super::terminal::{Table, when};
use crate::config::DatabaseFlags;
use crate::failure::{Failure, Outcome};

#[derive(Subcommand, Debug)]
pub(super) enum TokenCommand {
    /// Make a token and print it, and nothing else, on standard output. It is not shown again
    Create(Create),
    /// List tokens, without their secrets
    List(List),
    /// Revoke a token: it is refused from the next request on
    Revoke(Revoke),
}

#[derive(Args, Debug)]
pub(super) struct Create {
    /// What it is called in the trail
    #[arg(long)]
    name: String,
    /// What it may do, separated by commas: actions:submit, actions:read, actions:execute, actions:expire, metrics:read,
    /// rules:read, audit:read; and for a person's token decisions:write, rules:write, tools:write, admin
    #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPE",
          value_parser = |word: &str| word.parse::<Scope>().map_err(|error| error.to_string()))]
    scope: Vec<Scope>,
    /// The person whose token it is; without one it is a program's, which can never decide
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Days until it ends [default: never]
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<i32>,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// The token's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) async fn run(command: TokenCommand) -> Outcome {
    match command {
        TokenCommand::Create(create) => {
            let new = NewToken {
                name: create.name,
                scopes: create.scope,
                user: create.user,
                expires_in_days: create.expires_in_days,
            };
            let token =
                with_engine(create.database, async |engine, _| Ok(identity::create_token(engine, ACTOR, new).await?))
                    .await?;
            println!("{token}");
            Ok(())
        }
        TokenCommand::List(list) => {
            let tokens = with_engine(list.database, async |engine, _| all(engine).await).await?;
            let mut table = Table::new(["NAME", "OF", "SCOPES", "CREATED", "LAST USED", "STATE"]);
            for token in tokens {
                table.row([
                    token.name,
                    token.user.map_or_else(|| "(program)".to_owned(), |user| user.to_string()),
                    token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(","),
                    when(Some(token.created_at)),
                    when(token.last_used_at),
                    match (token.state, token.expires_at) {
                        (TokenState::Revoked, _) => format!("revoked {}", when(token.revoked_at)),
                        (TokenState::Expired, at) => format!("expired {}", when(at)),
                        (TokenState::Active, Some(at)) => format!("until {}", when(Some(at))),
                        (TokenState::Active, None) => "in use".to_owned(),
                    },
                ]);
            }
            table.print();
            Ok(())
        }
        TokenCommand::Revoke(revoke) => {
            with_engine(revoke.database, async |engine, _| {
                identity::revoke_token_called(engine, ACTOR, &revoke.name).await?;
                Ok(())
            })
            .await
        }
    }
}

/// All tokens, page by page.
async fn all(engine: &Engine) -> Outcome<Vec<TokenInfo>> {
    let (mut tokens, mut filter) = (Vec::new(), TokenFilter { limit: Limit::MAX, ..TokenFilter::default() });
    loop {
        let page = identity::list_tokens(engine, ACTOR, &filter).await?;
        tokens.extend(page.items);
        filter.after = page.next.map(|next| next.parse()).transpose().map_err(Failure::new)?;
        if filter.after.is_none() {
            return Ok(tokens);
        }
    }
}
