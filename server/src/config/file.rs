//! `countersign.toml`. A key that is not known is an error, because a misspelt safeguard is none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::action::limit::EXPIRY_HOURS;
use domain::risk::RiskTier;
use domain::tool::Executor;
use engine::ToolConfig;
use engine::executors::{SigningSecret, TIMEOUT_SECONDS, ToolUrl};
use serde::Deserialize;
use toml::Value;

use super::{ConfigError, KEYS, UpstreamConfig, upstream};

/// What a file says.
#[derive(Debug)]
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    /// The scalar keys, as text.
    pub(super) values: BTreeMap<String, String>,
    pub(super) tools: Vec<ToolConfig>,
    pub(super) upstreams: Vec<UpstreamConfig>,
}

/// `[tools.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolTable {
    risk_tier: Option<RiskTier>,
    expiry_hours: Option<i32>,
    gating: Option<ToolGating>,
    executor: Option<Executor>,
    idempotent: Option<bool>,
    #[serde(default)]
    sensitive: Vec<String>,
    #[serde(default)]
    secret: Vec<String>,
    url: Option<String>,
    timeout_seconds: Option<u32>,
    signing_secret: Option<String>,
}

/// A bypass (`open`) is for a person to grant, with an end and a reason; a file cannot.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToolGating {
    Gated,
    Paused,
    Blocked,
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::NoFile { path: path.to_owned(), wrong: error.to_string() })?;
        Self::parse(path, &text)
    }

    pub(super) fn read_if_there(path: &Path) -> Result<Option<Self>, ConfigError> {
        if path.exists() { Self::read(path).map(Some) } else { Ok(None) }
    }

    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let wrong = |wrong: String| ConfigError::File { path: path.to_owned(), wrong };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let mut file =
            Self { path: path.to_owned(), values: BTreeMap::new(), tools: Vec::new(), upstreams: Vec::new() };
        for (key, value) in table {
            match value {
                Value::Table(tools) if key == "tools" => {
                    for (name, table) in tools {
                        let tool = tool(&name, table).map_err(|error| wrong(format!("[tools.{name}]: {error}")))?;
                        file.tools.push(tool);
                    }
                }
                Value::Table(upstreams) if key == "upstreams" => {
                    for (name, table) in upstreams {
                        let upstream = upstream::read(&name, table)
                            .map_err(|error| wrong(format!("[upstreams.{name}]: {error}")))?;
                        file.upstreams.push(upstream);
                    }
                }
                _ if !KEYS.contains(&key.as_str()) => {
                    let known = format!("{}, [tools.NAME], [upstreams.NAME]", KEYS.join(", "));
                    return Err(ConfigError::UnknownKey { path: path.to_owned(), key, known });
                }
                Value::String(text) => drop(file.values.insert(key, text)),
                Value::Array(places) if key == "outbound_allow" => {
                    let places: Option<Vec<_>> = places.iter().map(Value::as_str).collect();
                    let places = places.ok_or_else(|| wrong(format!("{key} must be a list of texts")))?;
                    file.values.insert(key, places.join(","));
                }
                Value::Integer(number) => drop(file.values.insert(key, number.to_string())),
                _ => return Err(wrong(format!("{key} must be a text or a whole number"))),
            }
        }
        Ok(file)
    }
}

fn tool(name: &str, table: Value) -> Result<ToolConfig, String> {
    let table: ToolTable = table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
    if table.expiry_hours.is_some_and(|hours| !(1..=EXPIRY_HOURS).contains(&hours)) {
        return Err("expiry_hours must be a whole number from 1 to 8760".to_owned());
    }
    let url = tool_url(&table)?;
    let gating = table.gating.map(|gating| match gating {
        ToolGating::Gated => "gated",
        ToolGating::Paused => "paused",
        ToolGating::Blocked => "blocked",
    });

    Ok(ToolConfig {
        name: name.to_owned(),
        risk_tier: table.risk_tier,
        expiry_hours: table.expiry_hours,
        gating: gating.map(str::to_owned),
        executor: table.executor,
        idempotent: table.idempotent,
        sensitive: table.sensitive,
        secret: table.secret,
        url,
    })
}

/// Where Countersign calls the tool. `executor = "http"` alone leaves that to a person (`PUT /tools/NAME/executor`).
fn tool_url(table: &ToolTable) -> Result<Option<ToolUrl>, String> {
    let of_url = table.url.is_some() || table.signing_secret.is_some() || table.timeout_seconds.is_some();
    if !of_url {
        return Ok(None);
    }
    if table.executor != Some(Executor::Http) {
        return Err("url, signing_secret and timeout_seconds are for executor = \"http\" alone".to_owned());
    }
    if table.timeout_seconds.is_some_and(|seconds| !TIMEOUT_SECONDS.contains(&seconds)) {
        return Err("timeout_seconds must be a whole number from 10 to 300".to_owned());
    }
    let (Some(url), Some(secret)) = (table.url.clone(), table.signing_secret.clone()) else {
        return Err("url and signing_secret belong together".to_owned());
    };
    let signing_secret = SigningSecret::try_from(secret).map_err(|wrong| format!("signing_secret {wrong}"))?;
    Ok(Some(ToolUrl { url, timeout_seconds: table.timeout_seconds, signing_secret }))
}
