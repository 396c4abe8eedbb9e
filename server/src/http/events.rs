//! `/events/stream`: server-sent events that say what changed; whoever listens reads it again.
//!
//! The stream is subscribed before anything is read, so nothing falls between. A client that comes back with
//! `Last-Event-ID` gets what happened since, or `resync` where that is too much.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use app::visitor::Visitor;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::identity::{Principal, Scope};
use domain::problem::{Code, Problem};
use engine::notify::{Change, Kind};
use futures::{Stream, StreamExt, stream};
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::AppState;
use super::problem::ApiResult;
use super::session::Caller;

/// How often a silent stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often an open stream asks whether its listener may still listen.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How long a browser waits before it comes back after a cut; by itself it would wait three times as long.
const COME_BACK: Duration = Duration::from_secs(1);

/// From so many changes at once on, a listener does better to read everything again than to be told each.
const TOO_MANY: usize = 100;

/// The route, relative to `/api/approvals`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(listen))
}

/// Tells what changes, as it changes (server-sent events).
///
/// An event `change` has `{kind, id, seq}`; `resync` says that it is too much to tell. `Last-Event-ID` goes on after it.
#[utoipa::path(
    get, path = "/events/stream", tag = "Audit trail", operation_id = "listen",
    params(("Last-Event-ID" = Option<String>, Header, description = "The event that was seen last")),
    responses((status = 200, description = "A stream that does not end", body = String, content_type = "text/event-stream"))
)]
async fn listen(
    State(state): State<AppState>,
    Caller(principal): Caller,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    if !principal.may(Scope::ActionsRead) {
        return Err(Problem::new(Code::Forbidden, format!("{} may not read actions.", principal.name())).into());
    }
    let changes = BroadcastStream::new(state.engine.changes().watch());
    let seq = engine::audit::newest(&state.engine).await?;
    let greeting = json!({"seq": seq, "version": state.assets.version}).to_string();
    let hello = Event::default().event("hello").retry(COME_BACK).data(greeting);
    // Who comes back has a place already, and keeps it until what was missed is told.
    let (hello, missed) = match last_seen(&headers) {
        None => (hello.id(seq.to_string()), Vec::new()),
        Some(last) => (hello, missed(&state, last).await?),
    };
    let told_already: HashSet<i64> = missed.iter().map(|change| change.seq).filter(|seq| *seq > 0).collect();
    let missed = told(&missed);
    let bye = Event::default().event("bye").data("{}");
    let stopped = state.engine.changes().stopped();
    let live = changes.flat_map(move |changes| {
        stream::iter(match changes {
            Ok(changes) => {
                // What was gathered while the missed was read is among both.
                let new: Vec<_> =
                    changes.iter().filter(|change| !told_already.contains(&change.seq)).cloned().collect();
                told(&new)
            }
            Err(BroadcastStreamRecvError::Lagged(_)) => vec![resync()],
        })
    });
    let stream = stream::iter([hello])
        .chain(stream::iter(missed))
        .chain(live)
        .take_until(async move { stopped.cancelled().await })
        .take_until(no_longer_current(state, principal, visitor.and_then(|visitor| visitor.session_id)))
        .chain(stream::iter([bye]))
        .map(Ok);
    // An event and not a comment: only what has a name reaches a browser's script, which can tell a silent
    // stream from a dead one by it.
    let ping = Event::default().event("ping").data("{}");
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).event(ping)))
}

/// Done when whoever listens may not any more: signed out, disabled, revoked. A database that is away says nothing.
async fn no_longer_current(state: AppState, principal: Principal, session: Option<Uuid>) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        if let Ok(false) = engine::identity::is_current(&state.engine, &principal, session).await {
            return;
        }
    }
}

/// The place of the event that a client saw last.
fn last_seen(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// What happened since, or that it is too much to tell.
async fn missed(state: &AppState, last: i64) -> ApiResult<Vec<Change>> {
    let events = engine::audit::since(&state.engine, last).await?;
    if events.len() >= engine::audit::AT_ONCE {
        return Ok(vec![Change::resync()]);
    }
    Ok(events.iter().filter_map(|entry| Some(Change::action(entry.action_id?, entry.seq))).collect())
}

/// What a listener is told of changes that came together.
fn told(changes: &[Change]) -> Vec<Event> {
    if changes.len() < TOO_MANY {
        return changes.iter().map(event).collect();
    }
    let newest = changes.iter().map(|change| change.seq).max().unwrap_or_default();
    vec![if newest > 0 { resync().id(newest.to_string()) } else { resync() }]
}

fn event(change: &Change) -> Event {
    if change.kind == Kind::Resync {
        return resync();
    }
    let data = serde_json::to_string(change).expect("a change is plain data");
    let event = Event::default().event("change").data(data);
    // 0: noticed by looking, not told by an event.
    if change.seq > 0 { event.id(change.seq.to_string()) } else { event }
}

fn resync() -> Event {
    Event::default().event("change").data(r#"{"kind":"resync","id":"","seq":0}"#)
}
