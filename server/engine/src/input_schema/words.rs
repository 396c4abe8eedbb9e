//! What the validator found, in words: where it is, and what the schema asks for. A value of the call is never told; the
//! names in it are, masked like everything else.

use domain::problem::FieldError;
use domain::redaction::CallMask;
use domain::text_safety::escaped;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};

/// How much of a pattern or a name is told, in characters.
const LONG: usize = 200;

/// Why something is no schema.
pub(super) fn of_schema(error: &ValidationError<'_>, at: &str) -> FieldError {
    let inside = error.instance_path().as_str();
    let place = if inside.is_empty() { error.schema_path().as_str() } else { inside };
    let (place, message) = match error.kind() {
        Kind::Referencing(_) => (
            inside,
            "refers to something that is not in the schema; nothing is fetched from anywhere: put it under $defs"
                .to_owned(),
        ),
        Kind::Custom { message, .. } => (place, message.clone()),
        Kind::Format { format } if format == "regex" => (
            place,
            "is not a pattern that can be matched in linear time: look-around and back-references cannot".to_owned(),
        ),
        _ => (inside, format!("is not a JSON Schema: {}", cut(&error.to_string(), LONG))),
    };
    FieldError { pointer: format!("{at}{place}"), message: escaped(&message) }
}

/// What is wrong with a call.
pub(super) fn of_violation(error: &ValidationError<'_>, mask: &CallMask, at: &str) -> Vec<FieldError> {
    let place = format!("{at}{}", masked_path(error.instance_path().as_str(), mask));
    let below = |name: &str, message: &str| FieldError {
        pointer: format!("{place}/{}", escape(&cut(&escaped(&mask.text(name)), LONG))),
        message: message.to_owned(),
    };
    let here = |message: String| vec![FieldError { pointer: place.clone(), message }];
    match error.kind() {
        Kind::Required { property } => vec![below(property.as_str().unwrap_or_default(), "is missing")],
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|name| below(name, "is not something that the tool takes")).collect()
        }
        kind => here(in_words(kind)),
    }
}

fn in_words(kind: &Kind) -> String {
    match kind {
        Kind::Type { kind: TypeKind::Single(wanted) } => format!("must be {}", with_article(&wanted.to_string())),
        Kind::Type { kind: TypeKind::Multiple(wanted) } => {
            let wanted: Vec<String> = wanted.iter().map(|wanted| with_article(&wanted.to_string())).collect();
            format!("must be {}", wanted.join(" or "))
        }
        Kind::Custom { message, .. } => escaped(message),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} elements"),
        Kind::MaxItems { limit } => format!("must have at most {limit} elements"),
        Kind::AdditionalItems { limit } => format!("must have at most {limit} elements"),
        Kind::MinProperties { limit } => format!("must have at least {limit} members"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} members"),
        Kind::Pattern { pattern } => format!("must match {}", cut(&escaped(pattern), LONG)),
        Kind::UniqueItems => "must not hold the same element twice".to_owned(),
        Kind::Contains => "lacks an element that the schema asks for, or has too many of them".to_owned(),
        Kind::UnevaluatedItems { .. } => "has elements that the tool does not take".to_owned(),
        Kind::PropertyNames { .. } => "has a member whose name is not allowed".to_owned(),
        Kind::FalseSchema => "is not something that the tool takes".to_owned(),
        Kind::Not { .. } => "is what the schema rules out".to_owned(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => "fits none of the alternatives".to_owned(),
        Kind::OneOfMultipleValid { .. } => "fits more than one of the alternatives, and may fit only one".to_owned(),
        other => format!("does not fit the tool's schema ({})", other.keyword()),
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "array" => "a list".to_owned(),
        "integer" => "a whole number".to_owned(),
        "object" => "an object".to_owned(),
        other => format!("a {other}"),
    }
}

/// The names in a pointer, masked one by one: put together, a secret with a slash in it would not be recognized.
fn masked_path(pointer: &str, mask: &CallMask) -> String {
    let name = |segment: &str| segment.replace("~1", "/").replace("~0", "~");
    pointer
        .split('/')
        .skip(1)
        .map(|segment| format!("/{}", escape(&cut(&escaped(&mask.text(&name(segment))), LONG))))
        .collect()
}

/// A name as a segment of a JSON pointer.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

pub(super) fn cut(text: &str, longest: usize) -> String {
    let mut cut: String = text.chars().take(longest).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
