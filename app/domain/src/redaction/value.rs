//! How far a secret goes that was announced by its name.

use std::ops::Range;

use super::MARK;
use super::text::Scanner;

impl Scanner<'_> {
    /// The value that starts at `from`: in quotes, in brackets, the rest of the line, or one word.
    pub(super) fn value(&self, from: usize, long: bool) -> Option<Range<usize>> {
        let first = *self.bytes.get(from)?;
        if self.starts(from, "\\\"") || self.starts(from, "\\'") {
            return self.quoted(from + 2, self.bytes[from + 1], true);
        }
        if matches!(first, b'"' | b'\'' | b'`') {
            return self.quoted(from + 1, first, false);
        }
        if matches!(first, b'{' | b'[') && !self.starts(from, MARK) {
            return Some(from..self.closing(from));
        }
        let end = if long {
            self.end_of(from, |byte| !matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'`'))
        } else {
            self.word_end(from)
        };
        let value = self.text[from..end].trim_end();
        let says_nothing = ["null", "true", "false", "none", "undefined"];
        (!value.is_empty() && !says_nothing.contains(&value.to_ascii_lowercase().as_str()))
            .then(|| from..from + value.len())
    }

    /// Inside quotes; `escaped`: the quotes themselves stand behind a backslash.
    fn quoted(&self, from: usize, quote: u8, escaped: bool) -> Option<Range<usize>> {
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            let ends = if escaped { *byte == b'\\' && self.bytes.get(at + 1) == Some(&quote) } else { *byte == quote };
            if ends {
                break;
            }
            at += if *byte == b'\\' { 2 } else { 1 };
        }
        let end = self.boundary(at);
        (end > from).then_some(from..end)
    }

    /// After the bracket that closes the one at `from`, or the end of the text.
    fn closing(&self, from: usize) -> usize {
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.bytes.len()
    }

    /// Where a bare value ends. A comma or bracket inside it belongs to it, unless it goes on like a list.
    fn word_end(&self, from: usize) -> usize {
        let mut at = from;
        if self.starts(from, MARK) {
            at += MARK.len();
        }
        while let Some(byte) = self.bytes.get(at) {
            let next = self.bytes.get(at + 1).copied();
            let ends = match byte {
                b'"' | b'\'' | b'`' | b'&' | b';' | b'<' | b'>' => true,
                b',' => next.is_none_or(|next| !next.is_ascii_alphanumeric()) || self.starts_member(at + 1),
                b')' | b']' | b'}' => next.is_none_or(|next| !next.is_ascii_alphanumeric()),
                byte => byte.is_ascii_whitespace(),
            };
            if ends {
                break;
            }
            at += 1;
        }
        at
    }

    /// Whether `name=` or `name:` starts here.
    fn starts_member(&self, from: usize) -> bool {
        let end = self.end_of(from, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        end > from && matches!(self.bytes.get(end), Some(b'=' | b':'))
    }

    /// The next character boundary at or after `at`.
    fn boundary(&self, at: usize) -> usize {
        (at..self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(self.text.len())
    }
}
