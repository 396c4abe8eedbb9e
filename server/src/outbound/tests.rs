//! The client against a real listener: what is sent, what is not, what is certain afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Listens, counts connections, and does with each what the test says.
struct Peer {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Peer {
    async fn new<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream));
            }
        });
        Self { port, connections }
    }

    /// One that reads the request and answers these bytes.
    async fn saying(answer: &'static [u8]) -> Self {
        Self::new(move |mut stream| async move {
            read_request(&mut stream).await;
            let _ = stream.write_all(answer).await;
        })
        .await
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/run?key=canary-in-url", self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads head and body. The body of these tests has four bytes.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\nbody") {
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn post(allow: &str, url: &str) -> Result<Answer, NoAnswer> {
    let outbound = Outbound::new(allow.parse().expect("entries"));
    outbound.post(url, HeaderMap::new(), "body".to_owned(), Duration::from_secs(1)).await
}

fn not_sent(answer: Result<Answer, NoAnswer>) -> String {
    match answer {
        Err(NoAnswer::NotSent(why)) => why,
        other => panic!("it must be certain that nothing was sent: {other:?}"),
    }
}

fn lost(answer: Result<Answer, NoAnswer>) -> String {
    match answer {
        Err(NoAnswer::Lost(why)) => why,
        other => panic!("nobody can know: {other:?}"),
    }
}

const LOOPBACK: &str = "127.0.0.0/8,::1";

#[tokio::test]
async fn where_connections_are_kept_one_is_used_again() {
    let peer = Peer::new(|mut stream| async move {
        while read_request(&mut stream).await.ends_with("body") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let outbound = Outbound::keeping_connections(LOOPBACK.parse().expect("entries"));
    for _ in 0..3 {
        let within = Duration::from_secs(5);
        let sent = outbound.post(&peer.url("127.0.0.1"), HeaderMap::new(), "body".to_owned(), within).await;
        assert_eq!(sent.expect("it is answered").status, 200);
    }
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn a_private_place_is_not_even_connected_to_unless_it_is_allowed() {
    let peer = Peer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.0.0.1."];
    for host in hosts {
        for url in [peer.url(host), peer.url(host).replace("http:", "https:")] {
            let why = not_sent(post("", &url).await);
            assert!(!why.contains("canary"), "{why}");
        }
    }
    // A network that is allowed is not a way to another one.
    not_sent(post("10.0.0.0/8", &peer.url("localhost")).await);
    not_sent(post("", "http://169.254.169.254/latest/meta-data").await);
    not_sent(post("", "https://169.254.169.254/latest/meta-data").await);
    assert_eq!(peer.connections(), 0);
    let named = format!("localhost:{}", peer.port);
    for (allow, host) in [(LOOPBACK, "127.0.0.1"), (LOOPBACK, "localhost"), (named.as_str(), "localhost")] {
        assert!(post(allow, &peer.url(host)).await.is_ok(), "{allow} {host}");
    }
    not_sent(post(&named, &peer.url("127.0.0.1")).await);
    assert_eq!(peer.connections(), 3);
}

#[tokio::test]
async fn the_request_is_plain_and_asks_for_no_coding() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let peer = Peer::new(move |mut stream| {
        let tell = tell.lock().expect("one at a time").take();
        async move {
            let request = read_request(&mut stream).await;
            let _ = tell.expect("one request").send(request);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    })
    .await;
    let answer = post(LOOPBACK, &peer.url("localhost")).await.expect("an answer");
    assert_eq!(answer, Answer { status: 204, body: Body::Whole(Vec::new()) });
    let request = told.await.expect("a request").to_lowercase();
    assert!(request.starts_with("post /run?key=canary-in-url http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nuser-agent: countersign/{}\r\n", env!("CARGO_PKG_VERSION"))), "{request}");
    assert!(request.contains(&format!("\r\nhost: localhost:{}\r\n", peer.port)), "{request}");
    assert!(!request.contains("accept-encoding") && !request.contains("referer"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_answered_and_not_followed() {
    let elsewhere = Peer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let location = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        elsewhere.url("localhost")
    );
    let peer = Peer::saying(Box::leak(location.into_boxed_str()).as_bytes()).await;
    let answer = post(LOOPBACK, &peer.url("localhost")).await.expect("an answer");
    assert_eq!((answer.status, peer.connections(), elsewhere.connections()), (307, 1, 0));
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = gone.local_addr().expect("an address").port();
    drop(gone);
    let why = not_sent(post(LOOPBACK, &format!("http://localhost:{port}/")).await);
    assert!(why.starts_with(&format!("Nothing was sent: there is no connection to localhost:{port}: ")), "{why}");
    // Nor where somebody listens who speaks no TLS.
    let peer = Peer::new(|mut stream| async move {
        let _ = stream.read(&mut [0; 64]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    not_sent(post(LOOPBACK, &peer.url("localhost").replace("http:", "https:")).await);
}

#[tokio::test]
async fn once_it_may_have_been_sent_only_an_answer_makes_it_certain() {
    let silent = Peer::new(|mut stream| async move {
        read_request(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let started = Instant::now();
    assert_eq!(lost(post(LOOPBACK, &silent.url("localhost")).await), "There was no answer within 1 s.");
    assert!(started.elapsed() < Duration::from_secs(3));

    let reset = Peer::new(|mut stream| async move {
        read_request(&mut stream).await;
        stream.set_zero_linger().expect("a socket");
    })
    .await;
    let closed = Peer::saying(b"").await;
    let garbage = Peer::saying(b"SMTP ready\r\n\r\n").await;
    for peer in [&reset, &closed, &garbage] {
        let why = lost(post(LOOPBACK, &peer.url("localhost")).await);
        assert!(!why.contains("canary"), "{why}");
        assert_eq!(peer.connections(), 1, "it is not sent again: {why}");
    }
}

#[tokio::test]
async fn an_answer_is_read_no_further_than_it_is_kept() {
    let endless = Peer::new(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await;
        let piece = vec![b'a'; 65_536];
        let mut written = 0_usize;
        while written < 1 << 30 && stream.write_all(&piece).await.is_ok() {
            written += piece.len();
        }
        assert!(written < 16 << 20, "the connection was closed long before the end: {written}");
    })
    .await;
    let answer = post(LOOPBACK, &endless.url("localhost")).await.expect("an answer");
    assert_eq!(answer, Answer { status: 200, body: Body::TooLong });
    for (said, body) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"[..], Body::Encoded),
        (
            b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 3\r\n\r\nabc",
            Body::Whole(b"abc".to_vec()),
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", Body::Broken),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nwhat", Body::Broken),
    ] {
        let peer = Peer::saying(said).await;
        assert_eq!(post(LOOPBACK, &peer.url("localhost")).await.expect("an answer"), Answer { status: 200, body });
    }
}

#[tokio::test]
async fn each_call_has_a_connection_of_its_own() {
    let peer = Peer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n").await;
    let outbound = Outbound::new(LOOPBACK.parse().expect("entries"));
    let url = peer.url("localhost");
    for _ in 0..3 {
        let sent = outbound.post(&url, HeaderMap::new(), "body".to_owned(), Duration::from_secs(1));
        sent.await.expect("an answer");
    }
    assert_eq!(peer.connections(), 3);
}
