//! People, their sessions and tokens, as whoever administers them is shown them. There is no field for a secret or
//! its hash, so none can slip into a list.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{TokenId, UserId};
use crate::identity::{Role, Scope};
use crate::page::Limit;

/// Somebody who may sign in, or could until they were shut out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonInfo {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    /// When they were shut out.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When a browser of theirs last asked for something; to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Without one they come in by a link alone.
    pub has_password: bool,
    /// A one-time link of theirs waits to be used.
    pub has_link: bool,
    /// Browsers that are signed in now.
    pub sessions: i64,
    /// Tokens that are good now.
    pub tokens: i64,
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionInfo {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends if nothing is asked for any more.
    pub ends_at: DateTime<Utc>,
    /// In plain words, made from what the browser calls itself: a hint, not a proof.
    pub browser: String,
    /// It is the one that asks.
    pub current: bool,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    pub id: TokenId,
    pub name: String,
    /// The person whose token it is; a program's has none.
    pub user: Option<String>,
    pub scopes: BTreeSet<Scope>,
    /// Who made it, as in the trail.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub state: TokenState,
}

/// Whether a token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Where the next page begins. Opaque; `None` on the last page.
    pub next: Option<String>,
    /// How many there are in all, where that is counted.
    pub total: Option<i64>,
    /// The database's clock when the page was read.
    pub now: DateTime<Utc>,
}

impl<T> Listing<T> {
    /// A page of `limit` at most, of which one more was read to see whether there is a next one.
    pub fn cut(
        mut items: Vec<T>,
        limit: Limit,
        total: Option<i64>,
        now: DateTime<Utc>,
        place: impl Fn(&T) -> String,
    ) -> Self {
        let more = i64::try_from(items.len()).is_ok_and(|read| read > limit.get());
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(place);
        Self { items, next, total, now }
    }
}

/// Which tokens of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenStanding {
    /// Those that are good.
    Active,
    /// Those that have expired or were revoked.
    Ended,
}

impl TokenStanding {
    /// The word in a query.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

impl std::str::FromStr for TokenStanding {
    type Err = crate::risk::UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Active, Self::Ended]
            .into_iter()
            .find(|standing| standing.as_str() == word)
            .ok_or_else(|| Self::Err { what: "state of tokens", word: word.to_owned() })
    }
}
