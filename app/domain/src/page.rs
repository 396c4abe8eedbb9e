//! Keyset pages: where a list goes on, how long a page is, how it is sorted.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The last row of a page; the next page starts after it. Opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The time the list is sorted by, to the microsecond, which is what Postgres keeps.
    pub at: DateTime<Utc>,
    /// Breaks ties.
    pub id: Uuid,
}

impl Cursor {
    /// URL-safe text without padding: 48 hexadecimal digits. Anything finer than a microsecond is cut off.
    pub fn encode(&self) -> String {
        let micros = self.at.timestamp_micros();
        format!("{}{}", hex::encode(micros.to_be_bytes()), hex::encode(self.id.as_bytes()))
    }

    fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 24];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        let (micros, id) = bytes.split_at(8);
        let cursor = Self {
            at: DateTime::from_timestamp_micros(i64::from_be_bytes(micros.try_into().ok()?))?,
            id: Uuid::from_slice(id).ok()?,
        };
        // One cursor, one text.
        (cursor.encode() == text).then_some(cursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.encode())
    }
}

/// Reads what [`Cursor::encode`] wrote; what is wrong with anything else, in words.
impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).ok_or(NOT_OURS)
    }
}

/// What is wrong with a cursor that cannot be read.
pub(crate) const NOT_OURS: &str = "is not one that this list gave out; leave it out to start from the beginning";

/// How many rows a page has: 1 to 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit(u16);

impl Limit {
    /// The longest page.
    pub const MAX: Self = Self(500);
    /// When nobody says.
    pub const DEFAULT: Self = Self(50);

    /// A limit of `rows`; `None` where they are not 1 to 500.
    pub fn new(rows: i64) -> Option<Self> {
        u16::try_from(rows).ok().map(Self).filter(|limit| (Self(1)..=Self::MAX).contains(limit))
    }

    /// The rows, as SQL's `LIMIT` wants them.
    pub const fn get(self) -> i64 {
        self.0 as i64
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `-1` past the ends of i64, `+5` and ` 5` are all the same mistake.
        let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let rows = text.parse().ok().filter(|_| digits_only);
        rows.and_then(Self::new).ok_or("must be a whole number from 1 to 500")
    }
}

/// How a list of actions is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sort {
    /// Oldest first.
    #[default]
    #[serde(rename = "requested_at")]
    Oldest,
    /// Newest first.
    #[serde(rename = "-requested_at")]
    Newest,
    /// Nearest deadline first, then the higher tier.
    #[serde(rename = "urgency")]
    Urgency,
}

impl Sort {
    /// All ways to sort.
    pub const ALL: [Self; 3] = [Self::Oldest, Self::Newest, Self::Urgency];

    /// The word on the wire and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oldest => "requested_at",
            Self::Newest => "-requested_at",
            Self::Urgency => "urgency",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Sort {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word).ok_or("must be requested_at, -requested_at or urgency")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The years 1 to 9999, in microseconds.
    fn micros() -> impl Strategy<Value = i64> {
        -62_135_596_800_000_000..253_402_300_799_999_999_i64
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_written(micros in micros(), id: u128) {
            let cursor = Cursor { at: DateTime::from_timestamp_micros(micros).unwrap(), id: Uuid::from_u128(id) };
            let text = cursor.encode();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert_eq!(text.parse(), Ok(cursor));
        }

        #[test]
        fn finer_than_a_microsecond_is_cut_off(micros in micros(), nanos in 0..1_000_i64) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let fine = Cursor { at: at + chrono::TimeDelta::nanoseconds(nanos), id: Uuid::nil() };
            prop_assert_eq!(fine.encode().parse::<Cursor>().unwrap().at, at);
        }

        #[test]
        fn anything_else_is_refused(text in "[0-9a-fA-F]{0,60}|[ -~]{0,60}") {
            match text.parse::<Cursor>() {
                Ok(cursor) => prop_assert_eq!(cursor.encode(), text),
                Err(words) => prop_assert_eq!(words, NOT_OURS),
            }
        }

        #[test]
        fn limits_are_1_to_500(rows: i64) {
            prop_assert_eq!(Limit::new(rows % 1_000).is_some(), (1..=500).contains(&(rows % 1_000)));
            prop_assert_eq!(rows.to_string().parse::<Limit>().is_ok(), (1..=500).contains(&rows));
        }
    }

    #[test]
    fn limits_as_text() {
        assert_eq!("500".parse(), Ok(Limit::MAX));
        for bad in ["0", "501", "-1", "+5", " 5", "", "5.0", "1e2", "99999999999999999999", "٥"] {
            assert!(bad.parse::<Limit>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sorts_read_back_as_written() {
        for sort in Sort::ALL {
            assert_eq!(sort.as_str().parse(), Ok(sort));
            assert_eq!(serde_json::to_value(sort).unwrap(), sort.as_str());
        }
        assert!("newest".parse::<Sort>().is_err());
    }
}
