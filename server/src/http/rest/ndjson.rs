//! Work that takes a while, told as it goes: `Accept: application/x-ndjson` gets a line a few times a second and last the
//! outcome. Whoever hangs up ends the work.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::Serialize;
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;

/// The media type.
pub(super) const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// Whether lines are asked for.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT) == Some(&NDJSON)
}

/// Where lines go.
pub(super) struct Lines(Sender<Result<String, Infallible>>);

impl Lines {
    /// How far it is. A reader that is slow misses a step, never the end.
    pub(super) fn progress(&self, step: &impl Serialize) {
        let _ = self.0.try_send(Ok(line("progress", step)));
    }

    /// What came of it.
    pub(super) async fn end<T: Serialize>(self, outcome: engine::Result<T>) {
        let last = match outcome {
            Ok(whole) => line("data", &whole),
            Err(error) => line("error", &error.into_problem()),
        };
        let _ = self.0.send(Ok(last)).await;
    }
}

/// The lines that `work` writes. It runs while somebody reads them.
pub(super) fn answer<Work>(work: impl FnOnce(Lines) -> Work) -> Response
where
    Work: Future<Output = ()> + Send + 'static,
{
    let (lines, told) = tokio::sync::mpsc::channel(16);
    // Dropped with the body: the work ends with whoever asked for it.
    let work = futures::stream::once(work(Lines(lines))).filter_map(async |()| None);
    let body = Body::from_stream(futures::stream::select(ReceiverStream::new(told), work));
    ([(CONTENT_TYPE, NDJSON)], body).into_response()
}

/// One line: `{"name": value}`.
pub(super) fn line(name: &str, value: &impl Serialize) -> String {
    let value = serde_json::to_string(value).expect("what is told is plain data");
    format!("{{\"{name}\":{value}}}\n")
}
