//! `[upstreams.NAME]`: an MCP server behind the gateway, started here or reached over HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use toml::Value;

/// Where a call is held at first, in seconds, where nobody says: less than most clients wait.
const HOLD_SECONDS: u64 = 25;
/// How long a call may take, in seconds, where nobody says.
const TIMEOUT_SECONDS: u64 = 60;
/// Where programs are looked for, where nobody says: nothing is inherited.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// An MCP server behind the gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamConfig {
    /// `/mcp/NAME`, and the beginning of its tools' names.
    pub name: String,
    pub place: Place,
    /// Its tools, as it calls them, whose calls pass ungated. `*` at the end: all that begin so.
    pub pass: Vec<String>,
    /// How long a call that waits is held before the agent is told that it waits.
    pub hold: Duration,
    /// How long a call may take once it is made.
    pub timeout: Duration,
}

/// Where it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A program that is started here, and speaks over its standard input and output.
    Command(Program),
    /// Streamable HTTP. The headers carry Countersign's own credentials, never an agent's.
    Http { url: String, headers: HeaderMap },
}

/// How a program is started: with this environment, and nothing else of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    pub path: String,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub directory: Option<String>,
}

impl UpstreamConfig {
    /// Whether calls of a tool pass ungated.
    pub fn passes(&self, tool: &str) -> bool {
        self.pass.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => tool.starts_with(beginning),
            None => pattern == tool,
        })
    }
}

/// What is in it may be secret: only where it is, is told.
impl std::fmt::Debug for UpstreamConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match &self.place {
            Place::Command(program) => &program.path,
            Place::Http { url, .. } => url,
        };
        out.debug_struct("UpstreamConfig").field("name", &self.name).field("place", place).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    command: Option<Vec<String>>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    cwd: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    pass: Vec<String>,
    hold_seconds: Option<u64>,
    timeout_seconds: Option<u64>,
}

pub(super) fn read(name: &str, table: Value) -> Result<UpstreamConfig, String> {
    let table: Table = table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let letters = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    if name.is_empty() || name.len() > 64 || !letters(name) || name == "operator" {
        return Err("the name has 1 to 64 of a-z, 0-9, - and _, and is not operator".to_owned());
    }
    Ok(UpstreamConfig {
        name: name.to_owned(),
        hold: seconds("hold_seconds", table.hold_seconds, 0..=300, HOLD_SECONDS)?,
        timeout: seconds("timeout_seconds", table.timeout_seconds, 1..=3_600, TIMEOUT_SECONDS)?,
        pass: patterns(&table.pass)?,
        place: place(table)?,
    })
}

fn seconds(
    key: &str,
    given: Option<u64>,
    bounds: std::ops::RangeInclusive<u64>,
    otherwise: u64,
) -> Result<Duration, String> {
    let seconds = given.unwrap_or(otherwise);
    if !bounds.contains(&seconds) {
        return Err(format!("{key} must be a whole number from {} to {}", bounds.start(), bounds.end()));
    }
    Ok(Duration::from_secs(seconds))
}

/// A pattern that is misspelt would pass what nobody meant.
fn patterns(pass: &[String]) -> Result<Vec<String>, String> {
    let sound = |pattern: &String| {
        !pattern.is_empty() && !pattern.trim_end_matches('*').contains('*') && !pattern.ends_with("**")
    };
    match pass.iter().find(|pattern| !sound(pattern)) {
        Some(wrong) => Err(format!("pass holds {wrong:?}: a tool's name, or its beginning and one * at the end")),
        None => Ok(pass.to_vec()),
    }
}

fn place(table: Table) -> Result<Place, String> {
    match (table.command, table.url) {
        (Some(command), None) if table.headers.is_empty() => {
            let mut words = command.into_iter();
            let path = words.next().filter(|path| !path.is_empty());
            let mut environment = table.env;
            environment.entry("PATH".to_owned()).or_insert_with(|| PATH.to_owned());
            Ok(Place::Command(Program {
                path: path.ok_or("command must be a list: the program, and its arguments")?,
                arguments: words.collect(),
                environment,
                directory: table.cwd,
            }))
        }
        (None, Some(url)) if table.env.is_empty() && table.cwd.is_none() => {
            let parsed = url::Url::parse(&url).map_err(|error| format!("url {error}"))?;
            if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
                return Err("url must begin with http:// or https://".to_owned());
            }
            Ok(Place::Http { url, headers: headers(&table.headers)? })
        }
        _ => Err("give either command (with env and cwd) or url (with headers)".to_owned()),
    }
}

/// The values may be secret: what is wrong with one is told without it.
fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let known =
            HeaderName::try_from(name.as_str()).map_err(|_| format!("headers has the name {name:?}, which is none"))?;
        let mut value =
            HeaderValue::try_from(value.as_str()).map_err(|_| format!("headers.{name} is no header's value"))?;
        value.set_sensitive(true);
        headers.insert(known, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<UpstreamConfig, String> {
        let table: toml::Table = text.parse().expect("it is TOML");
        read("files", Value::Table(table))
    }

    #[test]
    fn a_program_gets_the_environment_that_is_written_and_nothing_else() {
        let config = table("command = [\"files\", \"/srv\"]\nenv = { LOG = \"1\" }\npass = [\"read_*\", \"stat\"]")
            .expect("a program");
        let Place::Command(program) = &config.place else { panic!("{config:?}") };
        assert_eq!((program.path.as_str(), program.arguments.as_slice()), ("files", &["/srv".to_owned()][..]));
        assert_eq!(program.environment.keys().map(String::as_str).collect::<Vec<_>>(), ["LOG", "PATH"]);
        let passing = ["read_file", "read_", "stat", "status", "write_file"].map(|tool| config.passes(tool));
        assert_eq!(passing, [true, true, true, false, false]);
        assert_eq!((config.hold.as_secs(), config.timeout.as_secs()), (25, 60));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_secret_is_repeated() {
        for (text, told) in [
            ("", "either command"),
            ("command = []", "the program"),
            ("command = [\"a\"]\nurl = \"http://a/\"", "either command"),
            ("url = \"ftp://a/\"", "http://"),
            ("url = \"http://a/\"\ncwd = \"/\"", "either command"),
            ("url = \"http://a/\"\nheaders = { \"a b\" = \"canary\" }", "a b"),
            ("url = \"http://a/\"\nheaders = { x = \"canary\\n\" }", "headers.x"),
            ("url = \"http://a/\"\npass = [\"*_file\"]", "*_file"),
            ("url = \"http://a/\"\npass = [\"\"]", "pass holds"),
            ("url = \"http://a/\"\nhold_seconds = 301", "0 to 300"),
            ("url = \"http://a/\"\ntimeout = 1", "timeout"),
        ] {
            let wrong = table(text).expect_err(text);
            assert!(wrong.contains(told) && !wrong.contains("canary"), "{text}: {wrong}");
        }
        let http = "url = \"https://a.example/mcp\"\nheaders = { Authorization = \"Bearer canary\" }";
        assert!(!format!("{:?}", table(http).expect("a URL")).contains("canary"));
        assert!(read("operator", Value::Table(http.parse().expect("it is TOML"))).is_err());
    }
}
