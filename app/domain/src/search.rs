//! Text search: which words of a call can be found, and what a search looks for.
//!
//! A word is a run of letters and digits, in small letters. A search finds an action that has, for each of its words,
//! one that begins with it. Words are taken from masked text only, so that nobody finds out a secret by searching.

use std::collections::BTreeSet;

use crate::json::Json;
use crate::redaction::MARK;

/// The longest part of a word that is kept, in characters.
const WORD: usize = 60;
/// How many different words of one call are kept: the first ones in the order they stand. A longer call is still
/// found by its tool, its session, its summary and the beginning of its arguments.
const WORDS: usize = 1_000;

/// The words under which a call is found: those of `texts`, then those of the masked arguments' values.
pub fn words_of(texts: &[&str], masked_args: &Json) -> Vec<String> {
    let mut found = Found::default();
    texts.iter().for_each(|text| found.text(text));
    found.json(masked_args);
    found.words.into_iter().collect()
}

/// What is looked for, as Postgres' `tsquery` text: every word, each as a beginning. `None`: there is no word in it.
pub fn query(text: &str) -> Option<String> {
    let words: Vec<String> = words(text).map(|word| format!("'{word}':*")).collect();
    (!words.is_empty()).then(|| words.join(" & "))
}

#[derive(Default)]
struct Found {
    words: BTreeSet<String>,
}

impl Found {
    fn is_full(&self) -> bool {
        self.words.len() >= WORDS
    }

    fn text(&mut self, text: &str) {
        for word in text.split(MARK).flat_map(words) {
            if self.is_full() {
                return;
            }
            self.words.insert(word);
        }
    }

    fn json(&mut self, json: &Json) {
        if self.is_full() {
            return;
        }
        match json {
            Json::Null | Json::Bool(_) => {}
            Json::Number(number) => self.text(number.as_str()),
            Json::String(text) => self.text(text),
            Json::Array(items) => items.iter().for_each(|item| self.json(item)),
            Json::Object(members) => members.iter().for_each(|(_, member)| self.json(member)),
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.chars().take(WORD).flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric()).collect()
        })
        .filter(|word: &String| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::argument::ClassOverrides;
    use crate::redaction::CallMask;

    #[test]
    fn a_call_is_found_by_the_words_of_its_texts_and_values() {
        let args =
            Json::parse_str(r#"{"to": "Ana.Lindqvist@partner.example", "amount": 4200.50, "ok": true}"#).unwrap();
        let found = words_of(&["send_email", "Übersicht für Q3"], &args);
        for word in ["ana", "lindqvist", "partner", "4200", "50", "send", "email", "übersicht", "q3"] {
            assert!(found.contains(&word.to_owned()), "{word} in {found:?}");
        }
        assert!(!found.contains(&"to".to_owned()), "names of arguments would be found everywhere");
    }

    #[test]
    fn a_search_is_for_all_its_words_each_as_a_beginning() {
        assert_eq!(query("Ana  partner.ex").as_deref(), Some("'ana':* & 'partner':* & 'ex':*"));
        assert_eq!(query("'); DROP TABLE x --").as_deref(), Some("'drop':* & 'table':* & 'x':*"));
        assert_eq!(query(" ?! "), None);
    }

    #[test]
    fn a_huge_call_is_indexed_in_part() {
        let args = Json::from((0..5_000).map(|number| format!("w{number} ")).collect::<String>());
        assert_eq!(words_of(&["tool"], &args).len(), WORDS);
    }

    proptest! {
        #[test]
        fn no_secret_is_a_word(secret in "[a-z]{6}[0-9]{6}", name in "[a-z]{3,8}") {
            let args = Json::object([("password", Json::from(secret.clone())), ("name", Json::from(name.clone()))]);
            let mask = CallMask::of(&args, &ClassOverrides::default());
            let found = words_of(&[&mask.text(&format!("with {secret}"))], mask.args());
            prop_assert!(!found.contains(&secret));
            prop_assert!(!found.contains(&"redacted".to_owned()));
            prop_assert!(found.contains(&name));
        }

        #[test]
        fn a_query_has_nothing_in_it_but_words(text in ".{0,80}") {
            if let Some(query) = query(&text) {
                for part in query.split(" & ") {
                    let word = part.strip_prefix('\'').and_then(|rest| rest.strip_suffix("':*")).unwrap();
                    prop_assert!(word.chars().all(char::is_alphanumeric), "{}", word);
                }
            }
        }
    }
}
