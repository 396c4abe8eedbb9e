//! The one line of a list row that says what a call is about.

use super::class::{Classifier, words};
use super::{ArgumentClass, ClassOverrides};
use crate::json::Json;
use crate::redaction;
use crate::text_safety;

/// The longest headline, in characters.
const CHARS: usize = 80;

/// The critical argument to show in a list row, on one line, escaped and masked, at most 80 characters: the
/// recipient if there is one (`ana@partner.example`, `a@x, b@y +3`), with the amount before it if there is one
/// (`4200.00 EUR → DE89…`), else the first critical argument, at the top level or inside. `None` if none is.
pub fn headline(args: &Json, overrides: &ClassOverrides) -> Option<String> {
    let masked = redaction::mask_json(args, overrides);
    let classifier = Classifier::new(overrides);
    let critical: Vec<(Vec<String>, String)> = masked
        .as_object()?
        .iter()
        .filter(|(key, _)| classifier.class(&[key]) == ArgumentClass::Critical)
        .filter_map(|(key, value)| Some((words(key), summary(value)?)))
        .collect();
    let with = |wanted: &[&str]| critical.iter().find(|(words, _)| has(words, wanted)).map(|(_, text)| text.as_str());
    let currency = with(&["currency"]);
    let money = with(&["amount", "amounts", "price", "cost"])
        .map(|amount| currency.map_or_else(|| amount.to_owned(), |currency| format!("{amount} {currency}")));
    let whom = critical.iter().filter(|(words, _)| !has(words, MONEY)).min_by_key(|(words, _)| rank(words));
    let text = match (money, whom) {
        (Some(money), Some((_, whom))) => format!("{money} → {whom}"),
        (Some(money), None) => money,
        (None, Some((_, whom))) => whom.clone(),
        (None, None) => currency.map(str::to_owned).or_else(|| inside(&masked, &classifier, &mut Vec::new()))?,
    };
    Some(super::cut(&text, CHARS))
}

const MONEY: &[&str] = &["amount", "amounts", "price", "cost", "currency"];

fn has(words: &[String], wanted: &[&str]) -> bool {
    words.iter().any(|word| wanted.contains(&word.as_str()))
}

/// Who comes before what: the first to be shown has the smallest.
fn rank(words: &[String]) -> u8 {
    if has(words, &["to", "recipient", "recipients"]) && !has(words, &["reply"]) {
        0
    } else if has(words, &["email", "emails", "account", "iban", "beneficiary", "payee", "phone", "chat", "channel"]) {
        1
    } else {
        2
    }
}

/// A value on one line: a text, a number, or the first two of a list and how many more there are. An object is
/// told by the first of its values that is one of those.
fn summary(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text_safety::escaped(&super::cut(text, CHARS))).filter(|text| !text.is_empty()),
        Json::Number(number) => Some(number.as_str().to_owned()),
        Json::Array(items) => {
            let mut shown = items.iter().filter_map(summary);
            let first = shown.next()?;
            let text = shown.next().map_or_else(|| first.clone(), |second| format!("{first}, {second}"));
            let more = items.len().saturating_sub(2);
            Some(if more > 0 { format!("{} +{more}", super::cut(&text, CHARS - 8)) } else { text })
        }
        Json::Object(members) => members.iter().find_map(|(_, member)| summary(member)),
        Json::Bool(_) | Json::Null => None,
    }
}

/// The first critical argument below the top level.
fn inside<'a>(value: &'a Json, classifier: &Classifier, trail: &mut Vec<&'a str>) -> Option<String> {
    match value {
        Json::Object(members) => members.iter().find_map(|(key, member)| {
            trail.push(key);
            let found = match classifier.class(trail) {
                ArgumentClass::Critical => summary(member),
                ArgumentClass::Secret => None,
                ArgumentClass::Plain => inside(member, classifier, trail),
            };
            trail.pop();
            found
        }),
        Json::Array(items) => items.iter().find_map(|item| inside(item, classifier, trail)),
        _ => None,
    }
}
