//! Which rules a list holds, as a query string says it: the same words in the API and in the console's address.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::filter::{after, page_of};
use crate::id::RuleId;
use crate::page::Limit;
use crate::query_string::QueryString;
use crate::rule::{Effect, RuleState};

/// What a review of rules looks for.
pub const HYGIENE: [&str; 4] = ["unused", "near_limit", "broad", "expiring"];

/// A filter. What is empty or `None` holds everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFilter {
    pub tool_name: Option<String>,
    /// Those that may decide now, or those that may not.
    pub active: Option<bool>,
    pub state: Option<RuleState>,
    pub effect: Option<Effect>,
    /// One of [`HYGIENE`].
    pub hygiene: Option<&'static str>,
    /// After which rule the page begins.
    pub after: Option<(DateTime<Utc>, RuleId)>,
    pub offset: i64,
    pub limit: Limit,
}

impl RuleFilter {
    /// Takes a list's parameters out of a query string. What is wrong with them is noted there.
    pub fn read(query: &mut QueryString) -> Self {
        let after = after(query, place_of);
        let (offset, limit) = page_of(query);
        Self { after, offset, limit, ..Self::read_what(query) }
    }

    /// The same without the parameters of a page: what an export takes.
    pub fn read_what(query: &mut QueryString) -> Self {
        let tool_name = query.one::<String>("tool_name").filter(|name| !name.is_empty());
        if tool_name.as_ref().is_some_and(|name| name.contains('\0')) {
            query.refuse("tool_name", "holds a NUL character".to_owned());
        }
        let active_only = query.flag("active_only").filter(|only| *only);
        let active = query.flag("active").or(active_only);
        let state = word(query, "state", &RuleState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>());
        let effect = word(query, "effect", &Effect::ALL.iter().map(|effect| effect.as_str()).collect::<Vec<_>>());
        let hygiene = query.one::<String>("hygiene").filter(|word| !word.is_empty());
        let known = hygiene.as_deref().and_then(|word| HYGIENE.into_iter().find(|known| *known == word));
        if known.is_none() && hygiene.is_some() {
            query.refuse("hygiene", format!("must be one of {}", HYGIENE.join(", ")));
        }
        Self { tool_name, active, state, effect, hygiene: known, ..Self::default() }
    }

    /// The cursor of a page that ends with this rule.
    pub fn cursor(created_at: DateTime<Utc>, id: RuleId) -> String {
        format!("{}-{}", created_at.timestamp_micros(), id.0.simple())
    }
}

fn place_of(cursor: &str) -> Option<(DateTime<Utc>, RuleId)> {
    let (micros, id) = cursor.split_once('-')?;
    Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
}

fn word<T: FromStr>(query: &mut QueryString, name: &str, known: &[&str]) -> Option<T> {
    let text = query.one::<String>(name).filter(|text| !text.is_empty())?;
    let word = text.parse().ok();
    if word.is_none() {
        query.refuse(name, format!("must be one of {}", known.join(", ")));
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn read(raw: &str) -> Result<RuleFilter, Problem> {
        let mut query = QueryString::parse(Some(raw))?;
        let filter = RuleFilter::read(&mut query);
        query.finish().map(|()| filter)
    }

    #[test]
    fn every_parameter_is_read_and_an_empty_form_asks_for_everything() {
        let place = (DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(), RuleId(uuid::Uuid::from_u128(7)));
        let cursor = RuleFilter::cursor(place.0, place.1);
        let filter =
            read(&format!("tool_name=a&active_only=true&state=expired&effect=deny&hygiene=broad&cursor={cursor}"))
                .unwrap();
        assert_eq!(
            (filter.tool_name.as_deref(), filter.active, filter.state),
            (Some("a"), Some(true), Some(RuleState::Expired))
        );
        assert_eq!((filter.effect, filter.hygiene, filter.after), (Some(Effect::Deny), Some("broad"), Some(place)));
        assert_eq!(read("tool_name=&state=&effect=&hygiene=&active_only=false").unwrap(), RuleFilter::default());
    }

    #[test]
    fn what_is_wrong_is_named_and_never_ignored() {
        for (raw, pointer) in [
            ("state=asleep", "state"),
            ("effect=maybe", "effect"),
            ("hygiene=clean", "hygiene"),
            ("active=yes", "active"),
            ("cursor=1-x", "cursor"),
            ("limit=0", "limit"),
            ("offset=-1", "offset"),
            ("tool_name=%00", "tool_name"),
            ("colour=red", "colour"),
        ] {
            assert_eq!(read(raw).unwrap_err().errors[0].pointer, pointer, "{raw}");
        }
    }
}
