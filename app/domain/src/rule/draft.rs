//! A rule that somebody wants to make, as they wrote it. Whether it may be made is for [`super::demands`] to say.

use chrono::{DateTime, Utc};

use super::{Effect, Unlisted};
use crate::constraint::{ArgumentPath, Asked, escape, read_constraints};
use crate::json::Json;
use crate::problem::FieldError;
use crate::time_text;

/// What was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub tool_name: String,
    pub effect: Effect,
    pub constraints: Vec<(ArgumentPath, Asked)>,
    /// `None`: as is usual for the tool's tier.
    pub unlisted: Option<Unlisted>,
    pub description: String,
    pub notes: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_uses: Option<i64>,
    /// Whether its maker has seen what a rule that narrows nothing would let pass.
    pub confirm_broad: bool,
}

/// The members of a draft, in the words of the wire.
const MEMBERS: &[&str] = &[
    "tool_name",
    "effect",
    "arg_constraints",
    "unlisted_args",
    "description",
    "notes",
    "expires_at",
    "max_uses",
    "confirm_broad",
];

/// Reads a draft. `tool_name`: of the action or rule that it is made from, where it may be left out.
///
/// # Errors
/// Everything that is wrong with its form, with pointers into it.
pub fn read_draft(written: &Json, tool_name: Option<&str>) -> Result<Draft, Vec<FieldError>> {
    let Some(members) = written.as_object() else {
        return Err(vec![wrong("", "must be an object")]);
    };
    let mut reader = Reader { written, errors: Vec::new() };
    for (name, _) in members.iter().filter(|(name, _)| !MEMBERS.contains(&name.as_str())) {
        reader.refuse(&format!("/{}", escape(name)), "is no part of a rule");
    }
    let effect = reader.word("effect").unwrap_or(Some(Effect::Allow));
    let unlisted = reader.word("unlisted_args");
    let draft = Draft {
        tool_name: reader.tool_name(tool_name),
        effect: effect.unwrap_or(Effect::Allow),
        constraints: reader.constraints(),
        unlisted: unlisted.flatten(),
        description: reader.text("description").unwrap_or_default(),
        notes: reader.text("notes"),
        expires_at: reader.instant("expires_at"),
        max_uses: reader.whole("max_uses"),
        confirm_broad: reader.flag("confirm_broad"),
    };
    if reader.errors.is_empty() { Ok(draft) } else { Err(reader.errors) }
}

fn wrong(pointer: &str, message: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.to_owned(), message: message.into() }
}

struct Reader<'a> {
    written: &'a Json,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn refuse(&mut self, pointer: &str, message: impl Into<String>) {
        self.errors.push(wrong(pointer, message));
    }

    /// The member, unless it is missing or `null`.
    fn member(&self, name: &str) -> Option<&Json> {
        self.written.get(name).filter(|value| !value.is_null())
    }

    fn tool_name(&mut self, given: Option<&str>) -> String {
        let wrong_type = self.member("tool_name").is_some_and(|name| name.as_str().is_none());
        match (self.text("tool_name"), given) {
            (None, Some(given)) => given.to_owned(),
            (None, None) if wrong_type => String::new(),
            (Some(name), Some(given)) if name != given => {
                self.refuse("/tool_name", format!("is another tool than that of what it is made from ({given})"));
                name
            }
            (Some(name), _) if !name.trim().is_empty() => name,
            _ => {
                self.refuse("/tool_name", "is missing: a rule is for one tool");
                String::new()
            }
        }
    }

    fn constraints(&mut self) -> Vec<(ArgumentPath, Asked)> {
        let written = self.member("arg_constraints").cloned().unwrap_or(Json::Object(Vec::new()));
        match read_constraints(&written) {
            Ok(asked) => asked,
            Err(errors) => {
                let below = |error: FieldError| wrong(&format!("/arg_constraints{}", error.pointer), error.message);
                self.errors.extend(errors.into_iter().map(below));
                Vec::new()
            }
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.member(name) {
            None => None,
            Some(Json::String(text)) => Some(text.clone()),
            Some(_) => {
                self.refuse(&format!("/{name}"), "must be a text");
                None
            }
        }
    }

    /// The word, `Some(None)` where it is missing, and `None` with an error where it is none of the words.
    #[allow(clippy::option_option, reason = "missing and wrong are told apart")]
    fn word<T: std::str::FromStr>(&mut self, name: &str) -> Option<Option<T>> {
        let text = match self.member(name) {
            None => return Some(None),
            Some(value) => value.as_str().map(str::parse),
        };
        if let Some(Ok(word)) = text {
            return Some(Some(word));
        }
        self.refuse(&format!("/{name}"), "is no word that stands here");
        None
    }

    fn whole(&mut self, name: &str) -> Option<i64> {
        let value = self.member(name)?;
        let whole = value.as_i64();
        if whole.is_none() {
            self.refuse(&format!("/{name}"), "must be a whole number");
        }
        whole
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.member(name) {
            None => false,
            Some(Json::Bool(flag)) => *flag,
            Some(_) => {
                self.refuse(&format!("/{name}"), "must be true or false");
                false
            }
        }
    }

    fn instant(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let text = self.member(name)?.as_str().map(str::to_owned);
        let instant = text.as_deref().map(time_text::parse_instant);
        match instant {
            Some(Ok(instant)) => Some(instant),
            Some(Err(error)) => {
                self.refuse(&format!("/{name}"), error.to_string());
                None
            }
            None => {
                self.refuse(&format!("/{name}"), "must be an instant in RFC 3339, with its offset from UTC");
                None
            }
        }
    }
}
