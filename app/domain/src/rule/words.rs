//! A rule read out: "`to` is an address at partner.example, `subject` may be anything, and nothing else".

use super::{Definition, Effect, Unlisted};
use crate::text_safety::escaped;

impl Definition {
    /// What a call must be to fit, in one line of words.
    pub fn words(&self) -> String {
        let named =
            self.constraints.iter().map(|(path, asked)| format!("{} {}", escaped(&path.to_string()), asked.words()));
        let mut parts: Vec<String> = named.collect();
        match (self.unlisted, parts.is_empty()) {
            (Unlisted::Forbid, true) => parts.push("no arguments at all".to_owned()),
            (Unlisted::Forbid, false) => parts.push("nothing else".to_owned()),
            (Unlisted::Ignore, true) => parts.push("every call".to_owned()),
            (Unlisted::Ignore, false) => {}
        }
        parts.join(", ")
    }
}

impl Effect {
    /// What it does to a call that fits.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Allow => "runs at once",
            Self::Deny => "is refused",
            Self::Hold => "waits for a person",
        }
    }
}
