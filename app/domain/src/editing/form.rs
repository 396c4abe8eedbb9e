//! The form of a call: one control for every value that is worth one, what decides the call first, secrets masked.

use std::collections::BTreeSet;

use super::escape::{escape, json_text, needs_escapes};
use super::shown::{Member, Shown};
use super::within;
use crate::argument::{ArgumentClass, Classifier, shown_name};
use crate::json::Json;
use crate::redaction::{CallMask, MARK};
use crate::text_safety::Piece;

/// A list or an object with more values than this is one JSON text.
const VALUES: usize = 12;
/// Or with more levels.
const LEVELS: usize = 3;
/// A longer text is not put into a control, in bytes; it can be replaced.
const LONG: usize = 20_000;
/// And no more than this in all controls together: a form is posted in one piece.
const TOGETHER: usize = 100_000;
/// How many controls there are at most.
const FIELDS: usize = 200;

/// What a value is to be, as a form says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What it was, unseen. With a new text: that, of the old type.
    Keep,
    Text,
    /// A text that holds what cannot be seen, written with escapes.
    Escaped,
    Number,
    True,
    False,
    Null,
    Json,
    /// Nothing: the argument is left out.
    Remove,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Keep,
        Self::Text,
        Self::Escaped,
        Self::Number,
        Self::True,
        Self::False,
        Self::Null,
        Self::Json,
        Self::Remove,
    ];

    /// The word in a form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Text => "text",
            Self::Escaped => "escaped",
            Self::Number => "number",
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
            Self::Json => "json",
            Self::Remove => "remove",
        }
    }

    /// The kind of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Why a value does not stand in its control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nobody is shown it.
    Secret,
    /// It is too long: so many bytes.
    Long(usize),
    /// Its parts have controls of their own.
    Parts,
}

/// One control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its place among the fields: `v.KEY` is its text, `k.KEY` its kind.
    pub key: usize,
    /// Where the value is, by the names shown.
    pub pointer: String,
    /// The name to show: a key, or `[0]` in a list.
    pub name: Vec<Piece>,
    pub depth: u8,
    pub class: ArgumentClass,
    /// What it is while nobody changes it.
    pub kind: Kind,
    /// What then stands in the control.
    pub text: String,
    pub kept: Option<Kept>,
    /// What a new text is taken for where the kind is [`Kind::Keep`].
    pub(super) natural: Kind,
    /// An empty control at the end of a list, for one more element.
    pub adds: bool,
}

impl Field {
    /// What the value may become.
    pub fn choices(&self) -> &'static [Kind] {
        use Kind::{Escaped, False, Json, Keep, Null, Number, Remove, Text, True};
        match (self.kind, self.kept) {
            (Keep, Some(Kept::Parts)) => &[Keep, Null, Remove],
            (Keep, _) => &[Keep, Text, Number, True, False, Null, Json, Remove],
            (Escaped, _) => &[Escaped, Number, True, False, Null, Json, Remove],
            _ if self.adds => &[Text, Number, True, False, Null, Json],
            _ => &[Text, Number, True, False, Null, Json, Remove],
        }
    }
}

/// The controls of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    pub fields: Vec<Field>,
    /// So many arguments have no control, and stay as they are.
    pub left_out: usize,
    /// What all the arguments are called.
    pub(super) names: BTreeSet<String>,
}

/// The form of a call with these arguments. `mask`: theirs.
pub fn form(args: &Json, mask: &CallMask) -> Form {
    let mut maker =
        Maker { classifier: Classifier::new(mask.overrides()), form: Form::default(), together: 0, trail: Vec::new() };
    let members = Shown { stored: args, masked: mask.args() }.members().unwrap_or_default();
    maker.form.names = members.iter().map(|member| member.shown_key.to_owned()).collect();
    let (critical, rest): (Vec<Member<'_>>, Vec<Member<'_>>) =
        members.into_iter().partition(|member| maker.classifier.class(&[member.shown_key]) == ArgumentClass::Critical);
    for member in critical.into_iter().chain(rest) {
        if maker.form.fields.len() < FIELDS {
            maker.member("", 0, ArgumentClass::Plain, member);
        } else {
            maker.form.left_out += 1;
        }
    }
    maker.form
}

struct Maker<'a> {
    classifier: Classifier,
    form: Form,
    together: usize,
    trail: Vec<&'a str>,
}

/// Where a control stands.
struct Place {
    pointer: String,
    name: Vec<Piece>,
    depth: u8,
    class: ArgumentClass,
}

impl<'a> Maker<'a> {
    fn member(&mut self, parent: &str, depth: u8, inherited: ArgumentClass, member: Member<'a>) {
        self.trail.push(member.shown_key);
        let class = match self.classifier.class(&self.trail) {
            ArgumentClass::Plain => inherited,
            own => own,
        };
        let pointer = within(parent, member.shown_key);
        let name = shown_name(member.shown_key);
        self.value(Place { pointer, name, depth, class }, member.value);
        self.trail.pop();
    }

    fn value(&mut self, place: Place, shown: Shown<'a>) {
        let hidden = shown.masked.as_str() == Some(MARK);
        match (shown.members(), shown.items()) {
            _ if hidden => self.kept(place, Kept::Secret, natural(shown.stored)),
            (Some(members), _) if has_fields(shown.masked) => {
                let (pointer, depth, class) = (place.pointer.clone(), place.depth, place.class);
                self.kept(place, Kept::Parts, Kind::Json);
                members.into_iter().for_each(|member| self.member(&pointer, depth + 1, class, member));
            }
            (_, Some(items)) if has_fields(shown.masked) => {
                let (pointer, depth, class) = (place.pointer.clone(), place.depth + 1, place.class);
                self.kept(place, Kept::Parts, Kind::Json);
                let place = |at: usize| Place {
                    pointer: within(&pointer, &at.to_string()),
                    name: vec![Piece::Plain(format!("[{at}]"))],
                    depth,
                    class,
                };
                let length = items.len();
                let last = items.last().map_or(Kind::Text, |item| natural(item.stored));
                items.into_iter().enumerate().for_each(|(at, item)| self.value(place(at), item));
                self.push(place(length), last, String::new(), None, last, true);
            }
            _ => self.leaf(place, shown.masked),
        }
    }

    fn leaf(&mut self, place: Place, masked: &Json) {
        let (kind, text) = match masked {
            Json::Null => (Kind::Null, String::new()),
            Json::Bool(true) => (Kind::True, String::new()),
            Json::Bool(false) => (Kind::False, String::new()),
            Json::Number(number) => (Kind::Number, number.as_str().to_owned()),
            Json::String(text) if needs_escapes(text) => (Kind::Escaped, escape(text)),
            Json::String(text) => (Kind::Text, text.clone()),
            Json::Array(_) | Json::Object(_) => (Kind::Json, json_text(masked)),
        };
        if text.len() > LONG || self.together + text.len() > TOGETHER {
            return self.kept(place, Kept::Long(text.len()), natural(masked));
        }
        self.together += text.len();
        self.push(place, kind, text, None, kind, false);
    }

    fn kept(&mut self, place: Place, kept: Kept, natural: Kind) {
        self.push(place, Kind::Keep, String::new(), Some(kept), natural, false);
    }

    fn push(&mut self, place: Place, kind: Kind, text: String, kept: Option<Kept>, natural: Kind, adds: bool) {
        let Place { pointer, name, depth, class } = place;
        let key = self.form.fields.len();
        self.form.fields.push(Field { key, pointer, name, depth, class, kind, text, kept, natural, adds });
    }
}

/// What a text typed in the place of the value is taken for.
fn natural(value: &Json) -> Kind {
    match value {
        Json::Number(_) => Kind::Number,
        Json::Array(_) | Json::Object(_) => Kind::Json,
        Json::String(_) | Json::Null | Json::Bool(_) => Kind::Text,
    }
}

/// Whether the parts of a list or an object get controls of their own.
fn has_fields(value: &Json) -> bool {
    fn count(value: &Json, levels: usize, left: &mut usize) -> bool {
        let parts: Vec<&Json> = match value {
            Json::Array(items) => items.iter().collect(),
            Json::Object(members) => members.iter().map(|(_, member)| member).collect(),
            _ => Vec::new(),
        };
        if *left < parts.len() || (levels == 0 && !parts.is_empty()) {
            return false;
        }
        *left -= parts.len();
        parts.into_iter().all(|part| count(part, levels.saturating_sub(1), left))
    }
    let empty = value.as_array().is_some_and(<[_]>::is_empty) || value.as_object().is_some_and(<[_]>::is_empty);
    !empty && count(value, LEVELS, &mut { VALUES })
}
