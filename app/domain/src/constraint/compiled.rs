//! Judging values. A constraint is compiled once and asked often; each answer says why.

use regex::{Regex, RegexBuilder};

use super::glob::Glob;
use super::{Constraint, address, disguise, folder, location};
use crate::json::{Json, Number};

/// How large a compiled expression may become, in bytes.
const LARGEST_MACHINE: usize = 256 << 10;

/// Why a constraint does not hold, for programs and for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Missing,
    Present,
    Differs,
    NotListed,
    NotText,
    NotLikeIt,
    NotNumber,
    OutOfRange,
    NotPlainAddress,
    OtherAddress,
    OtherUrl,
    OtherPath,
    NoLength,
    TooLong,
    NotUnderstood,
}

impl Why {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Present => "present",
            Self::Differs => "differs",
            Self::NotListed => "not_listed",
            Self::NotText => "not_text",
            Self::NotLikeIt => "not_like_it",
            Self::NotNumber => "not_number",
            Self::OutOfRange => "out_of_range",
            Self::NotPlainAddress => "not_plain_address",
            Self::OtherAddress => "other_address",
            Self::OtherUrl => "other_url",
            Self::OtherPath => "other_path",
            Self::NoLength => "no_length",
            Self::TooLong => "too_long",
            Self::NotUnderstood => "not_understood",
        }
    }

    /// Said of the argument: "is missing".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Present => "is there",
            Self::Differs => "is another value",
            Self::NotListed => "is none of the values",
            Self::NotText => "is not text",
            Self::NotLikeIt => "does not match",
            Self::NotNumber => "is not a number",
            Self::OutOfRange => "is outside the range",
            Self::NotPlainAddress => "is not one plain address",
            Self::OtherAddress => "is another address",
            Self::OtherUrl => "is not a plain URL at one of the hosts",
            Self::OtherPath => "is not a plain path below the folder",
            Self::NoLength => "has no length",
            Self::TooLong => "is too long",
            Self::NotUnderstood => "is asked something that this version does not understand",
        }
    }
}

/// Of a list: whether each element must do, or one is enough. A rule that lets pass asks each, one that stops asks any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    Each,
    Any,
}

/// A pattern or expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("{0}")]
    Glob(&'static str),
    #[error("is no regular expression that is taken here: {0}")]
    Regex(String),
    #[error("becomes too large: use smaller repetitions")]
    TooLarge,
}

/// A constraint, ready to judge.
#[derive(Clone, Debug)]
pub struct Compiled {
    constraint: Constraint,
    machine: Machine,
}

#[derive(Clone, Debug)]
enum Machine {
    /// Nothing needs to be looked at.
    Always,
    None,
    Glob(Glob),
    Regex(Regex),
}

impl Compiled {
    /// Compiles a constraint.
    ///
    /// # Errors
    /// When its pattern or expression cannot be used.
    pub fn new(constraint: &Constraint) -> Result<Self, BadPattern> {
        let machine = match constraint {
            _ if constraint.holds_always() => Machine::Always,
            Constraint::Pattern(glob) => Machine::Glob(Glob::new(glob)?),
            Constraint::Regex(text) => Machine::Regex(expression(text)?),
            _ => Machine::None,
        };
        Ok(Self { constraint: constraint.clone(), machine })
    }

    /// What it was compiled from.
    pub const fn constraint(&self) -> &Constraint {
        &self.constraint
    }

    /// Judges what a path led to. Nothing found holds for `any` and `absent` alone.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn judge(&self, found: &[Option<&Json>], of: Quantifier) -> Result<(), Why> {
        match (&self.constraint, &self.machine) {
            (_, Machine::Always) => Ok(()),
            (Constraint::Absent, _) => quantified(found.iter(), of, |value| hold(value.is_none(), Why::Present)),
            _ => quantified(found.iter(), of, |value| match value {
                Some(value) => self.judge_value(value, of),
                None => Err(Why::Missing),
            }),
        }
    }

    fn judge_value(&self, value: &Json, of: Quantifier) -> Result<(), Why> {
        let whole = matches!(self.constraint, Constraint::Exact(_) | Constraint::OneOf(_));
        match (value.as_array(), of) {
            (Some([]) | None, _) => self.judge_one(value, of),
            (Some(_), _) if matches!(self.constraint, Constraint::Length { .. }) => self.judge_one(value, of),
            // What a rule stops is stopped in whatever lists it is wrapped.
            (Some(items), Quantifier::Any) => {
                let inside = || quantified(items.iter(), of, |item| self.judge_value(item, of));
                self.judge_one(value, of).or_else(|_| inside())
            }
            (Some(_), Quantifier::Each) if whole => self.judge_one(value, of),
            // A list in the list is no text: one level is what the contract speaks of.
            (Some(items), Quantifier::Each) => quantified(items.iter(), of, |item| self.judge_one(item, of)),
        }
    }

    fn judge_one(&self, value: &Json, of: Quantifier) -> Result<(), Why> {
        let text = || value.as_str().ok_or(Why::NotText);
        match (&self.constraint, &self.machine) {
            (Constraint::Exact(exact), _) => hold(exact.is(value), Why::Differs),
            (Constraint::OneOf(values), _) => {
                hold(values.iter().any(|own| super::same_value(own, value)), Why::NotListed)
            }
            (Constraint::Length { max }, _) => {
                length(value).ok_or(Why::NoLength).and_then(|found| hold(found <= *max, Why::TooLong))
            }
            (Constraint::Pattern(glob), Machine::Glob(machine)) => {
                let text = plain_where_an_address_is_meant(glob, value, of)?;
                hold(machine.takes(text), Why::NotLikeIt)
            }
            (Constraint::Regex(regex), Machine::Regex(machine)) => {
                let text = plain_where_an_address_is_meant(regex, value, of)?;
                hold(machine.is_match(text), Why::NotLikeIt)
            }
            (Constraint::Range { min, max }, _) => {
                let number = value.as_number().ok_or(Why::NotNumber)?;
                hold(is_within(number, min.as_ref(), max.as_ref()), Why::OutOfRange)
            }
            (Constraint::Email { domains, addresses }, _) => is_address_at(text()?, domains, addresses, of),
            (Constraint::Url { hosts, schemes }, _) => {
                let text = text()?;
                let stopped = || of == Quantifier::Any && disguise::may_lead_to(text, hosts, schemes);
                hold(location::is_at(text, hosts, schemes) || stopped(), Why::OtherUrl)
            }
            (Constraint::Path { under }, _) => {
                let text = text()?;
                let stopped = || of == Quantifier::Any && disguise::may_be_below(text, under);
                hold(folder::is_below(text, under) || stopped(), Why::OtherPath)
            }
            _ => Err(Why::NotUnderstood),
        }
    }
}

/// The text to be matched. A pattern or expression with an `@` speaks of an address: where it lets calls pass, of one,
/// and of nothing around it.
fn plain_where_an_address_is_meant<'a>(pattern: &str, value: &'a Json, of: Quantifier) -> Result<&'a str, Why> {
    let text = written(value)?;
    let meant = of == Quantifier::Each && pattern.contains('@');
    hold(!meant || address::parse(text).is_some(), Why::NotPlainAddress).map(|()| text)
}

fn is_address_at(text: &str, domains: &[String], addresses: &[String], of: Quantifier) -> Result<(), Why> {
    let listed = |address: &str| match of {
        Quantifier::Each => addresses.iter().any(|own| own == address),
        Quantifier::Any => addresses.iter().any(|own| own.eq_ignore_ascii_case(address)),
    };
    match address::parse(text) {
        Some((local, domain)) => {
            let there = domains.iter().any(|pattern| location::host_is(pattern, &domain));
            let listed = || !addresses.is_empty() && listed(&format!("{local}@{domain}"));
            hold(there || listed(), Why::OtherAddress)
        }
        None if of == Quantifier::Any && disguise::mentions(text, domains, addresses) => Ok(()),
        None => Err(Why::NotPlainAddress),
    }
}

const fn hold(holds: bool, why: Why) -> Result<(), Why> {
    if holds { Ok(()) } else { Err(why) }
}

fn quantified<'a, T: 'a>(
    mut values: impl Iterator<Item = &'a T>,
    of: Quantifier,
    judge: impl Fn(&'a T) -> Result<(), Why>,
) -> Result<(), Why> {
    match of {
        Quantifier::Each => values.try_for_each(judge),
        Quantifier::Any => {
            let mut why = Why::Missing;
            for value in values {
                match judge(value) {
                    Ok(()) => return Ok(()),
                    Err(because) => why = because,
                }
            }
            Err(why)
        }
    }
}

/// A text, or a number as it was written.
fn written(value: &Json) -> Result<&str, Why> {
    value.as_str().or_else(|| value.as_number().map(Number::as_str)).ok_or(Why::NotText)
}

fn is_within(number: &Number, min: Option<&Number>, max: Option<&Number>) -> bool {
    min.is_none_or(|min| number.compare(min).is_ge()) && max.is_none_or(|max| number.compare(max).is_le())
}

fn length(value: &Json) -> Option<u64> {
    let length = value.as_str().map(|text| text.chars().count()).or_else(|| value.as_array().map(<[_]>::len));
    length.and_then(|length| u64::try_from(length).ok())
}

fn expression(text: &str) -> Result<Regex, BadPattern> {
    // By itself first: `a)|(b` is none, although it would be one between brackets.
    RegexBuilder::new(text).size_limit(LARGEST_MACHINE).nest_limit(50).build().map_err(bad)?;
    bounded(text)
}

/// Over the whole text, and of bounded size; the crate guarantees linear time in the text.
pub(super) fn bounded(expression: &str) -> Result<Regex, BadPattern> {
    let whole = format!(r"\A(?:{expression})\z");
    RegexBuilder::new(&whole)
        .size_limit(LARGEST_MACHINE)
        .dfa_size_limit(LARGEST_MACHINE)
        .nest_limit(50)
        .build()
        .map_err(bad)
}

fn bad(error: regex::Error) -> BadPattern {
    match error {
        regex::Error::CompiledTooBig(_) => BadPattern::TooLarge,
        error => {
            let text = error.to_string();
            BadPattern::Regex(text.rsplit("error: ").next().unwrap_or(&text).to_owned())
        }
    }
}
