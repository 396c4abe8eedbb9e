//! `/events/stream`: server-sent events that say what changed; whoever listens reads it again.
//!
//! The stream is subscribed before anything is read, so nothing falls between. A client that comes back with
//! `Last-Event-ID` gets what happened since, or `resync` where that is too much.

use std::convert::Infallible;
use std::time::Duration;

use app::visitor::Visitor;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use axum::{Extension, Router};
use domain::identity::{Principal, Scope};
use domain::problem::{Code, Problem};
use engine::notify::{Change, Kind};
use futures::{Stream, StreamExt, stream};
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use uuid::Uuid;

use super::AppState;
use super::problem::ApiResult;
use super::session::Caller;

/// How often a silent stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often an open stream asks whether its listener may still listen.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// From so many changes at once on, a listener does better to read everything again than to be told each.
const TOO_MANY: usize = 100;

/// The route, relative to `/api/approvals`.
pub fn router() -> Router<AppState> {
    Router::new().route("/events/stream", get(listen))
}

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
    let hello = Event::default()
        .id(seq.to_string())
        .event("hello")
        .data(json!({"seq": seq, "version": state.assets.version}).to_string());
    let missed = missed(&state, &headers).await?;
    let bye = Event::default().event("bye").data("{}");
    let stopped = state.engine.changes().stopped();
    let live = changes.flat_map(|changes| {
        stream::iter(match changes {
            Ok(changes) => told(&changes),
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

/// What happened since the event that the client saw last.
async fn missed(state: &AppState, headers: &HeaderMap) -> ApiResult<Vec<Event>> {
    let Some(last) = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse::<i64>().ok()) else {
        return Ok(Vec::new());
    };
    let events = engine::audit::since(&state.engine, last).await?;
    if events.len() >= 500 {
        return Ok(vec![resync()]);
    }
    Ok(events
        .iter()
        .filter_map(|entry| {
            let id = entry.action_id?.to_string();
            Some(event(&Change { seq: entry.seq, kind: Kind::Action, id }))
        })
        .collect())
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
