//! Which actions a list holds, as a query string says it: the same words in the API and in the console's address.

use chrono::{DateTime, Utc};

use crate::action::Decider;
use crate::id::RuleId;
use crate::lifecycle::{ExecutionState, Status};
use crate::page::{Cursor, Limit, NOT_OURS, Sort};
use crate::query_string::QueryString;
use crate::risk::RiskTier;
use crate::{search, time_text};

/// The farthest a list is skipped instead of paged.
pub const MAX_OFFSET: i64 = 10_000;
/// The farthest ahead that a deadline is asked for, in hours: a year.
const MAX_HOURS: i32 = 8_760;

/// A filter. What is empty or `None` holds everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionFilter {
    pub statuses: Vec<Status>,
    pub risk_tiers: Vec<RiskTier>,
    pub tool_name: Option<String>,
    pub session_id: Option<String>,
    pub agent: Option<String>,
    pub rule_id: Option<RuleId>,
    /// Words that all stand in the call, as [`search::query`] writes them.
    pub words: Option<String>,
    /// Requested at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Requested before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Decided at this instant or later, or before it; expired and withdrawn count as decided when they were.
    pub decided_since: Option<DateTime<Utc>>,
    pub decided_until: Option<DateTime<Utc>>,
    /// Run, with an outcome, at this instant or later, or before it.
    pub executed_since: Option<DateTime<Utc>>,
    pub executed_until: Option<DateTime<Utc>>,
    /// By whom or what it was decided.
    pub decided_by: Option<DecidedBy>,
    /// How its run stands.
    pub execution_state: Option<ExecutionState>,
    /// What its failed run said, to the letter: the first 300 characters of it; empty: nothing.
    pub error: Option<String>,
    /// Whether it had to wait.
    pub gated: Option<bool>,
    /// Pending, and the deadline is at most so many hours away.
    pub expiring_within_hours: Option<i32>,
    pub sort: Sort,
    pub cursor: Option<Cursor>,
    pub offset: i64,
    pub limit: Limit,
}

/// The place and the length of a page, in a list of any kind.
pub(crate) fn page_of(query: &mut QueryString) -> (i64, Limit) {
    (query.one::<Offset>("offset").map_or(0, |offset| offset.0), query.one("limit").unwrap_or_default())
}

/// The place after which a page begins, as the list's own cursor says it.
pub(crate) fn after<T>(query: &mut QueryString, place_of: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    let cursor = query.one::<String>("cursor").filter(|cursor| !cursor.is_empty())?;
    let place = place_of(&cursor);
    if place.is_none() {
        query.refuse("cursor", NOT_OURS.to_owned());
    }
    place
}

impl ActionFilter {
    /// Takes a filter's parameters out of a query string. What is wrong with them is noted there.
    pub fn read(query: &mut QueryString, default_sort: Sort) -> Self {
        let (offset, limit) = page_of(query);
        let filter = Self {
            statuses: query.many::<StatusWord>("status").into_iter().map(|word| word.0).collect(),
            risk_tiers: query.many::<TierWord>("risk_tier").into_iter().map(|word| word.0).collect(),
            tool_name: query.one("tool_name"),
            session_id: query.one("session_id"),
            agent: query.one("agent"),
            rule_id: query.one("rule_id"),
            words: query.one::<Words>("q").map(|words| words.0),
            since: instant(query, "since"),
            until: instant(query, "until"),
            decided_since: instant(query, "decided_since"),
            decided_until: instant(query, "decided_until"),
            executed_since: instant(query, "executed_since"),
            executed_until: instant(query, "executed_until"),
            decided_by: query.one::<DecidedByWord>("decided_by").map(|word| word.0),
            execution_state: query.one::<ExecutionWord>("execution_state").map(|word| word.0),
            error: query.one("error"),
            gated: query.flag("gated"),
            expiring_within_hours: query.one::<Hours>("expiring_within_hours").map(|hours| hours.0),
            sort: query.one("sort").unwrap_or(default_sort),
            cursor: query.one("cursor"),
            offset,
            limit,
        };
        for (since, until, names) in [
            (filter.since, filter.until, ("since", "until")),
            (filter.decided_since, filter.decided_until, ("decided_since", "decided_until")),
            (filter.executed_since, filter.executed_until, ("executed_since", "executed_until")),
        ] {
            if since.zip(until).is_some_and(|(since, until)| since >= until) {
                query.refuse(names.1, format!("must be after {}", names.0));
            }
        }
        filter
    }
}

fn instant(query: &mut QueryString, name: &str) -> Option<DateTime<Utc>> {
    query.one::<Instant>(name).map(|instant| instant.0)
}

/// Who or what decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// Any person, any rule, or the product itself: by the word before the colon.
    Kind(&'static str),
    /// One in particular.
    One(Decider),
}

impl DecidedBy {
    fn read(text: &str) -> Result<Self, String> {
        let kind = ["human", "rule", "system"].into_iter().find(|kind| *kind == text);
        kind.map(Self::Kind)
            .or_else(|| text.parse().ok().map(Self::One))
            .ok_or_else(|| "must be human, rule or system, or one of them with its name: human:ana, rule:ID".to_owned())
    }
}

/// A parameter whose reading is a function: `Err` says in words what it must be.
macro_rules! parameter {
    ($($name:ident($inner:ty) = $read:expr;)+) => {$(
        struct $name($inner);
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                #[allow(clippy::redundant_closure_call)]
                ($read)(text).map(Self)
            }
        }
    )+};
}

parameter! {
    StatusWord(Status) = |text: &str| text.parse().map_err(|_| one_of(Status::ALL.map(Status::as_str).as_slice(), text));
    TierWord(RiskTier) = |text: &str| text.parse().map_err(|_| one_of(RiskTier::ALL.map(RiskTier::as_str).as_slice(), text));
    Words(String) = |text: &str| search::query(text).ok_or_else(|| "has no letter or digit in it".to_owned());
    Instant(DateTime<Utc>) = time_text::parse_instant;
    Hours(i32) = |text: &str| whole(text, 1, MAX_HOURS);
    Offset(i64) = |text: &str| {
        whole(text, 0, MAX_OFFSET).map_err(|must| format!("{must}; page with the cursor instead"))
    };
    DecidedByWord(DecidedBy) = DecidedBy::read;
    ExecutionWord(ExecutionState) = |text: &str| {
        text.parse().map_err(|_| one_of(ExecutionState::ALL.map(ExecutionState::as_str).as_slice(), text))
    };
}

fn whole<T: std::str::FromStr + PartialOrd + std::fmt::Display>(text: &str, least: T, most: T) -> Result<T, String> {
    text.parse()
        .ok()
        .filter(|number| (&least..=&most).contains(&number))
        .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

fn one_of(words: &[&str], text: &str) -> String {
    format!("must be one of {}, not {text}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn read(raw: &str) -> Result<ActionFilter, Problem> {
        let mut query = QueryString::parse(Some(raw))?;
        let filter = ActionFilter::read(&mut query, Sort::Oldest);
        query.finish().map(|()| filter)
    }

    #[test]
    fn every_parameter_is_read() {
        let filter = read(
            "status=pending,expired&risk_tier=high&tool_name=send_email&session_id=a%20b&agent=mailer&q=Ana%20x\
             &since=2026-11-25T09:00:00Z&until=2026-11-26T09:00:00%2B01:00&expiring_within_hours=4&sort=urgency&limit=7",
        )
        .unwrap();
        assert_eq!(filter.statuses, [Status::Pending, Status::Expired]);
        assert_eq!(filter.risk_tiers, [RiskTier::High]);
        assert_eq!((filter.tool_name.as_deref(), filter.session_id.as_deref()), (Some("send_email"), Some("a b")));
        assert_eq!(filter.words.as_deref(), Some("'ana':* & 'x':*"));
        assert_eq!(filter.until.unwrap().timestamp() - filter.since.unwrap().timestamp(), 23 * 3_600);
        assert_eq!((filter.expiring_within_hours, filter.limit.get()), (Some(4), 7));
        assert_eq!(read("").unwrap(), ActionFilter::default());
        let filter = read(
            "decided_since=2026-11-25T09:00:00Z&decided_until=2026-11-26T09:00:00Z&executed_since=2026-11-25T09:00:00Z\
             &executed_until=2026-11-26T09:00:00Z&decided_by=human&execution_state=failed&error=a%0Ab&gated=true",
        )
        .unwrap();
        assert_eq!(filter.decided_by, Some(DecidedBy::Kind("human")));
        assert_eq!((filter.execution_state, filter.gated), (Some(ExecutionState::Failed), Some(true)));
        assert_eq!(filter.error.as_deref(), Some("a\nb"));
        let days = [filter.decided_until.zip(filter.decided_since), filter.executed_until.zip(filter.executed_since)];
        assert!(days.iter().all(|day| day.is_some_and(|(until, since)| (until - since).num_hours() == 24)));
        let one = read("decided_by=human:ana").unwrap().decided_by;
        assert_eq!(one, Some(DecidedBy::One(Decider::Human("ana".to_owned()))));
    }

    #[test]
    fn what_is_wrong_is_named_and_never_ignored() {
        for (raw, pointer) in [
            ("risk_tier=severe", "risk_tier"),
            ("q=%3F%21", "q"),
            ("since=2026-11-25", "since"),
            ("decided_by=humans", "decided_by"),
            ("decided_by=rule:1", "decided_by"),
            ("execution_state=done", "execution_state"),
            ("gated=yes", "gated"),
            ("executed_since=yesterday", "executed_since"),
            ("decided_since=2026-11-25T09:00:00Z&decided_until=2026-11-25T09:00:00Z", "decided_until"),
            ("until=2027-02-30T00:00:00Z", "until"),
            ("since=2026-11-25T09:00:00Z&until=2026-11-25T09:00:00Z", "until"),
            ("expiring_within_hours=0", "expiring_within_hours"),
            ("expiring_within_hours=4h", "expiring_within_hours"),
            ("rule_id=1", "rule_id"),
            ("offset=10001", "offset"),
            ("tool_name=a&tool_name=b", "tool_name"),
            ("colour=red", "colour"),
        ] {
            let problem = read(raw).expect_err(raw);
            assert!(problem.errors.iter().any(|error| error.pointer == pointer), "{raw}: {problem:?}");
        }
    }
}
