//! What follows from what: does every value that one constraint takes fit another? And is there none that both take?
//! Both answers are sound and incomplete: "yes" is proved, "no" only says that no proof was found.

use super::glob::Glob;
use super::{Compiled, Constraint, Exact, Quantifier};
use crate::json::{Json, Number};

/// A constraint, and how a rule asks it of a list.
#[derive(Clone, Copy)]
pub(crate) struct Stated<'a> {
    pub(crate) constraint: &'a Constraint,
    pub(crate) of: Quantifier,
}

impl Stated<'_> {
    /// Whether whatever is found at a path and holds for `other` holds for this. `straight`: the path is one name.
    pub(crate) fn follows_from(self, other: Self, straight: bool) -> bool {
        use Constraint::{Absent, Any, Email, Exact, Length, OneOf, Path, Pattern, Range, Regex, Url};
        match (other.constraint, self.constraint) {
            _ if self.constraint.holds_always() => true,
            // What lets pass asks every value and proves nothing by one of them.
            _ if self.of == Quantifier::Each && other.of == Quantifier::Any => false,
            (Any, _) => false,
            // A rule that stops follows a path into more places.
            (Absent, Absent) => straight || self.of == other.of,
            (Exact(exact), _) => self.follows_from_value(exact, other.of),
            (OneOf(values), _) => values.iter().all(|value| self.takes_like(value, other.of)),
            (Pattern(narrow), Pattern(wide)) => self.asks_no_address(wide, narrow) && pattern_covers(wide, narrow),
            (Regex(narrow), Regex(wide)) => narrow == wide,
            (Range { min, max }, Range { min: low, max: high }) => {
                low.as_ref().is_none_or(|low| min.as_ref().is_some_and(|min| min.compare(low).is_ge()))
                    && high.as_ref().is_none_or(|high| max.as_ref().is_some_and(|max| max.compare(high).is_le()))
            }
            (Length { max }, Length { max: most }) => max <= most,
            (Path { under }, Path { under: wide }) => is_at_or_below(under, wide),
            (Email { domains, addresses }, Email { domains: wide, addresses: listed }) => {
                let there = |domain: &str| wide.iter().any(|wide| host_covers(wide, domain));
                domains.iter().all(|domain| there(domain))
                    && addresses.iter().all(|address| {
                        listed.contains(address) || address.split_once('@').is_some_and(|(_, domain)| there(domain))
                    })
            }
            (Url { hosts, schemes }, Url { hosts: wide, schemes: most }) => {
                schemes_cover(most, self.of, schemes, other.of)
                    && hosts.iter().all(|host| wide.iter().any(|wide| self.place_covers(wide, host)))
            }
            _ => false,
        }
    }

    fn follows_from_value(self, exact: &Exact, of: Quantifier) -> bool {
        match (exact, self.constraint) {
            (Exact::Value(value), _) => self.takes_like(value, of),
            (Exact::Kept { sha256, .. }, Constraint::Exact(Exact::Kept { sha256: own, .. })) => sha256 == own,
            (kept, Constraint::Exact(Exact::Value(value))) => kept.is(value),
            (kept, Constraint::OneOf(values)) => values.iter().any(|value| kept.is(value)),
            _ => false,
        }
    }

    /// Whether this holds for the value and for all that are the same, `of`: as it is asked by the other rule.
    fn takes_like(self, value: &Json, of: Quantifier) -> bool {
        let in_a_list = of == Quantifier::Any && matches!(self.constraint, Constraint::Length { .. });
        !in_a_list && !self.goes_by_digits_of(value) && self.takes(value)
    }

    fn takes(self, value: &Json) -> bool {
        Compiled::new(self.constraint).is_ok_and(|own| own.judge(&[Some(value)], self.of).is_ok())
    }

    /// Whether it could hold for what was found, or for something that is the same.
    pub(crate) fn may_take(self, found: Option<&Json>) -> bool {
        found.is_some_and(|value| self.goes_by_digits_of(value))
            || Compiled::new(self.constraint).is_ok_and(|own| own.judge(&[found], self.of).is_ok())
    }

    /// Whether it tells apart numbers that are the same: patterns match what is written.
    fn goes_by_digits_of(self, value: &Json) -> bool {
        matches!(self.constraint, Constraint::Pattern(_) | Constraint::Regex(_)) && holds_number(value)
    }

    /// Whether it asks for a plain address only where the narrower pattern does too.
    fn asks_no_address(self, wide: &str, narrow: &str) -> bool {
        self.of == Quantifier::Any || !wide.contains('@') || narrow.contains('@')
    }

    fn place_covers(self, wide: &str, narrow: &str) -> bool {
        let parts = |place: &'_ str| {
            place
                .split_once(':')
                .map_or((place.to_owned(), None), |(name, port)| (name.to_owned(), Some(port.to_owned())))
        };
        let ((wide, wide_port), (narrow, narrow_port)) = (parts(wide), parts(narrow));
        let ports = wide_port == narrow_port || (self.of == Quantifier::Any && wide_port.is_none());
        ports && host_covers(&wide, &narrow)
    }

    /// Whether nothing that is found at a path holds for both. `straight`: the path is one name.
    pub(crate) fn excludes(self, other: Self, straight: bool) -> bool {
        self.excludes_all_of(other, straight) || other.excludes_all_of(self, straight) || self.is_apart_from(other)
    }

    /// Whether all values that `other` lists are none for this.
    fn excludes_all_of(self, other: Self, straight: bool) -> bool {
        let not = |value: &Json| !self.goes_by_digits_of(value) && !self.takes(value);
        match (other.constraint, self.constraint) {
            _ if other.of == Quantifier::Any => false,
            (Constraint::Exact(Exact::Value(value)), _) => not(value),
            (Constraint::OneOf(values), _) => values.iter().all(not),
            (Constraint::Exact(Exact::Kept { sha256, .. }), Constraint::Exact(Exact::Kept { sha256: own, .. })) => {
                self.of == Quantifier::Each && sha256 != own
            }
            (Constraint::Absent, Constraint::Absent) => false,
            (Constraint::Absent, _) => (straight || self.of == Quantifier::Each) && !self.constraint.holds_always(),
            _ => false,
        }
    }

    fn is_apart_from(self, other: Self) -> bool {
        let below = |max: &Option<Number>, min: &Option<Number>| {
            max.as_ref().zip(min.as_ref()).is_some_and(|(max, min)| max.compare(min).is_lt())
        };
        match (self.constraint, other.constraint) {
            // Two rules that stop may each go by another element of a list.
            _ if self.of == Quantifier::Any && other.of == Quantifier::Any => false,
            (Constraint::Range { min, max }, Constraint::Range { min: low, max: high }) => {
                below(max, low) || below(high, min)
            }
            (Constraint::Email { domains, addresses }, Constraint::Email { domains: others, addresses: listed }) => {
                addresses.is_empty()
                    && listed.is_empty()
                    && domains
                        .iter()
                        .all(|own| others.iter().all(|other| !host_covers(own, other) && !host_covers(other, own)))
            }
            _ => false,
        }
    }
}

impl Constraint {
    /// Whether no value that it takes is an object, or holds one.
    pub(crate) fn takes_no_object(&self) -> bool {
        match self {
            Self::Exact(Exact::Value(value)) => !holds_object(value),
            Self::OneOf(values) => !values.iter().any(holds_object),
            Self::Any | Self::Exact(Exact::Kept { .. }) | Self::Length { .. } | Self::Unknown(_) => false,
            Self::Pattern(_) => !self.holds_always(),
            Self::Absent
            | Self::Regex(_)
            | Self::Range { .. }
            | Self::Email { .. }
            | Self::Url { .. }
            | Self::Path { .. } => true,
        }
    }
}

fn holds_object(value: &Json) -> bool {
    match value {
        Json::Object(_) => true,
        Json::Array(items) => items.iter().any(holds_object),
        _ => false,
    }
}

fn holds_number(value: &Json) -> bool {
    match value {
        Json::Number(_) => true,
        Json::Array(items) => items.iter().any(holds_number),
        Json::Object(members) => members.iter().any(|(_, value)| holds_number(value)),
        Json::Null | Json::Bool(_) | Json::String(_) => false,
    }
}

fn pattern_covers(wide: &str, narrow: &str) -> bool {
    wide == narrow
        || Glob::new(wide).ok().zip(Glob::new(narrow).ok()).is_some_and(|(wide, narrow)| wide.covers(&narrow))
}

/// Whether a host's pattern takes every host that the other one does.
fn host_covers(wide: &str, narrow: &str) -> bool {
    let below = |parent: &str, name: &str| name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    let name = narrow.strip_prefix("*.").unwrap_or(narrow);
    wide == narrow || wide.strip_prefix("*.").is_some_and(|parent| below(parent, name))
}

fn schemes_cover(wide: &[String], of_wide: Quantifier, narrow: &[String], of_narrow: Quantifier) -> bool {
    let https = ["https".to_owned()];
    let meant = |schemes: &[String], of| match (schemes.is_empty(), of) {
        (true, Quantifier::Each) => Some(https.to_vec()),
        (true, Quantifier::Any) => None,
        (false, _) => Some(schemes.to_vec()),
    };
    match (meant(wide, of_wide), meant(narrow, of_narrow)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => narrow.iter().all(|scheme| wide.contains(scheme)),
    }
}

fn is_at_or_below(narrow: &str, wide: &str) -> bool {
    narrow == wide
        || (wide == "/" && narrow.starts_with('/'))
        || narrow.strip_prefix(wide).is_some_and(|rest| rest.starts_with('/'))
}
