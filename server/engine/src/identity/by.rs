//! In whose name people and tokens are administered.

use domain::identity::{Person, Principal, Scope};

use crate::{Result, require};

/// Who administers.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Whoever asks from outside: judged by role and scopes.
    Principal(&'a Principal),
    /// Whoever runs the program itself, which is beyond any permission. The word stands in the trail.
    Machine(&'a str),
}

impl<'a> From<&'a Principal> for By<'a> {
    fn from(principal: &'a Principal) -> Self {
        Self::Principal(principal)
    }
}

impl<'a> From<&'a str> for By<'a> {
    fn from(word: &'a str) -> Self {
        Self::Machine(word)
    }
}

impl<'a> By<'a> {
    /// As it stands in the trail.
    pub(super) fn actor(self) -> String {
        match self {
            Self::Principal(principal) => principal.actor(),
            Self::Machine(word) => word.to_owned(),
        }
    }

    pub(super) fn person(self) -> Option<&'a Person> {
        match self {
            Self::Principal(principal) => principal.person(),
            Self::Machine(_) => None,
        }
    }

    pub(super) fn administers(self) -> bool {
        self.require_administrator().is_ok()
    }

    pub(super) fn require_administrator(self) -> Result<()> {
        match self {
            Self::Principal(principal) => require(principal, Scope::Admin),
            Self::Machine(_) => Ok(()),
        }
    }

    /// What is one's own may be settled at the console without being an administrator. A token may not: whoever
    /// finds one could make others of it.
    pub(super) fn require_for(self, name: &str) -> Result<()> {
        match self {
            Self::Principal(Principal::Session(person)) if person.name == name => Ok(()),
            _ => self.require_administrator(),
        }
    }
}
