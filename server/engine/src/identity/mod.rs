//! People, their sessions, and tokens: who is asking, and who may ask.

mod by;
mod own_password;
mod password;
mod people;
mod secret;
mod sessions;
mod standing;
mod token_list;
mod tokens;

pub use by::By;
pub use own_password::{change_password, set_password};
pub use people::{
    FirstSignIn, Invitation, NewUser, create_sign_in_link, create_user, ensure_administrator, invite, list_people,
    person,
};
pub use sessions::{
    SessionAuth, SignInFrom, authenticate_session, list_sessions, redeem_link, revoke_session, revoke_sessions,
    sign_in, sign_out,
};
pub use standing::{disable_user, enable_user, set_role};
pub use token_list::{TokenFilter, list_tokens, revoke_token, revoke_token_called};
pub use tokens::{Issued, NewToken, authenticate_token, create_token, issue_token};

use domain::event::EventType;
use domain::identity::Principal;
use domain::json::Json;
use domain::problem::{Code, Problem};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::trail::Entry;
use crate::{Engine, Result, store, trail};

/// Writes an event about people or tokens.
async fn append(connection: &mut PgConnection, event_type: EventType, actor: &str, metadata: &Json) -> Result<()> {
    trail::append(connection, Entry { event_type, actor, reason: None }, metadata).await?;
    Ok(())
}

/// Writes that something about a person was changed, and what else there is to say of it.
async fn append_change(
    connection: &mut PgConnection,
    actor: &str,
    name: &str,
    what: &str,
    more: impl IntoIterator<Item = (&'static str, Json)>,
) -> Result<()> {
    let says = [("name", Json::from(name)), ("changed", Json::from(what))];
    let members = says.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
    append(connection, EventType::UserChanged, actor, &Json::Object(members)).await
}

/// Whether whoever asked before may still ask: the token is not revoked or expired, the session has not ended.
///
/// # Errors
/// When the database cannot be read.
pub async fn is_current(engine: &Engine, principal: &Principal, session: Option<Uuid>) -> Result<bool> {
    Ok(match (principal.token(), session) {
        (Some(token), _) => store::tokens::find(&engine.pool, token.id).await?.is_some(),
        (None, Some(session)) => store::sessions::find(&engine.pool, session, i32::MAX).await?.is_some(),
        (None, None) => false,
    })
}

fn unauthenticated(detail: &str) -> crate::Error {
    Problem::new(Code::Unauthenticated, detail).into()
}

fn no_such_person() -> crate::Error {
    Problem::new(Code::NotFound, "Nobody here has this name.").into()
}

/// A number of rows for an event.
fn count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
