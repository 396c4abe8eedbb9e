//! People, their sessions, and tokens: who is asking.

mod password;
mod secret;
mod sessions;
mod tokens;
mod users;

pub use crate::store::tokens::TokenInfo;
pub use sessions::{SessionAuth, SignInFrom, authenticate_session, redeem_link, sign_in, sign_out};
pub use tokens::{NewToken, authenticate_token, create_token, list_tokens, revoke_token};
pub use users::{
    FirstSignIn, NewUser, create_sign_in_link, create_user, disable_user, ensure_administrator, set_password,
};

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
