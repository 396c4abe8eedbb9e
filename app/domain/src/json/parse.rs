//! The parser. Recursive, but never deeper than [`MAX_DEPTH`], so a hostile document costs an error, not the
//! stack.

use std::collections::BTreeSet;

use super::number::{self, Number};
use super::{Json, JsonError, JsonErrorKind, MAX_BYTES, MAX_DEPTH};

type Parsed<T> = Result<T, JsonError>;

pub(super) fn document(bytes: &[u8]) -> Parsed<Json> {
    if bytes.len() > MAX_BYTES {
        return Err(JsonError::new(JsonErrorKind::TooLarge, MAX_BYTES));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| JsonError::new(JsonErrorKind::InvalidUtf8, error.valid_up_to()))?;
    let mut parser = Parser { text, at: 0 };
    parser.skip_space();
    let value = parser.value(0)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.error(JsonErrorKind::TrailingCharacters)),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError::new(kind, self.at)
    }

    /// What is wrong when none of the characters that may stand here does.
    fn unexpected(&self) -> JsonError {
        self.error(match self.peek() {
            None => JsonErrorKind::UnexpectedEnd,
            Some(_) => JsonErrorKind::UnexpectedCharacter,
        })
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// `depth`: how many containers are open around the value.
    fn value(&mut self, depth: usize) -> Parsed<Json> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Parsed<Json> {
        let rest = &self.text.as_bytes()[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        self.at += rest.iter().zip(word.as_bytes()).take_while(|(found, wanted)| found == wanted).count();
        Err(self.unexpected())
    }

    fn number(&mut self) -> Parsed<Json> {
        let rest = &self.text[self.at..];
        let length = number::scan(rest.as_bytes()).ok_or_else(|| self.error(JsonErrorKind::BadNumber))?;
        let number = Number::checked(&rest[..length]).map_err(|kind| self.error(kind))?;
        self.at += length;
        Ok(Json::Number(number))
    }

    fn open(&mut self, depth: usize) -> Parsed<()> {
        if depth >= MAX_DEPTH {
            return Err(self.error(JsonErrorKind::TooDeep));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Parsed<Json> {
        self.open(depth)?;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1).map_err(|error| error.within(&items.len().to_string()))?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    fn object(&mut self, depth: usize) -> Parsed<Json> {
        self.open(depth)?;
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut keys = BTreeSet::new();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            let key_at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let key = self.string()?;
            if !keys.insert(key.clone()) {
                let error = JsonError::new(JsonErrorKind::DuplicateKey(key.clone()), key_at);
                return Err(error.within(&key));
            }
            self.skip_space();
            self.expect(b':').map_err(|error| error.within(&key))?;
            self.skip_space();
            let value = self.value(depth + 1).map_err(|error| error.within(&key))?;
            members.push((key, value));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    /// Reads a string; the parser stands on its opening quote.
    fn string(&mut self) -> Parsed<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                None => return Err(self.error(JsonErrorKind::UnexpectedEnd)),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(0) => return Err(self.error(JsonErrorKind::NulCharacter)),
                Some(_) => return Err(self.error(JsonErrorKind::BadString)),
            }
        }
    }

    /// Reads an escape; the parser stands on its backslash.
    fn escape(&mut self) -> Parsed<char> {
        let start = self.at;
        let letter = self.text.as_bytes().get(start + 1).ok_or_else(|| self.error(JsonErrorKind::UnexpectedEnd))?;
        let simple = match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(self.error(JsonErrorKind::BadString)),
        };
        self.at += 2;
        Ok(simple)
    }

    /// Reads `\uXXXX`, or a pair of them that is one character (RFC 8259 §7).
    fn unicode_escape(&mut self) -> Parsed<char> {
        let start = self.at;
        let bad = |kind| JsonError::new(kind, start);
        let first = self.code_unit()?;
        let second = if (0xd800..0xdc00).contains(&first) { Some(self.code_unit()?) } else { None };
        match char::decode_utf16([first].into_iter().chain(second)).next() {
            Some(Ok('\0')) => Err(bad(JsonErrorKind::NulCharacter)),
            Some(Ok(character)) => Ok(character),
            _ => Err(bad(JsonErrorKind::BadString)),
        }
    }

    fn code_unit(&mut self) -> Parsed<u16> {
        let rest = &self.text.as_bytes()[self.at..];
        let digits = rest
            .strip_prefix(b"\\u")
            .and_then(|digits| digits.get(..4))
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            let ends = rest.len() < 6 && !rest.contains(&b'"');
            return Err(self.error(if ends { JsonErrorKind::UnexpectedEnd } else { JsonErrorKind::BadString }));
        };
        self.at += 6;
        Ok(digits.iter().fold(0, |unit, digit| {
            let value = char::from(*digit).to_digit(16).expect("checked to be a hexadecimal digit");
            unit << 4 | u16::try_from(value).expect("one hexadecimal digit")
        }))
    }
}
