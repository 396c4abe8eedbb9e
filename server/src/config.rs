//! The configuration: flags before environment before `countersign.toml` before defaults. Every value is read by
//! the same function wherever it comes from, and remembers where that was, for `countersign config check`.

mod file;
mod show;
mod upstream;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::action::limit::EXPIRY_HOURS;
use domain::risk::RiskTier;
use engine::outbound::OutboundAllow;
use engine::retention::Keep;
use engine::{Policy, ToolConfig};

use file::ConfigFile;
pub use upstream::{Place, Program, UpstreamConfig};

/// What went wrong with the configuration, naming the key and where it stands.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{place} says {key} = {value:?}: {wrong}.")]
    Value { key: &'static str, value: String, place: Source, wrong: String },
    #[error("{} has the unknown key {key}. The keys are: {known}.", .path.display())]
    UnknownKey { path: PathBuf, key: String, known: String },
    #[error("{} is not a configuration: {wrong}", .path.display())]
    File { path: PathBuf, wrong: String },
    #[error("The configuration {} cannot be read ({wrong}). Correct --config, or leave it out.", .path.display())]
    NoFile { path: PathBuf, wrong: String },
    #[error("There is no home directory to keep data in. Choose a place with --data-dir.")]
    NoHome,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Flag(&'static str),
    Environment(String),
    File(PathBuf),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => out.write_str(name),
            Self::Environment(name) => out.write_str(name),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Default => out.write_str("default"),
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object per line, for programs.
    Json,
}

/// Which database: what every command that talks to it needs to know.
#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseFlags {
    /// Configuration file [default: ./countersign.toml, then countersign.toml in the data directory]
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where the private Postgres lives [default: /var/lib/countersign as root, else ~/.local/share/countersign]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// A Postgres of your own instead of the private one
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// The address people use, e.g. https://approvals.example.com [default: http:// and the listen address]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

/// How to serve.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeFlags {
    #[command(flatten)]
    pub database: DatabaseFlags,
    /// Where to listen [default: 127.0.0.1:3000]
    #[arg(long, value_name = "HOST:PORT")]
    pub addr: Option<String>,
    /// Hours until a parked call expires, where its tool does not say [default: 48]
    #[arg(long, value_name = "HOURS")]
    pub default_expiry_hours: Option<String>,
    /// Tier of a tool nobody has classified: low, medium, high or critical [default: medium]
    #[arg(long, value_name = "TIER")]
    pub default_risk_tier: Option<String>,
    /// IANA name of the time zone in which a day begins and ends [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Seconds between two sweeps for expired calls [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub sweep_seconds: Option<String>,
    /// Private places that may be called: networks, and hosts with their port, with commas between them [default: none]
    #[arg(long, value_name = "PLACES")]
    pub outbound_allow: Option<String>,
    /// Days that rejected, expired, withdrawn and abandoned calls are kept after the decision [default: 90]
    #[arg(long, value_name = "DAYS")]
    pub retention_decided_days: Option<String>,
    /// Days that executed calls are kept after they ran [default: 180]
    #[arg(long, value_name = "DAYS")]
    pub retention_executed_days: Option<String>,
    /// Days that entries of the trail are kept [default: 365]
    #[arg(long, value_name = "DAYS")]
    pub retention_events_days: Option<String>,
    /// Days between two runs of the retention; 0: none begins by itself [default: 7]
    #[arg(long, value_name = "DAYS")]
    pub retention_every_days: Option<String>,
    /// Where Prometheus reads `/metrics`, without a token: an address of its own [default: nowhere]
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics_addr: Option<String>,
    /// Log lines for people (pretty) or for programs (json) [default: pretty]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// The effective configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// An outside database; `None`: the private one.
    pub database_url: Option<String>,
    pub data_dir: PathBuf,
    /// The address people use: scheme and authority, no path.
    pub public_url: Option<String>,
    pub default_expiry_hours: i32,
    pub default_risk_tier: RiskTier,
    pub timezone: String,
    pub sweep_seconds: u64,
    /// What may be reached besides public addresses.
    pub outbound_allow: OutboundAllow,
    /// How long what is over is kept, and where its archives go.
    pub retention: Keep,
    /// Where Prometheus reads; `None`: nowhere.
    pub metrics_addr: Option<SocketAddr>,
    pub log_format: LogFormat,
    pub tools: Vec<ToolConfig>,
    /// MCP servers behind the gateway.
    pub upstreams: Vec<UpstreamConfig>,
    sources: Vec<(&'static str, Source)>,
}

const DEFAULT_ADDR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);

/// The scalar keys, in the order of the documentation.
const KEYS: [&str; 15] = [
    "addr",
    "database_url",
    "data_dir",
    "public_url",
    "default_expiry_hours",
    "default_risk_tier",
    "timezone",
    "sweep_seconds",
    "outbound_allow",
    "retention_decided_days",
    "retention_executed_days",
    "retention_events_days",
    "retention_every_days",
    "metrics_addr",
    "log_format",
];

impl Config {
    /// Reads the configuration of this process.
    ///
    /// # Errors
    /// When a value or a key is wrong, or the file that was named cannot be read.
    pub fn load(flags: &ServeFlags) -> Result<Self, ConfigError> {
        Self::load_with(flags, |name| std::env::var(name).ok().filter(|value| !value.is_empty()), Path::new("."))
    }

    fn load_with(
        flags: &ServeFlags,
        environment: impl Fn(&str) -> Option<String>,
        here: &Path,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers { flags, environment: &environment, file: None, sources: Vec::new() };
        let named = flags.database.config.clone();
        layers.file = match named {
            Some(path) => Some(ConfigFile::read(&path)?),
            None => ConfigFile::read_if_there(&here.join("countersign.toml"))?,
        };
        let mut data_dir = layers.data_dir()?;
        if layers.file.is_none() {
            // A file in the data directory cannot move the data directory, so this is looked up once.
            layers.file = ConfigFile::read_if_there(&data_dir.join("countersign.toml"))?;
            data_dir = layers.data_dir()?;
        }
        let default = Self::built_in(DEFAULT_ADDR, &data_dir, Vec::new());
        Ok(Self {
            addr: layers.get("addr", address)?.unwrap_or(default.addr),
            database_url: layers.get("database_url", database_url)?,
            retention: layers.retention(&default.retention)?,
            data_dir,
            public_url: layers.get("public_url", public_url)?,
            default_expiry_hours: layers
                .get("default_expiry_hours", |text| number(text, 1, EXPIRY_HOURS))?
                .unwrap_or(default.default_expiry_hours),
            default_risk_tier: layers
                .get("default_risk_tier", |text| text.parse().map_err(|_| tiers()))?
                .unwrap_or(default.default_risk_tier),
            timezone: layers.get("timezone", |text| Ok(text.to_owned()))?.unwrap_or(default.timezone),
            sweep_seconds: layers
                .get("sweep_seconds", |text| number(text, 1, 86_400))?
                .unwrap_or(default.sweep_seconds),
            outbound_allow: layers.get("outbound_allow", str::parse)?.unwrap_or_default(),
            metrics_addr: layers.get("metrics_addr", address)?,
            log_format: layers.get("log_format", log_format)?.unwrap_or(default.log_format),
            tools: layers.file.as_ref().map(|file| file.tools.clone()).unwrap_or_default(),
            upstreams: layers.file.as_ref().map(|file| file.upstreams.clone()).unwrap_or_default(),
            sources: layers.sources,
        })
    }

    /// The defaults with the given places and tools; nothing is read from the environment or a file.
    pub fn built_in(addr: SocketAddr, data_dir: &Path, tools: Vec<ToolConfig>) -> Self {
        Self {
            addr,
            database_url: None,
            data_dir: data_dir.to_owned(),
            public_url: None,
            default_expiry_hours: 48,
            default_risk_tier: RiskTier::Medium,
            timezone: "UTC".to_owned(),
            sweep_seconds: 60,
            outbound_allow: OutboundAllow::default(),
            retention: Keep { archives: Some(data_dir.join("archives")), ..Keep::default() },
            metrics_addr: None,
            log_format: LogFormat::Pretty,
            tools,
            upstreams: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// What the engine is told.
    pub fn policy(&self) -> Policy {
        Policy {
            default_expiry_hours: self.default_expiry_hours,
            default_risk_tier: self.default_risk_tier,
            timezone: self.timezone.clone(),
            outbound_allow: self.outbound_allow.clone(),
            retention: self.retention.clone(),
            tools: self.tools.clone(),
            ..Policy::default()
        }
    }

    /// The address people use, without a slash at its end.
    pub fn base_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| {
            let host = match self.addr.ip() {
                ip if ip.is_unspecified() => "localhost".to_owned(),
                _ if self.addr.is_ipv6() => format!("[{}]", self.addr.ip()),
                ip => ip.to_string(),
            };
            format!("http://{host}:{}", self.addr.port())
        })
    }

    /// The address of a one-time link, for handing it on.
    pub fn sign_in_url(&self, secret: &str) -> String {
        sign_in_url(&self.base_url(), secret)
    }

    /// The origin browsers are expected to send, where `public_url` settles it.
    pub fn public_origin(&self) -> Option<String> {
        self.public_url.clone()
    }

    /// Whether cookies are for https alone.
    pub fn secure_cookies(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port, like 127.0.0.1:3000".to_owned())
}

struct Layers<'a> {
    flags: &'a ServeFlags,
    environment: &'a dyn Fn(&str) -> Option<String>,
    file: Option<ConfigFile>,
    sources: Vec<(&'static str, Source)>,
}

impl Layers<'_> {
    /// Reads the first layer that has `key`; a layer above it hides what stands below.
    fn get<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let found = self.find(key);
        self.sources.retain(|(known, _)| *known != key);
        self.sources.push((key, found.as_ref().map_or(Source::Default, |(_, source)| source.clone())));
        let Some((value, source)) = found else { return Ok(None) };
        match read(&value) {
            Ok(read) => Ok(Some(read)),
            Err(wrong) => {
                let value = if key == "database_url" { show::masked(&value) } else { value };
                Err(ConfigError::Value { key, value, place: source, wrong })
            }
        }
    }

    fn find(&self, key: &'static str) -> Option<(String, Source)> {
        if let Some((value, name)) = self.flag(key) {
            return Some((value, Source::Flag(name)));
        }
        let variable = format!("COUNTERSIGN_{}", key.to_uppercase());
        if let Some(value) = (self.environment)(&variable) {
            return Some((value, Source::Environment(variable)));
        }
        let file = self.file.as_ref()?;
        file.values.get(key).map(|value| (value.clone(), Source::File(file.path.clone())))
    }

    fn flag(&self, key: &str) -> Option<(String, &'static str)> {
        let (serve, database) = (self.flags, &self.flags.database);
        let (value, name) = match key {
            "addr" => (&serve.addr, "--addr"),
            "database_url" => (&database.database_url, "--database-url"),
            "data_dir" => (&database.data_dir, "--data-dir"),
            "public_url" => (&database.public_url, "--public-url"),
            "default_expiry_hours" => (&serve.default_expiry_hours, "--default-expiry-hours"),
            "default_risk_tier" => (&serve.default_risk_tier, "--default-risk-tier"),
            "timezone" => (&serve.timezone, "--timezone"),
            "sweep_seconds" => (&serve.sweep_seconds, "--sweep-seconds"),
            "outbound_allow" => (&serve.outbound_allow, "--outbound-allow"),
            "retention_decided_days" => (&serve.retention_decided_days, "--retention-decided-days"),
            "retention_executed_days" => (&serve.retention_executed_days, "--retention-executed-days"),
            "retention_events_days" => (&serve.retention_events_days, "--retention-events-days"),
            "retention_every_days" => (&serve.retention_every_days, "--retention-every-days"),
            "metrics_addr" => (&serve.metrics_addr, "--metrics-addr"),
            _ => (&serve.log_format, "--log-format"),
        };
        value.clone().map(|value| (value, name))
    }

    fn retention(&mut self, default: &Keep) -> Result<Keep, ConfigError> {
        let mut days =
            |key, least, otherwise| Ok(self.get(key, |text| number(text, least, 36_500))?.unwrap_or(otherwise));
        Ok(Keep {
            decided_days: days("retention_decided_days", 1, default.decided_days)?,
            executed_days: days("retention_executed_days", 1, default.executed_days)?,
            events_days: days("retention_events_days", 1, default.events_days)?,
            every_days: days("retention_every_days", 0, default.every_days)?,
            archives: default.archives.clone(),
        })
    }

    fn data_dir(&mut self) -> Result<PathBuf, ConfigError> {
        let named = self.get("data_dir", |text| {
            if text.is_empty() { Err("must name a directory".to_owned()) } else { Ok(PathBuf::from(text)) }
        })?;
        let Some(directory) = named else { return self.default_data_dir() };
        // In a file, a place is meant as seen from the file.
        match self.sources.last() {
            Some((_, Source::File(path))) => Ok(path.parent().unwrap_or(Path::new(".")).join(directory)),
            _ => Ok(directory),
        }
    }

    fn default_data_dir(&self) -> Result<PathBuf, ConfigError> {
        if nix::unistd::Uid::effective().is_root() {
            return Ok(PathBuf::from("/var/lib/countersign"));
        }
        let data_home = (self.environment)("XDG_DATA_HOME").map(PathBuf::from);
        let data_home =
            data_home.or_else(|| (self.environment)("HOME").map(|home| Path::new(&home).join(".local/share")));
        data_home.map(|home| home.join("countersign")).ok_or(ConfigError::NoHome)
    }
}

fn number<T: std::str::FromStr + PartialOrd + fmt::Display>(text: &str, least: T, most: T) -> Result<T, String> {
    let wrong = || format!("must be a whole number from {least} to {most}");
    let number: T = text.parse().map_err(|_| wrong())?;
    if number < least || number > most { Err(wrong()) } else { Ok(number) }
}

fn tiers() -> String {
    format!("must be one of {}", RiskTier::ALL.map(RiskTier::as_str).join(", "))
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be pretty or json".to_owned()),
    }
}

fn database_url(text: &str) -> Result<String, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(text.to_owned());
    }
    Err("must begin with postgres://".to_owned())
}

/// Where a one-time link is redeemed, at the address people use.
pub fn sign_in_url(base: &str, secret: &str) -> String {
    format!("{base}/login?link={secret}")
}

/// Scheme and authority, in small letters. A path would be in the way of the session cookie and of every link.
fn public_url(text: &str) -> Result<String, String> {
    let wrong = || "must be like https://approvals.example.com: http or https, a host, no path".to_owned();
    let uri: http::Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong());
    };
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
        return Err(wrong());
    }
    Ok(format!("{scheme}://{}", authority.as_str().to_lowercase()))
}

#[cfg(test)]
mod tests;
