//! What a tool takes: its JSON Schema, compiled once for each revision of the tool and held against the arguments of
//! every call, before anything is written.
//!
//! Three things the validator would not do by itself: numbers are compared digit for digit ([`exact`]), nothing is
//! fetched from anywhere, and no schema can take longer than a bounded number of steps ([`steps`]). What it finds is
//! told in words that hold nothing of the call but masked names ([`words`]).

mod exact;
mod keywords;
mod steps;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::json::{Json, Number};
use domain::problem::{FieldError, Problem};
use domain::redaction::CallMask;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};

use exact::{Exact, Value};

/// The longest schema that is taken, in bytes of its text.
pub const MAX_SCHEMA: usize = 64 << 10;
/// The most that is told of one call.
const MAX_ERRORS: usize = 20;
/// The largest compiled pattern, in bytes: a bound on how much of it there is to follow through a text.
const MAX_PATTERN: usize = 1 << 20;

/// A schema that compiled.
pub(crate) struct Schema(Validator<Exact>);

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// `invalid_request` with pointers below `at`: what is no schema, refers to something outside itself, is too long, or
    /// holds a number that is too long to be compared.
    pub(crate) fn compile(document: &Json, at: &str) -> Result<Self, Problem> {
        if !document.is_object() {
            return Err(Problem::invalid(at, "must be a JSON Schema: an object"));
        }
        let text = document.to_text();
        if text.len() > MAX_SCHEMA {
            let message = format!("has {} bytes; at most {MAX_SCHEMA} are taken", text.len());
            return Err(Problem::invalid(at, message));
        }
        let mut errors = Vec::new();
        find_long_numbers(document, at, &mut errors);
        if !errors.is_empty() {
            errors.truncate(MAX_ERRORS);
            return Err(Problem::invalid_fields(errors));
        }
        let value = serde_json::from_str(&text).map_err(|error| Problem::invalid(at, error.to_string()))?;
        let options = jsonschema::options_for::<Exact>()
            .offline()
            .should_validate_formats(false)
            .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN));
        let built = keywords::install(options).build(&value);
        let validator = built.map_err(|error| Problem::invalid_fields(vec![words::of_schema(&error, at)]))?;
        if validator.draft() == Draft::Draft4 {
            let message = "is draft 4, whose words mean something else; write it in draft 7 or 2020-12";
            return Err(Problem::invalid(format!("{at}/$schema"), message));
        }
        Ok(Self(validator))
    }

    /// What is wrong with the arguments, by pointers below `at`, in words that give nothing secret away.
    fn violations(&self, args: &Json, mask: &CallMask, at: &str) -> Vec<FieldError> {
        let allowed = steps::allowed_for(args);
        let tell = |errors: &mut dyn Iterator<Item = ValidationError<'_>>| {
            errors.flat_map(|error| words::of_violation(&error, mask, at)).take(MAX_ERRORS).collect()
        };
        let all = steps::within(allowed, || tell(&mut self.0.iter_errors(Value::of(args))));
        // So much is wrong that it cannot all be gathered: then the first thing.
        let found =
            all.or_else(|_| steps::within(allowed, || tell(&mut self.0.validate(Value::of(args)).err().into_iter())));
        found.unwrap_or_else(|steps::TooMany| {
            let message = "takes too long to be held against the tool's schema: it has too many alternatives";
            vec![FieldError { pointer: at.to_owned(), message: message.to_owned() }]
        })
    }

    /// Refuses arguments that do not fit.
    ///
    /// # Errors
    /// `invalid_request`, one error for each violation, at most 20.
    pub(crate) fn check(&self, args: &Json, mask: impl FnOnce() -> CallMask, at: &str) -> Result<(), Problem> {
        // Most calls fit, and then nothing has to be put into words.
        let fits = steps::within(steps::allowed_for(args), || self.0.is_valid(Value::of(args)));
        if matches!(fits, Ok(true)) {
            return Ok(());
        }
        let errors = self.violations(args, &mask(), at);
        if errors.is_empty() {
            return Err(Problem::invalid(at, "does not fit the tool's schema"));
        }
        Err(Problem::invalid_fields(errors))
    }
}

/// The validator reads a schema's numbers as machine words or binary fractions. Those that this would change are
/// refused: a limit that is not the one written is none.
fn find_long_numbers(json: &Json, at: &str, errors: &mut Vec<FieldError>) {
    match json {
        Json::Number(number) if !survives(number) => errors.push(FieldError {
            pointer: at.to_owned(),
            message: "has more digits, or a larger exponent, than a limit in a schema may have".to_owned(),
        }),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_long_numbers(item, &format!("{at}/{index}"), errors);
            }
        }
        Json::Object(members) => {
            for (key, member) in members {
                find_long_numbers(member, &format!("{at}/{}", words::escape(key)), errors);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn survives(number: &Number) -> bool {
    let read: Option<serde_json::Number> = serde_json::from_str(number.as_str()).ok();
    read.and_then(|read| exact::literal(&read)).is_some_and(|read| read.same_value(number))
}

/// The compiled schemas of tools, by name, each for one revision of its tool.
#[derive(Clone, Default)]
pub(crate) struct Compiled(Arc<RwLock<HashMap<String, OfRevision>>>);

/// A tool's schema and the tool's revision that it is of.
type OfRevision = (i64, Arc<Schema>);

/// So many compiled schemas are remembered.
const MAX_COMPILED: usize = 1_000;

impl Compiled {
    /// The compiled schema of a tool at a revision.
    ///
    /// # Errors
    /// As [`Schema::compile`]: a stored schema that this program no longer takes lets nothing pass.
    pub(crate) fn of(&self, tool: &str, revision: i64, document: &Json) -> Result<Arc<Schema>, Problem> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(tool).cloned();
        if let Some((_, schema)) = known.filter(|(known, _)| *known == revision) {
            return Ok(schema);
        }
        let schema = Arc::new(Schema::compile(document, "/input_schema")?);
        let mut compiled = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if compiled.len() >= MAX_COMPILED {
            compiled.clear();
        }
        compiled.insert(tool.to_owned(), (revision, schema.clone()));
        Ok(schema)
    }
}

#[cfg(test)]
mod tests;
