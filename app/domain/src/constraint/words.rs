//! A constraint in words, as a rule reads: "`to` is an address at partner.example".

use super::{Constraint, Exact};
use crate::json::Json;
use crate::text_safety::escaped;

/// So many characters of a value are read out.
const READ_OUT: usize = 120;

impl Constraint {
    /// What it asks, said of an argument: "is exactly 5", "may be anything".
    pub fn words(&self) -> String {
        match self {
            _ if self.holds_always() => "may be anything".to_owned(),
            Self::Any => "may be anything".to_owned(),
            Self::Absent => "is not there".to_owned(),
            Self::Exact(Exact::Kept { shown, .. }) => format!("is exactly {} (kept as a digest)", read_out(shown)),
            Self::Exact(Exact::Value(value)) => format!("is exactly {}", read_out(value)),
            Self::OneOf(values) => format!("is one of {}", listed(values.iter().map(read_out))),
            Self::Pattern(glob) => format!("is like {}", quoted(glob)),
            Self::Regex(regex) => format!("matches the expression {}", quoted(regex)),
            Self::Range { min: Some(min), max: Some(max) } => format!("is from {} to {}", min.as_str(), max.as_str()),
            Self::Range { min: Some(min), max: None } => format!("is at least {}", min.as_str()),
            Self::Range { min: None, max } => {
                format!("is at most {}", max.as_ref().map_or("", |max| max.as_str()))
            }
            Self::Email { domains, addresses } => {
                let domains =
                    (!domains.is_empty()).then(|| format!("an address at {}", listed(domains.iter().cloned())));
                let addresses = (!addresses.is_empty()).then(|| listed(addresses.iter().cloned()));
                format!("is {}", [domains, addresses].into_iter().flatten().collect::<Vec<_>>().join(" or "))
            }
            Self::Url { hosts, schemes } if schemes.is_empty() => {
                format!("is a URL at {}", listed(hosts.iter().cloned()))
            }
            Self::Url { hosts, schemes } => {
                format!("is a URL at {} ({})", listed(hosts.iter().cloned()), listed(schemes.iter().cloned()))
            }
            Self::Path { under } => format!("is a path below {}", escaped(under)),
            Self::Length { max } => format!("has a length of at most {max}"),
            Self::Unknown(_) => "is asked something that this version does not understand: it never holds".to_owned(),
        }
    }
}

fn listed(texts: impl ExactSizeIterator<Item = String>) -> String {
    let all = texts.len();
    let mut told: Vec<String> = texts.take(5).collect();
    if all > told.len() {
        told.push(format!("{} more", all - told.len()));
    }
    match told.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => told.concat(),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(&escaped(text)))
}

fn read_out(value: &Json) -> String {
    match value.as_str() {
        Some(text) => quoted(text),
        None => cut(&escaped(&value.to_text())),
    }
}

fn cut(text: &str) -> String {
    if text.chars().nth(READ_OUT).is_none() {
        return text.to_owned();
    }
    text.chars().take(READ_OUT).chain(['…']).collect()
}
