//! The link against a real server that answers in streams of events.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::*;

const WITHIN: Duration = Duration::from_secs(10);

/// Counts connections, and answers each request with the stream that the test makes of its id.
async fn upstream(answer: fn(i64) -> Body) -> (Remote, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    let listener = listener.tap_io(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let streams = post(move |request: String| async move {
        let request = Json::parse_str(&request).expect("it is JSON");
        let id = request.get("id").and_then(Json::as_i64).expect("a number");
        ([(CONTENT_TYPE, "text/event-stream")], answer(id))
    });
    let server = axum::serve(listener, Router::new().route("/mcp", streams));
    tokio::spawn(server.into_future());
    let allow = "127.0.0.1".parse().expect("a place");
    (Remote::new(&allow, &url, &HeaderMap::new()), connections)
}

/// An answer, and a while later the end of the stream.
fn answered(id: i64) -> Body {
    let answer = format!("data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"id\":{id}}}}}\n\n");
    let end = futures::stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, io::Error>(": the end\n\n".to_owned())
    });
    Body::from_stream(futures::stream::iter([Ok(answer)]).chain(end))
}

async fn ask(remote: &Remote, over: Connection) -> Answer {
    remote.request("ping", |_| Json::Object(Vec::new()), over, None, WITHIN).await
}

#[tokio::test]
async fn what_passes_goes_over_one_connection_and_an_approved_call_over_its_own() {
    for (over, expected) in [(Connection::Kept, 1), (Connection::Own, 3)] {
        let (remote, connections) = upstream(answered).await;
        for id in 1..=3_i64 {
            assert_eq!(ask(&remote, over).await, Ok(Json::object([("id", Json::from(id))])));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(connections.load(Ordering::SeqCst), expected, "{over:?}");
    }
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_end_of_its_stream() {
    let endless = |id| Body::from_stream(answered(id).into_data_stream().chain(futures::stream::pending()));
    let (remote, _) = upstream(endless).await;
    let answer = timeout(Duration::from_secs(1), ask(&remote, Connection::Kept)).await;
    assert!(answer.expect("in time").is_ok());
}

#[tokio::test]
async fn a_stream_that_never_comes_to_an_event_is_not_read_for_ever() {
    let endless = |_| {
        let piece = || Ok::<_, io::Error>(Bytes::from_static(&[b'a'; 1 << 16]));
        Body::from_stream(futures::stream::repeat_with(piece))
    };
    let (remote, _) = upstream(endless).await;
    match ask(&remote, Connection::Kept).await {
        Err(Fault::Lost(why)) => assert!(why.contains("too long"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_stream_that_ends_without_an_answer_leaves_the_call_unknown() {
    let (remote, _) = upstream(|_| Body::from("data: {}\n\n")).await;
    assert!(matches!(ask(&remote, Connection::Kept).await, Err(Fault::Lost(_))));
}
