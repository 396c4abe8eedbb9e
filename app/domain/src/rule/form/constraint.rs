//! What a row's text says, as the typed constraint that it stands for; and back.

use super::Behind;
use super::row::{Kind, Row};
use crate::constraint::{Constraint, Exact};
use crate::editing::{json_text, needs_escapes};
use crate::json::{Json, Number};

/// The row's constraint, as it stands in a draft.
pub(super) fn constraint(row: &Row, behind: &Behind) -> Result<Json, String> {
    if row.path.is_empty() {
        return Err("needs the name of an argument".to_owned());
    }
    let text = row.text.as_str();
    let typed = |kind: &str, name: &str, value: Json| Ok(Json::object([("type", Json::from(kind)), (name, value)]));
    let bare = |kind: &str| Ok(Json::object([("type", Json::from(kind))]));
    match row.kind {
        Kind::FromAction => typed("exact", "from_action", Json::from(true)),
        Kind::Kept => match behind.kept.iter().find(|(path, _)| *path == row.path) {
            Some((_, digest)) => typed("exact", "sha256", Json::from(digest.to_string())),
            None => Err("keeps nothing from before".to_owned()),
        },
        Kind::Wider => match behind.wider.iter().find(|(path, _)| *path == row.path) {
            Some((_, wider)) => Ok(wider.clone()),
            None => Err("has nothing wider to offer".to_owned()),
        },
        Kind::Text => typed("exact", "value", Json::from(text)),
        Kind::Json => typed("exact", "value", json(text)?),
        Kind::OneOf => typed("one_of", "values", listed(text.lines().filter(|line| !line.is_empty()))),
        Kind::OneOfJson => match json(text)? {
            list @ Json::Array(_) => typed("one_of", "values", list),
            _ => Err("must be a list in JSON, like [1, 2, 3]".to_owned()),
        },
        Kind::Pattern => typed("pattern", "value", Json::from(text)),
        Kind::Regex => typed("regex", "value", Json::from(text)),
        Kind::Path => typed("path", "under", Json::from(text.trim())),
        Kind::Range => range(text.trim()),
        Kind::Length => typed("length", "max", number(text.trim())?),
        Kind::Email => Ok(email(text)),
        Kind::Url => url(text),
        Kind::Any => bare("any"),
        Kind::Absent => bare("absent"),
        Kind::Unnamed => Err("asks nothing".to_owned()),
    }
}

fn json(text: &str) -> Result<Json, String> {
    Json::parse_str(text.trim()).map_err(|error| format!("is not JSON: {error}"))
}

fn number(text: &str) -> Result<Json, String> {
    let told = |_| format!("must be a number, not \"{}\"", crate::text_safety::escaped(text));
    Number::parse(text).map(Json::Number).map_err(told)
}

fn listed<'a>(texts: impl Iterator<Item = &'a str>) -> Json {
    Json::Array(texts.map(Json::from).collect())
}

/// `1..50`, `..50`, `1..`
fn range(text: &str) -> Result<Json, String> {
    let (min, max) = text
        .split_once("..")
        .ok_or("must be written with two dots: 1..50, or ..50 for \"at most\", or 1.. for \"at least\"")?;
    let mut members = vec![("type".to_owned(), Json::from("range"))];
    for (name, end) in [("min", min.trim()), ("max", max.trim())] {
        if !end.is_empty() {
            members.push((name.to_owned(), number(end)?));
        }
    }
    Ok(Json::Object(members))
}

/// Words with spaces, commas or line ends between.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\n', ' ', '\t']).filter(|word| !word.is_empty())
}

/// Addresses, and domains with or without an `@` in front.
fn email(text: &str) -> Json {
    let is_address = |word: &&str| word.find('@').is_some_and(|at| at > 0);
    let (addresses, domains): (Vec<&str>, Vec<&str>) = words(text).partition(is_address);
    let mut members = vec![("type".to_owned(), Json::from("email"))];
    let domains: Vec<&str> = domains.into_iter().map(|domain| domain.trim_start_matches('@')).collect();
    for (name, texts) in [("domains", domains), ("addresses", addresses)] {
        if !texts.is_empty() {
            members.push((name.to_owned(), listed(texts.into_iter())));
        }
    }
    Json::Object(members)
}

/// Hosts, each with the same schemes in front or none with one.
fn url(text: &str) -> Result<Json, String> {
    let mut hosts: Vec<&str> = Vec::new();
    let mut schemes: Vec<&str> = Vec::new();
    let mut pairs = Vec::new();
    for word in words(text) {
        let (scheme, host) = word.split_once("://").map_or((None, word), |(scheme, host)| (Some(scheme), host));
        let host = host.strip_suffix('/').unwrap_or(host);
        add(&mut hosts, host);
        if let Some(scheme) = scheme {
            add(&mut schemes, scheme);
            add(&mut pairs, (scheme, host));
        }
    }
    if pairs.len() != hosts.len() * schemes.len() {
        return Err("must give every host the same schemes, or none: other combinations need a rule each".to_owned());
    }
    let mut members = vec![("type".to_owned(), Json::from("url"))];
    for (name, texts) in [("hosts", hosts), ("schemes", schemes)] {
        if !texts.is_empty() {
            members.push((name.to_owned(), listed(texts.into_iter())));
        }
    }
    Ok(Json::Object(members))
}

fn add<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// The kind and the text that stand for a constraint.
pub(super) fn written(constraint: &Constraint) -> (Kind, String) {
    let plain = |text: &str| !needs_escapes(text) && !text.contains('\r');
    match constraint {
        Constraint::Any => (Kind::Any, String::new()),
        Constraint::Absent => (Kind::Absent, String::new()),
        Constraint::Exact(Exact::Kept { .. }) => (Kind::Kept, String::new()),
        Constraint::Exact(Exact::Value(value)) => match value.as_str() {
            Some(text) if plain(text) => (Kind::Text, text.to_owned()),
            _ => (Kind::Json, json_text(value)),
        },
        Constraint::OneOf(values) => {
            let texts: Option<Vec<&str>> = values.iter().map(Json::as_str).collect();
            let lines =
                texts.filter(|texts| texts.iter().all(|text| plain(text) && !text.is_empty() && !text.contains('\n')));
            match lines {
                Some(lines) => (Kind::OneOf, lines.join("\n")),
                None => (Kind::OneOfJson, json_text(&Json::Array(values.clone()))),
            }
        }
        Constraint::Pattern(text) => (Kind::Pattern, text.clone()),
        Constraint::Regex(text) => (Kind::Regex, text.clone()),
        Constraint::Range { min, max } => {
            let end = |end: &Option<Number>| end.as_ref().map(|own| own.as_str().to_owned()).unwrap_or_default();
            (Kind::Range, format!("{}..{}", end(min), end(max)))
        }
        Constraint::Email { domains, addresses } => {
            let domains = domains.iter().map(|domain| format!("@{domain}"));
            (Kind::Email, domains.chain(addresses.iter().cloned()).collect::<Vec<_>>().join("\n"))
        }
        Constraint::Url { hosts, schemes } => {
            let with = |host: &String| match schemes.as_slice() {
                [] => host.clone(),
                schemes => schemes.iter().map(|own| format!("{own}://{host}")).collect::<Vec<_>>().join("\n"),
            };
            let all: Vec<String> = hosts.iter().map(with).collect();
            (Kind::Url, all.join("\n"))
        }
        Constraint::Path { under } => (Kind::Path, under.clone()),
        Constraint::Length { max } => (Kind::Length, max.to_string()),
        // It never holds; whoever replaces the rule says anew what is asked.
        Constraint::Unknown(_) => (Kind::Absent, String::new()),
    }
}
