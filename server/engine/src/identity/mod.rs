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

use domain::event::{EventContent, EventType};
use domain::id::EventId;
use domain::json::Json;
use domain::problem::{Code, Problem};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Result, store};

/// Writes an event about people or tokens.
async fn append(connection: &mut PgConnection, event_type: EventType, actor: &str, metadata: &Json) -> Result<()> {
    let content = EventContent {
        event_id: EventId(Uuid::now_v7()),
        action_id: None,
        rule_id: None,
        event_type,
        actor,
        reason: None,
        event_metadata: metadata,
    };
    store::events::append(connection, content).await?;
    Ok(())
}

fn unauthenticated(detail: &str) -> crate::Error {
    Problem::new(Code::Unauthenticated, detail).into()
}
