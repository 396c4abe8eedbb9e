//! `countersign.toml`. A key that is not known is an error, because a misspelt safeguard is none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::risk::RiskTier;
use domain::tool::Executor;
use engine::ToolConfig;
use serde::Deserialize;
use toml::Value;

use super::{ConfigError, KEYS};

/// What a file says.
#[derive(Debug)]
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    /// The scalar keys, as text.
    pub(super) values: BTreeMap<String, String>,
    pub(super) tools: Vec<ToolConfig>,
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
        let mut file = Self { path: path.to_owned(), values: BTreeMap::new(), tools: Vec::new() };
        for (key, value) in table {
            match value {
                Value::Table(tools) if key == "tools" => {
                    for (name, table) in tools {
                        let tool = tool(&name, table).map_err(|error| wrong(format!("[tools.{name}]: {error}")))?;
                        file.tools.push(tool);
                    }
                }
                _ if !KEYS.contains(&key.as_str()) => {
                    let known = format!("{}, [tools.NAME]", KEYS.join(", "));
                    return Err(ConfigError::UnknownKey { path: path.to_owned(), key, known });
                }
                Value::String(text) => drop(file.values.insert(key, text)),
                Value::Integer(number) => drop(file.values.insert(key, number.to_string())),
                _ => return Err(wrong(format!("{key} must be a text or a whole number"))),
            }
        }
        Ok(file)
    }
}

fn tool(name: &str, table: Value) -> Result<ToolConfig, String> {
    let table: ToolTable = table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
    if table.expiry_hours.is_some_and(|hours| !(1..=8_760).contains(&hours)) {
        return Err("expiry_hours must be a whole number from 1 to 8760".to_owned());
    }
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
    })
}
