//! What kind of failure an error's text tells of, and so what to do about it.

use serde::Serialize;

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The tool, or something it needs, was away for a moment: try again.
    Transient,
    /// The call was not one that the tool can run: mend what asks for it.
    Arguments,
    /// The tool was not allowed to: mend its access.
    Permission,
    /// Whatever else: the tool itself is to be looked at.
    Bug,
}

/// Words that tell of a kind. The first kind that has a word in the text is it: a refusal is more certain than a fault of
/// the call, and that more certain than a moment's outage, whose words stand in many a text.
const SIGNS: [(FailureKind, &[&str]); 3] = [
    (
        FailureKind::Permission,
        &[
            "permission",
            "forbidden",
            "unauthorized",
            "unauthorised",
            "unauthenticated",
            "not authorized",
            "not allowed",
            "access denied",
            "accessdenied",
            "denied",
            "credential",
            "401",
            "403",
            "eacces",
            "eperm",
            "expired token",
            "token expired",
            "invalid token",
            "authentication",
        ],
    ),
    (
        FailureKind::Arguments,
        &[
            "invalid",
            "validation",
            "malformed",
            "missing",
            "required",
            "unknown argument",
            "unexpected argument",
            "bad request",
            "not a valid",
            "unprocessable",
            "400",
            "404",
            "409",
            "422",
            "not found",
            "no such",
            "does not exist",
            "enoent",
            "too large",
            "too long",
            "out of range",
            "typeerror",
            "valueerror",
            "schema",
        ],
    ),
    (
        FailureKind::Transient,
        &[
            "timeout",
            "timed out",
            "time-out",
            "time out",
            "deadline exceeded",
            "unavailable",
            "temporarily",
            "temporary",
            "try again",
            "retry",
            "rate limit",
            "rate-limit",
            "too many requests",
            "throttl",
            "overloaded",
            "busy",
            "connection",
            "unreachable",
            "network",
            "dns",
            "reset by peer",
            "econnre",
            "etimedout",
            "broken pipe",
            "mailbox full",
            "408",
            "425",
            "429",
            "502",
            "503",
            "504",
        ],
    ),
];

impl FailureKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Transient, Self::Arguments, Self::Permission, Self::Bug];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Arguments => "arguments",
            Self::Permission => "permission",
            Self::Bug => "bug",
        }
    }

    /// The kind that an error's text tells of. A text that tells nothing is a bug: somebody has to look.
    pub fn of(error: &str) -> Self {
        let text = error.to_lowercase();
        SIGNS
            .iter()
            .find(|(_, signs)| signs.iter().any(|sign| stands_in(&text, sign)))
            .map_or(Self::Bug, |(kind, _)| *kind)
    }
}

/// Whether the sign stands in the text at the beginning of a word; a number only as a whole one.
fn stands_in(text: &str, sign: &str) -> bool {
    let number = sign.bytes().all(|byte| byte.is_ascii_digit());
    text.match_indices(sign).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + sign.len()..].chars().next();
        let begins_inside = before.is_some_and(char::is_alphanumeric);
        let goes_on = number && after.is_some_and(char::is_alphanumeric);
        !begins_inside && !goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::FailureKind::{Arguments, Bug, Permission, Transient};
    use super::*;

    #[test]
    fn an_errors_text_tells_its_kind() {
        for (text, kind) in [
            ("Connection refused (os error 111)", Transient),
            ("upstream timed out after 30 s", Transient),
            ("HTTP 503 Service Unavailable", Transient),
            ("429 Too Many Requests", Transient),
            ("mailbox full", Transient),
            ("dial tcp: lookup mail.internal: temporary failure in name resolution", Transient),
            ("HTTP 403", Permission),
            ("Permission denied (publickey)", Permission),
            ("401 Unauthorized: invalid token", Permission),
            ("EACCES: permission denied, open '/etc/x'", Permission),
            ("ValueError: invalid literal for int()", Arguments),
            ("HTTP 422: amount is required", Arguments),
            ("No such user: ana", Arguments),
            ("404 page not found", Arguments),
            ("NullPointerException at Foo.bar(Foo.java:503x)", Bug),
            ("index 4030 of 17", Bug),
            ("", Bug),
            ("the stack overflowed", Bug),
        ] {
            assert_eq!(FailureKind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn a_sign_inside_a_word_or_a_longer_number_is_none() {
        for text in ["order 14031 is odd", "reconnections", "revalidation", "id 4290"] {
            assert_eq!(FailureKind::of(text), Bug, "{text}");
        }
    }
}
