//! The one client through which Countersign sends anything. It looks names up itself, and connects to the very
//! addresses that it has judged; it follows no redirect, uses no proxy of the environment, keeps no connection (unless it is
//! told to), decodes nothing, and waits and reads no more than it said. What it answers tells what is certain: that nothing was sent, or
//! that something may have been.

mod answer;
mod resolver;
pub mod signature;

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use engine::outbound::{OutboundAllow, Reach, Target};
use http::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

pub use answer::{Answer, Body, LONGEST};
use resolver::{Refused, Resolver};

/// How long a connection may take: the name looked up, TCP, TLS. Shorter than any call, so that a connection that
/// does not come about is never taken for one that did.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(5);

const USER_AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Certain: no connection was established. Why, in words.
    NotSent(String),
    /// The request may have been received. What happened, in words.
    Lost(String),
}

/// The client. One of its kind to a server.
#[derive(Debug, Default)]
pub struct Outbound {
    allow: OutboundAllow,
    /// How many connections to a place are kept when they are idle.
    idle: usize,
    /// One for each [`Reach`], made when it is first needed: it reads the system's certificates.
    clients: [OnceLock<Client>; 3],
}

/// So long is an idle connection kept: less than servers keep theirs (Node.js: five seconds), so that one is seldom lost just
/// when it is used.
const IDLE: Duration = Duration::from_secs(3);

impl Outbound {
    /// A client that reaches public addresses, and what is allowed besides.
    pub fn new(allow: OutboundAllow) -> Self {
        Self { allow, ..Self::default() }
    }

    /// The same, but a connection is used again: for what may be asked twice.
    pub fn keeping_connections(allow: OutboundAllow) -> Self {
        Self { allow, idle: 32, ..Self::default() }
    }

    /// Posts `body` to `url` and reads the answer, all of it within the time.
    ///
    /// # Errors
    /// [`NoAnswer`]: what is certain about it.
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: String,
        within: Duration,
    ) -> Result<Answer, NoAnswer> {
        Ok(answer::read(self.open(url, headers, body, within).await?).await)
    }

    /// The same, but the answer's body is still to be read, within the same time.
    ///
    /// # Errors
    /// As [`Outbound::post`].
    pub async fn open(
        &self,
        url: &str,
        headers: HeaderMap,
        body: String,
        within: Duration,
    ) -> Result<Response, NoAnswer> {
        let not_sent = |why: String| NoAnswer::NotSent(format!("Nothing was sent: {why}."));
        // Judged again, though it was when it was configured: what is allowed may be less by now. An address in the
        // place of a name is judged here; a name's by the resolver.
        let target = Target::parse(url, &self.allow).map_err(|wrong| not_sent(format!("the URL {wrong}")))?;
        let client = self.client(target.reach(&self.allow)).map_err(|error| not_sent(words(&error)))?;
        let request = client.post(target.as_str()).headers(headers).body(body).timeout(within);
        match request.send().await {
            Ok(response) => Ok(response),
            Err(error) if error.is_connect() || error.is_builder() => {
                Err(not_sent(format!("there is no connection to {}: {}", target.place(), words(&error))))
            }
            Err(error) if error.is_timeout() => {
                Err(NoAnswer::Lost(format!("There was no answer within {} s.", within.as_secs())))
            }
            Err(error) => Err(NoAnswer::Lost(format!("The connection ended without an answer: {}.", words(&error)))),
        }
    }

    fn client(&self, reach: Reach) -> Result<Client, reqwest::Error> {
        let place = &self.clients[reach as usize];
        if let Some(client) = place.get() {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .dns_resolver(Resolver::new(reach, self.allow.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            // Otherwise a connection is for one call: what an old one lost could not be told from what a new one was not sent.
            .pool_max_idle_per_host(self.idle)
            .pool_idle_timeout(IDLE)
            .connect_timeout(CONNECT_WITHIN)
            .tcp_nodelay(true)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .build()?;
        Ok(place.get_or_init(|| client).clone())
    }
}

/// The innermost cause, which is the one that says something: the layers above it repeat the URL or say "error".
fn words(error: &(dyn Error + 'static)) -> String {
    let mut inner = error;
    while let Some(cause) = inner.source() {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return refused.to_string();
        }
        inner = cause;
    }
    let said = match inner.downcast_ref::<reqwest::Error>() {
        // The outermost is also the innermost: it would name the whole URL.
        Some(_) => "the request could not be made".to_owned(),
        None => inner.to_string(),
    };
    said.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
