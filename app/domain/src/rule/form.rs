//! The sheet that a rule is written on, as a browser's form: flat fields, one row for each argument. It is read into the
//! JSON draft that [`super::read_draft`] takes, so that a form and a program make rules in the same way; and whatever was
//! typed can be put back into the fields, however wrong it is.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};

use super::{Definition, Draft, Effect, USES_OFFERED, Unlisted};
use crate::constraint::Asked;
use crate::digest::Digest;
use crate::json::{Json, Number};
use crate::problem::FieldError;
use crate::time_text::parse_instant;

mod constraint;
mod row;
#[cfg(test)]
mod tests;

use constraint::constraint;
pub use row::{Kind, Row};

/// How long a rule may last, in hours, as it is offered.
pub const HOURS_OFFERED: [i64; 3] = [24, 7 * 24, 30 * 24];
/// No end; no limit.
pub const NONE: &str = "none";
/// A number of one's own.
pub const OTHER: &str = "other";
/// A day of one's own.
pub const DAY: &str = "day";
/// The most rows that are read.
const MOST_ROWS: usize = 400;
/// Fields that stand alone. Each is there at most once.
const FIELDS: [&str; 15] = [
    "effect",
    "description",
    "notes",
    "reason",
    "unlisted",
    "uses",
    "uses_other",
    "until",
    "until_day",
    "confirm_broad",
    // Not of the rule: the form's own key, what an approval is for, the buttons.
    "key",
    "args_sha256",
    "confirm",
    "check",
    "make",
];

/// What stands in the fields, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub tool_name: String,
    pub effect: Effect,
    pub rows: Vec<Row>,
    /// `None`: as is usual for the tool's tier.
    pub unlisted: Option<Unlisted>,
    /// A number, [`NONE`] or [`OTHER`].
    pub uses: String,
    pub uses_other: String,
    /// So many hours as `24h`, an instant, [`NONE`] or [`DAY`].
    pub until: String,
    pub until_day: String,
    pub description: String,
    pub notes: String,
    /// Why one rule takes another's place.
    pub reason: String,
    pub confirm_broad: bool,
}

/// What the words of a form stand for.
#[derive(Clone, Debug)]
pub struct Behind<'a> {
    /// By the database's clock.
    pub now: DateTime<Utc>,
    /// The end of the day that [`Sheet::day`] names.
    pub end_of_day: Option<DateTime<Utc>>,
    /// What is kept as a digest in the rule that is replaced, by path.
    pub kept: &'a [(String, Digest)],
    /// What is offered as wider, by path.
    pub wider: &'a [(String, Json)],
}

impl Sheet {
    /// A sheet for a tool, with nothing on it.
    pub fn empty(tool_name: &str) -> Self {
        Self {
            tool_name: tool_name.to_owned(),
            effect: Effect::Allow,
            rows: Vec::new(),
            unlisted: None,
            uses: USES_OFFERED[1].to_string(),
            uses_other: String::new(),
            until: hours(HOURS_OFFERED[2]),
            until_day: String::new(),
            description: String::new(),
            notes: String::new(),
            reason: String::new(),
            confirm_broad: false,
        }
    }

    /// A draft as it stands on a sheet.
    pub fn of_draft(draft: &Draft) -> Self {
        let mut sheet = Self::empty(&draft.tool_name);
        sheet.effect = draft.effect;
        sheet.rows = draft.constraints.iter().map(|(path, asked)| Row::of(path, asked)).collect();
        sheet.unlisted = draft.unlisted;
        sheet.description.clone_from(&draft.description);
        sheet.notes = draft.notes.clone().unwrap_or_default();
        sheet.limit_to(draft.max_uses, draft.expires_at);
        sheet
    }

    /// A rule's definition as it stands on a sheet for another one in its place.
    pub fn of_definition(definition: &Definition, description: &str, notes: Option<&str>) -> Self {
        let asked = definition.constraints.iter().map(|(path, own)| Row::of(path, &Asked::Constraint(own.clone())));
        let mut sheet = Self {
            effect: definition.effect,
            rows: asked.collect(),
            unlisted: Some(definition.unlisted),
            description: description.to_owned(),
            notes: notes.unwrap_or_default().to_owned(),
            ..Self::empty(&definition.tool_name)
        };
        sheet.limit_to(definition.max_uses, definition.expires_at);
        sheet
    }

    /// Limits it to so many uses.
    pub fn limit_uses(&mut self, most: i64) {
        if USES_OFFERED.contains(&most) {
            self.uses = most.to_string();
        } else {
            self.uses_other = most.to_string();
            OTHER.clone_into(&mut self.uses);
        }
    }

    fn limit_to(&mut self, max_uses: Option<i64>, expires_at: Option<DateTime<Utc>>) {
        match max_uses {
            None => NONE.clone_into(&mut self.uses),
            Some(most) => self.limit_uses(most),
        }
        self.until = expires_at.map_or_else(|| NONE.to_owned(), |end| end.to_rfc3339_opts(SecondsFormat::Micros, true));
    }

    /// Reads a posted form. What nobody asked for, and what a form cannot say, is told; the rest is kept.
    pub fn read(pairs: &[(String, String)], tool_name: &str) -> (Self, Vec<FieldError>) {
        let mut errors = unknown(pairs);
        let text = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.replace("\r\n", "\n")).unwrap_or_default()
        };
        let effect = text("effect").parse().unwrap_or_else(|_| {
            errors.push(wrong("/effect", "must be allow, deny or hold"));
            Effect::Allow
        });
        let unlisted = text("unlisted");
        let known = unlisted.parse().ok();
        if known.is_none() && !unlisted.is_empty() {
            errors.push(wrong("/unlisted_args", "must be ignore or forbid"));
        }
        let (rows, wrong_rows) = row::read(pairs, MOST_ROWS);
        errors.extend(wrong_rows);
        let sheet = Self {
            tool_name: tool_name.to_owned(),
            effect,
            rows,
            unlisted: known,
            uses: text("uses"),
            uses_other: text("uses_other").trim().to_owned(),
            until: text("until"),
            until_day: text("until_day").trim().to_owned(),
            description: text("description"),
            notes: text("notes"),
            reason: text("reason"),
            confirm_broad: !text("confirm_broad").is_empty(),
        };
        (sheet, errors)
    }

    /// The day on whose end the rule ends, if a day was chosen.
    pub fn day(&self) -> Option<NaiveDate> {
        (self.until == DAY).then(|| self.until_day.parse().ok()).flatten()
    }

    /// The draft in JSON.
    ///
    /// # Errors
    /// Everything that does not say what it may say, with pointers into the draft.
    pub fn draft(&self, behind: &Behind) -> Result<Json, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut note = |told: Result<Json, FieldError>| {
            told.unwrap_or_else(|error| {
                errors.push(error);
                Json::Null
            })
        };
        let max_uses = note(self.max_uses());
        let expires_at = note(self.expires_at(behind));
        let mut asked = Vec::new();
        for row in self.rows.iter().filter(|row| row.asks()) {
            let told = constraint(row, behind).map_err(|message| wrong(&row.place(), message));
            asked.push((row.path.clone(), note(told)));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let text = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map_or(Json::Null, Json::from);
        Ok(Json::object([
            ("tool_name", Json::from(self.tool_name.as_str())),
            ("effect", Json::from(self.effect.as_str())),
            ("arg_constraints", Json::Object(asked)),
            ("unlisted_args", self.unlisted.map_or(Json::Null, |own| Json::from(own.as_str()))),
            ("description", Json::from(self.description.as_str())),
            ("notes", text(&self.notes)),
            ("max_uses", max_uses),
            ("expires_at", expires_at),
            ("confirm_broad", Json::from(self.confirm_broad)),
        ]))
    }

    fn max_uses(&self) -> Result<Json, FieldError> {
        let written = if self.uses == OTHER { self.uses_other.as_str() } else { self.uses.as_str() };
        // What stops calls has no limit of uses: the field is not asked.
        if written == NONE || self.effect != Effect::Allow {
            return Ok(Json::Null);
        }
        let whole = written.parse::<i64>().ok().and_then(|most| Number::parse(&most.to_string()).ok());
        whole.map(Json::Number).ok_or_else(|| wrong("/max_uses", "must be a whole number"))
    }

    fn expires_at(&self, behind: &Behind) -> Result<Json, FieldError> {
        let told = |end: DateTime<Utc>| Json::from(end.to_rfc3339_opts(SecondsFormat::Micros, true));
        match self.until.as_str() {
            NONE | "" => Ok(Json::Null),
            DAY => match (self.day(), behind.end_of_day) {
                (Some(_), Some(end)) => Ok(told(end)),
                _ => Err(wrong("/expires_at", "must be a day, like 2026-12-31")),
            },
            written => match written.strip_suffix('h').and_then(|hours| hours.parse::<u16>().ok()) {
                Some(hours) => Ok(told(behind.now + TimeDelta::hours(i64::from(hours)))),
                None => parse_instant(written).map(told).map_err(|message| wrong("/expires_at", message)),
            },
        }
    }
}

/// A length of time as a form says it.
pub fn hours(hours: i64) -> String {
    format!("{hours}h")
}

/// Fields that no sheet has, and fields that are there twice.
fn unknown(pairs: &[(String, String)]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (at, (name, _)) in pairs.iter().enumerate() {
        if !FIELDS.contains(&name.as_str()) && !row::is_name(name) {
            let name = crate::text_safety::escaped(&name.chars().take(60).collect::<String>());
            errors.push(wrong("", format!("\"{name}\" is no field of this sheet")));
        } else if pairs.iter().take(at).any(|(before, _)| before == name) {
            errors.push(wrong("", format!("\"{name}\" is there twice")));
        }
        if errors.len() >= 5 {
            break;
        }
    }
    errors
}

fn wrong(pointer: &str, message: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.to_owned(), message: message.into() }
}
