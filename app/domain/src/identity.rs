//! Who is asking, and what they may do. Roles belong to people, scopes to tokens; a permission is asked
//! of a [`Principal`] in one place, by the engine.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{TokenId, UserId};
use crate::risk::UnknownWord;
use crate::word::by_word;

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and decides.
    Operator,
    /// Reads, decides and administers.
    Admin,
}

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The word stored in `users.role`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Whether a person of this role may do what the scope names.
    pub const fn grants(self, scope: Scope) -> bool {
        match scope {
            Scope::ActionsRead | Scope::RulesRead | Scope::MetricsRead => true,
            Scope::AuditRead
            | Scope::ActionsSubmit
            | Scope::ActionsExpire
            | Scope::DecisionsWrite
            | Scope::RulesWrite => !matches!(self, Self::Viewer),
            Scope::ActionsExecute => false,
            Scope::ToolsWrite | Scope::Admin => matches!(self, Self::Admin),
        }
    }
}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "role", word: word.to_owned() })
    }
}

by_word!(Role, "What a person may do.");

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    #[serde(rename = "actions:submit")]
    ActionsSubmit,
    #[serde(rename = "actions:read")]
    ActionsRead,
    #[serde(rename = "actions:execute")]
    ActionsExecute,
    #[serde(rename = "actions:expire")]
    ActionsExpire,
    #[serde(rename = "decisions:write")]
    DecisionsWrite,
    #[serde(rename = "rules:read")]
    RulesRead,
    #[serde(rename = "rules:write")]
    RulesWrite,
    #[serde(rename = "metrics:read")]
    MetricsRead,
    #[serde(rename = "audit:read")]
    AuditRead,
    #[serde(rename = "tools:write")]
    ToolsWrite,
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 11] = [
        Self::ActionsSubmit,
        Self::ActionsRead,
        Self::ActionsExecute,
        Self::ActionsExpire,
        Self::DecisionsWrite,
        Self::RulesRead,
        Self::RulesWrite,
        Self::MetricsRead,
        Self::AuditRead,
        Self::ToolsWrite,
        Self::Admin,
    ];

    /// The word on the wire and in `api_tokens.scopes`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActionsSubmit => "actions:submit",
            Self::ActionsRead => "actions:read",
            Self::ActionsExecute => "actions:execute",
            Self::ActionsExpire => "actions:expire",
            Self::DecisionsWrite => "decisions:write",
            Self::RulesRead => "rules:read",
            Self::RulesWrite => "rules:write",
            Self::MetricsRead => "metrics:read",
            Self::AuditRead => "audit:read",
            Self::ToolsWrite => "tools:write",
            Self::Admin => "admin",
        }
    }

    /// Whether the scope is a person's alone: an agent's token can never hold it.
    pub const fn needs_a_person(self) -> bool {
        matches!(self, Self::DecisionsWrite | Self::RulesWrite | Self::ToolsWrite | Self::Admin)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "scope", word: word.to_owned() })
    }
}

/// What a person's name must be like, as a check on input: it stands in the trail, in addresses and beside
/// decisions, so nothing in it may hide or imitate.
///
/// # Errors
/// In words, what it takes.
pub fn check_person_name(name: &str) -> Result<(), &'static str> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest = |byte: u8| good(byte) || matches!(byte, b'.' | b'_' | b'-');
    if is_named(name, good, rest) {
        return Ok(());
    }
    Err("takes 1 to 64 small letters, digits, dots, dashes and underscores, beginning with a letter or digit")
}

/// What a token's name must be like: like a person's, with capitals and spaces.
///
/// # Errors
/// In words, what it takes.
pub fn check_token_name(name: &str) -> Result<(), &'static str> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b' ');
    if is_named(name, |byte| byte.is_ascii_alphanumeric(), rest) {
        return Ok(());
    }
    Err("takes 1 to 64 letters, digits, dots, dashes, underscores and spaces, beginning with a letter or digit")
}

fn is_named(name: &str, first: impl Fn(u8) -> bool, rest: impl Fn(u8) -> bool) -> bool {
    name.len() <= 64 && name.bytes().next().is_some_and(first) && name.bytes().all(rest)
}

/// A person, known by session or by a token of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    /// The name in `human:<name>`.
    pub name: String,
    pub role: Role,
}

/// A token that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIdentity {
    pub id: TokenId,
    pub name: String,
    pub scopes: BTreeSet<Scope>,
}

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A person at a browser.
    Session(Person),
    /// A person's own token: no more than the person, no more than its scopes.
    PersonToken(Person, TokenIdentity),
    /// A program.
    Agent(TokenIdentity),
}

impl Principal {
    /// Whether the principal may use `scope`.
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Session(person) => person.role.grants(scope),
            Self::PersonToken(person, token) => {
                token.scopes.contains(&scope) && (person.role.grants(scope) || scope == Scope::ActionsExecute)
            }
            Self::Agent(token) => token.scopes.contains(&scope) && !scope.needs_a_person(),
        }
    }

    /// The person behind the request, if any.
    pub const fn person(&self) -> Option<&Person> {
        match self {
            Self::Session(person) | Self::PersonToken(person, _) => Some(person),
            Self::Agent(_) => None,
        }
    }

    /// The name stored in `agent_id` for what this principal parks, and as the worker of what it claims.
    pub fn name(&self) -> &str {
        match self {
            Self::Session(person) => &person.name,
            Self::PersonToken(_, token) | Self::Agent(token) => &token.name,
        }
    }

    /// How the principal stands in the trail: `human:<name>` or `agent:<token name>`.
    pub fn actor(&self) -> String {
        match self.person() {
            Some(person) => format!("human:{}", person.name),
            None => format!("agent:{}", self.name()),
        }
    }

    /// The token presented, if one was.
    pub const fn token(&self) -> Option<&TokenIdentity> {
        match self {
            Self::Session(_) => None,
            Self::PersonToken(_, token) | Self::Agent(token) => Some(token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn token(scopes: &[Scope]) -> TokenIdentity {
        TokenIdentity { id: TokenId(Uuid::nil()), name: "t".to_owned(), scopes: scopes.iter().copied().collect() }
    }

    fn person(role: Role) -> Person {
        Person { id: UserId(Uuid::nil()), name: "ana".to_owned(), role }
    }

    #[test]
    fn an_agent_never_decides_whatever_its_token_says() {
        let agent = Principal::Agent(token(&Scope::ALL));
        assert!(!agent.may(Scope::DecisionsWrite));
        assert!(!agent.may(Scope::RulesWrite));
        assert!(agent.may(Scope::ActionsSubmit));
    }

    #[test]
    fn a_viewer_decides_nothing_even_with_a_token_that_says_so() {
        assert!(!Principal::Session(person(Role::Viewer)).may(Scope::DecisionsWrite));
        let token = token(&[Scope::DecisionsWrite]);
        assert!(!Principal::PersonToken(person(Role::Viewer), token).may(Scope::DecisionsWrite));
    }

    #[test]
    fn a_persons_token_is_no_more_than_its_scopes() {
        let reads = Principal::PersonToken(person(Role::Admin), token(&[Scope::ActionsRead]));
        assert!(reads.may(Scope::ActionsRead));
        assert!(!reads.may(Scope::DecisionsWrite));
    }

    #[test]
    fn a_name_holds_nothing_that_deceives() {
        for good in ["ana", "0", "a.b-c_d", &"a".repeat(64)] {
            assert!(check_person_name(good).is_ok() && check_token_name(good).is_ok(), "{good}");
        }
        assert!(check_token_name("Ana's".trim_end_matches("'s")).is_ok() && check_token_name("mail bot 2").is_ok());
        let evil =
            ["", " a", "-a", "a\u{202e}b", "a\u{200b}", "аna", "a\n", "a\0", "a<b", "a/b", "a'", &"a".repeat(65)];
        for name in evil {
            assert!(check_person_name(name).is_err() && check_token_name(name).is_err(), "{name:?}");
        }
        assert!(check_person_name("Ana").is_err() && check_person_name("a b").is_err());
    }

    #[test]
    fn scopes_read_back_as_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
    }
}
