//! The constraints of a draft as a rule keeps them: an action's own values put in, secrets kept as digests.

use super::Ground;
use super::demands::{place, wrong};
use crate::argument::{ArgumentClass, ClassOverrides, Classifier};
use crate::constraint::{ArgumentPath, Asked, Constraint, Exact, Segment, is_too_long};
use crate::json::{Json, MAX_DEPTH};
use crate::problem::FieldError;
use crate::redaction::{CallMask, MARK, holds_mark, mask_json, mask_text};

/// How many containers a rule's JSON puts around a value that it keeps.
const DEPTH_OF_A_RULE: usize = 2;
/// So many characters are shown of a value that is kept as its digest because it is long.
const SHOWN_OF_LONG: usize = 200;

/// The constraints as they are kept: values of the action put in, secrets kept as digests.
///
/// # Errors
/// Those that cannot be kept, with pointers into a draft.
pub fn settled(
    asked: Vec<(ArgumentPath, Asked)>,
    ground: &Ground,
) -> Result<Vec<(ArgumentPath, Constraint)>, Vec<FieldError>> {
    let mut constraints: Vec<(ArgumentPath, Constraint)> = Vec::new();
    let mut errors = Vec::new();
    for (path, asked) in asked {
        if constraints.iter().any(|(other, _)| *other == path) {
            errors.push(wrong(&place(&path), "is named twice"));
            continue;
        }
        let constraint = match asked {
            Asked::FromAction => from_action(&path, ground),
            Asked::Constraint(constraint) => settle(&path, constraint, ground),
        };
        match constraint {
            Ok(constraint) => constraints.push((path, constraint)),
            Err(error) => errors.push(wrong(&format!("{}{}", place(&path), error.pointer), error.message)),
        }
    }
    if errors.is_empty() { Ok(constraints) } else { Err(errors) }
}

/// Exactly what the action has at the path.
fn from_action(path: &ArgumentPath, ground: &Ground) -> Result<Constraint, FieldError> {
    let Some(args) = ground.from else {
        return Err(wrong("/from_action", "is for rules that are made from an action"));
    };
    let Some(value) = path.select_one(args) else {
        return Err(wrong("/from_action", "the action has no such argument, or has several there"));
    };
    let mask = CallMask::of(args, ground.overrides);
    // A name on the way may be masked too: then nothing of the value is shown.
    let shown = path.select_one(mask.args()).cloned().unwrap_or_else(|| Json::from(MARK));
    Ok(Constraint::Exact(kept(value, shown)))
}

/// The value in full where it can be shown in full, read back from a rule, and told from a masked one.
fn kept(value: &Json, shown: Json) -> Exact {
    let fits = !is_too_long(value) && value.depth() + DEPTH_OF_A_RULE <= MAX_DEPTH;
    match shown == *value && fits && !holds_mark(value) {
        true => Exact::Value(value.clone()),
        false if fits => Exact::kept(value, shown),
        false => Exact::kept(value, Json::from(cut(&shown.to_text()))),
    }
}

/// The start of a text that is too long to be shown.
fn cut(text: &str) -> String {
    text.chars().take(SHOWN_OF_LONG).chain(['…']).collect()
}

fn settle(path: &ArgumentPath, constraint: Constraint, ground: &Ground) -> Result<Constraint, FieldError> {
    if constraint.holds_mark() {
        let message = "holds [REDACTED], which stands for a value that was not shown; use `from_action`";
        return Err(wrong("", message));
    }
    if let Constraint::Unknown(_) = constraint {
        return Err(wrong("", "is asked something that this version does not understand"));
    }
    if let Constraint::Exact(Exact::Value(value)) = &constraint {
        let shown = masked(path, value, ground.overrides);
        return Ok(Constraint::Exact(kept(value, shown)));
    }
    compiles(&constraint)?;
    let secret = is_secret(path, ground);
    let harmless = matches!(constraint, Constraint::Any | Constraint::Absent | Constraint::Exact(_));
    if !harmless && (secret || holds_secret(path, &constraint, ground.overrides)) {
        let message = "is a secret, or holds one: only `exact`, `any` and `absent` are for secrets, so that nobody can guess them piece by piece";
        return Err(wrong("", message));
    }
    Ok(constraint)
}

#[cfg(feature = "matcher")]
fn compiles(constraint: &Constraint) -> Result<(), FieldError> {
    crate::constraint::Compiled::new(constraint).map(drop).map_err(|bad| wrong("/value", bad.to_string()))
}

#[cfg(not(feature = "matcher"))]
#[allow(clippy::unnecessary_wraps, reason = "the other one fails")]
fn compiles(_: &Constraint) -> Result<(), FieldError> {
    Ok(())
}

/// Whether the argument is a secret by its name, or by the name that another argument of the action gives it.
fn is_secret(path: &ArgumentPath, ground: &Ground) -> bool {
    let classifier = Classifier::new(ground.overrides);
    let names = path.names();
    // Whatever stands below a secret is one.
    let named = (1..=names.len()).any(|length| classifier.class(&names[..length]) == ArgumentClass::Secret);
    let hidden = |args: &Json| {
        let mask = CallMask::of(args, ground.overrides);
        path.select(args)
            .iter()
            .zip(path.select(mask.args()))
            .any(|(value, shown)| *value != shown && shown.is_none_or(|shown| shown.as_str() == Some(MARK)))
    };
    named || ground.from.is_some_and(hidden)
}

/// The value as it would be shown in a call that has it at the path.
fn masked(path: &ArgumentPath, value: &Json, overrides: &ClassOverrides) -> Json {
    let call = path.segments().iter().rev().fold(value.clone(), |inner, segment| match segment {
        Segment::Name(name) => Json::Object(vec![(name.clone(), inner)]),
        Segment::At(_) | Segment::Each => Json::Array(vec![inner]),
    });
    let masked = mask_json(&call, overrides);
    let inner = path.segments().iter().try_fold(&masked, |value, segment| match segment {
        Segment::Name(name) => value.get(name),
        Segment::At(_) | Segment::Each => value.as_array().and_then(<[_]>::first),
    });
    inner.cloned().unwrap_or_else(|| Json::from(MARK))
}

fn holds_secret(path: &ArgumentPath, constraint: &Constraint, overrides: &ClassOverrides) -> bool {
    let any_masked = |values: &[Json]| values.iter().any(|value| masked(path, value, overrides) != *value);
    match constraint {
        Constraint::OneOf(values) => any_masked(values),
        Constraint::Pattern(text) | Constraint::Regex(text) | Constraint::Path { under: text } => {
            mask_text(text) != *text
        }
        _ => false,
    }
}
