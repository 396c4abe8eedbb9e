//! Patterns for lines that a shell reads. A part that may be anything may be `; rm -rf /`, whatever stands before it.

use super::Constraint;

impl Constraint {
    /// The fixed start of a pattern that reads like a command's and has an open part after it: `git status*` also takes
    /// `git status; rm -rf /`.
    pub fn shell_prefix(&self) -> Option<&str> {
        let (Self::Pattern(text) | Self::Regex(text)) = self else { return None };
        let words = text[..self.open_part()?].trim_start_matches('^');
        let reads_like_a_command = words.contains(' ') && words.starts_with(|first: char| first.is_ascii_alphabetic());
        (reads_like_a_command && !text.contains('@')).then_some(words)
    }

    /// Where the first part starts, in bytes, that takes texts which its writer cannot foresee: a run of a glob, or of a
    /// regular expression a dot or a class that says what is *not* taken.
    pub(super) fn open_part(&self) -> Option<usize> {
        let (text, opens): (&str, fn(&str) -> bool) = match self {
            Self::Pattern(text) => {
                (text, |rest| rest.starts_with('*') || rest.starts_with("[!") || rest.starts_with("[^"))
            }
            Self::Regex(text) => (text, |rest| {
                rest.starts_with('.')
                    || rest.starts_with("[^")
                    || [r"\S", r"\W", r"\D", r"\P"].iter().any(|class| rest.starts_with(class))
            }),
            _ => return None,
        };
        let mut rest = text;
        while !rest.is_empty() {
            if opens(rest) {
                return Some(text.len() - rest.len());
            }
            let mut characters = rest.chars();
            // What stands behind a backslash is itself.
            if characters.next() == Some('\\') {
                characters.next();
            }
            rest = characters.as_str();
        }
        None
    }
}
