//! What a rule must be before it is made. Every way of making one (by hand, from an action, while approving, in place of
//! another) passes through [`accept`].

use chrono::{DateTime, TimeDelta, Utc};

use super::{Definition, Draft, Effect, LONGEST_DAYS, MOST_USES, MOST_USES_CRITICAL, Unlisted};
use crate::action::limit;
use crate::argument::{ArgumentClass, ClassOverrides, Classifier};
use crate::constraint::{ArgumentPath, Asked, Constraint, Exact, Segment, escape};
use crate::json::Json;
use crate::problem::FieldError;
use crate::redaction::{CallMask, mask_json, mask_text};
use crate::risk::RiskTier;

/// The longest description, in bytes.
const LONGEST_DESCRIPTION: usize = 500;

/// What a draft is held against.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub tier: RiskTier,
    pub overrides: &'a ClassOverrides,
    /// By the database's clock.
    pub now: DateTime<Utc>,
    /// The arguments of the action that the rule is made from.
    pub from: Option<&'a Json>,
}

/// A draft that may become a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub definition: Definition,
    pub description: String,
    pub notes: Option<String>,
}

/// One thing that a tier asks of an allowing rule, and whether this one has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// In words: "A limit of uses or time".
    pub words: String,
    pub met: bool,
    /// What is missing, for whoever has to add it.
    pub missing: String,
    /// The member of the draft that would have to change.
    pub pointer: String,
}

/// Whether the draft may become a rule.
///
/// # Errors
/// Everything that stands against it, with pointers into the draft.
pub fn accept(draft: Draft, ground: &Ground) -> Result<Accepted, Vec<FieldError>> {
    let mut errors = Vec::new();
    let description = mask_text(draft.description.trim());
    let notes = draft.notes.as_deref().map(str::trim).filter(|notes| !notes.is_empty()).map(mask_text);
    if description.is_empty() {
        errors.push(wrong("/description", "is missing: say what the rule is for, for whoever looks at it next"));
    }
    for (pointer, text, longest) in
        [("/description", Some(description.as_str()), LONGEST_DESCRIPTION), ("/notes", notes.as_deref(), limit::REASON)]
    {
        let text = text.unwrap_or_default();
        if text.len() > longest {
            errors.push(wrong(pointer, format!("has {} bytes; at most {longest} are taken", text.len())));
        }
        if text.contains('\0') {
            errors.push(wrong(pointer, "holds a NUL character"));
        }
    }
    let definition = Definition {
        unlisted: draft.unlisted.unwrap_or(Unlisted::usual(draft.effect, ground.tier)),
        tool_name: draft.tool_name,
        effect: draft.effect,
        constraints: settle_all(draft.constraints, ground, &mut errors),
        expires_at: draft.expires_at,
        max_uses: draft.max_uses,
    };
    errors.extend(bounds(&definition, ground.now));
    if errors.is_empty() {
        let unmet = demands(&definition, ground, draft.confirm_broad).into_iter().filter(|demand| !demand.met);
        errors.extend(unmet.map(|demand| wrong(&demand.pointer, demand.missing)));
    }
    if errors.is_empty() { Ok(Accepted { definition, description, notes }) } else { Err(errors) }
}

fn wrong(pointer: &str, message: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.to_owned(), message: message.into() }
}

/// The place of a constraint in a draft.
fn place(path: &ArgumentPath) -> String {
    format!("/arg_constraints/{}", escape(&path.to_string()))
}

fn bounds(definition: &Definition, now: DateTime<Utc>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match definition.expires_at {
        Some(end) if end <= now => errors.push(wrong("/expires_at", "must be in the future")),
        Some(end) if end > now + TimeDelta::days(LONGEST_DAYS) => {
            errors.push(wrong("/expires_at", format!("must be within {LONGEST_DAYS} days")));
        }
        _ => {}
    }
    match definition.max_uses {
        Some(_) if definition.effect != Effect::Allow => {
            errors
                .push(wrong("/max_uses", "is for rules that allow: one that stops calls would end while it is needed"));
        }
        Some(most) if !(1..=MOST_USES).contains(&most) => {
            errors.push(wrong("/max_uses", format!("must be a whole number from 1 to {MOST_USES}")));
        }
        _ => {}
    }
    errors
}

/// The constraints as they would be kept: values of the action put in, secrets kept as digests.
///
/// # Errors
/// Those that could not be kept, with pointers into a draft.
pub fn settled(
    asked: Vec<(ArgumentPath, Asked)>,
    ground: &Ground,
) -> Result<Vec<(ArgumentPath, Constraint)>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let constraints = settle_all(asked, ground, &mut errors);
    if errors.is_empty() { Ok(constraints) } else { Err(errors) }
}

fn settle_all(
    asked: Vec<(ArgumentPath, Asked)>,
    ground: &Ground,
    errors: &mut Vec<FieldError>,
) -> Vec<(ArgumentPath, Constraint)> {
    let mut constraints: Vec<(ArgumentPath, Constraint)> = Vec::new();
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
    constraints
}

/// Exactly what the action has at the path.
fn from_action(path: &ArgumentPath, ground: &Ground) -> Result<Constraint, FieldError> {
    let Some(args) = ground.from else {
        return Err(wrong("/from_action", "is for rules that are made from an action"));
    };
    let Some(value) = path.select_one(args) else {
        return Err(wrong("/from_action", "the action has no such argument"));
    };
    let mask = CallMask::of(args, ground.overrides);
    // A name on the way may be masked too: then nothing of the value is shown.
    let shown = path.select_one(mask.args()).cloned().unwrap_or_else(|| Json::from(crate::redaction::MARK));
    Ok(Constraint::Exact(if shown == *value { Exact::Value(value.clone()) } else { Exact::kept(value, shown) }))
}

fn settle(path: &ArgumentPath, constraint: Constraint, ground: &Ground) -> Result<Constraint, FieldError> {
    if constraint.holds_mark() {
        let message = "holds [REDACTED], which stands for a value that was not shown; use `from_action`";
        return Err(wrong("", message));
    }
    if let Constraint::Exact(Exact::Value(value)) = &constraint {
        let shown = masked(path, value, ground.overrides);
        return Ok(if shown == *value { constraint } else { Constraint::Exact(Exact::kept(value, shown)) });
    }
    compiles(&constraint)?;
    let secret = class(path, ground.overrides) == ArgumentClass::Secret;
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

fn class(path: &ArgumentPath, overrides: &ClassOverrides) -> ArgumentClass {
    let classifier = Classifier::new(overrides);
    let names = path.names();
    // Whatever stands below a secret is one.
    (1..=names.len())
        .map(|length| classifier.class(&names[..length]))
        .find(|class| *class == ArgumentClass::Secret)
        .unwrap_or_else(|| classifier.class(&names))
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
    inner.cloned().unwrap_or_else(|| Json::from(crate::redaction::MARK))
}

fn holds_secret(path: &ArgumentPath, constraint: &Constraint, overrides: &ClassOverrides) -> bool {
    let any_masked = |values: &[Json]| values.iter().any(|value| masked(path, value, overrides) != *value);
    match constraint {
        Constraint::OneOf(values) => any_masked(values),
        Constraint::Pattern(text) | Constraint::Regex(text) => mask_text(text) != *text,
        _ => false,
    }
}

/// What the tier asks of the rule, in the order in which a person would add it.
pub fn demands(definition: &Definition, ground: &Ground, confirm_broad: bool) -> Vec<Demand> {
    if definition.effect != Effect::Allow {
        return Vec::new();
    }
    let mut demands = Vec::new();
    if definition.is_broad() && ground.tier < RiskTier::High {
        demands.push(Demand {
            words: "Confirmed, although it lets every call pass".to_owned(),
            met: confirm_broad,
            missing: "must be true: the rule narrows nothing. Look at the replay first".to_owned(),
            pointer: "/confirm_broad".to_owned(),
        });
    }
    if ground.tier < RiskTier::High {
        return demands;
    }
    let tier = ground.tier.as_str();
    demands.push(Demand {
        words: "At least one narrowing constraint".to_owned(),
        met: !definition.is_broad(),
        missing: format!("at least one must narrow what passes: the tool's tier is {tier}"),
        pointer: "/arg_constraints".to_owned(),
    });
    demands.push(Demand {
        words: "A limit of uses or time".to_owned(),
        met: definition.is_bounded(),
        missing: format!("is missing, and so is expires_at: one of them is needed, the tool's tier is {tier}"),
        pointer: "/max_uses".to_owned(),
    });
    let unpinned = unpinned(definition, ground);
    demands.push(Demand {
        words: "Every critical argument pinned".to_owned(),
        met: unpinned.is_empty(),
        missing: format!("does not say what {} may be, which decides what the call does", names(&unpinned)),
        pointer: unpinned.first().map_or_else(|| "/arg_constraints".to_owned(), place),
    });
    if ground.tier == RiskTier::Critical {
        demands.push(Demand {
            words: format!("At most {MOST_USES_CRITICAL} uses"),
            met: definition.max_uses.is_some_and(|most| most <= MOST_USES_CRITICAL),
            missing: format!("must be from 1 to {MOST_USES_CRITICAL}: the tool's tier is critical"),
            pointer: "/max_uses".to_owned(),
        });
    }
    demands
}

fn names(paths: &[ArgumentPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The critical arguments that the rule names without saying what they may be, and those of the action that it is made
/// from that it does not pin.
fn unpinned(definition: &Definition, ground: &Ground) -> Vec<ArgumentPath> {
    let named = definition.constraints.iter().filter(|(path, constraint)| {
        class(path, ground.overrides) == ArgumentClass::Critical
            && !constraint.pins()
            && !definition.constraints.iter().any(|(deeper, inner)| inner.pins() && is_below(deeper, path))
    });
    let mut unpinned: Vec<ArgumentPath> = named.map(|(path, _)| path.clone()).collect();
    let critical = ground.from.map(|args| critical_arguments(args, ground.overrides)).unwrap_or_default();
    for path in critical {
        let pinned = definition
            .constraints
            .iter()
            .any(|(own, constraint)| constraint.pins() && (leads_to(own, &path) || is_below(own, &path)));
        if !pinned && !unpinned.iter().any(|known| leads_to(known, &path)) {
            unpinned.push(path);
        }
    }
    unpinned
}

/// Whether `deeper` goes on where `path` ends.
fn is_below(deeper: &ArgumentPath, path: &ArgumentPath) -> bool {
    deeper.segments().len() > path.segments().len() && leads_to_start(path, deeper)
}

/// Whether the value at `path` is the one that `own` speaks of, or inside it.
fn leads_to(own: &ArgumentPath, path: &ArgumentPath) -> bool {
    own.segments().len() <= path.segments().len() && leads_to_start(own, path)
}

fn leads_to_start(start: &ArgumentPath, path: &ArgumentPath) -> bool {
    start.segments().iter().zip(path.segments()).all(|(own, step)| own.takes(step) || own == step)
}

/// The outermost critical arguments of a call.
pub fn critical_arguments(args: &Json, overrides: &ClassOverrides) -> Vec<ArgumentPath> {
    let classifier = Classifier::new(overrides);
    let mut found = Vec::new();
    for (name, value) in args.as_object().unwrap_or_default() {
        collect_critical(ArgumentPath::argument(name), value, &classifier, &mut found);
    }
    found
}

fn collect_critical(path: ArgumentPath, value: &Json, classifier: &Classifier, found: &mut Vec<ArgumentPath>) {
    match classifier.class(&path.names()) {
        ArgumentClass::Critical => found.push(path),
        ArgumentClass::Secret => {}
        ArgumentClass::Plain => match value {
            Json::Object(members) => {
                for (name, value) in members {
                    collect_critical(path.then(Segment::Name(name.clone())), value, classifier, found);
                }
            }
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    collect_critical(path.then(Segment::At(at)), item, classifier, found);
                }
            }
            _ => {}
        },
    }
}
