//! Secrets are shown to nobody: here they are found, by name and by form, and replaced by [`MARK`].
//!
//! The only reader of the raw arguments is the executor. Everything else (console, API, events, logs, exports,
//! webhooks, results, errors) sees what went through this module. Masking twice is masking once, and when a text is
//! built so that masking would not come to rest, all of it is masked.

mod echo;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod value;

use std::collections::BTreeSet;

use crate::argument::{ArgumentClass, ClassOverrides, Classifier, is_value_of_pair};
use crate::json::Json;
use echo::Echoes;

/// What stands in the place of a secret.
pub const MARK: &str = "[REDACTED]";

/// The shortest secret whose echoes are looked for, in characters: shorter ones would shred ordinary text.
const SHORTEST_ECHO: usize = 4;
/// The shortest secret that is looked for in keys, which are mostly words that a bad password may be as well.
const SHORTEST_ECHO_IN_KEYS: usize = 8;
/// How often a value is gone through before it counts as restless.
const PASSES: usize = 4;

/// The value with every secret replaced by [`MARK`]:
/// - what a secret name holds, whole, at any depth (`null`, `true` and `false` stay: they give nothing away),
///   the `value` beside a secret `name`, and the element after `--password` in a list;
/// - what is a secret by its form, in any string and key, see [`mask_text`];
/// - every other place where one of these secrets stands (from four characters on).
pub fn mask_json(json: &Json, overrides: &ClassOverrides) -> Json {
    let masker = Masker::new(overrides);
    masker.settle(json, masker.secrets(json))
}

/// The text with everything that is a secret by its form replaced by [`MARK`]: bearer and basic credentials, the
/// user information and secret-named parameters of URLs, `name=value`, `name: value` and `"name": "value"` for
/// secret names, `--password value`, private keys in PEM, our own tokens, and well-known kinds of tokens.
pub fn mask_text(text: &str) -> String {
    Masker::new(&ClassOverrides::default()).string(text, &Echoes::none())
}

/// The secrets in the value, longest first, so that whatever echoes them can be masked with [`mask_echoes`] and
/// [`mask_result`].
pub fn secrets_of(json: &Json, overrides: &ClassOverrides) -> Vec<String> {
    longest_first(Masker::new(overrides).secrets(json))
}

fn longest_first(secrets: BTreeSet<String>) -> Vec<String> {
    let mut secrets: Vec<String> = secrets.into_iter().collect();
    secrets.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    secrets
}

/// The text with every echo of one of the secrets, raw, JSON-escaped or percent-encoded, and everything that is a
/// secret by its form, replaced by [`MARK`].
pub fn mask_echoes(text: &str, secrets: &[String]) -> String {
    Masker::new(&ClassOverrides::default()).string(text, &Echoes::of(secrets, SHORTEST_ECHO))
}

/// What a tool answered, with every echo of the call's secrets, and the secrets of its own, replaced by [`MARK`].
pub fn mask_result(result: &Json, secrets: &[String]) -> Json {
    let masker = Masker::new(&ClassOverrides::default());
    let own = masker.secrets(result);
    masker.settle(result, secrets.iter().cloned().chain(own).collect())
}

/// Masks everything that is told about one call: what repeats a secret of its arguments is masked wherever it
/// stands (summary, reason, evidence, a person's note, result, error), and so is what is a secret by its form.
#[derive(Clone, Debug)]
pub struct CallMask {
    args: Json,
    edited: Option<Json>,
    secrets: Vec<String>,
    overrides: ClassOverrides,
}

impl CallMask {
    /// The mask of a call with these arguments.
    pub fn of(args: &Json, overrides: &ClassOverrides) -> Self {
        Self::of_versions(args, None, overrides)
    }

    /// The mask of a call whose arguments a person changed: what is a secret in one version is one in the other.
    pub fn of_versions(args: &Json, edited: Option<&Json>, overrides: &ClassOverrides) -> Self {
        let masker = Masker::new(overrides);
        let mut secrets = masker.secrets(args);
        if let Some(edited) = edited {
            secrets.extend(masker.secrets(edited));
        }
        Self {
            args: masker.settle(args, secrets.clone()),
            edited: edited.map(|edited| masker.settle(edited, secrets.clone())),
            secrets: longest_first(secrets),
            overrides: overrides.clone(),
        }
    }

    /// The arguments themselves, masked, as the agent sent them.
    pub const fn args(&self) -> &Json {
        &self.args
    }

    /// The arguments as a person changed them, masked.
    pub const fn edited(&self) -> Option<&Json> {
        self.edited.as_ref()
    }

    /// The arguments that run, masked.
    pub fn effective(&self) -> &Json {
        self.edited.as_ref().unwrap_or(&self.args)
    }

    /// What the tool's configuration says about its arguments' names.
    pub(crate) const fn overrides(&self) -> &ClassOverrides {
        &self.overrides
    }

    /// A text about the call.
    pub fn text(&self, text: &str) -> String {
        mask_echoes(text, &self.secrets)
    }

    /// A value about the call that has names of its own.
    pub fn json(&self, json: &Json) -> Json {
        mask_result(&mask_json(json, &self.overrides), &self.secrets)
    }
}

/// Whether a string or a key in the value holds [`MARK`]: such a value was shown, not sent, and is good for
/// nothing but looking at.
pub fn holds_mark(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains(MARK),
        Json::Array(items) => items.iter().any(holds_mark),
        Json::Object(members) => members.iter().any(|(key, value)| key.contains(MARK) || holds_mark(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

struct Masker {
    classifier: Classifier,
}

impl Masker {
    fn new(overrides: &ClassOverrides) -> Self {
        Self { classifier: Classifier::new(overrides) }
    }

    /// Masks until nothing changes any more. `secrets`: those of the value, and whatever else is not to be told.
    fn settle(&self, json: &Json, mut secrets: BTreeSet<String>) -> Json {
        let mut settled = json.clone();
        for _ in 0..PASSES {
            let echoes =
                Pair { values: Echoes::of(&secrets, SHORTEST_ECHO), keys: Echoes::of(&secrets, SHORTEST_ECHO_IN_KEYS) };
            let next = self.value(&settled, &echoes, &mut Vec::new());
            if next == settled {
                return settled;
            }
            secrets.extend(self.secrets(&next));
            settled = next;
        }
        restless(&settled)
    }

    fn secrets(&self, json: &Json) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.collect(json, &mut Vec::new(), &mut found);
        found.retain(|secret| secret != MARK && secret.chars().count() >= SHORTEST_ECHO);
        found
    }

    fn collect<'a>(&self, json: &'a Json, trail: &mut Vec<&'a str>, found: &mut BTreeSet<String>) {
        match json {
            Json::String(text) => self.collect_text(text, found),
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    if self.follows_flag(items, at) {
                        self.collect_all(item, found);
                    } else {
                        self.collect(item, trail, found);
                    }
                }
            }
            Json::Object(members) => {
                let named = self.names_a_secret(members);
                for (key, value) in members {
                    self.collect_text(key, found);
                    trail.push(key);
                    if (named && is_value_of_pair(key)) || self.is_secret(trail) {
                        self.collect_all(value, found);
                    } else {
                        self.collect(value, trail, found);
                    }
                    trail.pop();
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn collect_text(&self, text: &str, found: &mut BTreeSet<String>) {
        if let Some(inner) = document(text) {
            self.collect(&inner, &mut Vec::new(), found);
        }
        found.extend(text::secrets(text, &self.classifier));
    }

    /// Everything inside is a secret.
    fn collect_all(&self, json: &Json, found: &mut BTreeSet<String>) {
        match json {
            Json::String(text) => {
                self.collect_text(text, found);
                found.insert(text.clone());
            }
            Json::Number(number) => {
                found.insert(number.as_str().to_owned());
            }
            Json::Array(items) => items.iter().for_each(|item| self.collect_all(item, found)),
            Json::Object(members) => members.iter().for_each(|(_, member)| self.collect_all(member, found)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn value<'a>(&self, json: &'a Json, echoes: &Pair, trail: &mut Vec<&'a str>) -> Json {
        match json {
            Json::Null | Json::Bool(_) => json.clone(),
            Json::Number(number) if echoes.values.is(number.as_str()) => Json::from(MARK),
            Json::Number(_) => json.clone(),
            Json::String(text) => Json::String(self.json_string(text, echoes)),
            Json::Array(items) => Json::Array(
                items
                    .iter()
                    .enumerate()
                    .map(
                        |(at, item)| {
                            if self.follows_flag(items, at) { mark(item) } else { self.value(item, echoes, trail) }
                        },
                    )
                    .collect(),
            ),
            Json::Object(members) => {
                let named = self.names_a_secret(members);
                let mut masked: Vec<(String, Json)> = Vec::with_capacity(members.len());
                let mut keys = Keys { members, taken: None, number: 1 };
                for (key, value) in members {
                    trail.push(key);
                    let secret = self.is_secret(trail);
                    let value = if secret || (named && is_value_of_pair(key)) {
                        mark(value)
                    } else {
                        self.value(value, echoes, trail)
                    };
                    trail.pop();
                    let key = keys.masked(key, self.key(key, secret, &echoes.keys));
                    masked.push((key, value));
                }
                Json::Object(masked)
            }
        }
    }

    /// A key with the secrets in it masked, but still the name of a secret if it was one: `password` with the value
    /// `password` stays, or nobody could tell what was masked.
    fn key(&self, key: &str, secret: bool, echoes: &Echoes) -> String {
        let masked = self.string(key, echoes);
        if secret && masked != key && !self.is_secret(&[&masked]) { self.string(key, &Echoes::none()) } else { masked }
    }

    /// A string is a document of its own if it can be read as one.
    fn json_string(&self, text: &str, echoes: &Pair) -> String {
        if let Some(inner) = document(text) {
            let masked = self.value(&inner, echoes, &mut Vec::new());
            if masked != inner {
                return masked.to_text();
            }
        }
        self.string(text, &echoes.values)
    }

    fn string(&self, text: &str, echoes: &Echoes) -> String {
        let mut settled = text.to_owned();
        for _ in 0..PASSES {
            let next = text::mask(&echoes.mask(&settled), &self.classifier);
            if next == settled {
                return settled;
            }
            settled = next;
        }
        MARK.to_owned()
    }

    fn is_secret(&self, trail: &[&str]) -> bool {
        self.classifier.class(trail) == ArgumentClass::Secret
    }

    /// Whether the object is a pair like `{"name": "Authorization", "value": "..."}`.
    fn names_a_secret(&self, members: &[(String, Json)]) -> bool {
        self.classifier.pairs_as(members, ArgumentClass::Secret)
    }

    /// Whether the element stands after `--password` or the like.
    fn follows_flag(&self, items: &[Json], at: usize) -> bool {
        let flag = at.checked_sub(1).and_then(|before| items[before].as_str());
        flag.is_some_and(|flag| flag.starts_with('-') && !flag.contains(['=', ' ']) && self.is_secret(&[flag]))
    }
}

struct Pair {
    values: Echoes,
    keys: Echoes,
}

/// The keys of an object while they are masked: no two may become one.
struct Keys<'a> {
    members: &'a [(String, Json)],
    taken: Option<BTreeSet<String>>,
    number: usize,
}

impl Keys<'_> {
    fn masked(&mut self, key: &str, masked: String) -> String {
        if masked == key {
            return masked;
        }
        let taken = self.taken.get_or_insert_with(|| self.members.iter().map(|(key, _)| key.clone()).collect());
        let mut free = masked.clone();
        while !taken.insert(free.clone()) {
            self.number += 1;
            free = format!("{masked} ({})", self.number);
        }
        free
    }
}

/// What stands for a value that is secret as a whole.
fn mark(json: &Json) -> Json {
    match json {
        Json::Null | Json::Bool(_) => json.clone(),
        Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => Json::from(MARK),
    }
}

/// What stands for a value that does not come to rest. An object stays one: columns and readers count on that.
fn restless(json: &Json) -> Json {
    match json {
        Json::Object(_) => Json::object([(MARK, Json::from(MARK))]),
        other => mark(other),
    }
}

fn document(text: &str) -> Option<Json> {
    let start = text.trim_start();
    if !start.starts_with(['{', '[']) || start.starts_with(MARK) {
        return None;
    }
    Json::parse_str(text).ok()
}
