//! Text as it stands in a form's control. A browser hands a text back as it got it, but for line ends, and nobody can edit
//! what cannot be seen: where a text holds such characters it is written with escapes, and reading those back gives the
//! very same text.

use std::fmt::Write as _;

use crate::json::Json;
use crate::text_safety::with_hazards;

/// Whether the text must be written with escapes.
pub(crate) fn needs_escapes(text: &str) -> bool {
    with_hazards(text).any(|(_, hazard)| hazard)
}

/// The text with `\u{200B}` for what is not seen for what it is, and `\\` for a backslash.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (character, hazard) in with_hazards(text) {
        match character {
            '\\' => out.push_str("\\\\"),
            _ if hazard => write!(out, "\\u{{{:04X}}}", u32::from(character)).expect("writing to a String cannot fail"),
            _ => out.push(character),
        }
    }
    out
}

/// Reads what [`escape`] writes, and `\n`, `\r` and `\t`.
pub(super) fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (character, length) = match rest.as_bytes().first() {
            Some(b'\\') => ('\\', 1),
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            Some(b't') => ('\t', 1),
            Some(b'u') => code_point(&rest[1..]).map(|(character, length)| (character, length + 1))?,
            _ => return Err("holds a backslash that begins no escape: write \\\\ for a backslash itself".to_owned()),
        };
        out.push(character);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Ok(out)
}

fn code_point(text: &str) -> Result<(char, usize), String> {
    let digits = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
    digits
        .filter(|digits| (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|digits| Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, digits.len() + 2)))
        .ok_or_else(|| "holds an escape that names no character: write it like \\u{200B}".to_owned())
}

/// A value as JSON that can be read and edited: one member to a line, and what cannot be seen as `\u200b`.
pub(crate) fn json_text(json: &Json) -> String {
    let mut out = String::new();
    write_json(&mut out, json, 0);
    let mut visible = String::with_capacity(out.len());
    for (character, hazard) in with_hazards(&out) {
        // Such a character can only stand inside a string: the rest of JSON is ASCII.
        if hazard {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(visible, "\\u{unit:04x}").expect("writing to a String cannot fail");
            }
        } else {
            visible.push(character);
        }
    }
    visible
}

fn write_json(out: &mut String, json: &Json, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match json {
        Json::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write_json(out, item, depth + 1);
            }
            line(out, depth);
            out.push(']');
        }
        Json::Object(members) if !members.is_empty() => {
            out.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                out.push_str(&Json::from(key.as_str()).to_text());
                out.push_str(": ");
                write_json(out, member, depth + 1);
            }
            line(out, depth);
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_text()),
    }
}
