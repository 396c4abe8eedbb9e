//! MCP servers behind the gateway: started or reached, watched, started again when they end, ended with the server. Each keeps
//! one link; what an agent asks goes over it, to the letter.

mod calls;
mod http;
mod message;
mod stdio;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::json::Json;
use engine::Engine;
use engine::outbound::OutboundAllow;
use engine::upstreams::Offered;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::config::{Place, UpstreamConfig};
use http::Remote;
pub use message::{Answer, Fault};
use stdio::Process;

/// The revision of the protocol that is offered to an upstream, and the one without a handshake that is spoken where an upstream
/// knows no other.
const HANDSHAKE: &str = "2025-11-25";
const WITHOUT: &str = "2026-07-28";
/// How often an upstream is asked whether it is there, and what it offers.
const LOOK: Duration = Duration::from_secs(60);
/// How long an answer may take that no agent waits for.
const SETUP_WITHIN: Duration = Duration::from_secs(30);
/// An upstream that lives so long has started well.
const WELL: Duration = Duration::from_secs(60);
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// So many pages of tools are read.
const MOST_PAGES: usize = 100;

/// So long have calls under way when the server stops; what came of the others is unknown.
const STOP_WITHIN: Duration = Duration::from_secs(6);

/// All upstreams, by name.
#[derive(Clone, Default)]
pub struct Upstreams {
    by_name: Arc<BTreeMap<String, Arc<Upstream>>>,
    /// Approved calls under way.
    calls: TaskTracker,
}

impl Upstreams {
    /// The configured ones; none of them is started.
    pub fn new(configs: &[UpstreamConfig], allow: &OutboundAllow) -> Self {
        let upstream = |config: &UpstreamConfig| Upstream {
            config: config.clone(),
            allow: allow.clone(),
            link: RwLock::default(),
            met: RwLock::default(),
            trouble: RwLock::new("it is being started".to_owned()),
        };
        let by_name = configs.iter().map(|config| (config.name.clone(), Arc::new(upstream(config)))).collect();
        Self { by_name: Arc::new(by_name), calls: TaskTracker::new() }
    }

    /// The upstream of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.by_name.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.by_name.values()
    }

    /// Those that are up.
    pub fn up(&self) -> Vec<String> {
        self.iter().filter(|upstream| upstream.link().is_ok()).map(|upstream| upstream.config.name.clone()).collect()
    }

    /// Keeps each of them up until `stopping` is cancelled.
    pub fn keep_up(&self, engine: &Engine, workers: &mut JoinSet<()>, stopping: &CancellationToken) {
        for upstream in self.iter() {
            workers.spawn(keep_up(upstream.clone(), engine.clone(), self.calls.clone(), stopping.clone()));
        }
    }
}

/// What an upstream said of itself when it was met, and what it offers.
#[derive(Clone, Debug)]
pub struct Met {
    /// Its answer to the handshake.
    pub hello: Json,
    /// Its tools, as it defines them.
    pub tools: Vec<Json>,
}

/// One MCP server behind the gateway.
pub struct Upstream {
    pub config: UpstreamConfig,
    allow: OutboundAllow,
    link: RwLock<Option<Arc<Link>>>,
    met: RwLock<Option<Arc<Met>>>,
    /// Why there is no link.
    trouble: RwLock<String>,
}

impl Upstream {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// [`Fault`]: what is certain about it.
    pub async fn request(
        &self,
        method: &str,
        params: &Json,
        progress: Option<mpsc::UnboundedSender<Json>>,
        within: Duration,
    ) -> Answer {
        self.link()?.request(method, params, Connection::Kept, progress, within).await
    }

    /// What it said of itself; `None`: it was never up.
    pub fn met(&self) -> Option<Arc<Met>> {
        self.met.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why it is down, in words.
    pub fn trouble(&self) -> String {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it offers a tool of that name, as far as is known.
    pub fn offers(&self, tool: &str) -> bool {
        self.met().is_some_and(|met| met.tools.iter().any(|own| named(own) == Some(tool)))
    }

    /// Reads what it offers now, and has the registry know.
    ///
    /// # Errors
    /// [`Fault`] when it does not answer; the registry is as it was.
    pub async fn look(&self, engine: &Engine) -> Result<Arc<Met>, Fault> {
        let link = self.link()?;
        let tools = tools(&link).await?;
        // A link that is new is noted in any case: the upstream is up again.
        if link.noted.load(Ordering::Relaxed)
            && let Some(before) = self.met().filter(|before| before.tools == tools)
        {
            return Ok(before);
        }
        let met = Arc::new(Met { hello: link.hello.clone(), tools });
        if let Err(error) = self.register(engine, &met).await {
            // It is registered when it is looked at next.
            error!(upstream = self.config.name, error = &error as &dyn std::error::Error, "tools were not registered");
            return Err(Fault::NotSent("its tools could not be written to the registry".to_owned()));
        }
        *self.met.write().unwrap_or_else(PoisonError::into_inner) = Some(met.clone());
        if !link.noted.swap(true, Ordering::Relaxed) {
            info!(upstream = self.config.name, tools = met.tools.len(), "an upstream is up");
        }
        Ok(met)
    }

    async fn register(&self, engine: &Engine, met: &Met) -> engine::Result<()> {
        let offered: Vec<Offered> = met
            .tools
            .iter()
            .filter_map(|tool| {
                let name = named(tool)?;
                Some(Offered { name: name.to_owned(), definition: tool.clone(), passes: self.config.passes(name) })
            })
            .collect();
        let text = |json: Option<&Json>| json.and_then(Json::as_str).map(str::to_owned);
        let info = met.hello.get("serverInfo");
        let server = text(info.and_then(|info| info.get("name")));
        let protocol = text(met.hello.get("protocolVersion")).unwrap_or_else(|| WITHOUT.to_owned());
        engine::upstreams::up(engine, &self.config.name, server.as_deref(), Some(&protocol), &offered).await
    }

    fn link(&self) -> Result<Arc<Link>, Fault> {
        let link = self.link.read().unwrap_or_else(PoisonError::into_inner).clone();
        link.filter(|link| !link.has_ended()).ok_or_else(|| Fault::NotSent(self.trouble()))
    }

    fn hold(&self, link: Option<Arc<Link>>) {
        *self.link.write().unwrap_or_else(PoisonError::into_inner) = link;
    }
}

/// A tool's name, as its upstream defines it.
pub fn named(tool: &Json) -> Option<&str> {
    tool.get("name").and_then(Json::as_str)
}

async fn keep_up(upstream: Arc<Upstream>, engine: Engine, calls: TaskTracker, stopping: CancellationToken) {
    let mut failures: u32 = 0;
    loop {
        let since = Instant::now();
        let Some(why) = stopping.run_until_cancelled(live(&upstream, &engine)).await else { break };
        failures = if since.elapsed() > WELL { 1 } else { failures.saturating_add(1) };
        upstream.hold(None);
        upstream.trouble.write().unwrap_or_else(PoisonError::into_inner).clone_from(&why);
        warn!(upstream = upstream.config.name, why, failures, "an upstream is down; it is tried again");
        if let Err(error) = engine::upstreams::down(&engine, &upstream.config.name, &why).await {
            error!(error = &error as &dyn std::error::Error, "where an upstream stands was not written down");
        }
        let delay = Duration::from_secs(1) * 2_u32.saturating_pow(failures.min(7) - 1);
        if stopping.run_until_cancelled(sleep(delay.min(LONGEST_DELAY))).await.is_none() {
            break;
        }
    }
    calls.close();
    let _ = timeout(STOP_WITHIN, calls.wait()).await;
    let link = upstream.link.write().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(link) = link {
        link.end().await;
    }
}

/// One life of an upstream; answers why it ended.
async fn live(upstream: &Upstream, engine: &Engine) -> String {
    let link = match Link::open(&upstream.config, &upstream.allow).await {
        Ok(link) => Arc::new(link),
        Err(fault) => return fault.words().to_owned(),
    };
    upstream.hold(Some(link.clone()));
    loop {
        if let Err(fault) = upstream.look(engine).await {
            return fault.words().to_owned();
        }
        tokio::select! {
            () = link.ended() => return "it has ended, or cannot be reached".to_owned(),
            () = link.changed() => {}
            () = sleep(LOOK) => {}
        }
    }
}

async fn tools(link: &Link) -> Result<Vec<Json>, Fault> {
    let offers = link.hello.get("capabilities").is_some_and(|capabilities| capabilities.get("tools").is_some());
    let mut tools = Vec::new();
    let mut cursor: Option<Json> = None;
    for _ in 0..if offers { MOST_PAGES } else { 0 } {
        let params = cursor.map_or_else(|| Json::Object(Vec::new()), |cursor| Json::object([("cursor", cursor)]));
        let page = link.request("tools/list", &params, Connection::Kept, None, SETUP_WITHIN).await?;
        tools.extend(page.get("tools").and_then(Json::as_array).unwrap_or_default().iter().cloned());
        cursor = page.get("nextCursor").filter(|cursor| !cursor.is_null()).cloned();
        if cursor.is_none() {
            break;
        }
    }
    Ok(tools)
}

/// A link to an upstream, after the handshake.
struct Link {
    wire: Wire,
    hello: Json,
    /// Each request says of itself which revision it is of: there was no handshake.
    speaks_for_itself: bool,
    /// That it is up stands in the registry, with what it offers.
    noted: AtomicBool,
}

/// Over what a request goes to an upstream that is somewhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    /// One that was there before, if there is one: for what passes, and for what we ask ourselves.
    Kept,
    /// One of its own, for an approved call: whether it was sent is certain then.
    Own,
}

enum Wire {
    Process(Process),
    Remote(Box<Remote>),
}

impl Link {
    async fn open(config: &UpstreamConfig, allow: &OutboundAllow) -> Result<Self, Fault> {
        let wire = match &config.place {
            Place::Command(program) => Wire::Process(Process::start(&config.name, program)?),
            Place::Http { url, headers } => Wire::Remote(Box::new(Remote::new(&with_place(allow, url), url, headers))),
        };
        let mut link = Self { wire, hello: Json::Null, speaks_for_itself: false, noted: AtomicBool::new(false) };
        let params = Json::object([
            ("protocolVersion", Json::from(HANDSHAKE)),
            ("capabilities", Json::Object(Vec::new())),
            ("clientInfo", own_info()),
        ]);
        match link.request("initialize", &params, Connection::Kept, None, SETUP_WITHIN).await {
            Ok(hello) => link.settle(hello).await,
            Err(Fault::Refused { .. }) => {
                link.speaks_for_itself = true;
                link.hello = link
                    .request("server/discover", &Json::Object(Vec::new()), Connection::Kept, None, SETUP_WITHIN)
                    .await?;
            }
            Err(fault) => return Err(fault),
        }
        Ok(link)
    }

    async fn settle(&mut self, hello: Json) {
        let protocol = hello.get("protocolVersion").and_then(Json::as_str).unwrap_or(HANDSHAKE).to_owned();
        self.hello = hello;
        let initialized = "notifications/initialized";
        match &self.wire {
            Wire::Process(process) => process.notify(message::notification(initialized)),
            Wire::Remote(remote) => {
                remote.settle(&protocol);
                remote.notify(initialized, message::notification(initialized)).await;
            }
        }
    }

    async fn request(
        &self,
        method: &str,
        params: &Json,
        over: Connection,
        progress: Option<mpsc::UnboundedSender<Json>>,
        within: Duration,
    ) -> Answer {
        let tells = progress.is_some();
        let params = |id: i64| {
            let mut meta = Vec::new();
            if tells {
                meta.push(("progressToken".to_owned(), Json::from(id)));
            }
            if self.speaks_for_itself {
                let own = |name: &str| format!("io.modelcontextprotocol/{name}");
                meta.push((own("protocolVersion"), Json::from(WITHOUT)));
                meta.push((own("clientInfo"), own_info()));
                meta.push((own("clientCapabilities"), Json::Object(Vec::new())));
            }
            message::with_meta(params, meta)
        };
        match &self.wire {
            Wire::Process(process) => process.request(method, params, progress, within).await,
            Wire::Remote(remote) => remote.request(method, params, over, progress, within).await,
        }
    }

    fn has_ended(&self) -> bool {
        match &self.wire {
            Wire::Process(process) => process.ended.is_cancelled(),
            Wire::Remote(remote) => remote.lost.is_cancelled(),
        }
    }

    async fn ended(&self) {
        match &self.wire {
            Wire::Process(process) => process.ended.cancelled().await,
            Wire::Remote(remote) => remote.lost.cancelled().await,
        }
    }

    async fn changed(&self) {
        match &self.wire {
            Wire::Process(process) => process.changed.notified().await,
            Wire::Remote(_) => std::future::pending().await,
        }
    }

    async fn end(&self) {
        if let Wire::Process(process) = &self.wire {
            process.end().await;
        }
    }
}

fn own_info() -> Json {
    Json::object([("name", Json::from("countersign")), ("version", Json::from(env!("CARGO_PKG_VERSION")))])
}

/// Whoever configures an upstream means its place to be called, wherever that is.
fn with_place(allow: &OutboundAllow, url: &str) -> OutboundAllow {
    let place =
        url::Url::parse(url).ok().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    let widened = place.and_then(|place| format!("{allow},{place}").parse().ok());
    widened.unwrap_or_else(|| allow.clone())
}
