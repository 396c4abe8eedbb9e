//! An upstream that is reached over streamable HTTP, with credentials of our own. A request is one POST; what comes back is one
//! document or a stream of events that ends with the answer.

use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::body::Bytes;
use domain::json::Json;
use engine::outbound::OutboundAllow;
use futures::{Stream, StreamExt};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Response;
use sse_stream::SseStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Connection;
use super::message::{Answer, Fault, Incoming, read, request};
use crate::outbound::{NoAnswer, Outbound};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 << 20;
/// A stream ends right after the answer in it. It is read so far, because a connection with something on it is not used again.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// An upstream somewhere else.
pub(super) struct Remote {
    /// For what passes, and for approved calls.
    kept: Outbound,
    own: Outbound,
    url: String,
    headers: HeaderMap,
    next: AtomicI64,
    /// What it settled in the handshake.
    settled: RwLock<HeaderMap>,
    /// Cancelled when it is not there any more, or knows nothing of the handshake: it is to be met anew.
    pub(super) lost: CancellationToken,
}

impl Remote {
    pub(super) fn new(allow: &OutboundAllow, url: &str, headers: &HeaderMap) -> Self {
        Self {
            kept: Outbound::keeping_connections(allow.clone()),
            own: Outbound::new(allow.clone()),
            url: url.to_owned(),
            headers: headers.clone(),
            next: AtomicI64::new(1),
            settled: RwLock::default(),
            lost: CancellationToken::new(),
        }
    }

    /// From now on requests say that they are of this revision of the protocol.
    pub(super) fn settle(&self, protocol: &str) {
        if let Ok(value) = HeaderValue::try_from(protocol) {
            self.settled.write().unwrap_or_else(PoisonError::into_inner).insert(VERSION, value);
        }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn request(
        &self,
        method: &str,
        params: impl FnOnce(i64) -> Json,
        over: Connection,
        progress: Option<mpsc::UnboundedSender<Json>>,
        within: Duration,
    ) -> Answer {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let params = params(id);
        let name = params.get("name").or_else(|| params.get("uri")).and_then(Json::as_str).map(str::to_owned);
        let body = request(id, method, params);
        let response = self.post(method, name.as_deref(), body, over, within).await?;
        if !response.status().is_success() {
            // An error of a call comes with a good status: this one is of the session, with whatever word a server has for it.
            if response.status().is_client_error() && self.has_session() {
                self.lost.cancel();
            }
            return refused(response).await;
        }
        if method == "initialize"
            && let Some(session) = response.headers().get(SESSION)
        {
            self.settled.write().unwrap_or_else(PoisonError::into_inner).insert(SESSION, session.clone());
        }
        match timeout(within, answer(response, id, progress)).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::Lost(format!("The upstream did not answer within {} s.", within.as_secs()))),
        }
    }

    pub(super) async fn notify(&self, method: &str, line: String) {
        let told = self.post(method, None, line, Connection::Kept, Duration::from_secs(10)).await;
        if let Err(fault) = told {
            tracing::debug!(why = fault.words(), "an upstream was not told");
        }
    }

    fn has_session(&self) -> bool {
        self.settled.read().unwrap_or_else(PoisonError::into_inner).contains_key(SESSION)
    }

    async fn post(
        &self,
        method: &str,
        name: Option<&str>,
        body: String,
        over: Connection,
        within: Duration,
    ) -> Result<Response, Fault> {
        let mut headers = self.headers.clone();
        headers.extend(self.settled.read().unwrap_or_else(PoisonError::into_inner).clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        for (header, text) in [(METHOD, Some(method)), (NAME, name)] {
            if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.insert(header, value);
            }
        }
        let outbound = match over {
            Connection::Kept => &self.kept,
            Connection::Own => &self.own,
        };
        outbound.open(&self.url, headers, body, within).await.map_err(|no| {
            // A connection that was kept may have been too old: that says nothing of the upstream.
            if matches!((over, &no), (Connection::Own, _) | (_, NoAnswer::NotSent(_))) {
                self.lost.cancel();
            }
            match no {
                NoAnswer::NotSent(why) => Fault::NotSent(why),
                NoAnswer::Lost(why) => Fault::Lost(why),
            }
        })
    }
}

/// A status that is an error says with certainty that the call was refused, unless it speaks of the upstream's own trouble.
async fn refused(response: Response) -> Answer {
    let status = response.status();
    let body = body(response).await.unwrap_or_default();
    if let Some(Incoming::Answer(_, Err(fault))) = Json::parse(&body).ok().as_ref().and_then(read_any) {
        return Err(fault);
    }
    let said = format!("The upstream answered with status {status}.");
    Err(if status.is_server_error() {
        Fault::Lost(said)
    } else {
        Fault::Refused { code: -32_000, message: said, data: None }
    })
}

/// Some errors come without the id of what they are about.
fn read_any(message: &Json) -> Option<Incoming> {
    if message.get("error").is_some() && message.get("id").is_none_or(Json::is_null) {
        let mut members = message.as_object()?.to_vec();
        members.retain(|(name, _)| name != "id");
        members.push(("id".to_owned(), Json::from(0_i64)));
        return read(&Json::Object(members));
    }
    read(message)
}

async fn answer(response: Response, id: i64, progress: Option<mpsc::UnboundedSender<Json>>) -> Answer {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/event-stream") {
        return stream(response, id, progress).await;
    }
    let bytes = body(response).await?;
    match Json::parse(&bytes).ok().as_ref().and_then(read) {
        Some(Incoming::Answer(own, answer)) if own == id => answer,
        _ => Err(Fault::Lost("The upstream answered with something that is no answer.".to_owned())),
    }
}

async fn stream(response: Response, id: i64, progress: Option<mpsc::UnboundedSender<Json>>) -> Answer {
    let mut events = SseStream::from_bytes_stream(pieces(response));
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| match error {
            sse_stream::Error::Body(cut) => Fault::Lost(cut.to_string()),
            _ => Fault::from(Cut::Ended),
        })?;
        let Some(data) = event.data else { continue };
        match Json::parse_str(&data).ok().as_ref().and_then(read) {
            Some(Incoming::Answer(own, answer)) if own == id => {
                tokio::spawn(timeout(ENDS_WITHIN, async move { while let Some(Ok(_)) = events.next().await {} }));
                return answer;
            }
            Some(Incoming::Notification { method, params }) if method == "notifications/progress" => {
                if let Some(progress) = &progress {
                    let _ = progress.send(params);
                }
            }
            _ => {}
        }
    }
    Err(Cut::Ended.into())
}

/// Why an answer is not there as a whole.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("The upstream's answer is too long.")]
    TooLong,
    #[error("The upstream's answer ended before its end.")]
    Ended,
}

impl From<Cut> for Fault {
    fn from(cut: Cut) -> Self {
        Self::Lost(cut.to_string())
    }
}

/// The pieces of the answer.
fn pieces(response: Response) -> impl Stream<Item = Result<Bytes, Cut>> {
    let mut so_far = 0;
    response.bytes_stream().map(move |piece| {
        let piece = piece.map_err(|_| Cut::Ended)?;
        so_far += piece.len();
        if so_far > LONGEST { Err(Cut::TooLong) } else { Ok(piece) }
    })
}

async fn body(response: Response) -> Result<Vec<u8>, Cut> {
    let mut pieces = pin!(pieces(response));
    let mut kept = Vec::new();
    while let Some(piece) = pieces.next().await {
        kept.extend_from_slice(&piece?);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
