//! Which entries of the trail a list or an export holds, as a query string says it: the same words in the API and in the
//! console's address.

use chrono::{DateTime, Utc};

use crate::event::EventType;
use crate::filter::{after, page_of};
use crate::id::{ActionId, RuleId};
use crate::page::Limit;
use crate::query_string::QueryString;
use crate::time_text::parse_instant;

/// A filter. What is empty or `None` holds everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    pub event_types: Vec<EventType>,
    pub action_id: Option<ActionId>,
    pub rule_id: Option<RuleId>,
    pub tool_name: Option<String>,
    /// As the trail has it: `human:ana`, `agent:mailer`, `rule:ID`, `system:expiry`.
    pub actor: Option<String>,
    /// Happened at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Happened before this instant.
    pub until: Option<DateTime<Utc>>,
    pub newest_first: bool,
    /// The place after which, in the list's order, the page begins.
    pub after: Option<i64>,
    pub offset: i64,
    pub limit: Limit,
}

impl Default for EventFilter {
    fn default() -> Self {
        Self {
            event_types: Vec::new(),
            action_id: None,
            rule_id: None,
            tool_name: None,
            actor: None,
            since: None,
            until: None,
            newest_first: true,
            after: None,
            offset: 0,
            limit: Limit::DEFAULT,
        }
    }
}

impl EventFilter {
    /// Takes a list's parameters out of a query string. What is wrong with them is noted there.
    pub fn read(query: &mut QueryString) -> Self {
        let after = after(query, place_of);
        let (offset, limit) = page_of(query);
        Self { after, offset, limit, ..Self::read_what(query) }
    }

    /// The same without the parameters of a page: what an export takes.
    pub fn read_what(query: &mut QueryString) -> Self {
        let filter = Self {
            event_types: event_types(query),
            action_id: id(query, "action_id"),
            rule_id: id(query, "rule_id"),
            tool_name: text(query, "tool_name"),
            actor: actor(query),
            since: instant(query, "since"),
            until: instant(query, "until"),
            newest_first: newest_first(query),
            ..Self::default()
        };
        if filter.since.zip(filter.until).is_some_and(|(since, until)| since >= until) {
            query.refuse("until", "must be after since".to_owned());
        }
        filter
    }

    /// The cursor of a page that ends with the entry at this place.
    pub fn cursor(seq: i64) -> String {
        format!("e{seq}")
    }
}

fn place_of(cursor: &str) -> Option<i64> {
    let seq = cursor.strip_prefix('e')?.parse().ok()?;
    (EventFilter::cursor(seq) == cursor && seq >= 0).then_some(seq)
}

fn event_types(query: &mut QueryString) -> Vec<EventType> {
    let words = query.many::<String>("event_type");
    let mut types = Vec::new();
    for word in words.iter().filter(|word| !word.is_empty()) {
        match word.parse::<EventType>() {
            Ok(kind) if types.contains(&kind) => {}
            Ok(kind) => types.push(kind),
            Err(error) => query.refuse("event_type", error.to_string()),
        }
    }
    types
}

fn id<T: std::str::FromStr>(query: &mut QueryString, name: &str) -> Option<T> {
    let text = text(query, name)?;
    let id = text.parse().ok();
    if id.is_none() {
        query.refuse(name, "is no id".to_owned());
    }
    id
}

fn text(query: &mut QueryString, name: &str) -> Option<String> {
    let text = query.one::<String>(name).filter(|text| !text.is_empty())?;
    if text.contains('\0') {
        query.refuse(name, "holds a NUL character".to_owned());
        return None;
    }
    Some(text)
}

fn actor(query: &mut QueryString) -> Option<String> {
    let actor = text(query, "actor")?;
    let known = actor
        .split_once(':')
        .is_some_and(|(kind, name)| ["human", "agent", "rule", "system"].contains(&kind) && !name.is_empty());
    if !known {
        query.refuse("actor", "must be like human:ana, agent:mailer, rule:ID or system:expiry".to_owned());
    }
    known.then_some(actor)
}

fn instant(query: &mut QueryString, name: &str) -> Option<DateTime<Utc>> {
    let text = text(query, name)?;
    match parse_instant(&text) {
        Ok(at) => Some(at),
        Err(message) => {
            query.refuse(name, message);
            None
        }
    }
}

fn newest_first(query: &mut QueryString) -> bool {
    match text(query, "sort").as_deref() {
        None | Some("-seq") => true,
        Some("seq") => false,
        Some(_) => {
            query.refuse("sort", "must be seq (oldest first) or -seq (newest first)".to_owned());
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn read(raw: &str) -> Result<EventFilter, Problem> {
        let mut query = QueryString::parse(Some(raw))?;
        let filter = EventFilter::read(&mut query);
        query.finish().map(|()| filter)
    }

    #[test]
    fn every_parameter_is_read_and_an_empty_form_asks_for_everything() {
        let id = uuid::Uuid::from_u128(7);
        let filter = read(&format!(
            "event_type=action_parked,rule_created&event_type=action_parked&action_id={id}&rule_id={id}&tool_name=a%20b\
             &actor=human:ana&since=2026-11-25T09:00:00Z&until=2026-11-26T09:00:00Z&sort=seq&cursor=e17&limit=7&offset=2"
        ))
        .unwrap();
        assert_eq!(filter.event_types, [EventType::ActionParked, EventType::RuleCreated]);
        assert_eq!((filter.action_id, filter.rule_id), (Some(ActionId(id)), Some(RuleId(id))));
        assert_eq!((filter.tool_name.as_deref(), filter.actor.as_deref()), (Some("a b"), Some("human:ana")));
        assert_eq!(filter.until.unwrap().timestamp() - filter.since.unwrap().timestamp(), 86_400);
        assert_eq!((filter.newest_first, filter.after, filter.limit.get(), filter.offset), (false, Some(17), 7, 2));
        let empty = "event_type=&action_id=&rule_id=&tool_name=&actor=&since=&until=&sort=&cursor=";
        assert_eq!(read(empty).unwrap(), EventFilter::default());
    }

    #[test]
    fn what_is_wrong_is_named_and_never_ignored() {
        for (raw, pointer) in [
            ("event_type=parked", "event_type"),
            ("action_id=1", "action_id"),
            ("rule_id=x", "rule_id"),
            ("tool_name=%00", "tool_name"),
            ("actor=ana", "actor"),
            ("actor=human:", "actor"),
            ("since=2026-11-25", "since"),
            ("since=2026-11-25T09:00:00Z&until=2026-11-25T09:00:00Z", "until"),
            ("sort=newest", "sort"),
            ("cursor=17", "cursor"),
            ("cursor=e-1", "cursor"),
            ("cursor=e01", "cursor"),
            ("limit=0", "limit"),
            ("colour=red", "colour"),
        ] {
            assert_eq!(read(raw).unwrap_err().errors[0].pointer, pointer, "{raw}");
        }
    }

    #[test]
    fn an_export_has_no_pages() {
        let mut query = QueryString::parse(Some("actor=human:ana&limit=5")).unwrap();
        EventFilter::read_what(&mut query);
        assert_eq!(query.finish().unwrap_err().errors[0].pointer, "limit");
    }
}
