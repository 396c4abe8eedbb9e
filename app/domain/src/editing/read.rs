//! Reading a posted form. A control that says what it said at first changes nothing; one that says something else must
//! say it in its type: `12a` where a number stood is an error at its place, never a text.

use std::collections::BTreeSet;

use super::change::Change;
use super::escape::unescape;
use super::form::{Field, Form, Kind};
use super::within;
use crate::json::{Json, Number};

/// What a browser posted: names and texts. `k.KEY` is the kind of a field and `v.KEY` its text; `n.new0` the name of an
/// argument to add, with `k.new0` and `v.new0`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted(pub Vec<(String, String)>);

impl Posted {
    /// How many arguments a form can add.
    pub const NEW: usize = 2;

    /// The text of a control, with the line ends that it was given: browsers post every one of them as CR LF.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get("v", key).map(|text| text.replace("\r\n", "\n"))
    }

    /// The word chosen beside a control.
    pub fn kind(&self, key: &str) -> Option<&str> {
        self.get("k", key)
    }

    /// The name given to an argument that is to be added.
    pub fn name(&self, key: &str) -> Option<&str> {
        self.get("n", key)
    }

    fn get(&self, part: &str, key: &str) -> Option<&str> {
        self.0.iter().find_map(|(name, value)| {
            let (of, rest) = name.split_once('.')?;
            (of == part && rest == key).then_some(value.as_str())
        })
    }
}

/// What is wrong with one control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The key of its field.
    pub key: String,
    pub pointer: String,
    pub message: String,
}

/// The changes that a posted form asks for.
///
/// # Errors
/// Every control that does not say what it may say.
pub fn read(form: &Form, posted: &Posted) -> Result<Vec<Change>, Vec<Refused>> {
    let mut changes = Vec::new();
    let mut refused = Vec::new();
    for field in &form.fields {
        let key = field.key.to_string();
        match field_change(field, posted.kind(&key), posted.text(&key)) {
            Ok(change) => changes.extend(change),
            Err(message) => refused.push(Refused { key, pointer: field.pointer.clone(), message }),
        }
    }
    let mut names = form.names.clone();
    for key in (0..Posted::NEW).map(|at| format!("new{at}")) {
        let name = posted.name(&key).unwrap_or_default();
        match new_argument(name, posted.kind(&key), posted.text(&key).unwrap_or_default(), &mut names) {
            Ok(change) => changes.extend(change),
            Err(message) => refused.push(Refused { key, pointer: within("", name), message }),
        }
    }
    if refused.is_empty() { Ok(changes) } else { Err(refused) }
}

fn field_change(field: &Field, kind: Option<&str>, text: Option<String>) -> Result<Option<Change>, String> {
    let kind = kind.map_or(Ok(field.kind), known)?;
    let text = text.unwrap_or_else(|| field.text.clone());
    if kind == field.kind && text == field.text {
        return Ok(None);
    }
    let kind = match kind {
        Kind::Keep if text.is_empty() => return Ok(None),
        Kind::Keep => field.natural,
        Kind::Remove => return Ok(Some(Change::remove(&field.pointer))),
        other => other,
    };
    // A hidden control may still hold what was typed before the kind was chosen: only these read it.
    let value = value(kind, &text)?;
    let same = kind == field.kind && matches!(kind, Kind::True | Kind::False | Kind::Null);
    Ok((!same).then(|| Change::set(&field.pointer, value)))
}

fn new_argument(
    name: &str,
    kind: Option<&str>,
    text: String,
    names: &mut BTreeSet<String>,
) -> Result<Option<Change>, String> {
    let kind = kind.map_or(Ok(Kind::Text), known)?;
    if name.is_empty() {
        let untouched = text.is_empty() && kind == Kind::Text;
        return if untouched { Ok(None) } else { Err("needs a name".to_owned()) };
    }
    if name.contains('\0') {
        return Err("has a name with a NUL character".to_owned());
    }
    if !names.insert(name.to_owned()) {
        return Err("is there already".to_owned());
    }
    Ok(Some(Change::set(within("", name), value(kind, &text)?)))
}

fn known(word: &str) -> Result<Kind, String> {
    Kind::of(word).ok_or_else(|| format!("cannot become {word:?}"))
}

fn value(kind: Kind, text: &str) -> Result<Json, String> {
    let whole = |text: String| {
        if text.contains('\0') { Err("holds a NUL character".to_owned()) } else { Ok(Json::String(text)) }
    };
    match kind {
        Kind::Text => whole(text.to_owned()),
        Kind::Escaped => whole(unescape(text)?),
        Kind::Number => Number::parse(text.trim())
            .map(Json::Number)
            .map_err(|_| "must be a number, written as in JSON: 12, -0.5, 1e3".to_owned()),
        Kind::True => Ok(Json::Bool(true)),
        Kind::False => Ok(Json::Bool(false)),
        Kind::Null => Ok(Json::Null),
        Kind::Json => Json::parse_str(text).map_err(|error| format!("is not JSON: {error}")),
        Kind::Keep | Kind::Remove => Err("cannot be that".to_owned()),
    }
}
