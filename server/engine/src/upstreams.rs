//! MCP servers behind the gateway: where they stand, and their tools in the registry. A tool `write_file` of the upstream
//! `files` is registered as `files/write_file`, with the input schema that the upstream gave it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::risk::RiskTier;
use domain::tool::{Executor, Tool};

use crate::input_schema::Schema;
use crate::store::upstreams::OfferedTool;
use crate::{Engine, Result, require, store, tools};

/// Who acts in the trail.
const ACTOR: &str = "system:upstream";

/// A tool as its upstream lists it.
#[derive(Clone, Debug)]
pub struct Offered {
    /// As the upstream calls it.
    pub name: String,
    /// To the letter.
    pub definition: Json,
    /// The configuration lets its calls pass ungated.
    pub passes: bool,
}

/// Where an upstream stands, as it was last heard of.
#[derive(Clone, Debug)]
pub struct Standing {
    pub name: String,
    /// `None`: it is up.
    pub down: Option<String>,
    pub server: Option<String>,
    pub protocol: Option<String>,
    pub since: DateTime<Utc>,
    /// How many tools it offers, and how many of the gated ones nobody has looked at as they are now.
    pub offered: i64,
    pub unreviewed: i64,
    /// Those of them that are not gated, by their names here.
    pub passing: Vec<String>,
}

/// The name of an upstream's tool in the registry.
pub fn tool_name(upstream: &str, name: &str) -> String {
    format!("{upstream}/{name}")
}

/// Notes that an upstream is up, and what it offers. A tool that is new is registered; one whose schema changed has its
/// rules suspended until a person has looked; one that says of itself that it destroys has its tier raised.
///
/// # Errors
/// When the database cannot be written.
pub async fn up(
    engine: &Engine,
    upstream: &str,
    server: Option<&str>,
    protocol: Option<&str>,
    offered: &[Offered],
) -> Result<()> {
    let known = store::upstreams::tools(&engine.pool, upstream).await?;
    let mut known: HashMap<String, OfferedTool> = known.into_iter().map(|tool| (tool.name.clone(), tool)).collect();
    for tool in offered {
        let before = known.remove(&tool.name);
        let now = OfferedTool {
            name: tool.name.clone(),
            definition: tool.definition.to_text(),
            passes: tool.passes,
            offered: true,
        };
        if before.as_ref() != Some(&now) {
            register(engine, upstream, tool, before.as_ref(), &now).await?;
        }
    }
    for gone in known.into_values().filter(|tool| tool.offered) {
        let name = tool_name(upstream, &gone.name);
        store::upstreams::write_tool(&engine.pool, &name, upstream, &OfferedTool { offered: false, ..gone }).await?;
    }
    Ok(store::upstreams::write_standing(&engine.pool, upstream, None, server, protocol).await?)
}

/// Notes that an upstream is down, and why.
///
/// # Errors
/// When the database cannot be written.
pub async fn down(engine: &Engine, upstream: &str, why: &str) -> Result<()> {
    Ok(store::upstreams::write_standing(&engine.pool, upstream, Some(why), None, None).await?)
}

/// Where the upstreams stand, and the database's clock.
///
/// # Errors
/// `forbidden` without `actions:read`.
pub async fn standing(engine: &Engine, principal: &Principal) -> Result<(Vec<Standing>, DateTime<Utc>)> {
    require(principal, Scope::ActionsRead)?;
    let found = store::upstreams::standing(&engine.pool).await?;
    let standing = found
        .into_iter()
        .map(|upstream| Standing {
            name: upstream.name,
            down: (upstream.state == "down").then(|| upstream.why.unwrap_or_default()),
            server: upstream.server,
            protocol: upstream.protocol,
            since: upstream.changed_at,
            offered: upstream.offered,
            unreviewed: upstream.unreviewed,
            passing: upstream.passing,
        })
        .collect();
    Ok((standing, store::now(&engine.pool).await?))
}

async fn register(
    engine: &Engine,
    upstream: &str,
    tool: &Offered,
    before: Option<&OfferedTool>,
    now: &OfferedTool,
) -> Result<()> {
    let name = tool_name(upstream, &tool.name);
    if tools::check_name(&name).is_err() {
        tracing::warn!(upstream, tool = tool.name, "a tool is left out: its name is too long");
        return Ok(());
    }
    let schema = tool.definition.get("inputSchema").filter(|schema| match Schema::compile(schema, "") {
        Ok(_) => true,
        Err(problem) => {
            tracing::warn!(tool = name, problem = problem.detail, "arguments are not checked: their schema is none");
            false
        }
    });
    let destroys = destroys(&tool.definition);
    let destroyed =
        before.is_some_and(|before| Json::parse_str(&before.definition).is_ok_and(|old| self::destroys(&old)));
    tools::change(engine, &name, ACTOR, None, |known| {
        take(known, schema, destroys && !destroyed);
        Ok(())
    })
    .await?;
    store::upstreams::write_tool(&engine.pool, &name, upstream, now).await?;
    engine.tools.forget(&name);
    Ok(())
}

/// What an upstream says of its tool: it may make it look riskier, and never less so.
fn take(known: &mut Tool, schema: Option<&Json>, destroys: bool) {
    let digest = schema.map(Digest::of);
    if known.schema_sha256 != digest {
        known.schema_sha256 = digest;
        known.input_schema = schema.cloned();
        known.reviewed = false;
    }
    if destroys {
        known.risk_tier = known.risk_tier.max(RiskTier::High);
    }
    known.executor = known.executor.or(Some(Executor::Mcp));
}

fn destroys(definition: &Json) -> bool {
    let hint = definition.get("annotations").and_then(|annotations| annotations.get("destructiveHint"));
    hint.and_then(Json::as_bool) == Some(true)
}
