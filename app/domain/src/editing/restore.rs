//! Putting stored secrets back where their mark was left standing. Anywhere else the mark is refused: it would become
//! the value, or give one place's secret to another.

use std::collections::{BTreeMap, BTreeSet};

use super::shown::{Member, Shown};
use super::within;
use crate::json::Json;
use crate::problem::FieldError;
use crate::redaction::{MARK, holds_mark};

/// `value` with the stored secrets in the places of their marks. `shown`: what was shown where it is to stand.
pub(super) fn restore(shown: Option<Shown<'_>>, value: &Json, pointer: &str, errors: &mut Vec<FieldError>) -> Json {
    if let Some(shown) = shown.filter(|shown| shown.masked == value) {
        return shown.stored.clone();
    }
    match value {
        Json::Array(items) => Json::Array(elements(shown.and_then(Shown::items), items, pointer, errors)),
        Json::Object(members) => Json::Object(object(shown, members, pointer, errors)),
        other => {
            if holds_mark(other) {
                errors.push(misplaced(pointer));
            }
            other.clone()
        }
    }
}

fn object(
    shown: Option<Shown<'_>>,
    members: &[(String, Json)],
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> Vec<(String, Json)> {
    let known = shown.and_then(Shown::members).unwrap_or_default();
    let known: BTreeMap<&str, Member<'_>> = known.into_iter().map(|member| (member.shown_key, member)).collect();
    let mut keys = BTreeSet::new();
    members
        .iter()
        .map(|(name, value)| {
            let place = within(pointer, name);
            let found = known.get(name.as_str());
            let key = found.map_or(name.as_str(), |member| member.key);
            if found.is_none() && name.contains(MARK) {
                errors.push(misplaced(&place));
            }
            if !keys.insert(key.to_owned()) {
                errors.push(FieldError { pointer: place.clone(), message: "is there already".to_owned() });
            }
            (key.to_owned(), restore(found.map(|member| member.value), value, &place, errors))
        })
        .collect()
}

/// In a list that is as long as before an element's place says which one it was. In another one it is known only by
/// being what was shown, and only if that names one secret.
fn elements(known: Option<Vec<Shown<'_>>>, items: &[Json], pointer: &str, errors: &mut Vec<FieldError>) -> Vec<Json> {
    let known = known.unwrap_or_default();
    let same_length = known.len() == items.len();
    items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let place = within(pointer, &at.to_string());
            let own = known.get(at).copied().filter(|_| same_length);
            if !holds_mark(item) || own.is_some_and(|own| own.masked == item) {
                return restore(own, item, &place, errors);
            }
            let alike: Vec<&Json> =
                known.iter().filter(|known| known.masked == item).map(|known| known.stored).collect();
            match alike.as_slice() {
                [first, rest @ ..] if rest.iter().all(|other| other == first) => (*first).clone(),
                _ => restore(own, item, &place, errors),
            }
        })
        .collect()
}

fn misplaced(pointer: &str) -> FieldError {
    let message = format!(
        "holds {MARK}, which stands for a secret that is not shown: leave it exactly where it was shown, or write the whole value"
    );
    FieldError { pointer: pointer.to_owned(), message }
}
