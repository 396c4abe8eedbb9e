//! Where in a call's arguments a constraint looks: `to`, `message.recipients[*]`, `items[0].url`.

use std::fmt;
use std::str::FromStr;

use crate::json::{Json, MAX_DEPTH};

/// One step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// The member of that name.
    Name(String),
    /// The element at that place, from 0.
    At(usize),
    /// Each element.
    Each,
}

/// A path of at least one name. Written with dots and brackets; `\` in front of `.`, `[`, `]` or `\` takes it as it is.
/// `\_` is nothing: the empty name in front of a bracket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArgumentPath(Vec<Segment>);

/// A text that is no [`ArgumentPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("a path starts with an argument's name")]
    NoName,
    #[error("in a path, brackets hold `*` or a place from 0: `list[*]`, `list[0]`")]
    Brackets,
    #[error("in a path, `\\` stands before `.`, `[`, `]` or `\\` only")]
    Escape,
    #[error("a path goes at most 64 levels deep")]
    TooDeep,
}

impl ArgumentPath {
    /// The path of one argument, whatever its name holds.
    pub fn argument(name: &str) -> Self {
        Self(vec![Segment::Name(name.to_owned())])
    }

    /// One step further than `above`, or the first one: a name.
    pub fn below(above: Option<&Self>, segment: Segment) -> Self {
        above.map_or_else(|| Self(vec![segment.clone()]), |above| above.then(segment.clone()))
    }

    /// One step further.
    #[must_use]
    pub fn then(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The steps, from the arguments inwards.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The names on the way, places left out: what an argument's class goes by.
    pub fn names(&self) -> Vec<&str> {
        let names = self.0.iter().filter_map(|segment| match segment {
            Segment::Name(name) => Some(name.as_str()),
            Segment::At(_) | Segment::Each => None,
        });
        names.collect()
    }

    /// Every value that the path leads to, `None` for each way that ends early. Never empty: a list without elements is
    /// one way that ends early.
    pub fn select<'a>(&self, arguments: &'a Json) -> Vec<Option<&'a Json>> {
        let mut found = Vec::new();
        follow(&self.0, arguments, false, &mut found);
        found
    }

    /// As [`ArgumentPath::select`], for rules that stop calls: wrapping a value in a list, or taking it out of one, does
    /// not lead past them.
    pub fn select_loosely<'a>(&self, arguments: &'a Json) -> Vec<Option<&'a Json>> {
        let mut found = Vec::new();
        follow(&self.0, arguments, true, &mut found);
        found
    }

    /// As [`ArgumentPath::select`], from the value at its first `depth` steps on.
    #[cfg(feature = "matcher")]
    pub(crate) fn select_below<'a>(&self, depth: usize, value: &'a Json) -> Vec<Option<&'a Json>> {
        let mut found = Vec::new();
        follow(self.0.get(depth..).unwrap_or_default(), value, false, &mut found);
        found
    }

    /// The one value that the path leads to, where it does not fan out.
    pub fn select_one<'a>(&self, arguments: &'a Json) -> Option<&'a Json> {
        match self.0.as_slice() {
            [Segment::Name(name)] => arguments.get(name),
            _ => match self.select(arguments).as_slice() {
                [Some(value)] => Some(value),
                _ => None,
            },
        }
    }
}

impl Segment {
    /// Whether a step of a path takes this step of a call, which never has [`Segment::Each`].
    pub fn takes(&self, step: &Self) -> bool {
        match (self, step) {
            (Self::Each, Self::At(_)) => true,
            (own, step) => own == step,
        }
    }
}

fn follow<'a>(segments: &[Segment], value: &'a Json, loosely: bool, found: &mut Vec<Option<&'a Json>>) {
    let Some((segment, rest)) = segments.split_first() else {
        found.push(Some(value));
        return;
    };
    let next = match segment {
        Segment::Name(_) if loosely && value.as_array().is_some_and(|items| !items.is_empty()) => {
            let items = value.as_array().unwrap_or_default();
            items.iter().for_each(|item| follow(segments, item, loosely, found));
            return;
        }
        Segment::Name(name) => value.get(name),
        Segment::At(place) => value.as_array().and_then(|items| items.get(*place)),
        Segment::Each => {
            match value.as_array() {
                Some(items) if !items.is_empty() => items.iter().for_each(|item| follow(rest, item, loosely, found)),
                None if loosely => follow(rest, value, loosely, found),
                _ => found.push(None),
            }
            return;
        }
    };
    match next {
        Some(next) => follow(rest, next, loosely, found),
        None => found.push(None),
    }
}

impl fmt::Display for ArgumentPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Each => out.write_str("[*]")?,
                Segment::At(place) => write!(out, "[{place}]")?,
                Segment::Name(name) => {
                    if at > 0 {
                        out.write_str(".")?;
                    }
                    if name.is_empty() && matches!(self.0.get(at + 1), Some(Segment::At(_) | Segment::Each)) {
                        out.write_str("\\_")?;
                    }
                    for character in name.chars() {
                        if matches!(character, '.' | '[' | ']' | '\\') {
                            out.write_str("\\")?;
                        }
                        write!(out, "{character}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl FromStr for ArgumentPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('[') {
            return Err(PathError::NoName);
        }
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            rest = name(rest, &mut segments)?;
            while let Some(inside) = rest.strip_prefix('[') {
                rest = brackets(inside, &mut segments)?;
            }
            if segments.len() > MAX_DEPTH {
                return Err(PathError::TooDeep);
            }
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None if rest.is_empty() => return Ok(Self(segments)),
                None => return Err(PathError::Brackets),
            }
        }
    }
}

fn name<'a>(text: &'a str, segments: &mut Vec<Segment>) -> Result<&'a str, PathError> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '.' | '[' => {
                segments.push(Segment::Name(name));
                return Ok(&text[at..]);
            }
            ']' => return Err(PathError::Brackets),
            '\\' => match characters.next() {
                Some((_, '_')) => {}
                Some((_, escaped @ ('.' | '[' | ']' | '\\'))) => name.push(escaped),
                _ => return Err(PathError::Escape),
            },
            character => name.push(character),
        }
    }
    segments.push(Segment::Name(name));
    Ok("")
}

fn brackets<'a>(inside: &'a str, segments: &mut Vec<Segment>) -> Result<&'a str, PathError> {
    let (content, rest) = inside.split_once(']').ok_or(PathError::Brackets)?;
    let place = || content.bytes().all(|byte| byte.is_ascii_digit()).then(|| content.parse().ok()).flatten();
    let segment = if content == "*" { Segment::Each } else { place().map(Segment::At).ok_or(PathError::Brackets)? };
    segments.push(segment);
    Ok(rest)
}
