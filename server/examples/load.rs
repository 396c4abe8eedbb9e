//! The load client of `make bench`: HTTP/1.1 by hand over connections that stay open, on one thread, so that it
//! takes as little as possible of the machine that it shares with what it measures.
//!
//! `load park ADDR TOKEN CLIENTS SECONDS BODY_FILE`: parks without a pause
//! `load page ADDR COOKIE PATH COUNT`: gets a page again and again
//! `load decide ADDR AGENT_TOKEN PERSON_TOKEN COUNT BODY_FILE`: from a decision to the agent that waits for it
//!
//! It says one JSON object: how many, how many per second, and milliseconds at the 50th and 99th percentile.
#![allow(clippy::print_stdout, reason = "the figures are the answer")]

use std::error::Error;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (started, times) = (Instant::now(), measure(&words).await?);
    say(times, started.elapsed());
    Ok(())
}

async fn measure(words: &[&str]) -> Outcome<Vec<Duration>> {
    match *words {
        ["park", addr, token, clients, seconds, body] => {
            let request = post("/api/approvals/actions", token, &std::fs::read_to_string(body)?);
            park(addr, request, clients.parse()?, Duration::from_secs(seconds.parse()?)).await
        }
        ["page", addr, cookie, path, count] => {
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: bench\r\naccept: text/html\r\ncookie: {cookie}\r\n\r\n");
            pages(addr, &request, count.parse()?).await
        }
        ["decide", addr, agent, person, count, body] => {
            decide(addr, agent, person, count.parse()?, &std::fs::read_to_string(body)?).await
        }
        _ => Err("what to measure? see the head of server/examples/load.rs".into()),
    }
}

/// As many clients as asked park one call after the other until the time is over.
async fn park(addr: &str, request: String, clients: usize, time: Duration) -> Outcome<Vec<Duration>> {
    let end = Instant::now() + time;
    let mut all = JoinSet::new();
    for _ in 0..clients {
        let (mut connection, request) = (Connection::open(addr).await?, request.clone());
        all.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let started = Instant::now();
                connection.ask(&request, 201).await?;
                times.push(started.elapsed());
            }
            Outcome::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(of_one) = all.join_next().await {
        times.append(&mut of_one??);
    }
    Ok(times)
}

async fn pages(addr: &str, request: &str, count: usize) -> Outcome<Vec<Duration>> {
    let mut connection = Connection::open(addr).await?;
    let mut times = Vec::new();
    for _ in 0..count {
        let started = Instant::now();
        connection.ask(request, 200).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

/// An agent waits for its action, a person decides: the time from sending the decision to the agent's answer.
async fn decide(addr: &str, agent: &str, person: &str, count: usize, body: &str) -> Outcome<Vec<Duration>> {
    let (mut waiting, mut deciding) = (Connection::open(addr).await?, Connection::open(addr).await?);
    let park = post("/api/approvals/actions", agent, body);
    let mut times = Vec::new();
    for _ in 0..count {
        waiting.ask(&park, 201).await?;
        let id = waiting.member("id")?;
        let wait = format!(
            "GET /api/approvals/actions/{id}?wait=30 HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {agent}\r\n\r\n"
        );
        let approve = post(&format!("/api/approvals/actions/{id}/approve"), person, "{}");
        let waits = async {
            waiting.ask(&wait, 200).await?;
            Outcome::Ok(Instant::now())
        };
        let decides = async {
            // Until the wait is really held.
            tokio::time::sleep(Duration::from_millis(30)).await;
            let started = Instant::now();
            deciding.ask(&approve, 200).await?;
            Outcome::Ok(started)
        };
        let (told, decided) = tokio::try_join!(waits, decides)?;
        times.push(told.checked_duration_since(decided).ok_or("the agent was answered before the decision")?);
        if waiting.member("status")? != "approved" {
            return Err("the agent was not told that its call is approved".into());
        }
    }
    Ok(times)
}

fn post(path: &str, token: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// A connection that stays open.
struct Connection {
    stream: TcpStream,
    /// The last answer: head, then body.
    answer: Vec<u8>,
}

impl Connection {
    async fn open(addr: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(64 << 10) })
    }

    /// Sends a request and reads the whole answer, which must have that status.
    async fn ask(&mut self, request: &str, status: u16) -> Outcome {
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        let head = loop {
            self.read().await?;
            if let Some(at) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = std::str::from_utf8(&self.answer[..head])?.to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).map(str::trim);
        match length {
            Some(length) => {
                let end = head + length.parse::<usize>()?;
                while self.answer.len() < end {
                    self.read().await?;
                }
            }
            None if text.contains("transfer-encoding: chunked") => {
                while !self.answer.ends_with(b"\r\n0\r\n\r\n") {
                    self.read().await?;
                }
            }
            None => return Err("an answer without an end".into()),
        }
        if text.starts_with(&format!("http/1.1 {status} ")) {
            return Ok(());
        }
        Err(format!("expected {status}: {}", String::from_utf8_lossy(&self.answer)).into())
    }

    async fn read(&mut self) -> Outcome {
        match self.stream.read_buf(&mut self.answer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }

    /// A text of the last answer's object, found without reading the rest.
    fn member(&self, name: &str) -> Outcome<String> {
        let text = std::str::from_utf8(&self.answer)?;
        let (_, rest) = text.split_once(&format!("\"{name}\":\"")).ok_or(format!("an answer without {name}"))?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }
}

fn say(mut times: Vec<Duration>, elapsed: Duration) {
    times.sort_unstable();
    let percentile = |share: usize| {
        let at = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    println!(
        r#"{{"count": {}, "per_second": {:.1}, "p50_ms": {:.3}, "p99_ms": {:.3}}}"#,
        times.len(),
        times.len() as f64 / elapsed.as_secs_f64(),
        percentile(50),
        percentile(99)
    );
}
