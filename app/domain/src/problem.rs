//! What can be wrong with a request: stable codes, and the RFC 9457 document that carries them.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::action::Decider;
use crate::lifecycle::Status;
use crate::risk::UnknownWord;
use crate::word::by_word;

/// The stable code of an error. Programs branch on it; its word never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Unauthenticated,
    Forbidden,
    HumanActorRequired,
    SelfApprovalForbidden,
    CrossSiteRequest,
    DeniedByRule,
    ToolBlocked,
    NotInBulk,
    NotFound,
    MethodNotAllowed,
    AlreadyDecided,
    ActionExpired,
    ArgumentsChanged,
    WrongState,
    RevisionChanged,
    AlreadyRevoked,
    LastAdministrator,
    LeaseLost,
    InProgress,
    IdempotencyMismatch,
    RuleRejected,
    InvalidRequest,
    UnsupportedMediaType,
    MalformedJson,
    TooLarge,
    RateLimited,
    Unavailable,
    Internal,
}

impl Code {
    /// All codes, for the documentation and the tests.
    pub const ALL: [Self; 28] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::HumanActorRequired,
        Self::SelfApprovalForbidden,
        Self::CrossSiteRequest,
        Self::DeniedByRule,
        Self::ToolBlocked,
        Self::NotInBulk,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::AlreadyDecided,
        Self::ActionExpired,
        Self::ArgumentsChanged,
        Self::WrongState,
        Self::RevisionChanged,
        Self::AlreadyRevoked,
        Self::LastAdministrator,
        Self::LeaseLost,
        Self::InProgress,
        Self::IdempotencyMismatch,
        Self::RuleRejected,
        Self::InvalidRequest,
        Self::UnsupportedMediaType,
        Self::MalformedJson,
        Self::TooLarge,
        Self::RateLimited,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The HTTP status that carries the code.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::MalformedJson => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden
            | Self::HumanActorRequired
            | Self::SelfApprovalForbidden
            | Self::CrossSiteRequest
            | Self::DeniedByRule
            | Self::ToolBlocked
            | Self::NotInBulk => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::AlreadyDecided
            | Self::ActionExpired
            | Self::ArgumentsChanged
            | Self::WrongState
            | Self::RevisionChanged
            | Self::AlreadyRevoked
            | Self::LastAdministrator
            | Self::LeaseLost
            | Self::InProgress => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::IdempotencyMismatch | Self::RuleRejected | Self::InvalidRequest => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::HumanActorRequired => "human_actor_required",
            Self::SelfApprovalForbidden => "self_approval_forbidden",
            Self::CrossSiteRequest => "cross_site_request",
            Self::DeniedByRule => "denied_by_rule",
            Self::ToolBlocked => "tool_blocked",
            Self::NotInBulk => "not_in_bulk",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::AlreadyDecided => "already_decided",
            Self::ActionExpired => "action_expired",
            Self::ArgumentsChanged => "arguments_changed",
            Self::WrongState => "wrong_state",
            Self::RevisionChanged => "revision_changed",
            Self::AlreadyRevoked => "already_revoked",
            Self::LastAdministrator => "last_administrator",
            Self::LeaseLost => "lease_lost",
            Self::InProgress => "in_progress",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::RuleRejected => "rule_rejected",
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::MalformedJson => "malformed_json",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// A short summary that is the same for every occurrence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unauthenticated => "Sign in, or send a valid token",
            Self::Forbidden => "You may not do this",
            Self::HumanActorRequired => "Only a person may decide",
            Self::SelfApprovalForbidden => "Nobody approves what they parked themselves",
            Self::CrossSiteRequest => "The request came from another site",
            Self::DeniedByRule => "A rule denies this call",
            Self::ToolBlocked => "The tool is blocked",
            Self::NotInBulk => "The action is decided one by one",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The method is not allowed here",
            Self::AlreadyDecided => "The action was decided before",
            Self::ActionExpired => "The action's deadline has passed",
            Self::ArgumentsChanged => "The arguments are not the ones that were shown",
            Self::WrongState => "The action's state does not allow this",
            Self::RevisionChanged => "It was changed since you looked at it",
            Self::AlreadyRevoked => "The rule was revoked before",
            Self::LastAdministrator => "Somebody must administer",
            Self::LeaseLost => "The attempt is not yours any more",
            Self::InProgress => "The same request is still running",
            Self::IdempotencyMismatch => "The idempotency key was used with another body",
            Self::RuleRejected => "The rule may not be made as it is",
            Self::InvalidRequest => "The request is not valid",
            Self::UnsupportedMediaType => "The body must be application/json",
            Self::MalformedJson => "The body is not JSON",
            Self::TooLarge => "The request is too large",
            Self::RateLimited => "Too many requests",
            Self::Unavailable => "The service cannot answer now",
            Self::Internal => "Something failed on our side",
        }
    }
}

impl FromStr for Code {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "code", word: word.to_owned() })
    }
}

by_word!(Code, "Why a request was refused. The words are stable: programs branch on them.");

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request body, or the name of a query parameter.
    pub pointer: String,
    /// What is wrong, in words.
    pub message: String,
}

/// The decision that stands, told to whoever came too late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Standing {
    /// Where the action stands.
    pub current_status: Status,
    /// By whom it was decided.
    pub decided_by: Option<Decider>,
    /// And when.
    pub decided_at: Option<DateTime<Utc>>,
}

/// An error as told to a client: RFC 9457, without the members that only a transport knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{}: {detail}", .code.as_str())]
pub struct Problem {
    /// Names the kind of problem.
    pub code: Code,
    /// What happened this time, in words that say what to do. Never an internal detail.
    pub detail: String,
    /// What is wrong with the request, each with its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What stands, for whoever comes too late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Seconds after which a retry makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The identifier under which an internal error is in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl Problem {
    /// A problem with a detail and nothing else.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            standing: None,
            retry_after: None,
            correlation_id: None,
        }
    }

    /// One wrong field.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { pointer: pointer.into(), message: message.into() }])
    }

    /// Wrong fields, told all at once.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail =
            errors.iter().map(|error| format!("{}: {}", error.pointer, error.message)).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::new(Code::InvalidRequest, detail) }
    }

    /// Whether it is about the moment and not about what was asked: it may pass by itself, and whether anything was done
    /// nobody knows.
    pub const fn may_pass(&self) -> bool {
        matches!(self.code, Code::Unavailable | Code::Internal)
    }

    /// The thing that was asked for is not there, or not for the asker to see.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no {what} with this id."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codes_word_is_what_serde_writes() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).ok(), Some(serde_json::Value::from(code.as_str())));
        }
    }

    #[test]
    fn a_problem_survives_the_wire() {
        let problem = Problem::invalid("/tool_name", "is missing");
        let text = serde_json::to_string(&problem).expect("a problem is plain data");
        assert_eq!(serde_json::from_str::<Problem>(&text).ok(), Some(problem));
    }
}
