//! Tokens that were made: looked at, and revoked.

use domain::event::EventType;
use domain::id::TokenId;
use domain::identity::Principal;
use domain::json::Json;
use domain::page::{Cursor, Limit};
use domain::people::{Listing, TokenInfo, TokenStanding};
use domain::problem::{Code, Problem};
use domain::query_string::QueryString;

use super::{By, append, no_such_person};
use crate::store::tokens::Listed;
use crate::{Engine, Result, store};

/// Which tokens.
#[derive(Clone, Debug, Default)]
pub struct TokenFilter {
    /// Those of one person.
    pub user: Option<String>,
    pub standing: Option<TokenStanding>,
    pub after: Option<Cursor>,
    pub limit: Limit,
}

impl TokenFilter {
    /// Reads what an address asks for; whoever made the query ends it.
    pub fn read(query: &mut QueryString) -> Self {
        Self {
            user: query.one("user"),
            standing: query.one("state"),
            after: query.one("cursor"),
            limit: query.one("limit").unwrap_or_default(),
        }
    }
}

/// Tokens, newest first: an administrator sees all, a person at a browser their own.
///
/// # Errors
/// `forbidden` for anybody else's, and for programs; `not_found` for a person who is not there.
pub async fn list_tokens(engine: &Engine, by: impl Into<By<'_>>, filter: &TokenFilter) -> Result<Listing<TokenInfo>> {
    let by = by.into();
    match (by, &filter.user) {
        (_, Some(name)) => by.require_for(name)?,
        // Nobody is named: what there is to see for the asker.
        (By::Principal(Principal::Session(_)), None) => {}
        (_, None) => by.require_administrator()?,
    }
    let name = match &filter.user {
        None if !by.administers() => by.person().map(|person| person.name.clone()),
        named => named.clone(),
    };
    let user = match name {
        Some(name) => Some(store::users::find(&engine.pool, &name).await?.ok_or_else(no_such_person)?.person.id),
        None => None,
    };
    let active = filter.standing.map(|standing| standing == TokenStanding::Active);
    let listed = Listed { user, active, only: None };
    let tokens = store::tokens::list(&engine.pool, listed, filter.after, filter.limit.get() + 1).await?;
    let (total, now) = (store::tokens::count(&engine.pool, listed).await?, store::now(&engine.pool).await?);
    let place = |last: &TokenInfo| Cursor { at: last.created_at, id: last.id.0 }.encode();
    Ok(Listing::cut(tokens, filter.limit, Some(total), now, place))
}

/// Revokes a token; it is refused from the next request on. One that was revoked before stays so.
///
/// # Errors
/// `not_found` for what is no token, or not the asker's, who is no administrator; `forbidden` for programs.
pub async fn revoke_token(engine: &Engine, by: impl Into<By<'_>>, id: TokenId) -> Result<TokenInfo> {
    let by = by.into();
    let at_browser = matches!(by, By::Principal(Principal::Session(_)));
    if !at_browser {
        by.require_administrator()?;
    }
    let mut transaction = store::begin(&engine.pool).await?;
    let listed = Listed { only: Some(id), ..Listed::default() };
    let found = store::tokens::list(&mut *transaction, listed, None, 1).await?.pop();
    let mine = |token: &TokenInfo| token.user.as_deref() == by.person().map(|person| person.name.as_str());
    let token = found.filter(|token| by.administers() || mine(token)).ok_or_else(no_such_token)?;
    if !store::tokens::revoke(&mut transaction, id).await? {
        return Ok(token);
    }
    let metadata = Json::object([
        ("token_id", Json::from(id.to_string())),
        ("name", Json::from(token.name.as_str())),
        ("user", Json::from(token.user.clone())),
    ]);
    append(&mut transaction, EventType::TokenRevoked, &by.actor(), &metadata).await?;
    let token = store::tokens::list(&mut *transaction, listed, None, 1).await?.pop().ok_or_else(no_such_token)?;
    transaction.commit().await?;
    Ok(token)
}

/// Revokes the token that goes by `name` now.
///
/// # Errors
/// As [`revoke_token`].
pub async fn revoke_token_called(engine: &Engine, by: impl Into<By<'_>>, name: &str) -> Result<TokenInfo> {
    let id = store::tokens::by_name(&engine.pool, name).await?.ok_or_else(no_such_token)?;
    revoke_token(engine, by, id).await
}

fn no_such_token() -> crate::Error {
    Problem::new(Code::NotFound, "There is no such token.").into()
}
