//! What goes through the library to the letter: the parameters of a request, and the result that answers it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use domain::json::Json;
use futures::StreamExt;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the revision of the protocol puts into a result: the library's word, whatever an upstream of another revision says.
const OF_THE_PROTOCOL: [&str; 3] = ["resultType", "ttlMs", "cacheScope"];

/// A request beside the library's copy of it.
#[derive(Clone)]
pub(super) struct Sent {
    /// `params`, with every digit and every member once.
    pub(super) params: Json,
    result: Arc<Mutex<Option<Exact>>>,
}

/// What a request is answered with, in the place of what the library was given.
enum Exact {
    Now(Json),
    Later(Later),
}

/// Begins the work that a request is answered with. It is told when nobody listens any more, and goes on all the same.
type Later = Box<dyn FnOnce(CancellationToken) -> JoinHandle<Json> + Send>;

impl Sent {
    pub(super) fn of(message: &Json) -> Self {
        let params = message.get("params").cloned().unwrap_or_else(|| Json::Object(Vec::new()));
        Self { params, result: Arc::default() }
    }

    /// The request is answered with this, in the place of the library's copy of it.
    pub(super) fn answer_exactly(&self, result: Json) {
        self.put(Exact::Now(result));
    }

    /// The request is answered with what `work` comes to. The library is done with the request by then: what it has for each (a
    /// hundred kilobytes of channels) is not kept while a person thinks.
    pub(super) fn answer_later<Work>(&self, work: impl FnOnce(CancellationToken) -> Work + Send + 'static)
    where
        Work: Future<Output = Json> + Send + 'static,
    {
        self.put(Exact::Later(Box::new(|gone| tokio::spawn(work(gone)))));
    }

    fn put(&self, exact: Exact) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(exact);
    }

    async fn taken(&self) -> Option<Json> {
        let exact = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        match exact? {
            Exact::Now(result) => Some(result),
            Exact::Later(begin) => {
                // Dropped with the connection.
                let gone = CancellationToken::new();
                let _listens = gone.clone().drop_guard();
                begin(gone).await.ok()
            }
        }
    }
}

/// Puts the exact result into the library's answer, be it one document or the end of a stream.
pub(super) async fn restore(response: Response, sent: Sent) -> Response {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/event-stream") {
        // The library writes each event in one piece.
        return response.map(|body| {
            Body::from_stream(body.into_data_stream().then(move |piece| {
                let sent = sent.clone();
                async move { Ok::<_, axum::Error>(in_event(piece?, &sent).await) }
            }))
        });
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let Some(result) = sent.taken().await else { return Response::from_parts(parts, Body::from(bytes)) };
    parts.headers.remove(CONTENT_LENGTH);
    let text = in_message(&bytes, &result);
    Response::from_parts(parts, Body::from(text.map_or(bytes, Bytes::from)))
}

async fn in_event(piece: Bytes, sent: &Sent) -> Bytes {
    let Ok(text) = std::str::from_utf8(&piece) else { return piece };
    let Some((before, data)) = text.split_once("data: ") else { return piece };
    let Some((data, after)) = data.split_once('\n') else { return piece };
    if !data.contains("\"result\"") {
        return piece;
    }
    let Some(result) = sent.taken().await else { return piece };
    match in_message(data.as_bytes(), &result) {
        Some(message) => Bytes::from(format!("{before}data: {message}\n{after}")),
        None => piece,
    }
}

/// `None`: it is no answer with a result.
fn in_message(message: &[u8], exact: &Json) -> Option<String> {
    let Ok(Json::Object(mut members)) = Json::parse(message) else { return None };
    let (_, result) = members.iter_mut().find(|(name, _)| name == "result")?;
    let own = |name: &str| OF_THE_PROTOCOL.contains(&name);
    let of_library = result.as_object().unwrap_or_default().iter().filter(|(name, _)| own(name)).cloned();
    let exact = exact.as_object()?.iter().filter(|(name, _)| !own(name)).cloned();
    *result = Json::Object(exact.chain(of_library).collect());
    Some(Json::Object(members).to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_keeps_its_digits_and_what_the_revision_of_the_protocol_adds() {
        let message = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"n":1e21},"resultType":"complete"}}"#;
        let exact = r#"{"content":[],"structuredContent":{"n":1000000000000000000001.50},"resultType":"other"}"#;
        let exact = Json::parse_str(exact).expect("it is JSON");
        let restored = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"n":1000000000000000000001.50},"resultType":"complete"}}"#;
        assert_eq!(in_message(message, &exact).as_deref(), Some(restored));
        let sent = Sent::of(&Json::Object(Vec::new()));
        sent.answer_exactly(exact.clone());
        let progress = Bytes::from_static(b"data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n");
        assert_eq!(in_event(progress.clone(), &sent).await, progress);
        let event = Bytes::from(format!("id: 1\ndata: {}\n\n", std::str::from_utf8(message).expect("text")));
        assert_eq!(in_event(event, &sent).await, Bytes::from(format!("id: 1\ndata: {restored}\n\n")));
        let error = br#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}"#;
        assert_eq!(in_message(error, &exact), None);
    }

    #[tokio::test]
    async fn a_result_that_comes_later_goes_on_when_nobody_waits_for_it() {
        let sent = Sent::of(&Json::Null);
        let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
        sent.answer_later(|gone| async move {
            gone.cancelled().await;
            told.send("went on").expect("somebody hears");
            Json::Null
        });
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(10), sent.taken());
        assert!(waiting.await.is_err(), "it waits as long as somebody listens");
        assert_eq!(hears.recv().await, Some("went on"));
    }
}
