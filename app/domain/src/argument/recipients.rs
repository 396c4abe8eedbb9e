//! Whom a call reaches: its addresses, accounts and numbers, wherever they stand.

use std::collections::BTreeSet;

use super::class::{ArgumentClass, Classifier, words};
use super::{ClassOverrides, is_free_text};
use crate::constraint::normal;
use crate::digest::Digest;
use crate::json::Json;

/// A call that reaches more is known by all of them together.
const MOST: usize = 100;

/// Words of names under which somebody is reached.
const REACHED: &[&str] = &[
    "to",
    "recipient",
    "recipients",
    "cc",
    "bcc",
    "email",
    "emails",
    "mail",
    "address",
    "addresses",
    "account",
    "accounts",
    "iban",
    "beneficiary",
    "payee",
    "phone",
    "chat",
    "channel",
];

/// One digest for each that the call reaches, in order and without doubles: of its text, without regard to case and outer
/// blanks, or of its number. Nobody where no argument says so.
pub fn recipients(args: &Json, overrides: &ClassOverrides) -> Vec<Digest> {
    let mut walk = Walk { classifier: Classifier::new(overrides), names: Vec::new(), found: BTreeSet::new() };
    walk.members(args, false);
    if walk.found.len() > MOST {
        return vec![Digest::of(&Json::Array(walk.found.into_iter().map(Json::from).collect()))];
    }
    let found: BTreeSet<Digest> = walk.found.into_iter().map(|reached| Digest::of(&Json::from(reached))).collect();
    found.into_iter().collect()
}

struct Walk<'a> {
    classifier: Classifier,
    names: Vec<&'a str>,
    found: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn members(&mut self, value: &'a Json, reached: bool) {
        match value {
            Json::Object(members) => {
                for (name, member) in members {
                    self.names.push(name);
                    let reached = self.reaches(reached);
                    self.members(member, reached);
                    self.names.pop();
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.members(item, reached)),
            Json::String(text) if reached => drop(self.found.insert(text.trim().to_lowercase())),
            Json::Number(_) if reached => drop(self.found.insert(normal(value).canonical())),
            _ => {}
        }
    }

    /// Whether the innermost name says whom the call reaches, or stands below one that does and says nothing else.
    fn reaches(&self, above: bool) -> bool {
        let name = self.names.last().copied().unwrap_or_default();
        match self.classifier.class(&self.names) {
            ArgumentClass::Secret => false,
            ArgumentClass::Critical => {
                let words = words(name);
                let named = words.iter().any(|word| REACHED.contains(&word.as_str()));
                named && !words.iter().any(|word| word == "reply" || word == "from")
            }
            ArgumentClass::Plain => above && !is_free_text(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &str) -> Vec<Digest> {
        recipients(&Json::parse_str(args).unwrap(), &ClassOverrides::default())
    }

    fn one(text: &str) -> Digest {
        Digest::of(&Json::from(text))
    }

    #[test]
    fn whoever_is_reached_counts_wherever_the_name_stands() {
        assert_eq!(of(r#"{"to": " Ana@A.example", "subject": "x"}"#), [one("ana@a.example")]);
        let mut all = vec![one("a@x"), one("b@x"), one("c@x")];
        all.sort();
        assert_eq!(of(r#"{"to": ["a@x", "A@x"], "mail": {"bcc": {"list": ["b@x"]}, "headers": {"Cc": "c@x"}}}"#), all);
        assert_eq!(of(r#"{"to_iban": "DE1", "amount": 5, "from_account": "operating"}"#), [one("de1")]);
        assert_eq!(of(r#"{"chat_id": 42.0}"#), of(r#"{"chat_id": 42}"#));
    }

    #[test]
    fn what_reaches_nobody_has_no_recipient() {
        for args in
            [r#"{"path": "/srv", "amount": 1}"#, r#"{"reply_to": "a@x"}"#, r#"{"email": {"body": "a@x"}}"#, "{}"]
        {
            assert_eq!(of(args), [], "{args}");
        }
    }

    #[test]
    fn a_crowd_is_one_recipient_and_another_crowd_another() {
        let crowd = |from: usize| (from..from + 101).map(|at| format!("\"{at}@x\"")).collect::<Vec<_>>().join(",");
        let args = |from| format!(r#"{{"to": [{}]}}"#, crowd(from));
        assert_eq!(of(&args(0)).len(), 1);
        assert_ne!(of(&args(0)), of(&args(1)));
    }
}
