//! The effective configuration in words: valid TOML, each value with where it comes from, secrets masked.

use std::fmt::{self, Write};

use domain::redaction::mask_text;
use domain::risk::RiskTier;
use domain::tool::Executor;

use super::{Config, KEYS, LogFormat, Place, Source};

/// Stands for a secret.
const MASK: &str = "***";

impl fmt::Display for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in KEYS {
            let line = match self.value(key) {
                Some(value) => format!("{key} = {value}"),
                None => format!("# {key}: not set"),
            };
            writeln!(out, "{line:<56} # {}", self.source(key))?;
        }
        for tool in &self.tools {
            writeln!(out, "\n[tools.{}]", quoted(&tool.name))?;
            let text = |value: Option<&str>| value.map(quoted);
            let list = |values: &[String]| (!values.is_empty()).then(|| format!("{values:?}"));
            let settings = [
                ("risk_tier", text(tool.risk_tier.map(RiskTier::as_str))),
                ("expiry_hours", tool.expiry_hours.map(|hours| hours.to_string())),
                ("gating", text(tool.gating.as_deref())),
                ("executor", text(tool.executor.map(Executor::as_str))),
                ("url", tool.url.as_ref().map(|url| quoted(&mask_text(&url.url)))),
                ("signing_secret", tool.url.as_ref().map(|_| quoted(MASK))),
                ("timeout_seconds", tool.url.as_ref().and_then(|url| Some(url.timeout_seconds?.to_string()))),
                ("idempotent", tool.idempotent.map(|idempotent| idempotent.to_string())),
                ("sensitive", list(&tool.sensitive)),
                ("secret", list(&tool.secret)),
            ];
            for (key, value) in settings {
                if let Some(value) = value {
                    writeln!(out, "{key} = {value}")?;
                }
            }
        }
        for upstream in &self.upstreams {
            writeln!(out, "\n[upstreams.{}]", upstream.name)?;
            match &upstream.place {
                Place::Command(program) => {
                    let words: Vec<&String> = std::iter::once(&program.path).chain(&program.arguments).collect();
                    writeln!(out, "command = {words:?}")?;
                    let names = program.environment.keys().map(|name| format!("{} = {}", quoted(name), quoted(MASK)));
                    writeln!(out, "env = {{ {} }}", names.collect::<Vec<_>>().join(", "))?;
                    if let Some(directory) = &program.directory {
                        writeln!(out, "cwd = {}", quoted(directory))?;
                    }
                }
                Place::Http { url, headers } => {
                    writeln!(out, "url = {}", quoted(&mask_text(url)))?;
                    let names = headers.keys().map(|name| format!("{} = {}", quoted(name.as_str()), quoted(MASK)));
                    writeln!(out, "headers = {{ {} }}", names.collect::<Vec<_>>().join(", "))?;
                }
            }
            writeln!(out, "pass = {:?}", upstream.pass)?;
            writeln!(out, "hold_seconds = {}", upstream.hold.as_secs())?;
            writeln!(out, "timeout_seconds = {}", upstream.timeout.as_secs())?;
        }
        Ok(())
    }
}

impl Config {
    fn value(&self, key: &str) -> Option<String> {
        Some(match key {
            "addr" => quoted(&self.addr.to_string()),
            "database_url" => quoted(&masked(self.database_url.as_ref()?)),
            "data_dir" => quoted(&self.data_dir.to_string_lossy()),
            "public_url" => quoted(self.public_url.as_ref()?),
            "default_expiry_hours" => self.default_expiry_hours.to_string(),
            "default_risk_tier" => quoted(self.default_risk_tier.as_str()),
            "timezone" => quoted(&self.timezone),
            "sweep_seconds" => self.sweep_seconds.to_string(),
            "outbound_allow" => format!("{:?}", self.outbound_allow.entries()),
            "retention_decided_days" => self.retention.decided_days.to_string(),
            "retention_executed_days" => self.retention.executed_days.to_string(),
            "retention_events_days" => self.retention.events_days.to_string(),
            "retention_every_days" => self.retention.every_days.to_string(),
            "metrics_addr" => quoted(&self.metrics_addr?.to_string()),
            _ => quoted(match self.log_format {
                LogFormat::Pretty => "pretty",
                LogFormat::Json => "json",
            }),
        })
    }

    fn source(&self, key: &str) -> &Source {
        self.sources.iter().find(|(known, _)| *known == key).map_or(&Source::Default, |(_, source)| source)
    }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A database's URL without its password, in the place for one or among the parameters.
pub(super) fn masked(url: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, None), |(url, query)| (url, Some(query)));
    let mut shown = url.to_owned();
    if let Some((scheme, rest)) = url.split_once("://")
        && let Some((user_info, place)) = rest.rsplit_once('@')
    {
        let user = user_info.split_once(':').map_or(user_info.to_owned(), |(user, _)| format!("{user}:{MASK}"));
        shown = format!("{scheme}://{user}@{place}");
    }
    if let Some(query) = query {
        let parameters = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}={MASK}"),
            _ => pair.to_owned(),
        });
        shown = format!("{shown}?{}", parameters.collect::<Vec<_>>().join("&"));
    }
    shown
}
