//! What a rule says by itself.

use super::Warning;
use super::never::contradiction;
use crate::constraint::{ArgumentPath, Compiled, Constraint, Exact, Quantifier};
use crate::json::Json;
use crate::rule::{Definition, Effect};

/// Texts that have nothing in common. What takes them all takes whatever comes.
const STRANGE: [&str; 4] = ["7f3a§\n\u{1f600} x", "a", "rm -rf / ; evil@x.io", "Привет, 42"];

/// Everything about the definition that its maker may not have meant.
pub fn lint(definition: &Definition) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let lets_pass = definition.effect == Effect::Allow;
    if definition.is_broad() {
        warnings.push(Warning::Broad);
    }
    if lets_pass && !definition.is_bounded() {
        warnings.push(Warning::Permanent);
    }
    for (path, constraint) in &definition.constraints {
        warnings.extend(about(path, constraint, lets_pass));
    }
    if lets_pass {
        warnings.extend(contradiction(definition).map(Warning::NeverMatches));
    }
    warnings
}

fn about(path: &ArgumentPath, constraint: &Constraint, lets_pass: bool) -> Option<Warning> {
    let is_pattern = matches!(constraint, Constraint::Pattern(_) | Constraint::Regex(_));
    let Ok(compiled) = Compiled::new(constraint) else {
        return Some(Warning::NotUnderstood(path.clone()));
    };
    let takes = |text: &str| compiled.judge(&[Some(&Json::from(text))], Quantifier::Any).is_ok();
    match constraint {
        Constraint::Unknown(_) => Some(Warning::NotUnderstood(path.clone())),
        Constraint::Pattern(text) | Constraint::Regex(text) if lets_pass && text.contains('@') => {
            Some(Warning::AddressPattern(path.clone()))
        }
        _ if is_pattern && STRANGE.iter().all(|text| takes(text)) => Some(Warning::WildcardsOnly(path.clone())),
        _ if lets_pass && is_pattern && (constraint.shell_prefix().is_some() || !constraint.pins_at(path)) => {
            Some(Warning::ShellPrefix(path.clone()))
        }
        Constraint::Exact(Exact::Value(value)) if !lets_pass && has_other_spellings(value) => {
            Some(Warning::OneSpelling(path.clone()))
        }
        _ => None,
    }
}

fn has_other_spellings(value: &Json) -> bool {
    matches!(Constraint::around(value), Some(Constraint::Email { .. } | Constraint::Url { .. }))
}
