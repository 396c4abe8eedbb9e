//! Writing JSON: one set of escapes for both orders.

use std::fmt::Write as _;

use super::{Json, utf16_order};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As the document has it.
    Document,
    /// Keys sorted by UTF-16 code units (RFC 8785 §3.2.3).
    Canonical,
}

pub(super) fn value(out: &mut String, json: &Json, order: Order) {
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => out.push_str(number.as_str()),
        Json::String(text) => string(out, text),
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                value(out, item, order);
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            if order == Order::Canonical {
                members.sort_by(|(left, _), (right, _)| utf16_order(left, right));
            }
            out.push('{');
            for (at, (key, member)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                string(out, key);
                out.push(':');
                value(out, member, order);
            }
            out.push('}');
        }
    }
}

/// The escapes of RFC 8785 §3.2.2.2: two-character ones where there are any, `\u00xx` for the other control
/// characters, everything else as it is.
pub(super) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // What is escaped is ASCII, so the text may be cut on both sides of it.
    while let Some(at) = rest.bytes().position(is_escaped) {
        out.push_str(&rest[..at]);
        escape(out, rest.as_bytes()[at]);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

const fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f)
}

fn escape(out: &mut String, byte: u8) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        0x8 => out.push_str("\\b"),
        b'\t' => out.push_str("\\t"),
        b'\n' => out.push_str("\\n"),
        0xc => out.push_str("\\f"),
        b'\r' => out.push_str("\\r"),
        other => write!(out, "\\u{other:04x}").expect("writing to a String cannot fail"),
    }
}
