//! People, their sessions and tokens. The pages stay the HTML they were sent as, so none of this is in the browser's
//! WebAssembly: forms are posted and lead back to their page. What is shown once is not here: see [`crate::once`].

use domain::id::TokenId;
use domain::identity::Role;
use domain::people::{Listing, PersonInfo, SessionInfo, TokenInfo};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, PostUrl};
use uuid::Uuid;

use self::on_server::{repeated, wrong_address};
use super::protocol::Console;
use super::{Failure, answer, end, engine, person, visitor};
use crate::message::people as words;

/// A page of the people, as the page's address asks for it.
///
/// # Errors
/// Not signed in, no administrator, an unknown word, or the database cannot be read.
#[server(prefix = "/api/console", endpoint = "people/list", protocol = Console<GetUrl>)]
pub async fn list(query: String) -> Result<Listing<PersonInfo>, Failure> {
    let (after, limit) = wrong_address(on_server::place::<String>(&query))?;
    answer(engine::identity::list_people(&engine(), &person()?, after.as_deref(), limit).await)
}

/// One person.
///
/// # Errors
/// Not signed in, somebody else and no administrator, nobody of the name.
#[server(prefix = "/api/console", endpoint = "people/show", protocol = Console<GetUrl>)]
pub async fn show(name: String) -> Result<PersonInfo, Failure> {
    answer(engine::identity::person(&engine(), &person()?, &name).await)
}

/// The browsers in which a person is signed in.
///
/// # Errors
/// As [`show`], or an unknown word.
#[server(prefix = "/api/console", endpoint = "people/sessions", protocol = Console<GetUrl>)]
pub async fn sessions(name: String, #[server(default)] query: String) -> Result<Listing<SessionInfo>, Failure> {
    let (after, limit) = wrong_address(on_server::place(&query))?;
    let current = visitor().session_id;
    answer(engine::identity::list_sessions(&engine(), &person()?, &name, current, after, limit).await)
}

/// Tokens, without their secrets, as the page's address asks for them.
///
/// # Errors
/// Not signed in, somebody else's and no administrator, an unknown word.
#[server(prefix = "/api/console", endpoint = "tokens/list", protocol = Console<GetUrl>)]
pub async fn tokens(query: String) -> Result<Listing<TokenInfo>, Failure> {
    let filter = wrong_address(on_server::tokens(&query))?;
    answer(engine::identity::list_tokens(&engine(), &person()?, &filter).await)
}

/// Gives a person a role.
///
/// # Errors
/// No administrator, nobody of the name, or the last administrator.
#[server(prefix = "/api/console", endpoint = "people/set_role", protocol = Console<PostUrl>)]
pub async fn set_role(name: String, role: Role) -> Result<(), Failure> {
    let changed = engine::identity::set_role(&engine(), &person()?, &name, role).await;
    end(answer(changed), |person| words::has_role(&person.name, person.role))
}

/// Shuts a person out.
///
/// # Errors
/// As [`set_role`].
#[server(prefix = "/api/console", endpoint = "people/disable", protocol = Console<PostUrl>)]
pub async fn disable(name: String) -> Result<(), Failure> {
    let changed = engine::identity::disable_user(&engine(), &person()?, &name).await;
    end(answer(changed), |person| words::disabled(&person.name))
}

/// Lets a person in again.
///
/// # Errors
/// No administrator, or nobody of the name.
#[server(prefix = "/api/console", endpoint = "people/enable", protocol = Console<PostUrl>)]
pub async fn enable(name: String) -> Result<(), Failure> {
    let changed = engine::identity::enable_user(&engine(), &person()?, &name).await;
    end(answer(changed), |person| words::enabled(&person.name, person.has_password))
}

/// Ends one session.
///
/// # Errors
/// There is none, or it is somebody else's.
#[server(prefix = "/api/console", endpoint = "people/end_session", protocol = Console<PostUrl>)]
pub async fn end_session(session: Uuid) -> Result<(), Failure> {
    let ended = engine::identity::revoke_session(&engine(), &person()?, session).await;
    end(answer(ended), |_| words::SESSION_ENDED.to_owned())
}

/// Ends a person's sessions but the one that asks.
///
/// # Errors
/// As [`show`].
#[server(prefix = "/api/console", endpoint = "people/end_sessions", protocol = Console<PostUrl>)]
pub async fn end_sessions(name: String) -> Result<(), Failure> {
    let count = engine::identity::revoke_sessions(&engine(), &person()?, &name, visitor().session_id).await;
    end(answer(count), |count| words::sessions_ended(*count))
}

/// Sets one's own password; the other sessions end.
///
/// # Errors
/// The present one is wrong, the new one is too short or not the same twice, or there were too many tries.
#[server(prefix = "/api/console", endpoint = "people/set_password", protocol = Console<PostUrl>)]
pub async fn set_password(
    #[server(default)] present_password: String,
    new_password: String,
    repeated_password: String,
) -> Result<(), Failure> {
    let set = match repeated(&new_password, &repeated_password) {
        Ok(()) => {
            let (asks, session) = (person()?, visitor().session_id);
            engine::identity::change_password(&engine(), &asks, session, &present_password, &new_password).await
        }
        Err(problem) => Err(problem.into()),
    };
    end(answer(set), |ended| words::password_set(*ended))
}

/// Revokes a token.
///
/// # Errors
/// There is none, or it is somebody else's.
#[server(prefix = "/api/console", endpoint = "tokens/revoke", protocol = Console<PostUrl>)]
pub async fn revoke_token(token: TokenId) -> Result<(), Failure> {
    let revoked = engine::identity::revoke_token(&engine(), &person()?, token).await;
    end(answer(revoked), |token| words::revoked(&token.name))
}

mod on_server {
    use domain::page::Limit;
    use domain::problem::Problem;
    use domain::query_string::QueryString;
    use engine::identity::TokenFilter;

    use crate::api::{Failure, answer};

    /// Where a list goes on, and how long its pages are.
    #[allow(clippy::result_large_err, reason = "a problem is made once per refused request")]
    pub(super) fn place<T: std::str::FromStr<Err: ToString>>(query: &str) -> Result<(Option<T>, Limit), Problem> {
        let mut query = QueryString::parse(Some(query))?;
        let place = (query.one("cursor"), query.one("limit").unwrap_or_default());
        query.finish()?;
        Ok(place)
    }

    #[allow(clippy::result_large_err, reason = "a problem is made once per refused request")]
    pub(super) fn tokens(query: &str) -> Result<TokenFilter, Problem> {
        let mut query = QueryString::parse(Some(query))?;
        let filter = TokenFilter::read(&mut query);
        query.finish()?;
        Ok(filter)
    }

    pub(super) fn wrong_address<T>(read: Result<T, Problem>) -> Result<T, Failure> {
        answer(read.map_err(Into::into))
    }

    #[allow(clippy::result_large_err, reason = "a problem is made once per refused request")]
    pub(super) fn repeated(new: &str, again: &str) -> Result<(), Problem> {
        if new == again {
            return Ok(());
        }
        Err(Problem::invalid("/repeated_password", "is not the same as the new one"))
    }
}
