//! Globs over a whole text, in the form of POSIX.1-2017 §2.13 without its special cases for `/` and leading dots: `*`
//! any run, `?` one character, `[a-z]` and `[!a-z]` one of a set, `\` takes the next character as it is.

use regex::Regex;

use super::compiled::{BadPattern, bounded};

/// A compiled glob.
#[derive(Clone, Debug)]
pub(super) enum Glob {
    /// Fixed texts with any run between them: found one after the other, in linear time and without a machine.
    Runs {
        start: String,
        middle: Vec<String>,
        end: Option<String>,
    },
    Machine(Regex),
}

enum Token {
    Text(char),
    Run,
    One,
    /// As a class of the crate `regex`.
    Set(String),
}

impl Glob {
    pub(super) fn new(glob: &str) -> Result<Self, BadPattern> {
        let tokens = tokens(glob)?;
        if tokens.iter().any(|token| matches!(token, Token::One | Token::Set(_))) {
            return bounded(&as_regex(&tokens)).map(Self::Machine);
        }
        let mut parts = vec![String::new()];
        for token in &tokens {
            match token {
                Token::Text(character) => parts.last_mut().expect("there is one").push(*character),
                _ => parts.push(String::new()),
            }
        }
        let start = parts.remove(0);
        let end = parts.pop();
        Ok(Self::Runs { start, middle: parts, end })
    }

    pub(super) fn takes(&self, text: &str) -> bool {
        match self {
            Self::Machine(regex) => regex.is_match(text),
            Self::Runs { start, end: None, .. } => text == start,
            Self::Runs { start, middle, end: Some(end) } => {
                let inner = text.strip_prefix(start.as_str()).and_then(|rest| rest.strip_suffix(end.as_str()));
                // The first place of each is as good as any later one.
                let past = |rest: &'_ str, part: &String| rest.find(part.as_str()).map(|at| at + part.len());
                inner.is_some_and(|inner| {
                    middle.iter().try_fold(0, |from, part| Some(from + past(&inner[from..], part)?)).is_some()
                })
            }
        }
    }

    /// Whether it takes every text that the other one does, as far as that is plain to see.
    pub(super) fn covers(&self, narrow: &Self) -> bool {
        match (self, narrow) {
            (_, Self::Runs { start, end: None, .. }) => self.takes(start),
            (
                Self::Runs { start, middle, end: Some(end) },
                Self::Runs { start: first, middle: inner, end: Some(last) },
            ) => {
                let mut middle = middle.iter().filter(|part| !part.is_empty());
                match (middle.next(), middle.next()) {
                    (None, _) => first.starts_with(start.as_str()) && last.ends_with(end.as_str()),
                    (Some(part), None) if start.is_empty() && end.is_empty() => {
                        std::iter::once(first).chain(inner).chain([last]).any(|own| own.contains(part.as_str()))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

fn tokens(glob: &str) -> Result<Vec<Token>, BadPattern> {
    let mut tokens = Vec::new();
    let mut rest = glob.chars();
    while let Some(character) = rest.next() {
        tokens.push(match character {
            '*' => Token::Run,
            '?' => Token::One,
            '\\' => Token::Text(rest.next().ok_or(BadPattern::Glob("ends in a lone `\\`"))?),
            '[' => {
                let (set, after) = set(rest.as_str())?;
                rest = after.chars();
                Token::Set(set)
            }
            character => Token::Text(character),
        });
    }
    Ok(tokens)
}

/// The set that starts after its `[`. A `]` in first place belongs to it.
fn set(text: &str) -> Result<(String, &str), BadPattern> {
    let (negated, body) = text.strip_prefix(['!', '^']).map_or((false, text), |body| (true, body));
    // Each character, and whether it may be the middle of a range: one behind a backslash is itself.
    let mut members: Vec<(char, bool)> = Vec::new();
    let mut class = String::from(if negated { "[^" } else { "[" });
    let mut rest = body.char_indices();
    while let Some((at, character)) = rest.next() {
        match character {
            ']' if at > 0 => {
                let mut at = 0;
                while at < members.len() {
                    let low = members[at].0;
                    let range = members.get(at + 1) == Some(&('-', true)) && at + 2 < members.len();
                    let high = if range { members[at + 2].0 } else { low };
                    if low > high {
                        return Err(BadPattern::Glob("has a range in brackets that runs backwards"));
                    }
                    class.push_str(&format!("\\x{{{:X}}}-\\x{{{:X}}}", u32::from(low), u32::from(high)));
                    at += if range { 3 } else { 1 };
                }
                class.push(']');
                return Ok((class, &body[rest.offset()..]));
            }
            '\\' => members.push((rest.next().ok_or(BadPattern::Glob("has a bracket that does not close"))?.1, false)),
            '[' if rest.as_str().starts_with([':', '.', '=']) => {
                return Err(BadPattern::Glob("has a named class in brackets: write its characters out, or `\\[`"));
            }
            character => members.push((character, true)),
        }
    }
    Err(BadPattern::Glob("has a bracket that does not close; `\\[` is the character itself"))
}

fn as_regex(tokens: &[Token]) -> String {
    let one = |token: &Token| match token {
        Token::Text(character) => regex::escape(character.encode_utf8(&mut [0; 4])),
        Token::Run => ".*".to_owned(),
        Token::One => ".".to_owned(),
        Token::Set(class) => class.clone(),
    };
    format!("(?s){}", tokens.iter().map(one).collect::<String>())
}

/// The text as a glob that takes it alone.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
