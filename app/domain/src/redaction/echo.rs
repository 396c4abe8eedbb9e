//! Known secrets, looked for in a text in one pass. The cost is bounded whatever the secrets are: at each place one
//! search in a sorted list, on the first [`HEAD`] bytes.

use std::fmt::Write as _;

use super::MARK;
use crate::json::Json;

/// How many bytes of a secret decide that it stands somewhere. Who repeats so much of one repeats it.
const HEAD: usize = 256;

/// Secrets in the forms in which a text may repeat them.
pub(super) struct Echoes {
    /// Sorted by bytes.
    needles: Vec<Needle>,
}

struct Needle {
    /// At most [`HEAD`] bytes.
    head: String,
    /// How the secrets with this head go on.
    tails: Vec<String>,
    /// The longest needle that this one starts with.
    prefix: Option<usize>,
}

impl Echoes {
    pub(super) const fn none() -> Self {
        Self { needles: Vec::new() }
    }

    /// Those of the secrets that have at least `shortest` characters.
    pub(super) fn of<'a>(secrets: impl IntoIterator<Item = &'a String>, shortest: usize) -> Self {
        let long = |secret: &&String| *secret != MARK && secret.chars().count() >= shortest;
        let mut all: Vec<String> = secrets.into_iter().filter(long).flat_map(|secret| forms(secret)).collect();
        all.sort();
        all.dedup();
        let mut needles: Vec<Needle> = Vec::new();
        // The needles that the present one starts with, shortest first: in sorted order they stand in one row.
        let mut open: Vec<usize> = Vec::new();
        for mut head in all {
            let tail = head.split_off(floor(&head, HEAD));
            if let Some(same) = needles.last_mut().filter(|needle| needle.head == head) {
                same.tails.push(tail);
                continue;
            }
            while open.pop_if(|shorter| !head.starts_with(&needles[*shorter].head)).is_some() {}
            let prefix = open.last().copied();
            open.push(needles.len());
            needles.push(Needle { head, tails: vec![tail], prefix });
        }
        Self { needles }
    }

    /// Whether the text is one of the secrets.
    pub(super) fn is(&self, text: &str) -> bool {
        self.longest_at(text).is_some_and(|length| length == text.len())
    }

    /// The text with [`MARK`] where a secret stands. Marks that are there already stay whole.
    pub(super) fn mask(&self, text: &str) -> String {
        if self.needles.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let taken = if rest.starts_with(MARK) { Some(MARK.len()) } else { self.longest_at(rest) };
            match taken {
                Some(length) => {
                    out.push_str(MARK);
                    rest = &rest[length..];
                }
                None => {
                    out.push(character);
                    rest = &rest[character.len_utf8()..];
                }
            }
        }
        out
    }

    /// The length of the longest secret that `rest` starts with. Every needle that `rest` starts with is a prefix of
    /// the last needle that does not sort after it.
    fn longest_at(&self, rest: &str) -> Option<usize> {
        let after = self.needles.partition_point(|needle| needle.head.as_str() <= rest);
        let mut at = after.checked_sub(1)?;
        let common = common(&self.needles[at].head, rest);
        while self.needles[at].head.len() > common {
            at = self.needles[at].prefix?;
        }
        let needle = &self.needles[at];
        let goes_on = &rest[needle.head.len()..];
        let longest = needle.tails.iter().map(|tail| common_characters(tail, goes_on)).max().unwrap_or(0);
        Some(needle.head.len() + longest)
    }
}

/// How many bytes two texts start with in common.
fn common(left: &str, right: &str) -> usize {
    left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count()
}

/// The same, whole characters only.
fn common_characters(left: &str, right: &str) -> usize {
    floor(left, common(left, right))
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The secret as it is, inside a JSON string, and inside a URL.
fn forms(secret: &str) -> [String; 3] {
    let quoted = Json::from(secret).to_text();
    let mut percent = String::new();
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            percent.push(char::from(byte));
        } else {
            write!(percent, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    [secret.to_owned(), quoted[1..quoted.len() - 1].to_owned(), percent]
}
