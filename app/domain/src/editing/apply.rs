//! Making the new arguments.

use std::collections::BTreeSet;

use super::change::Change;
use super::restore::restore;
use super::shown::Shown;
use super::within;
use crate::json::Json;
use crate::problem::FieldError;
use crate::redaction::{CallMask, MARK};

/// The arguments after the changes. `mask`: that of the arguments, as they were shown. What no change names stays as it
/// is, byte for byte.
///
/// # Errors
/// Every change that cannot be made, by its pointer.
pub fn apply(args: &Json, mask: &CallMask, changes: &[Change]) -> Result<Json, Vec<FieldError>> {
    let mut edit = Edit { errors: Vec::new() };
    let steps: Vec<Step<'_>> = changes.iter().filter_map(|change| edit.step(change)).collect();
    let root = Shown { stored: args, masked: mask.args() };
    let edited = edit.value(root, &steps, "");
    if edit.errors.is_empty() && !edited.is_object() {
        edit.refuse("", "must be an object: one member per argument");
    }
    if edit.errors.is_empty() { Ok(edited) } else { Err(edit.errors) }
}

/// A change, and how far it is still away.
#[derive(Clone)]
struct Step<'a> {
    rest: Vec<String>,
    value: Option<&'a Json>,
}

impl Step<'_> {
    /// The same change from inside the member it goes through.
    fn inside(&self) -> Self {
        Self { rest: self.rest[1..].to_vec(), value: self.value }
    }

    fn removes_here(&self) -> bool {
        self.rest.len() == 1 && self.value.is_none()
    }
}

struct Edit {
    errors: Vec<FieldError>,
}

impl Edit {
    fn refuse(&mut self, pointer: &str, message: &str) {
        self.errors.push(FieldError { pointer: pointer.to_owned(), message: message.to_owned() });
    }

    fn step<'a>(&mut self, change: &'a Change) -> Option<Step<'a>> {
        if change.path.is_empty() {
            if change.value.is_none() {
                self.refuse("", "cannot be removed");
            }
            return change.value.as_ref().map(|value| Step { rest: Vec::new(), value: Some(value) });
        }
        let Some(path) = change.path.strip_prefix('/') else {
            self.refuse(&change.path, "is no JSON pointer");
            return None;
        };
        let rest = path.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect();
        Some(Step { rest, value: change.value.as_ref() })
    }

    fn value(&mut self, shown: Shown<'_>, steps: &[Step<'_>], pointer: &str) -> Json {
        match steps {
            [] => shown.stored.clone(),
            [Step { rest, value: Some(value) }] if rest.is_empty() => {
                restore(Some(shown), value, pointer, &mut self.errors)
            }
            _ if steps.iter().any(|step| step.rest.is_empty()) => {
                self.refuse(pointer, "is changed twice");
                shown.stored.clone()
            }
            _ => match (shown.members(), shown.items()) {
                (Some(members), _) => {
                    let parts = members.iter().map(|member| (member.key, member.shown_key.to_owned(), member.value));
                    Json::Object(self.members(parts.collect(), steps, pointer))
                }
                (None, Some(items)) => {
                    let parts = items.iter().enumerate().map(|(at, item)| ("", at.to_string(), *item));
                    let length = items.len();
                    let kept = self.parts(parts.collect(), steps, pointer);
                    let added = self.appended(length, steps, pointer);
                    Json::Array(kept.into_iter().map(|(_, item)| item).chain(added).collect())
                }
                (None, None) => {
                    for step in steps {
                        self.refuse(&within(pointer, &step.rest[0]), "is not there, or not shown");
                    }
                    shown.stored.clone()
                }
            },
        }
    }

    fn members(
        &mut self,
        parts: Vec<(&str, String, Shown<'_>)>,
        steps: &[Step<'_>],
        pointer: &str,
    ) -> Vec<(String, Json)> {
        let shown: BTreeSet<String> = parts.iter().map(|(_, name, _)| name.clone()).collect();
        let mut members = self.parts(parts, steps, pointer);
        for step in steps.iter().filter(|step| !shown.contains(&step.rest[0])) {
            let (name, place) = (&step.rest[0], within(pointer, &step.rest[0]));
            match (step.rest.len(), step.value) {
                (1, Some(_)) if name.contains(MARK) => self.refuse(&place, "may not be called so"),
                (1, Some(_)) if members.iter().any(|(key, _)| key == name) => self.refuse(&place, "is there already"),
                (1, Some(value)) => members.push((name.clone(), restore(None, value, &place, &mut self.errors))),
                _ => self.refuse(&place, "is not there, or not shown"),
            }
        }
        members
    }

    /// What is there already, each part with the changes that go into it.
    fn parts(
        &mut self,
        parts: Vec<(&str, String, Shown<'_>)>,
        steps: &[Step<'_>],
        pointer: &str,
    ) -> Vec<(String, Json)> {
        let mut kept = Vec::with_capacity(parts.len());
        for (key, name, shown) in parts {
            let own: Vec<&Step<'_>> = steps.iter().filter(|step| step.rest[0] == name).collect();
            let place = within(pointer, &name);
            match own.as_slice() {
                [step] if step.removes_here() => continue,
                several if several.iter().any(|step| step.removes_here()) => self.refuse(&place, "is changed twice"),
                _ => {}
            }
            let inside: Vec<Step<'_>> = own.into_iter().filter(|step| !step.removes_here()).map(Step::inside).collect();
            kept.push((key.to_owned(), self.value(shown, &inside, &place)));
        }
        kept
    }

    /// What comes after the end of a list, in the order of the places.
    fn appended(&mut self, length: usize, steps: &[Step<'_>], pointer: &str) -> Vec<Json> {
        let mut added: Vec<(usize, Json)> = Vec::new();
        for step in steps {
            let at: Option<usize> = step.rest[0].parse().ok();
            if at.is_some_and(|at| at < length && at.to_string() == step.rest[0]) {
                continue;
            }
            let place = within(pointer, &step.rest[0]);
            match (at, step.rest.len(), step.value) {
                (Some(at), 1, Some(value)) => added.push((at, restore(None, value, &place, &mut self.errors))),
                _ => self.refuse(&place, "is not there, or not shown"),
            }
        }
        added.sort_by_key(|(at, _)| *at);
        if added.iter().enumerate().any(|(nth, (at, _))| *at != length + nth) {
            self.refuse(pointer, "would have a gap, or something twice at its end");
        }
        added.into_iter().map(|(_, value)| value).collect()
    }
}
