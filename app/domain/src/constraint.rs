//! What a rule asks of one argument (domain contract §5). A constraint fails closed: what it does not understand does
//! not hold, and of a list every element must hold.
//!
//! Judging values needs `regex` and `url` and stands behind the feature `matcher`; what a constraint *is* does not.

use crate::digest::Digest;
use crate::json::{Json, Number};
use crate::redaction::MARK;

mod address;
mod folder;
mod path;
mod read;
mod same;
mod shell;
#[cfg(test)]
mod tests;
mod words;
mod write;

#[cfg(feature = "matcher")]
mod compiled;
#[cfg(feature = "matcher")]
mod cover;
#[cfg(feature = "matcher")]
mod disguise;
#[cfg(feature = "matcher")]
mod glob;
#[cfg(feature = "matcher")]
mod location;
#[cfg(feature = "matcher")]
mod wider;

#[cfg(feature = "matcher")]
pub use compiled::{BadPattern, Compiled, Quantifier, Why};
#[cfg(feature = "matcher")]
pub(crate) use cover::Stated;
#[cfg(feature = "matcher")]
pub use glob::escape as escape_glob;
pub use path::{ArgumentPath, PathError, Segment};
pub use read::{Asked, read_constraint, read_constraints, stored_constraint};
pub(crate) use read::{escape, is_too_long};
pub(crate) use same::normal;
pub use same::same_value;

/// The longest pattern and regular expression, in bytes.
pub const LONGEST_PATTERN: usize = 1_000;
/// How many values, domains, addresses, hosts or schemes one constraint may list.
pub const MOST_LISTED: usize = 200;
/// The longest value that a constraint compares with, in bytes of JSON.
pub const LONGEST_VALUE: usize = 64 << 10;

/// What must be so of the value at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Anything, or nothing.
    Any,
    /// The argument is not there.
    Absent,
    /// This value: numbers by what they are worth, objects in any order of keys, all else exactly.
    Exact(Exact),
    /// One of these values, compared as by [`Constraint::Exact`].
    OneOf(Vec<Json>),
    /// A glob over the whole text: `*` any run, `?` one character, `[…]` one of a set, `\` takes the next as it is.
    Pattern(String),
    /// A regular expression over the whole text, in the syntax of the crate `regex`.
    Regex(String),
    /// A number, bounds included; exact decimals.
    Range { min: Option<Number>, max: Option<Number> },
    /// One plain address, at one of the domains (`*.` in front: below it) or one of the addresses.
    Email { domains: Vec<String>, addresses: Vec<String> },
    /// A URL at one of the hosts (`*.` in front: below it), by one of the schemes; without user information. Where no
    /// scheme is named, a rule that lets pass means `https`, and one that stops means all.
    Url { hosts: Vec<String>, schemes: Vec<String> },
    /// A path strictly below this folder, without dot segments.
    Path { under: String },
    /// A text of at most so many characters, or a list of at most so many elements.
    Length { max: u64 },
    /// Something a later version wrote: never holds.
    Unknown(Json),
}

/// What [`Constraint::Exact`] compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exact {
    Value(Json),
    /// A value that is a secret, or holds one: it is kept as the digest of its [`same::normal`] form, and shown masked.
    Kept {
        sha256: Digest,
        shown: Json,
    },
}

impl Exact {
    /// The value, kept so that nobody reads it from the rule.
    pub fn kept(value: &Json, shown: Json) -> Self {
        Self::Kept { sha256: digest_of(value), shown }
    }

    /// Whether the value is this one.
    pub fn is(&self, value: &Json) -> bool {
        match self {
            Self::Value(own) => same_value(own, value),
            Self::Kept { sha256, .. } => *sha256 == digest_of(value),
        }
    }

    /// The value as people may see it.
    pub const fn shown(&self) -> &Json {
        match self {
            Self::Value(value) | Self::Kept { shown: value, .. } => value,
        }
    }
}

/// The digest under which a value is kept: equal for equal values however their numbers are written.
fn digest_of(value: &Json) -> Digest {
    Digest::of(&normal(value))
}

impl Constraint {
    /// A value to be compared with.
    pub const fn exactly(value: Json) -> Self {
        Self::Exact(Exact::Value(value))
    }

    /// The word of its kind, on the wire and in forms.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Absent => "absent",
            Self::Exact(_) => "exact",
            Self::OneOf(_) => "one_of",
            Self::Pattern(_) => "pattern",
            Self::Regex(_) => "regex",
            Self::Range { .. } => "range",
            Self::Email { .. } => "email",
            Self::Url { .. } => "url",
            Self::Path { .. } => "path",
            Self::Length { .. } => "length",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Whether it holds for everything, and for nothing at all: `any`, and a pattern of `*` alone.
    pub fn holds_always(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Pattern(glob) => !glob.is_empty() && glob.chars().all(|character| character == '*'),
            _ => false,
        }
    }

    /// Whether it counts as `any` where rules are weighed: a pattern of wildcards only, an expression for everything.
    pub fn is_any(&self) -> bool {
        match self {
            Self::Pattern(glob) => glob.contains('*') && glob.chars().all(|character| matches!(character, '*' | '?')),
            Self::Regex(regex) => takes_everything(regex),
            _ => self.holds_always(),
        }
    }

    /// Its weight among matching rules (§6): 2, 1 or 0.
    pub fn specificity(&self) -> u32 {
        match self {
            Self::Exact(_) | Self::Absent => 2,
            Self::OneOf(values) if values.len() == 1 => 2,
            Self::Unknown(_) => 0,
            _ if self.is_any() => 0,
            _ => 1,
        }
    }

    /// Whether it says what the value is, not only how long, or that it is a path: what a critical argument needs at a
    /// high tier. A shell's line with an open part says nothing of what stands there.
    pub fn pins(&self) -> bool {
        let says_little = match self {
            Self::Length { .. } => true,
            Self::Path { under } => under == "/",
            _ => false,
        };
        self.specificity() > 0 && !says_little && self.shell_prefix().is_none()
    }

    /// Whether it says what the value at this path is. In an argument that an interpreter reads, nothing with an open
    /// part does, whatever it starts with.
    pub fn pins_at(&self, path: &ArgumentPath) -> bool {
        let read_by_a_shell = || path.names().last().is_some_and(|name| crate::argument::is_command(name));
        self.pins() && !(self.open_part().is_some() && read_by_a_shell())
    }

    /// Whether a person wrote a value that was shown masked instead of the value itself.
    pub fn holds_mark(&self) -> bool {
        let marked = |texts: &[String]| texts.iter().any(|text| text.contains(MARK));
        match self {
            Self::Exact(Exact::Value(value)) => crate::redaction::holds_mark(value),
            Self::OneOf(values) => values.iter().any(crate::redaction::holds_mark),
            Self::Pattern(text) | Self::Regex(text) | Self::Path { under: text } => text.contains(MARK),
            Self::Email { domains, addresses } => marked(domains) || marked(addresses),
            Self::Url { hosts, schemes } => marked(hosts) || marked(schemes),
            _ => false,
        }
    }
}

/// Whether an expression is one of the ways to write "everything", with whatever flags and groups around it.
fn takes_everything(regex: &str) -> bool {
    let mut core = regex.trim_start_matches('^').trim_end_matches('$');
    while let Some(inner) = core.strip_suffix(')').and_then(|core| {
        ["(?s:", "(?:", "("].iter().find_map(|open| core.strip_prefix(open)).filter(|inner| !inner.contains(['(', ')']))
    }) {
        core = inner;
    }
    let core = core.strip_prefix("(?s)").unwrap_or(core);
    let parts =
        [".*", ".+", ".{0,}", ".{1,}", "[\\s\\S]*", "[\\S\\s]*", "[\\s\\S]+", "[\\S\\s]+", "[\\w\\W]*", "[\\w\\W]+"];
    let mut rest = core;
    while let Some(after) = parts.iter().find_map(|part| rest.strip_prefix(part)) {
        rest = after.trim_start_matches('?');
    }
    // An expression without parts, like `^$`, takes the empty text and nothing else.
    rest.is_empty() && !core.is_empty()
}
