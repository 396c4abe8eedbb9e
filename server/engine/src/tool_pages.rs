//! What the console's pages about tools show, put together here so that a page asks once.

use domain::event::Event;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::query_string::QueryString;
use domain::text_safety::{escaped, visible};
use domain::tool::{Gating, Registered};
use domain::tool_filter::ToolFilter;
use domain::tool_view::{Changed, ToolDetail, ToolLine, ToolList};
use domain::view::TimelineEntry;

use crate::console::timeline;
use crate::registry::{FullTool, list, show};
use crate::{Engine, Result, settings};

/// How much of a changed value is shown, in characters.
const LONG: usize = 80;

/// A page of the registry, as the page's address asks for it: the API's parameters.
///
/// # Errors
/// `forbidden`; `invalid_request` for a parameter that is not known; when the database cannot be read.
pub async fn tools(engine: &Engine, principal: &Principal, address: &str) -> Result<ToolList> {
    let mut query = QueryString::parse(Some(address))?;
    let filter = ToolFilter::read(&mut query);
    query.finish()?;
    let page = list(engine, principal, &filter).await?;
    let hours = settings::default_expiry_hours(engine).await?;
    let lines = page.tools.into_iter().map(|tool| line(hours, tool)).collect();
    Ok(ToolList { lines, next_cursor: page.next, total: page.total, now: page.now })
}

/// Everything about one tool.
///
/// # Errors
/// `forbidden`, `not_found`.
pub async fn tool(engine: &Engine, principal: &Principal, name: &str) -> Result<ToolDetail> {
    let FullTool { registered, events, now } = show(engine, principal, name).await?;
    let tool = &registered.tool;
    let schema = tool.input_schema.as_ref().zip(tool.schema_sha256);
    Ok(ToolDetail {
        own_expiry_hours: tool.expiry_hours,
        idempotent: tool.idempotent,
        configured: registered.configured,
        schema: schema.map(|(document, digest)| (visible(&document.to_text()), digest)),
        revision: tool.revision,
        created_at: registered.created_at,
        events: events.iter().map(entry).collect(),
        may_change: principal.may(Scope::ToolsWrite),
        now,
        line: line(settings::default_expiry_hours(engine).await?, registered),
    })
}

fn line(default_hours: i32, registered: Registered) -> ToolLine {
    let waiting_for_executor = registered.waiting_for_executor();
    let passes = registered.passes();
    let Registered { tool, pending, last_hour, .. } = registered;
    ToolLine {
        shown_name: escaped(&tool.name),
        risk_tier: tool.risk_tier,
        gating: if passes { "passes" } else { tool.gating.as_str() }.to_owned(),
        open_until: if let Gating::Open { until, .. } = &tool.gating { Some(*until) } else { None },
        reason: tool.gating.reason().map(visible),
        bypass_ended: tool.bypass_ended,
        executor: tool.executor,
        waiting_for_executor,
        expiry_hours: tool.expiry_hours.unwrap_or(default_hours),
        reviewed: tool.reviewed,
        pending,
        last_hour,
        has_schema: tool.schema_sha256.is_some(),
        sensitive_args: tool.sensitive_args,
        secret_args: tool.secret_args,
        name: tool.name,
    }
}

fn entry(event: &Event) -> (TimelineEntry, Vec<Changed>) {
    (timeline(event, visible), changes(&event.event_metadata))
}

/// What stands differently after than before.
pub(crate) fn changes(metadata: &Json) -> Vec<Changed> {
    let (Some(before), Some(after)) = (metadata.get("before"), metadata.get("after").and_then(Json::as_object)) else {
        return Vec::new();
    };
    let words = |value: Option<&Json>| match value {
        None | Some(Json::Null) => "none".to_owned(),
        Some(Json::String(text)) => cut(&escaped(text)),
        Some(other) => cut(&escaped(&other.to_text())),
    };
    let changed = after.iter().filter(|(what, value)| before.get(what).unwrap_or(&Json::Null) != value);
    changed
        // It is the entry's own reason.
        .filter(|(what, _)| what != "gating_reason")
        .map(|(what, value)| Changed {
            what: what.replace('_', " "),
            before: words(before.get(what)),
            after: words(Some(value)),
        })
        .collect()
}

fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(LONG).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
