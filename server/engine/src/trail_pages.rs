//! What the console's pages about the trail show, put together here so that a page asks once: escaped, ready to be put on
//! a screen. What an agent wrote was masked before it was stored.

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::event::Event;
use domain::event_filter::EventFilter;
use domain::id::{ActionId, EventId, RuleId};
use domain::identity::Principal;
use domain::problem::Problem;
use domain::query_string::QueryString;
use domain::text_safety::{Piece, escaped, visible};
use domain::tool_view::Changed;
use domain::view::TimelineEntry;

use crate::audit::{self, Check, FullEvent};
use crate::console::{timeline, whole_days};
use crate::tool_pages::changes;
use crate::{Engine, Result};

/// One line of the trail.
#[derive(Clone, Debug)]
pub struct TrailLine {
    pub entry: TimelineEntry,
    pub event_type: &'static str,
    pub action_id: Option<ActionId>,
    pub rule_id: Option<RuleId>,
    /// The tool as it is called, and as it is shown.
    pub tool: Option<(String, String)>,
    /// As the filter takes it.
    pub actor: String,
}

/// A page of the trail.
#[derive(Debug)]
pub struct TrailList {
    pub lines: Vec<TrailLine>,
    /// Opaque; `None` on the last page.
    pub next_cursor: Option<String>,
    /// What the address means, with days as instants.
    pub filter: EventFilter,
    pub now: DateTime<Utc>,
}

/// How the chain stands.
#[derive(Debug)]
pub struct Chain {
    /// The newest verification.
    pub check: Option<Check>,
    /// The newest entry's place.
    pub newest: i64,
    pub now: DateTime<Utc>,
}

/// One entry with all about it.
#[derive(Debug)]
pub struct TrailEntry {
    pub line: TrailLine,
    pub event_id: EventId,
    pub content_hash: Digest,
    pub intact: bool,
    pub seal: Option<(i64, DateTime<Utc>)>,
    pub has_action: bool,
    /// What a change changed.
    pub changes: Vec<Changed>,
    /// The facts of it, by name.
    pub facts: Vec<(String, Vec<Piece>)>,
    pub now: DateTime<Utc>,
}

/// A page of the trail, as the page's address asks for it: the API's parameters, and days for times.
///
/// # Errors
/// `forbidden`; `invalid_request` for a parameter that is not known; when the database cannot be read.
pub async fn list(engine: &Engine, principal: &Principal, address: &str) -> Result<TrailList> {
    let mut query = QueryString::parse(Some(address))?;
    whole_days(engine, &mut query).await?;
    let filter = EventFilter::read(&mut query);
    query.finish()?;
    let page = audit::list(engine, principal, &filter).await?;
    let lines = page.events.iter().map(line).collect();
    Ok(TrailList { lines, next_cursor: page.next, filter, now: page.now })
}

/// How the chain stands.
///
/// # Errors
/// When the database cannot be read.
pub async fn chain(engine: &Engine) -> Result<Chain> {
    Ok(Chain {
        check: audit::last_check(engine).await?,
        newest: audit::newest(engine).await?,
        now: crate::store::now(&engine.pool).await?,
    })
}

/// One entry.
///
/// # Errors
/// `forbidden`; `not_found`, which says so where the entry was archived and purged.
pub async fn entry(engine: &Engine, principal: &Principal, named: &str) -> Result<TrailEntry> {
    let named = named.parse().map_err(|problem: Problem| problem)?;
    let FullEvent { event, intact, seal, has_action, now } = audit::show(engine, principal, named).await?;
    let changes = changes(&event.event_metadata);
    let facts = event.event_metadata.as_object().unwrap_or_default().iter();
    let facts = facts
        // Told as what it is about, and as changes.
        .filter(|(name, _)| name != "tool_name")
        .filter(|(name, _)| changes.is_empty() || !["before", "after"].contains(&name.as_str()))
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_text(), str::to_owned);
            (escaped(&name.replace('_', " ")), visible(&text))
        })
        .collect();
    Ok(TrailEntry {
        line: line(&event),
        event_id: event.event_id,
        content_hash: event.content_hash,
        intact,
        seal,
        has_action,
        changes,
        facts,
        now,
    })
}

fn line(event: &Event) -> TrailLine {
    let tool = event.event_metadata.get("tool_name").and_then(|name| name.as_str());
    TrailLine {
        entry: timeline(event, visible),
        event_type: event.event_type.as_str(),
        action_id: event.action_id,
        rule_id: event.rule_id,
        tool: tool.map(|name| (name.to_owned(), escaped(name))),
        actor: event.actor.clone(),
    }
}
