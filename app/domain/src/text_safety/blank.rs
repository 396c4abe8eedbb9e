//! Long stretches of nothing: three hundred empty lines before the words that matter put them where nobody looks.

use super::Piece;

/// From so many line breaks on, with nothing but blanks between them, a stretch is shown as a mark instead of itself.
const LINES: usize = 8;
/// Or from so many blanks on.
const BLANKS: usize = 200;

/// What stands in the place of a stretch of blanks; `None`: it is short, and stays.
fn mark(stretch: &str) -> Option<String> {
    if !stretch.starts_with(is_blank) {
        return None;
    }
    let lines = stretch.matches('\n').count();
    if lines >= LINES {
        Some(format!("{lines} line breaks"))
    } else if stretch.len() >= BLANKS {
        Some(format!("{} blanks", stretch.len()))
    } else {
        None
    }
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n')
}

/// Every stretch of blanks and of anything else, in order.
fn stretches(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next().map(is_blank)?;
        let end = rest.find(|character| is_blank(character) != first).unwrap_or(rest.len());
        let (stretch, after) = rest.split_at(end);
        rest = after;
        Some(stretch)
    })
}

/// Whether there is such a stretch.
pub(super) fn hides(text: &str) -> bool {
    // A short text cannot: most are.
    text.len() >= LINES && stretches(text).any(|stretch| mark(stretch).is_some())
}

/// Text without hazards in pieces, its long blanks as marks.
pub(super) fn push(plain: &str, pieces: &mut Vec<Piece>) {
    let mut start = 0;
    let mut at = 0;
    for stretch in stretches(plain) {
        let before = at;
        at += stretch.len();
        if let Some(mark) = mark(stretch) {
            if start < before {
                pieces.push(Piece::Plain(plain[start..before].to_owned()));
            }
            pieces.push(Piece::Escape(mark));
            start = at;
        }
    }
    if start < plain.len() {
        pieces.push(Piece::Plain(plain[start..].to_owned()));
    }
}
