//! The trail as a file: all entries that a filter holds, piece by piece. Each piece is a query of its own, so that a
//! reader who is slow holds neither a connection nor a state of the database, and memory stays flat.

use chrono::SecondsFormat;
use domain::event::Event;
use domain::event_filter::EventFilter;
use domain::identity::{Principal, Scope};
use domain::text_safety::escaped;
use futures::stream::{BoxStream, try_unfold};
use futures::{StreamExt, TryStreamExt};

use crate::{Engine, Result, require, spreadsheet, store};

/// How many entries are read at once.
const AT_ONCE: i64 = 2_000;

const COLUMNS: [&str; 11] = [
    "seq",
    "occurred_at",
    "event_type",
    "actor",
    "action_id",
    "rule_id",
    "tool_name",
    "reason",
    "event_metadata",
    "event_id",
    "content_hash",
];

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, everything that an entry is: its hash can be computed from it.
    Ndjson,
    /// For a spreadsheet: what could deceive or run there is made visible.
    Csv,
}

/// The pieces of a file. After an error there are no more: what came before is a part.
pub type Export = BoxStream<'static, Result<Vec<u8>>>;

/// The entries that the filter holds, in its order; it has no page.
///
/// # Errors
/// `forbidden` without `audit:read`; when the database cannot be read, for the first piece and for each later one.
pub async fn export(engine: &Engine, principal: &Principal, filter: EventFilter, format: Format) -> Result<Export> {
    require(principal, Scope::AuditRead)?;
    export_all(engine, filter, format).await
}

/// The same for whoever runs the program.
///
/// # Errors
/// When the database cannot be read.
pub async fn export_all(engine: &Engine, filter: EventFilter, format: Format) -> Result<Export> {
    let mut first = match format {
        Format::Ndjson => Vec::new(),
        Format::Csv => spreadsheet::csv([COLUMNS.map(str::to_owned)]),
    };
    let (piece, goes_on) = read(engine, filter, format).await?;
    first.extend(piece);
    let engine = engine.clone();
    let rest = try_unfold(goes_on, move |goes_on| {
        let engine = engine.clone();
        async move {
            match goes_on {
                Some(filter) => read(&engine, filter, format).await.map(Some),
                None => Ok(None),
            }
        }
    });
    let first = futures::stream::once(async { Ok(first) });
    Ok(first.chain(rest).try_filter(|piece| std::future::ready(!piece.is_empty())).boxed())
}

/// The next piece, and what is to be read after it.
async fn read(engine: &Engine, mut filter: EventFilter, format: Format) -> Result<(Vec<u8>, Option<EventFilter>)> {
    let events = store::trail::list(&engine.pool, &filter, AT_ONCE).await?;
    let whole = i64::try_from(events.len()).is_ok_and(|rows| rows == AT_ONCE);
    filter.after = events.last().map(|last| last.seq);
    Ok((write(&events, format), whole.then_some(filter)))
}

fn write(events: &[Event], format: Format) -> Vec<u8> {
    match format {
        Format::Csv => spreadsheet::csv(events.iter().map(row)),
        Format::Ndjson => {
            let mut lines = Vec::with_capacity(events.len() * 512);
            for event in events {
                serde_json::to_writer(&mut lines, event).expect("an entry is plain data");
                lines.push(b'\n');
            }
            lines
        }
    }
}

fn row(event: &Event) -> [String; 11] {
    let tool = event.event_metadata.get("tool_name").and_then(|name| name.as_str());
    [
        event.seq.to_string(),
        event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        event.event_type.to_string(),
        escaped(&event.actor),
        event.action_id.map(|id| id.to_string()).unwrap_or_default(),
        event.rule_id.map(|id| id.to_string()).unwrap_or_default(),
        tool.map(escaped).unwrap_or_default(),
        event.reason.as_deref().map(escaped).unwrap_or_default(),
        escaped(&event.event_metadata.to_text()),
        event.event_id.to_string(),
        event.content_hash.to_string(),
    ]
}
