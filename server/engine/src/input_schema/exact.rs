//! Arguments as the validator reads them: our own JSON in place, numbers by their digits.
//!
//! The validator asks some numeric questions in binary floating point. Those keywords are replaced
//! ([`super::keywords`]); what is left here answers with machine words where a number is one, and else by the literal.

use std::borrow::Cow;
use std::collections::HashSet;

use domain::json::{Json, Number};
use jsonschema::JsonType;
use jsonschema::json::{Array, JsonNumber, Node, NodeIdentity, Object};

use super::steps;

/// The representation: a marker for the validator's generics.
pub(super) struct Exact;

/// A value in the arguments.
#[derive(Clone, Copy)]
pub(super) struct Value<'a>(&'a Json);

impl<'a> Value<'a> {
    pub(super) const fn of(json: &'a Json) -> Self {
        Self(json)
    }

    /// The value itself, for a question that is as large as what stands in it.
    pub(super) const fn json(self) -> &'a Json {
        self.0
    }
}

impl jsonschema::json::Json for Exact {
    type Node<'a> = Value<'a>;
    type PreparedKey = String;
    const ACYCLIC: bool = true;
    type StringBuffer = NameBuffer;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut NameBuffer, string: &str, f: impl FnOnce(Value<'_>) -> T) -> T {
        buffer.0 = Json::from(string);
        f(Value(&buffer.0))
    }
}

/// Holds a member's name while it is looked at as a value.
pub(super) struct NameBuffer(Json);

impl Default for NameBuffer {
    fn default() -> Self {
        Self(Json::Null)
    }
}

impl<'a> Node<'a, Exact> for Value<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = Literal<'a>;

    fn as_object(&self) -> Option<Members<'a>> {
        steps::take(1);
        self.0.as_object().map(Members)
    }

    fn as_array(&self) -> Option<Items<'a>> {
        steps::take(1);
        self.0.as_array().map(Items)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.0.as_str();
        steps::take(1 + steps::in_steps(text.map_or(0, str::len)));
        text.map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Literal<'a>> {
        steps::take(1);
        self.0.as_number().map(Literal)
    }

    fn as_boolean(&self) -> Option<bool> {
        steps::take(1);
        self.0.as_bool()
    }

    fn is_null(&self) -> bool {
        steps::take(1);
        self.0.is_null()
    }

    fn json_type(&self) -> JsonType {
        steps::take(1);
        match self.0 {
            Json::Null => JsonType::Null,
            Json::Bool(_) => JsonType::Boolean,
            Json::Number(_) => JsonType::Number,
            Json::String(_) => JsonType::String,
            Json::Array(_) => JsonType::Array,
            Json::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &serde_json::Value) -> bool {
        same(self.0, expected)
    }

    /// Only ever put into an error, which tells nothing of the value: see [`super::words`].
    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        steps::take(steps::PER_ERROR);
        Cow::Owned(serde_json::Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref(self.0).addr()))
    }
}

/// An object of the arguments.
pub(super) struct Members<'a>(&'a [(String, Json)]);

impl<'a> Object<'a, Exact> for Members<'a> {
    type Node = Value<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<Value<'a>> {
        steps::take(1 + self.0.len() as u64 / 8);
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| Value(value))
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter(self.0.iter())
    }
}

pub(super) struct MembersIter<'a>(std::slice::Iter<'a, (String, Json)>);

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        steps::take(1);
        self.0.next().map(|(name, value)| (name.as_str(), Value(value)))
    }
}

/// A list of the arguments.
pub(super) struct Items<'a>(&'a [Json]);

impl<'a> Array<'a, Exact> for Items<'a> {
    type Node = Value<'a>;
    type ElementsIter = ItemsIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> ItemsIter<'a> {
        ItemsIter(self.0.iter())
    }

    fn is_unique(&self) -> bool {
        let mut seen = HashSet::new();
        self.0.iter().all(|item| seen.insert(by_value(item)))
    }
}

pub(super) struct ItemsIter<'a>(std::slice::Iter<'a, Json>);

impl<'a> Iterator for ItemsIter<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        steps::take(1);
        self.0.next().map(Value)
    }
}

/// A number of the arguments.
pub(super) struct Literal<'a>(&'a Number);

impl<'a> Literal<'a> {
    pub(super) const fn number(&self) -> &'a Number {
        self.0
    }
}

impl JsonNumber for Literal<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_str().parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_str().parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_str().parse().ok().filter(|value: &f64| value.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0.as_str())
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(serde_json::Number::from(0))
    }

    fn is_integer(&self) -> bool {
        self.0.is_whole()
    }
}

/// A number of a schema. It was checked when the schema was set that nothing is lost here.
pub(super) fn literal(number: &serde_json::Number) -> Option<Number> {
    Number::parse(&number.to_string()).ok()
}

/// JSON Schema's equality: numbers by value, objects without order.
pub(super) fn same(json: &Json, expected: &serde_json::Value) -> bool {
    use serde_json::Value as Expected;
    steps::take(1);
    match (json, expected) {
        (Json::Null, Expected::Null) => true,
        (Json::Bool(left), Expected::Bool(right)) => left == right,
        (Json::Number(left), Expected::Number(right)) => literal(right).is_some_and(|right| left.same_value(&right)),
        (Json::String(left), Expected::String(right)) => left == right,
        (Json::Array(left), Expected::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Expected::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => false,
    }
}

/// One text for all values that are equal under JSON Schema.
fn by_value(json: &Json) -> String {
    let text = with_plain_numbers(json).canonical();
    steps::take(1 + steps::in_steps(text.len()));
    text
}

fn with_plain_numbers(json: &Json) -> Json {
    match json {
        Json::Number(number) => Json::Number(number.normalized()),
        Json::Array(items) => Json::Array(items.iter().map(with_plain_numbers).collect()),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), with_plain_numbers(value))).collect())
        }
        other => other.clone(),
    }
}
