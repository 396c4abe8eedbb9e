//! JSON as the product needs it: an approval is for exact bytes, so numbers keep their digits, objects keep
//! their order, and a document that two readers could read differently (duplicate keys, lone surrogates,
//! NUL) is refused. RFC 8259 for the grammar, RFC 8785 for the canonical form.

use std::cmp::Ordering;

mod arithmetic;
mod error;
mod number;
mod parse;
#[cfg(test)]
pub(crate) mod tests;
mod wire;
mod write;

pub use error::{JsonError, JsonErrorKind};
pub use number::Number;

/// The longest document that is read, in bytes.
pub const MAX_BYTES: usize = crate::action::limit::DOCUMENT;
/// How many containers may be open at once.
pub const MAX_DEPTH: usize = 64;

/// A JSON value. What [`Json::parse`] gives is at most [`MAX_DEPTH`] deep and has no key twice in an object;
/// whoever builds a value by hand keeps to that.
///
/// Equality is textual: `1` is not `1.0` here, and the order of keys counts. Rules compare numbers with
/// [`Number::same_value`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Self>),
    /// In document order; every key once.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads a whole document.
    ///
    /// # Errors
    /// [`JsonError`]: what is wrong, where it is (byte offset) and in which member (JSON pointer).
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        parse::document(bytes)
    }

    /// Reads a whole document.
    ///
    /// # Errors
    /// As [`Json::parse`].
    pub fn parse_str(text: &str) -> Result<Self, JsonError> {
        parse::document(text.as_bytes())
    }

    /// An object of our own making, in the order given. Every key must be there once.
    pub fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        let members: Vec<_> = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        debug_assert!(
            members.iter().enumerate().all(|(at, (key, _))| members[..at].iter().all(|(other, _)| other != key)),
            "an object of our own has a key twice"
        );
        Self::Object(members)
    }

    /// The canonical form of RFC 8785 (keys sorted by UTF-16 code units, no white space, fixed escapes),
    /// but for numbers, which keep their digits: an approval of `1.0` is not one of `1`.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        write::value(&mut out, self, write::Order::Canonical);
        out
    }

    /// Adds the same to a text: where many are hashed, each needs no text of its own.
    pub(crate) fn write_canonical(&self, out: &mut String) {
        write::value(out, self, write::Order::Canonical);
    }

    /// Adds a text as it stands in JSON, in either order.
    pub(crate) fn write_text(out: &mut String, text: &str) {
        write::string(out, text);
    }

    /// Compact text in document order.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        write::value(&mut out, self, write::Order::Document);
        out
    }

    /// The member of that name, if this is an object that has one.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub const fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The integer, if this is a number written as one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_str().parse().ok()
    }

    /// The truth value, if this is one.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members in document order, if this is an object.
    pub fn as_object(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// How many containers are inside each other; 0 for a value that is none.
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether this is an object.
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether this is `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// The order of RFC 8785 §3.2.3: by UTF-16 code units.
fn utf16_order(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<i32> for Json {
    fn from(value: i32) -> Self {
        Self::from(i64::from(value))
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Self::from(i64::from(value))
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Json {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl<T> From<Option<T>> for Json
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

impl<T> From<Vec<T>> for Json
where
    Self: From<T>,
{
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Self::from).collect())
    }
}
