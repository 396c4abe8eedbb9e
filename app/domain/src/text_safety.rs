//! Text that an agent, a tool or a person wrote, made safe to look at: what would hide, reorder or imitate is
//! shown as a visible escape. The raw text is kept; only its picture changes. (UTS #39, UTS #55.)

use serde::{Deserialize, Serialize};

mod blank;
mod script;
mod table;
#[cfg(test)]
mod tests;

use table::{Hazard, hazard};

/// A stretch of text for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Shows as it is. May hold line breaks and tabs, no other control character.
    Plain(String),
    /// One character that does not show as what it is: `U+202E`. Or a stretch of nothing: `300 line breaks`.
    Escape(String),
}

/// What may deceive the eye in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deception {
    /// Characters that turn the direction of text.
    BidiControl,
    /// Characters that take no visible form.
    Invisible,
    /// Control characters, terminal escapes among them.
    Control,
    /// Look-alike letters of two alphabets inside one word.
    MixedScript,
    /// A stretch of nothing, long enough to hide what follows.
    Blank,
}

impl Deception {
    /// The warning in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BidiControl => "Contains characters that reorder text: it may read differently from what it is.",
            Self::Invisible => "Contains characters that cannot be seen.",
            Self::Control => "Contains control characters.",
            Self::MixedScript => "A word mixes letters of different alphabets that look alike.",
            Self::Blank => "Long blank stretches: something may stand far below what is seen at once.",
        }
    }
}

/// The text in pieces: everything that is not seen for what it is becomes an [`Piece::Escape`]. Control
/// characters (line feed and tab aside), direction controls, zero-width and other invisible characters, spaces
/// other than the ASCII one, private-use characters and noncharacters; and long stretches of blanks.
pub fn visible(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    for (character, hazard) in judged(text) {
        if hazard.is_none() {
            plain.push(character);
            continue;
        }
        blank::push(&plain, &mut pieces);
        plain.clear();
        pieces.push(Piece::Escape(format!("U+{:04X}", u32::from(character))));
    }
    blank::push(&plain, &mut pieces);
    pieces
}

/// The text on one line for logs and terminals: escapes as `‹U+202E›`, line breaks as `\n`, tabs as `\t`.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in visible(text) {
        match piece {
            Piece::Plain(plain) => out.push_str(&plain.replace('\n', "\\n").replace('\t', "\\t")),
            Piece::Escape(code) => {
                out.push('‹');
                out.push_str(&code);
                out.push('›');
            }
        }
    }
    out
}

/// Whether anything in the text may deceive the eye; see [`warnings`].
pub fn is_deceptive(text: &str) -> bool {
    !warnings(text).is_empty()
}

/// What may deceive the eye, each kind once. A wide or unbreakable space is escaped but is no reason to warn, and
/// neither is the carriage return of a CRLF line end.
pub fn warnings(text: &str) -> Vec<Deception> {
    let mut found = [false; 5];
    let mut characters = judged(text).peekable();
    while let Some((character, hazard)) = characters.next() {
        let line_end = character == '\r' && characters.peek().is_some_and(|(next, _)| *next == '\n');
        match hazard {
            Some(Hazard::Bidi) => found[0] = true,
            Some(Hazard::Invisible) => found[1] = true,
            Some(Hazard::Control) if !line_end => found[2] = true,
            Some(Hazard::Control | Hazard::Space) | None => {}
        }
    }
    found[3] = script::mixes(text);
    found[4] = blank::hides(text);
    use Deception::{BidiControl, Blank, Control, Invisible, MixedScript};
    [BidiControl, Invisible, Control, MixedScript, Blank]
        .into_iter()
        .zip(found)
        .filter_map(|(kind, found)| found.then_some(kind))
        .collect()
}

/// Every character, and whether it is one that is not seen for what it is.
pub(crate) fn with_hazards(text: &str) -> impl Iterator<Item = (char, bool)> {
    judged(text).map(|(character, hazard)| (character, hazard.is_some()))
}

/// Whether the character takes no visible form or turns the direction of text: not a part of any word.
pub(crate) const fn is_invisible(character: char) -> bool {
    matches!(hazard(character), Some(Hazard::Bidi | Hazard::Invisible))
}

/// Every character with its hazard. An emoji's own presentation selector (U+FE0E, U+FE0F right after it) is none:
/// warning at every heart would teach people to look past warnings.
fn judged(text: &str) -> impl Iterator<Item = (char, Option<Hazard>)> {
    let mut previous = ' ';
    text.chars().map(move |character| {
        let selector = matches!(character, '\u{fe0e}' | '\u{fe0f}') && table::takes_presentation(previous);
        previous = character;
        (character, if selector { None } else { hazard(character) })
    })
}
