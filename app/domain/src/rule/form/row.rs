//! One row of the sheet: an argument, what is asked of it, and the text beside it.

use super::constraint::written;
use super::wrong;
use crate::constraint::{ArgumentPath, Asked, escape};
use crate::problem::FieldError;

/// What a row asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Exactly what the action has, which nobody needs to see.
    FromAction,
    /// Exactly what the rule before it kept as a digest.
    Kept,
    /// What is offered as wider.
    Wider,
    /// Exactly this text.
    Text,
    /// Exactly this value, written in JSON.
    Json,
    /// One of these texts, one on a line.
    OneOf,
    /// One of these values, a list in JSON.
    OneOfJson,
    Pattern,
    Email,
    Url,
    Path,
    Range,
    Length,
    Regex,
    Any,
    Absent,
    /// Nothing: the rule does not name the argument.
    Unnamed,
}

impl Kind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 17] = [
        Self::FromAction,
        Self::Kept,
        Self::Wider,
        Self::Text,
        Self::Json,
        Self::OneOf,
        Self::OneOfJson,
        Self::Pattern,
        Self::Email,
        Self::Url,
        Self::Path,
        Self::Range,
        Self::Length,
        Self::Regex,
        Self::Any,
        Self::Absent,
        Self::Unnamed,
    ];

    /// The word in a form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FromAction => "from_action",
            Self::Kept => "kept",
            Self::Wider => "wider",
            Self::Text => "text",
            Self::Json => "json",
            Self::OneOf => "one_of",
            Self::OneOfJson => "one_of_json",
            Self::Pattern => "pattern",
            Self::Email => "email",
            Self::Url => "url",
            Self::Path => "path",
            Self::Range => "range",
            Self::Length => "length",
            Self::Regex => "regex",
            Self::Any => "any",
            Self::Absent => "absent",
            Self::Unnamed => "unnamed",
        }
    }

    /// The kind of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the text beside it says more.
    pub const fn takes_text(self) -> bool {
        !matches!(self, Self::FromAction | Self::Kept | Self::Wider | Self::Any | Self::Absent | Self::Unnamed)
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// As the rule names the argument: `to`, `message.recipients[*]`.
    pub path: String,
    pub kind: Kind,
    pub text: String,
}

impl Row {
    /// The row that asks this.
    pub fn of(path: &ArgumentPath, asked: &Asked) -> Self {
        let (kind, text) = match asked {
            Asked::FromAction => (Kind::FromAction, String::new()),
            Asked::Constraint(constraint) => written(constraint),
        };
        Self { path: path.to_string(), kind, text }
    }

    /// Whether it is a row for an argument that nobody has named yet.
    pub fn is_blank(&self) -> bool {
        self.path.is_empty() && self.text.trim().is_empty()
    }

    /// Its place in a draft.
    pub fn place(&self) -> String {
        format!("/arg_constraints/{}", escape(&self.path))
    }

    /// Whether it asks anything.
    pub fn asks(&self) -> bool {
        self.kind != Kind::Unnamed && !self.is_blank()
    }
}

/// Whether a field belongs to a row: `path.0` as somebody typed it or `name.0` as the page wrote it (percent-encoded:
/// browsers rewrite line ends in what they post), `kind.0`, `value.0`.
pub(super) fn is_name(name: &str) -> bool {
    place(name).is_some()
}

fn place(name: &str) -> Option<(&str, usize)> {
    let (part, place) = name.split_once('.')?;
    let digits = !place.is_empty() && place.len() <= 4 && place.bytes().all(|byte| byte.is_ascii_digit());
    (digits && ["path", "name", "kind", "value"].contains(&part)).then_some((part, place.parse().ok()?))
}

/// The rows of a posted form, in their order; those that are blank are left out.
pub(super) fn read(pairs: &[(String, String)], most: usize) -> (Vec<Row>, Vec<FieldError>) {
    let mut rows: std::collections::BTreeMap<usize, Row> = std::collections::BTreeMap::new();
    let mut errors = Vec::new();
    for (name, value) in pairs {
        let Some((part, place)) = place(name) else { continue };
        let blank = || Row { path: String::new(), kind: Kind::Text, text: String::new() };
        let row = rows.entry(place).or_insert_with(blank);
        match part {
            "path" => value.trim().clone_into(&mut row.path),
            "name" => row.path = decoded(value),
            "value" => row.text = value.replace("\r\n", "\n"),
            _ => match Kind::of(value) {
                Some(kind) => row.kind = kind,
                None => errors.push(wrong("/arg_constraints", format!("cannot ask {value:?} of an argument"))),
            },
        }
    }
    let rows: Vec<Row> = rows.into_values().filter(|row| !row.is_blank()).collect();
    if rows.len() > most {
        errors.push(wrong("/arg_constraints", format!("has {} rows; at most {most} are read", rows.len())));
    }
    (rows.into_iter().take(most).collect(), errors)
}

fn decoded(text: &str) -> String {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("name={text}")).unwrap_or_default();
    pairs.into_iter().next().map(|(_, value)| value).unwrap_or_default()
}
