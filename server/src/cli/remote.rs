//! A server, spoken to over HTTP with somebody's token.

use std::io::IsTerminal;

use clap::Args;
use domain::problem::Problem;
use reqwest::{Client, Method, RequestBuilder, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::terminal::print_json;
use crate::failure::{Failure, Outcome};

/// Which server, and for whom.
#[derive(Args, Clone, Debug)]
pub(super) struct RemoteFlags {
    /// The server's address
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The token to act with (better given as COUNTERSIGN_TOKEN: flags are visible to others on the machine)
    #[arg(long, value_name = "TOKEN", env = "COUNTERSIGN_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// A client of the API.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    client: Client,
    base: String,
    token: String,
}

impl Remote {
    pub(super) fn new(flags: &RemoteFlags) -> Outcome<Self> {
        let token = flags.token.clone().filter(|token| !token.is_empty()).ok_or_else(|| {
            Failure::misuse("no token. Set COUNTERSIGN_TOKEN (or --token); `countersign token create` makes one")
        })?;
        Self::with(&flags.url, &token)
    }

    pub(super) fn with(url: &str, token: &str) -> Outcome<Self> {
        let url: Url = url.parse().map_err(|error| Failure::misuse(format!("{url:?} is not a URL: {error}")))?;
        // A token is for the server it was meant for: no redirect carries it elsewhere.
        let mut client = Client::builder().redirect(reqwest::redirect::Policy::none()).user_agent("countersign-cli");
        let loopback = match url.host_str().unwrap_or_default() {
            "localhost" => true,
            host => {
                host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        };
        if loopback {
            // A proxy would look for this machine at its own end.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| Failure::because("the HTTP client does not start", &error))?;
        Ok(Self {
            client,
            base: format!("{}/api/approvals", url.as_str().trim_end_matches('/')),
            token: token.to_owned(),
        })
    }

    /// Sends `body` as it is.
    pub(super) async fn post(&self, path: &str, body: Vec<u8>) -> Outcome<Answer> {
        // Asking twice (a retry of a proxy, say) must not do it twice.
        self.post_under(&uuid::Uuid::new_v4().to_string(), path, body).await
    }

    /// The same under a key of one's own: asked again under it, the server answers what it answered.
    pub(super) async fn post_under(&self, key: &str, path: &str, body: impl Into<reqwest::Body>) -> Outcome<Answer> {
        let request =
            self.request(Method::POST, path).header("content-type", "application/json").header("idempotency-key", key);
        self.send(request.body(body)).await
    }

    pub(super) async fn get(&self, path: &str) -> Outcome<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    async fn send(&self, request: RequestBuilder) -> Outcome<Answer> {
        let unreachable =
            |error: reqwest::Error| Failure::because(&format!("{} does not answer", self.base), &error.without_url());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(unreachable)?;
        Ok(Answer { status, text })
    }
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    /// The body of a success; a refusal becomes a failure in its own words.
    pub(super) fn success(self) -> Outcome<String> {
        if (200..300).contains(&self.status) {
            return Ok(self.text);
        }
        let said = match serde_json::from_str::<Problem>(&self.text) {
            Ok(problem) => format!("{} ({})", domain::text_safety::escaped(&problem.detail), problem.code.as_str()),
            Err(_) => {
                format!("the server answered {}. Is this a Countersign server, and its version the same?", self.status)
            }
        };
        Err(Failure::new(said))
    }
}

/// A list as the server answers it.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) meta: Meta,
}

/// Where a list goes on.
#[derive(Deserialize)]
pub(super) struct Meta {
    pub(super) has_more: bool,
}

/// The rows for a table. `None`: a program reads, or JSON was asked for, and that is printed.
pub(super) fn for_table<T: DeserializeOwned>(text: &str, json: bool) -> Outcome<Option<Page<T>>> {
    if json || !std::io::stdout().is_terminal() {
        print_json(text);
        return Ok(None);
    }
    let page = serde_json::from_str(text);
    Ok(Some(page.map_err(|error| Failure::because("the server's answer is not understood", &error))?))
}
