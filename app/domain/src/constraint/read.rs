//! Reading a constraint: typed JSON, and from scripts the older short forms (`"*"` and a bare value).

use super::{ArgumentPath, Constraint, Exact, LONGEST_PATTERN, LONGEST_VALUE, MOST_LISTED};
use crate::json::{Json, Number};
use crate::problem::FieldError;
use crate::redaction::MARK;

/// What was asked for: a constraint, or one that is to be made of a stored action's own value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Constraint(Constraint),
    /// `{"type": "exact", "from_action": true}`: nobody needs to have seen the value.
    FromAction,
}

impl Asked {
    /// What it asks, said of an argument.
    pub fn words(&self) -> String {
        match self {
            Self::Constraint(constraint) => constraint.words(),
            Self::FromAction => "is exactly what this call has".to_owned(),
        }
    }
}

/// Reads a constraint that somebody wrote. A kind that is not known is refused.
///
/// # Errors
/// Everything that is wrong, with pointers below the constraint's own place (`/values/3`).
pub fn read_constraint(written: &Json) -> Result<Asked, Vec<FieldError>> {
    let Some(members) = written.as_object() else {
        return short_form(written).map(Asked::Constraint);
    };
    let Some(kind) = written.get("type") else {
        return refuse("/type", "is missing: which kind of constraint is it? (A bare object is no short form.)");
    };
    let mut reader = Reader { members, known: vec!["type"], errors: Vec::new() };
    let asked = reader.asked(kind);
    let Reader { members, known, mut errors } = reader;
    for (name, _) in members.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
        errors.push(error(&format!("/{}", escape(name)), "is no part of this kind of constraint"));
    }
    match asked {
        Some(asked) if errors.is_empty() => Ok(asked),
        _ => Err(errors),
    }
}

/// Reads a constraint that was stored: what this version does not know never holds.
pub fn stored_constraint(stored: &Json) -> Constraint {
    let shown = stored.get("shown").cloned();
    match read_constraint(stored) {
        Ok(Asked::Constraint(Constraint::Exact(Exact::Kept { sha256, .. }))) => {
            Constraint::Exact(Exact::Kept { sha256, shown: shown.unwrap_or_else(|| Json::from(MARK)) })
        }
        Ok(Asked::Constraint(constraint)) => constraint,
        Ok(Asked::FromAction) | Err(_) => Constraint::Unknown(stored.clone()),
    }
}

/// `"*"` is anything; every other bare value is that value.
fn short_form(value: &Json) -> Result<Constraint, Vec<FieldError>> {
    match value.as_str() {
        Some("*") => Ok(Constraint::Any),
        _ if is_too_long(value) => refuse("", &format!("is longer than {LONGEST_VALUE} bytes")),
        _ => Ok(Constraint::exactly(value.clone())),
    }
}

/// Whether a value is longer than what a constraint keeps in full.
pub(crate) fn is_too_long(value: &Json) -> bool {
    value.to_text().len() > LONGEST_VALUE
}

fn error(pointer: &str, message: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.to_owned(), message: message.into() }
}

fn refuse<T>(pointer: &str, message: &str) -> Result<T, Vec<FieldError>> {
    Err(vec![error(pointer, message)])
}

/// RFC 6901 §3.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Reader<'a> {
    members: &'a [(String, Json)],
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    fn asked(&mut self, kind: &Json) -> Option<Asked> {
        let constraint = match kind.as_str().unwrap_or_default() {
            "any" => Constraint::Any,
            "absent" => Constraint::Absent,
            "exact" => return self.exact(),
            "one_of" => self.one_of()?,
            "pattern" => Constraint::Pattern(self.pattern()?),
            "regex" => Constraint::Regex(self.pattern()?),
            "range" => self.range()?,
            "email" => self.email()?,
            "url" => self.url()?,
            "path" => self.folder()?,
            "length" => self.length()?,
            _ => return self.unknown_kind(),
        };
        Some(Asked::Constraint(constraint))
    }

    fn unknown_kind(&mut self) -> Option<Asked> {
        let kinds = "any, absent, exact, one_of, pattern, regex, range, email, url, path, length";
        self.errors = vec![error("/type", format!("is no kind of constraint; there are {kinds}"))];
        // Whatever else it holds belongs to a kind that nobody knows.
        self.members = &[];
        None
    }

    fn member(&mut self, name: &'static str) -> Option<&'a Json> {
        self.known.push(name);
        self.members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn fail<T>(&mut self, pointer: &str, message: impl Into<String>) -> Option<T> {
        self.errors.push(error(pointer, message));
        None
    }

    fn exact(&mut self) -> Option<Asked> {
        let value = self.member("value");
        let from_action = self.member("from_action");
        let digest = self.member("sha256");
        // What is shown in the place of a kept value is never taken from whoever writes the rule.
        self.member("shown");
        match (value, from_action, digest) {
            (Some(value), None, None) => {
                if is_too_long(value) {
                    return self.fail("/value", format!("is longer than {LONGEST_VALUE} bytes"));
                }
                Some(Asked::Constraint(Constraint::exactly(value.clone())))
            }
            (None, Some(Json::Bool(true)), None) => Some(Asked::FromAction),
            (None, None, Some(digest)) => match digest.as_str().map(str::parse) {
                Some(Ok(sha256)) => {
                    let shown = Json::from(MARK);
                    Some(Asked::Constraint(Constraint::Exact(Exact::Kept { sha256, shown })))
                }
                _ => self.fail("/sha256", "must be a SHA-256 in 64 lower-case hexadecimal digits"),
            },
            (None, None, None) => self.fail("/value", "is missing: which value is it to be?"),
            _ => self.fail("/value", "stands alone: give `value`, or `from_action: true`, or `sha256`"),
        }
    }

    fn one_of(&mut self) -> Option<Constraint> {
        let Some(values) = self.member("values").and_then(Json::as_array) else {
            return self.fail("/values", "must be a list of values");
        };
        if values.is_empty() || values.len() > MOST_LISTED {
            return self.fail("/values", format!("must hold 1 to {MOST_LISTED} values"));
        }
        if Json::Array(values.to_vec()).to_text().len() > LONGEST_VALUE {
            return self.fail("/values", format!("are longer than {LONGEST_VALUE} bytes together"));
        }
        Some(Constraint::OneOf(values.to_vec()))
    }

    fn pattern(&mut self) -> Option<String> {
        let Some(text) = self.member("value").and_then(Json::as_str) else {
            return self.fail("/value", "must be a text");
        };
        if text.is_empty() {
            return self.fail("/value", "is empty: use `exact` for the empty text, or `any`");
        }
        if text.len() > LONGEST_PATTERN {
            return self.fail("/value", format!("has {} bytes; at most {LONGEST_PATTERN} are taken", text.len()));
        }
        Some(text.to_owned())
    }

    fn range(&mut self) -> Option<Constraint> {
        let (min, max) = (self.bound("min"), self.bound("max"));
        let (min, max) = (min?, max?);
        match (&min, &max) {
            (None, None) => self.fail("/min", "is missing, and so is `max`: a range has at least one end"),
            (Some(low), Some(high)) if low.compare(high).is_gt() => {
                self.fail("/min", "is greater than `max`: no number would do")
            }
            _ => Some(Constraint::Range { min, max }),
        }
    }

    fn bound(&mut self, name: &'static str) -> Option<Option<Number>> {
        match self.member(name) {
            None => Some(None),
            Some(Json::Number(number)) => Some(Some(number.clone())),
            Some(_) => self.fail(&format!("/{name}"), "must be a number"),
        }
    }

    fn email(&mut self) -> Option<Constraint> {
        let (domains, addresses) = (self.texts("domains"), self.texts("addresses"));
        let (domains, addresses) = (lower(domains?), addresses?);
        for (at, domain) in domains.iter().enumerate() {
            if !is_host_pattern(domain) {
                self.fail::<()>(&format!("/domains/{at}"), "is no domain: `partner.example`, or `*.partner.example`");
            }
        }
        for (at, address) in addresses.iter().enumerate() {
            if super::address::parse(address).is_none() {
                self.fail::<()>(&format!("/addresses/{at}"), "is no plain address: `ana@partner.example`");
            }
        }
        if domains.is_empty() && addresses.is_empty() {
            return self.fail("/domains", "is missing, and so is `addresses`: where may mail go?");
        }
        let addresses = addresses.into_iter().map(|address| lower_domain(&address)).collect();
        self.errors.is_empty().then_some(Constraint::Email { domains, addresses })
    }

    fn url(&mut self) -> Option<Constraint> {
        let (hosts, schemes) = (self.texts("hosts"), self.texts("schemes"));
        let (written, schemes) = (lower(hosts?), lower(schemes?));
        if written.is_empty() {
            return self.fail("/hosts", "is missing: which hosts may be called?");
        }
        let mut hosts = Vec::with_capacity(written.len());
        for (at, host) in written.iter().enumerate() {
            if let Some(host) = host_and_port(host) {
                hosts.push(host);
            } else {
                let message = "is no host: `api.example.com`, `*.example.com`, `example.com:8443`; no address, no path";
                self.fail::<()>(&format!("/hosts/{at}"), message);
            }
        }
        for (at, scheme) in schemes.iter().enumerate() {
            if !["https", "http", "wss", "ws"].contains(&scheme.as_str()) {
                self.fail::<()>(&format!("/schemes/{at}"), "must be https, http, wss or ws");
            }
        }
        self.errors.is_empty().then_some(Constraint::Url { hosts, schemes })
    }

    fn folder(&mut self) -> Option<Constraint> {
        let Some(under) = self.member("under").and_then(Json::as_str) else {
            return self.fail("/under", "must be a folder's path");
        };
        let trimmed = under.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(under);
        let relative = trimmed.strip_prefix('/').unwrap_or(trimmed);
        let plain = trimmed == "/" || relative.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if trimmed.is_empty() || !plain || !super::folder::is_plain_text(trimmed) {
            return self.fail("/under", "must be a plain path without dot segments: `/srv/reports`, or `reports/2026`");
        }
        if trimmed.len() > LONGEST_PATTERN {
            return self.fail("/under", format!("is longer than {LONGEST_PATTERN} bytes"));
        }
        Some(Constraint::Path { under: trimmed.to_owned() })
    }

    fn length(&mut self) -> Option<Constraint> {
        match self.member("max").and_then(Json::as_number).map(|number| number.as_str().parse()) {
            Some(Ok(max)) => Some(Constraint::Length { max }),
            _ => self.fail("/max", "must be a whole number from 0"),
        }
    }

    /// A list of texts; one that is missing is empty.
    fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let Some(value) = self.member(name) else { return Some(Vec::new()) };
        let texts: Option<Vec<String>> =
            value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        match texts {
            Some(texts) if texts.len() <= MOST_LISTED && texts.iter().all(|text| text.len() <= 320) => Some(texts),
            Some(_) => {
                self.fail(&format!("/{name}"), format!("must hold at most {MOST_LISTED} texts of at most 320 bytes"))
            }
            None => self.fail(&format!("/{name}"), "must be a list of texts"),
        }
    }
}

fn lower(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|text| text.to_ascii_lowercase()).collect()
}

fn lower_domain(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_ascii_lowercase()),
        None => address.to_owned(),
    }
}

/// A host's pattern and the one way to write its port, if it has one.
fn host_and_port(text: &str) -> Option<String> {
    let Some((name, port)) = text.split_once(':') else {
        return is_host_pattern(text).then(|| text.to_owned());
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse::<u16>().ok().filter(|port| digits && *port > 0)?;
    is_host_pattern(name).then(|| format!("{name}:{port}"))
}

/// A host's name, or `*.` in front of one: everything below it.
fn is_host_pattern(text: &str) -> bool {
    is_host(text.strip_prefix("*.").unwrap_or(text))
}

/// A host name of RFC 1123 with at least two labels, the last of which is no number: no address in any notation.
pub(crate) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let mut labels = text.rsplit('.');
    let last = labels.next().unwrap_or_default();
    text.len() <= 253
        && is_label(last)
        && last.starts_with(|first: char| first.is_ascii_alphabetic())
        && labels.clone().next().is_some()
        && labels.all(is_label)
}

/// Reads all constraints of a rule: paths and what is asked at each.
///
/// # Errors
/// Everything that is wrong, with pointers below the constraints' own place (`/to/domains/0`).
pub fn read_constraints(written: &Json) -> Result<Vec<(ArgumentPath, Asked)>, Vec<FieldError>> {
    let Some(members) = written.as_object() else {
        return refuse("", "must be an object: an argument's path, and what is asked of it");
    };
    let mut asked = Vec::new();
    let mut errors = Vec::new();
    if members.len() > MOST_LISTED {
        return refuse("", &format!("names more than {MOST_LISTED} arguments"));
    }
    for (path, constraint) in members {
        let place = format!("/{}", escape(path));
        match (path.parse(), read_constraint(constraint)) {
            (Ok(path), Ok(constraint)) => asked.push((path, constraint)),
            (path, constraint) => {
                errors.extend(path.err().map(|wrong: super::PathError| error(&place, wrong.to_string())));
                let below = |wrong: FieldError| error(&format!("{place}{}", wrong.pointer), wrong.message);
                errors.extend(constraint.err().into_iter().flatten().map(below));
            }
        }
    }
    if errors.is_empty() { Ok(asked) } else { Err(errors) }
}
