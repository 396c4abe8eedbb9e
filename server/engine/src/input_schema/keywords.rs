//! The keywords that compare numbers, by their digits instead of in binary floating point.

use std::cmp::Ordering;
use std::sync::Arc;

use domain::json::Number;
use jsonschema::json::Node as _;
use jsonschema::{Keyword, Retrieve, ValidationError, ValidationOptions};
use serde_json::Value as Schema;

use super::exact::{Exact, Value, literal, same};

type Options<'i> = ValidationOptions<'i, Arc<dyn Retrieve>, Exact>;

/// A keyword, what it asks for in words, and how a number must stand to its limit.
type Limit = (&'static str, &'static str, fn(Ordering) -> bool);

/// Replaces the keywords of the same names.
pub(super) fn install(options: Options<'_>) -> Options<'_> {
    let limits: [Limit; 4] = [
        ("minimum", "must be at least", Ordering::is_ge),
        ("maximum", "must be at most", Ordering::is_le),
        ("exclusiveMinimum", "must be more than", Ordering::is_gt),
        ("exclusiveMaximum", "must be less than", Ordering::is_lt),
    ];
    let options = limits.into_iter().fold(options, |options, (name, words, holds)| {
        options.with_keyword(name, move |_, schema, _| {
            let limit = number(schema)?;
            let words = format!("{words} {schema}");
            Ok(test(words, move |value| holds(value.compare(&limit))))
        })
    });
    let options = options.with_keyword("multipleOf", |_, schema, _| {
        let divisor = number(schema)?;
        let words = format!("must be a multiple of {schema}");
        Ok(test(words, move |value| value.is_multiple_of(&divisor) == Some(true)))
    });
    let options = options.with_keyword("const", |_, schema, _| Ok(one_of(vec![schema.clone()])));
    options.with_keyword("enum", |_, schema, _| Ok(one_of(schema.as_array().cloned().unwrap_or_default())))
}

type Made = Box<dyn for<'i> Keyword<'i, Exact>>;

fn number(schema: &Schema) -> Result<Number, ValidationError<'static>> {
    let number = if let Schema::Number(number) = schema { literal(number) } else { None };
    number.ok_or_else(|| ValidationError::custom("must be a number"))
}

fn test(words: String, holds: impl Fn(&Number) -> bool + Send + Sync + 'static) -> Made {
    Box::new(NumberTest { words, holds: Box::new(holds) })
}

/// Something that numbers must be; what is no number passes.
struct NumberTest {
    words: String,
    holds: Box<dyn Fn(&Number) -> bool + Send + Sync>,
}

impl<'i> Keyword<'i, Exact> for NumberTest {
    fn validate(&self, instance: Value<'i>) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(self.words.clone())) }
    }

    fn is_valid(&self, instance: Value<'i>) -> bool {
        instance.as_number().is_none_or(|number| (self.holds)(number.number()))
    }
}

/// How many values an enumeration tells, and how much of each.
const TOLD: usize = 10;
const TOLD_CHARACTERS: usize = 60;

fn one_of(values: Vec<Schema>) -> Made {
    let told: Vec<String> =
        values.iter().take(TOLD).map(|value| super::words::cut(&value.to_string(), TOLD_CHARACTERS)).collect();
    let more = if values.len() > TOLD { ", …" } else { "" };
    let words = match values.len() {
        1 => format!("must be {}", told.concat()),
        _ => format!("must be one of {}{more}", told.join(", ")),
    };
    Box::new(OneOf { words, values })
}

struct OneOf {
    words: String,
    values: Vec<Schema>,
}

impl<'i> Keyword<'i, Exact> for OneOf {
    fn validate(&self, instance: Value<'i>) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(self.words.clone())) }
    }

    fn is_valid(&self, instance: Value<'i>) -> bool {
        self.values.iter().any(|value| same(instance.json(), value))
    }
}
