//! What became of what: the differences between the arguments that were parked and those that a person approved, masked.

use std::collections::BTreeMap;

use super::shown::{Member, Shown};
use super::within;
use crate::action::Action;
use crate::argument::{ArgumentClass, ArgumentRow, ClassOverrides, Classifier, shown_name, value_rows};
use crate::json::Json;
use crate::redaction::CallMask;
use crate::text_safety::{Piece, escaped};

/// One place whose value is another than before. Values are masked: a secret that was replaced is the mark before and
/// after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// JSON pointer, by the names shown.
    pub pointer: String,
    /// The same for people: `to`, `message.recipients[0]`.
    pub path: String,
    pub class: ArgumentClass,
    /// `None`: there was none.
    pub before: Option<Json>,
    /// `None`: it was taken away.
    pub after: Option<Json>,
}

impl Difference {
    /// The stable word for what happened.
    pub const fn word(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

/// The differences between the two versions of an action's arguments; none if nobody changed them. `mask`: the action's.
pub fn differences(action: &Action, mask: &CallMask) -> Vec<Difference> {
    let (Some(edited), Some(masked)) = (&action.edited, mask.edited()) else { return Vec::new() };
    let mut found = Comparison { classifier: Classifier::new(mask.overrides()), trail: Vec::new(), found: Vec::new() };
    let place = Place { pointer: String::new(), path: String::new(), class: ArgumentClass::Plain };
    found.compare(
        place,
        Shown { stored: &action.tool_args, masked: mask.args() },
        Shown { stored: &edited.args, masked },
    );
    found.found
}

struct Place {
    pointer: String,
    path: String,
    class: ArgumentClass,
}

struct Comparison<'a> {
    classifier: Classifier,
    trail: Vec<&'a str>,
    found: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, place: Place, before: Shown<'a>, after: Shown<'a>) {
        if before.stored == after.stored {
            return;
        }
        match (before.members(), after.members(), before.items(), after.items()) {
            (Some(before), Some(after), _, _) => self.members(&place, &before, &after),
            (_, _, Some(before), Some(after)) => {
                for at in 0..before.len().max(after.len()) {
                    let inner = Place {
                        pointer: within(&place.pointer, &at.to_string()),
                        path: format!("{}[{at}]", place.path),
                        class: place.class,
                    };
                    self.pair(inner, before.get(at).copied(), after.get(at).copied());
                }
            }
            _ => self.pair_of(place, Some(before), Some(after)),
        }
    }

    fn members(&mut self, place: &Place, before: &[Member<'a>], after: &[Member<'a>]) {
        let by_key = |members: &[Member<'a>]| -> BTreeMap<&'a str, Shown<'a>> {
            members.iter().map(|member| (member.key, member.value)).collect()
        };
        let (old, new) = (by_key(before), by_key(after));
        for member in before {
            self.member(place, *member, Some(member.value), new.get(member.key).copied());
        }
        for member in after.iter().filter(|member| !old.contains_key(member.key)) {
            self.member(place, *member, None, Some(member.value));
        }
    }

    fn member(&mut self, place: &Place, member: Member<'a>, before: Option<Shown<'a>>, after: Option<Shown<'a>>) {
        self.trail.push(member.shown_key);
        let class = match self.classifier.class(&self.trail) {
            ArgumentClass::Plain => place.class,
            own => own,
        };
        let name: String = shown_name(member.shown_key)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(text) => escaped(&text),
                Piece::Escape(code) => format!("‹{code}›"),
            })
            .collect();
        let path = if place.path.is_empty() { name } else { format!("{}.{name}", place.path) };
        self.pair(Place { pointer: within(&place.pointer, member.shown_key), path, class }, before, after);
        self.trail.pop();
    }

    fn pair(&mut self, place: Place, before: Option<Shown<'a>>, after: Option<Shown<'a>>) {
        match (before, after) {
            (Some(before), Some(after)) => self.compare(place, before, after),
            one_sided => self.pair_of(place, one_sided.0, one_sided.1),
        }
    }

    fn pair_of(&mut self, place: Place, before: Option<Shown<'a>>, after: Option<Shown<'a>>) {
        let Place { pointer, path, class } = place;
        let value = |shown: Option<Shown<'a>>| shown.map(|shown| shown.masked.clone());
        self.found.push(Difference { pointer, path, class, before: value(before), after: value(after) });
    }
}

/// The differences as rows: what was, and below it what it becomes. Of two long texts, the part that differs.
pub fn rows_of(differences: &[Difference], overrides: &ClassOverrides) -> Vec<ArgumentRow> {
    differences.iter().flat_map(|difference| rows(difference, overrides)).collect()
}

fn rows(difference: &Difference, overrides: &ClassOverrides) -> Vec<ArgumentRow> {
    let Difference { path, class, before, after, .. } = difference;
    let row = |name: String, depth: u8, value: &Json| {
        value_rows((vec![Piece::Plain(name)], path.clone(), depth, *class), value, overrides)
    };
    match (before, after) {
        (Some(before), Some(after)) => {
            let (before, after) = excerpts(before, after);
            let mut rows = row(path.clone(), 0, &before);
            rows.extend(row("becomes".to_owned(), 1, &after));
            rows
        }
        (None, Some(added)) => row(format!("{path} (added)"), 0, added),
        (Some(removed), None) => row(format!("{path} (removed)"), 0, removed),
        (None, None) => Vec::new(),
    }
}

/// What is shown around the part of a long text that differs, in characters.
const AROUND: usize = 60;

/// Two texts without what they have in common at their beginnings and ends, where that is long.
fn excerpts(before: &Json, after: &Json) -> (Json, Json) {
    let (Json::String(before), Json::String(after)) = (before, after) else { return (before.clone(), after.clone()) };
    let common = before.chars().zip(after.chars()).take_while(|(left, right)| left == right).count();
    let (one, two) = (skip(before, common), skip(after, common));
    let alike = one.chars().rev().zip(two.chars().rev()).take_while(|(left, right)| left == right).count();
    let cut = |text: &str| {
        let all: Vec<char> = text.chars().collect();
        let from = if common > 2 * AROUND { common - AROUND } else { 0 };
        let to = if alike > 2 * AROUND { all.len() - alike + AROUND } else { all.len() };
        let start = if from > 0 { "… " } else { "" };
        let end = if to < all.len() { " …" } else { "" };
        Json::String(format!("{start}{}{end}", all[from..to].iter().collect::<String>()))
    };
    (cut(before), cut(after))
}

fn skip(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or("", |(at, _)| &text[at..])
}
