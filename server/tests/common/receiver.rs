//! A receiver of calls on loopback: counts and keeps what comes, and answers as the test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request that came in whole.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Request {
    /// The value of a header that must be there once.
    pub fn header(&self, name: &str) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let values: Vec<&str> =
            lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect();
        assert_eq!(values.len(), 1, "{name} in {}", self.head);
        values[0].to_owned()
    }

    /// The body, without what a number loses in serde_json.
    pub fn json(&self) -> serde_json::Value {
        // 1e400 is no number to serde_json.
        serde_json::from_str(&self.body.replace("1e400", "0")).expect("JSON")
    }
}

/// What is done with a request.
pub enum Reply {
    /// These bytes, then the end.
    Raw(String),
    /// 200 with this JSON, later.
    After(Duration, &'static str),
    /// Nothing, for a minute.
    Silence,
    /// The connection is reset.
    Reset,
    /// 200 and a gigabyte.
    Endless,
}

impl Reply {
    pub fn raw(text: String) -> Self {
        Self::Raw(text)
    }

    pub fn json(status: u16, body: &str) -> Self {
        let length = body.len();
        Self::Raw(format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Request>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

pub struct Receiver {
    port: u16,
    seen: Arc<Seen>,
}

impl Receiver {
    pub async fn new(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (seen, reply) = (Arc::new(Seen::default()), Arc::new(reply));
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, reply) = (shared.clone(), reply.clone());
                tokio::spawn(async move {
                    let Some(request) = read(&mut stream).await else { return };
                    let reply = reply(&request);
                    seen.requests.lock().expect("no panic").push(request);
                    let now = seen.at_once.fetch_add(1, Ordering::SeqCst) + 1;
                    seen.most_at_once.fetch_max(now, Ordering::SeqCst);
                    answer(stream, reply, &seen).await;
                });
            }
        });
        Self { port, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().expect("no panic").clone()
    }

    /// How many were being answered at the same time, at most.
    pub fn most_at_once(&self) -> usize {
        self.seen.most_at_once.load(Ordering::SeqCst)
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 16_384];
        let length = stream.read(&mut piece).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let declared = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= declared.unwrap_or(0) {
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            return Some(Request { path, head: head.to_owned(), body: body.to_owned() });
        }
    }
}

async fn answer(mut stream: TcpStream, reply: Reply, seen: &Seen) {
    if let Reply::After(pause, _) = &reply {
        tokio::time::sleep(*pause).await;
    }
    seen.at_once.fetch_sub(1, Ordering::SeqCst);
    match reply {
        Reply::Raw(text) => drop(stream.write_all(text.as_bytes()).await),
        Reply::After(_, body) => {
            let length = body.len();
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            drop(stream.write_all(text.as_bytes()).await);
        }
        Reply::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
        Reply::Reset => stream.set_zero_linger().expect("a socket"),
        Reply::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await;
            let piece = vec![b'a'; 65_536];
            while stream.write_all(&piece).await.is_ok() {}
        }
    }
}
