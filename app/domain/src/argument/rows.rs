//! The argument tree, flat: rows in the order they are read, each with its depth.

use serde::{Deserialize, Serialize};

use super::class::Classifier;
use super::{ArgumentClass, ClassOverrides};
use crate::json::Json;
use crate::redaction;
use crate::text_safety::{self, Piece};

/// One row of the argument tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgumentRow {
    /// Where the value is: `to`, `message.recipients[0]`. Safe to look at, and for looking at only: long names are
    /// cut in it.
    pub path: String,
    /// The name to show: a key, or `[0]` in a list.
    pub name: Vec<Piece>,
    /// How many containers are around it; 0 at the top.
    pub depth: u8,
    /// Its own, or that of the critical argument it is a part of. A critical argument that is redacted, because it
    /// repeats a secret, stays critical: nobody should decide without having noticed.
    pub class: ArgumentClass,
    pub value: ArgumentValue,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentValue {
    Null,
    Bool(bool),
    /// Digit for digit.
    Number(String),
    Text {
        /// As much as the fold shows.
        pieces: Vec<Piece>,
        /// What comes along folded, to be opened in its place.
        rest: Vec<Piece>,
        rest_chars: usize,
        /// Characters at the end that do not come along.
        hidden_chars: usize,
        /// Characters of the whole text.
        total_chars: usize,
        /// Whether anything in the whole text may deceive the eye, folded parts included.
        deceptive: bool,
    },
    /// The elements follow, one level deeper.
    List {
        len: usize,
    },
    /// The members follow, one level deeper.
    Object {
        len: usize,
    },
    /// A secret, whole, whatever is inside it.
    Redacted,
    /// The last row of a folded tree: so many more are not shown.
    Folded {
        hidden_rows: usize,
    },
}

/// How much of the arguments is shown at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    pub max_rows: usize,
    /// Characters of one text, after those that are skipped.
    pub max_chars: usize,
    pub skip_chars: usize,
    /// Characters of one text that come along folded, and of all texts together.
    pub rest_chars: usize,
    pub rest_in_all: usize,
    /// Marks in place of characters that are not seen for what they are, in all: each is an element of the page, and
    /// an agent could send nothing else. A text ends before the first that is too many.
    pub marks_in_all: usize,
    /// The marks of so many rows at the beginning are not counted: nobody is going to see them.
    pub skip_rows: usize,
}

/// What a page can take that nothing moves on.
const MARKS: usize = 10_000;

impl Fold {
    /// So many rows with so much of each text, and nothing folded along.
    pub const fn at(max_rows: usize, max_chars: usize) -> Self {
        let (skip_chars, skip_rows, rest_chars, rest_in_all) = (0, 0, 0, 0);
        Self { max_rows, max_chars, skip_chars, rest_chars, rest_in_all, marks_in_all: MARKS, skip_rows }
    }
}

impl Default for Fold {
    fn default() -> Self {
        Self { rest_chars: 8_000, rest_in_all: 64_000, marks_in_all: 3_000, ..Self::at(200, 600) }
    }
}

/// The longest name that is shown, in characters.
const NAME_CHARS: usize = 80;

/// The rows of the argument tree, masked, in document order but for the critical arguments at the top level, which
/// come first. At most `max_rows` of them and, if there are more, one that says how many.
pub fn argument_rows(args: &Json, overrides: &ClassOverrides, fold: Fold) -> Vec<ArgumentRow> {
    let masked = redaction::mask_json(args, overrides);
    let mut tree = Tree::new(overrides, fold);
    match &masked {
        Json::Object(members) => {
            let class = |key: &str| tree.classifier.class(&[key]);
            let (critical, rest): (Vec<_>, Vec<_>) =
                members.iter().partition(|(key, _)| class(key) == ArgumentClass::Critical);
            for (key, value) in critical.into_iter().chain(rest) {
                tree.member("", &mut Vec::new(), 0, ArgumentClass::Plain, (key, value));
            }
        }
        other => tree.add(shown("arguments"), "arguments".to_owned(), &mut Vec::new(), 0, ArgumentClass::Plain, other),
    }
    if tree.hidden > 0 {
        tree.rows.push(ArgumentRow {
            path: String::new(),
            name: Vec::new(),
            depth: 0,
            class: ArgumentClass::Plain,
            value: ArgumentValue::Folded { hidden_rows: tree.hidden },
        });
    }
    tree.rows
}

/// The rows of one masked value under a name of its own, the first at this depth.
pub(crate) fn value_rows(
    (name, path, depth, class): (Vec<Piece>, String, u8, ArgumentClass),
    masked: &Json,
    overrides: &ClassOverrides,
) -> Vec<ArgumentRow> {
    let mut tree = Tree::new(overrides, Fold::default());
    tree.add(name, path, &mut Vec::new(), depth, class, masked);
    tree.rows
}

struct Tree {
    classifier: Classifier,
    fold: Fold,
    rows: Vec<ArgumentRow>,
    hidden: usize,
    /// Characters that come along folded so far.
    carried: usize,
    /// How many more marks there may be.
    marks: usize,
}

impl Tree {
    fn new(overrides: &ClassOverrides, fold: Fold) -> Self {
        let classifier = Classifier::new(overrides);
        let marks = if fold.skip_rows == 0 { fold.marks_in_all } else { usize::MAX };
        Self { classifier, fold, rows: Vec::new(), hidden: 0, carried: 0, marks }
    }

    fn member<'a>(
        &mut self,
        parent: &str,
        trail: &mut Vec<&'a str>,
        depth: u8,
        inherited: ArgumentClass,
        (key, value): (&'a str, &'a Json),
    ) {
        if self.is_full() {
            self.hidden += count(value);
            return;
        }
        trail.push(key);
        let class = match self.classifier.class(trail) {
            ArgumentClass::Plain => inherited,
            own => own,
        };
        let name = text_safety::escaped(&cut(key));
        let path = if parent.is_empty() { name } else { format!("{parent}.{name}") };
        self.add(self.name(key), path, trail, depth, class, value);
        trail.pop();
    }

    fn add<'a>(
        &mut self,
        name: Vec<Piece>,
        path: String,
        trail: &mut Vec<&'a str>,
        depth: u8,
        class: ArgumentClass,
        value: &'a Json,
    ) {
        if self.is_full() {
            self.hidden += count(value);
            return;
        }
        let redacted = value.as_str() == Some(redaction::MARK);
        self.marks = self.marks.saturating_sub(marks(&name));
        let shown = if redacted { ArgumentValue::Redacted } else { self.value(value) };
        self.rows.push(ArgumentRow {
            path: path.clone(),
            name,
            depth,
            class: if redacted && class == ArgumentClass::Plain { ArgumentClass::Secret } else { class },
            value: shown,
        });
        if self.rows.len() == self.fold.skip_rows {
            self.marks = self.fold.marks_in_all;
        }
        match value {
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let name = vec![Piece::Plain(format!("[{at}]"))];
                    self.add(name, format!("{path}[{at}]"), trail, depth + 1, class, item);
                }
            }
            Json::Object(members) => {
                for (key, member) in members {
                    self.member(&path, trail, depth + 1, class, (key, member));
                }
            }
            _ => {}
        }
    }

    /// What comes now is counted and not looked at: it may be much.
    const fn is_full(&self) -> bool {
        self.rows.len() >= self.fold.max_rows
    }

    /// Too many marks are written out in one piece.
    fn name(&self, key: &str) -> Vec<Piece> {
        let pieces = shown(key);
        if marks(&pieces) <= self.marks { pieces } else { vec![Piece::Plain(text_safety::escaped(&cut(key)))] }
    }

    fn value(&mut self, value: &Json) -> ArgumentValue {
        match value {
            Json::Null => ArgumentValue::Null,
            Json::Bool(value) => ArgumentValue::Bool(*value),
            Json::Number(number) => ArgumentValue::Number(number.as_str().to_owned()),
            Json::Array(items) => ArgumentValue::List { len: items.len() },
            Json::Object(members) => ArgumentValue::Object { len: members.len() },
            Json::String(text) => self.text(text),
        }
    }

    fn text(&mut self, text: &str) -> ArgumentValue {
        let total_chars = text.chars().count();
        let Fold { max_chars, skip_chars, .. } = self.fold;
        let (head, tail) = self.split(split(text, skip_chars).1, max_chars);
        let room = self.fold.rest_chars.min(self.fold.rest_in_all - self.carried);
        let (rest, hidden) = self.split(tail, room);
        let rest_chars = rest.chars().count();
        self.carried += rest_chars;
        ArgumentValue::Text {
            pieces: text_safety::visible(head),
            rest: text_safety::visible(rest),
            rest_chars,
            hidden_chars: hidden.chars().count(),
            total_chars,
            deceptive: text_safety::is_deceptive(text),
        }
    }

    /// The first characters, no more than there may be marks for, and what follows them.
    fn split<'a>(&mut self, text: &'a str, chars: usize) -> (&'a str, &'a str) {
        let mut end = 0;
        for (character, marked) in text_safety::with_hazards(text).take(chars) {
            if marked && self.marks == 0 {
                break;
            }
            self.marks -= usize::from(marked);
            end += character.len_utf8();
        }
        text.split_at(end)
    }
}

/// The rows of a value.
fn count(value: &Json) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Json::Object(members) => 1 + members.iter().map(|(_, member)| count(member)).sum::<usize>(),
        _ => 1,
    }
}

fn marks(pieces: &[Piece]) -> usize {
    pieces.iter().filter(|piece| matches!(piece, Piece::Escape(_))).count()
}

/// The first characters, and what follows them.
fn split(text: &str, chars: usize) -> (&str, &str) {
    text.char_indices().nth(chars).map_or((text, ""), |(at, _)| text.split_at(at))
}

/// A name as it is shown.
pub(crate) fn shown(name: &str) -> Vec<Piece> {
    text_safety::visible(&cut(name))
}

fn cut(name: &str) -> String {
    super::cut(name, NAME_CHARS)
}
