//! What can be wrong with a JSON document, in words for the person who has to mend it.

use std::fmt;

use super::{MAX_BYTES, MAX_DEPTH};
use crate::problem::{Code, FieldError, Problem};
use crate::text_safety;

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// Longer than [`MAX_BYTES`].
    TooLarge,
    /// More than [`MAX_DEPTH`] containers inside each other.
    TooDeep,
    /// The key is there twice in one object.
    DuplicateKey(String),
    /// `\u0000` in a key or a string.
    NulCharacter,
    /// Not a number by the grammar of RFC 8259, or longer than 1,000 characters.
    BadNumber,
    /// A number outside what the database keeps exactly.
    NumberOutOfRange,
    /// A control character, a bad escape or half a surrogate pair in a string.
    BadString,
    /// The document stops in the middle.
    UnexpectedEnd,
    /// A character that cannot stand here.
    UnexpectedCharacter,
    /// Something follows the document.
    TrailingCharacters,
    /// Not UTF-8.
    InvalidUtf8,
}

/// Why a document was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct JsonError {
    pub kind: JsonErrorKind,
    /// JSON pointer (RFC 6901) to the member being read; empty for the document itself.
    pub pointer: String,
    /// Bytes from the start of the document.
    pub offset: usize,
}

impl JsonError {
    pub(super) const fn new(kind: JsonErrorKind, offset: usize) -> Self {
        Self { kind, pointer: String::new(), offset }
    }

    /// The same error told from one level further out. The pointer grows from the inside while the parser
    /// unwinds, so that a good document pays nothing for it.
    pub(super) fn within(mut self, segment: &str) -> Self {
        self.pointer = format!("/{}{}", segment.replace('~', "~0").replace('/', "~1"), self.pointer);
        self
    }

    fn message(&self) -> String {
        match &self.kind {
            JsonErrorKind::TooLarge => format!("is longer than {MAX_BYTES} bytes"),
            JsonErrorKind::TooDeep => format!("is nested more than {MAX_DEPTH} levels deep"),
            JsonErrorKind::DuplicateKey(key) => format!("has the key \"{}\" twice", shown(key)),
            JsonErrorKind::NulCharacter => "contains the character U+0000".to_owned(),
            JsonErrorKind::BadNumber => {
                "is not a number in JSON, or is written with more than 1000 characters".to_owned()
            }
            JsonErrorKind::NumberOutOfRange => {
                "is a number with more than 131072 digits before the decimal point or 16383 after it".to_owned()
            }
            JsonErrorKind::BadString => {
                "is a string with a raw control character, an unknown escape or half a surrogate pair".to_owned()
            }
            JsonErrorKind::UnexpectedEnd => "ends too early".to_owned(),
            JsonErrorKind::UnexpectedCharacter => "has a character that cannot stand there".to_owned(),
            JsonErrorKind::TrailingCharacters => "is followed by something else".to_owned(),
            JsonErrorKind::InvalidUtf8 => "is not UTF-8".to_owned(),
        }
    }
}

/// The longest piece of a foreign key or pointer that is repeated in an error, in characters.
const SHOWN: usize = 200;

fn shown(text: &str) -> String {
    let mut cut: String = text.chars().take(SHOWN).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    text_safety::escaped(&cut)
}

impl fmt::Display for JsonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            out.write_str("the document ")?;
        } else {
            write!(out, "{} ", shown(&self.pointer))?;
        }
        write!(out, "{} (at byte {})", self.message(), self.offset)
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        let code = match error.kind {
            JsonErrorKind::TooLarge => Code::TooLarge,
            _ => Code::MalformedJson,
        };
        let field = FieldError { pointer: shown(&error.pointer), message: error.message() };
        Self { errors: vec![field], ..Self::new(code, format!("{error}.")) }
    }
}
