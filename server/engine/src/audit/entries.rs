//! The trail's entries, narrowed and paged, and one with its proof.

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::event_filter::EventFilter;
use domain::id::EventId;
use domain::identity::{Principal, Scope};
use domain::problem::{Code, Problem};

use crate::{Engine, Result, require, store};

/// A page of entries.
#[derive(Debug)]
pub struct EventPage {
    pub events: Vec<Event>,
    /// Opaque; `None` on the last page.
    pub next: Option<String>,
    pub now: DateTime<Utc>,
}

/// One entry, and what proves it.
#[derive(Debug)]
pub struct FullEvent {
    pub event: Event,
    /// Whether what it says still has the hash it was written with.
    pub intact: bool,
    /// The seal that holds it, and when that was set; `None`: it is on its way into one.
    pub seal: Option<(i64, DateTime<Utc>)>,
    /// Whether the action it is about is still stored: retention purges actions before entries.
    pub has_action: bool,
    pub now: DateTime<Utc>,
}

/// How an entry is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    Place(i64),
    Id(EventId),
}

impl std::str::FromStr for Whereabouts {
    type Err = Problem;

    fn from_str(text: &str) -> std::result::Result<Self, Problem> {
        let place = text.parse().ok().filter(|seq| *seq > 0).map(Self::Place);
        place.or_else(|| text.parse().ok().map(Self::Id)).ok_or_else(none)
    }
}

/// A page of the entries that the filter holds.
///
/// # Errors
/// `forbidden` without `audit:read`; when the database cannot be read.
pub async fn list(engine: &Engine, principal: &Principal, filter: &EventFilter) -> Result<EventPage> {
    require(principal, Scope::AuditRead)?;
    let mut events = store::trail::list(&engine.pool, filter, filter.limit.get() + 1).await?;
    let more = i64::try_from(events.len()).is_ok_and(|rows| rows > filter.limit.get());
    if more {
        events.pop();
    }
    let next = events.last().filter(|_| more).map(|last| EventFilter::cursor(last.seq));
    Ok(EventPage { events, next, now: store::now(&engine.pool).await? })
}

/// One entry.
///
/// # Errors
/// `forbidden` without `audit:read`; `not_found`, which says so where the entry was archived and purged.
pub async fn show(engine: &Engine, principal: &Principal, named: Whereabouts) -> Result<FullEvent> {
    require(principal, Scope::AuditRead)?;
    let seq = match named {
        Whereabouts::Place(seq) => seq,
        Whereabouts::Id(id) => store::trail::place_of(&engine.pool, id).await?.ok_or_else(none)?,
    };
    let seal = store::trail::seal_of(&engine.pool, seq).await?;
    let Some(event) = store::trail::at(&engine.pool, seq).await? else {
        return Err(gone(engine, seq, seal.map(|(number, _)| number)).await?.into());
    };
    let has_action = match event.action_id {
        Some(id) => store::retention::has_action(&engine.pool, id).await?,
        None => false,
    };
    Ok(FullEvent { intact: event.is_intact(), seal, has_action, now: store::now(&engine.pool).await?, event })
}

fn none() -> Problem {
    Problem::new(Code::NotFound, "There is no such entry in the trail.")
}

/// What became of an entry that a seal holds and the trail does not.
async fn gone(engine: &Engine, seq: i64, seal: Option<i64>) -> Result<Problem> {
    let Some(seal) = seal else { return Ok(none()) };
    let mut connection = store::acquire(&engine.pool).await?;
    let purged = store::retention::purged(&mut connection).await?;
    let archive = purged.iter().find(|purged| purged.holds(seal)).map(|purged| purged.file.clone());
    Ok(Problem::new(
        Code::NotFound,
        match archive {
            Some(file) => format!("Entry {seq} was archived in {file} and purged; seal {seal} still holds its place."),
            None => format!("Entry {seq} is in seal {seal} and gone from the trail: verify the trail."),
        },
    ))
}
