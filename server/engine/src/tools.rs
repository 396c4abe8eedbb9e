//! The registry of tools: what the configuration settles, what is met for the first time, how calls are gated.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::event::EventType;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{Code, Problem};
use domain::risk::RiskTier;
use domain::tool::{Executor, Gating, Tool};

use crate::executors::ToolUrl;
use crate::notify::Change;
use crate::trail::Entry;
use crate::{Engine, Result, executors, require, store, trail};

/// What the configuration says about one tool. What it leaves out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolConfig {
    pub name: String,
    pub risk_tier: Option<RiskTier>,
    pub expiry_hours: Option<i32>,
    /// `gated`, `paused` or `blocked`.
    pub gating: Option<String>,
    pub executor: Option<Executor>,
    pub idempotent: Option<bool>,
    pub sensitive: Vec<String>,
    pub secret: Vec<String>,
    /// Where and how Countersign calls it, with `executor = "http"`.
    pub url: Option<ToolUrl>,
}

/// Tools as they were last read. A hint, never the truth: whatever was decided on a hint is written only while
/// the tool's revision in the database is the hint's.
#[derive(Clone, Default)]
pub(crate) struct Hints(Arc<RwLock<HashMap<String, Arc<Tool>>>>);

/// So many tools are remembered; a flood of new names costs memory no further.
const MAX_HINTS: usize = 10_000;

impl Hints {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Tool>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn put(&self, tool: Arc<Tool>) {
        let mut hints = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if hints.len() >= MAX_HINTS {
            hints.clear();
        }
        hints.insert(tool.name.clone(), tool);
    }

    pub(crate) fn forget(&self, name: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// The tool as the database has it; one that nobody has met yet is registered, unreviewed, with the default tier.
pub(crate) async fn find_or_register(engine: &Engine, name: &str, actor: &str) -> Result<Arc<Tool>> {
    if let Some(tool) = engine.tools.get(name) {
        return Ok(tool);
    }
    let tool = match store::tools::find(&engine.pool, name).await? {
        Some(tool) => tool,
        None => {
            register(engine, name, actor).await?;
            store::tools::find(&engine.pool, name).await?.ok_or(sqlx::Error::RowNotFound)?
        }
    };
    let tool = Arc::new(tool);
    engine.tools.put(tool.clone());
    Ok(tool)
}

async fn register(engine: &Engine, name: &str, actor: &str) -> Result<()> {
    let tier = engine.policy.default_risk_tier;
    let mut transaction = engine.pool.begin().await?;
    if store::tools::register(&mut transaction, name, tier).await? {
        let metadata = Json::object([("tool_name", Json::from(name)), ("risk_tier", Json::from(tier.as_str()))]);
        let seq = trail::append(
            &mut transaction,
            Entry { event_type: EventType::ToolRegistered, actor, reason: None },
            &metadata,
        )
        .await?;
        transaction.commit().await?;
        engine.changes.publish(Change::tool(name, seq));
    }
    Ok(())
}

/// Settles the tools of the configuration. Runs at every start; what is already so is left alone.
pub(crate) async fn apply_config(engine: &Engine) -> Result<()> {
    for config in &engine.policy.tools {
        change(engine, &config.name, "system:configuration", None, |tool| settle(tool, config)).await?;
        if let Some(url) = &config.url {
            executors::apply_config(engine, &config.name, url).await?;
        }
    }
    Ok(())
}

fn settle(tool: &mut Tool, config: &ToolConfig) -> Result<()> {
    tool.reviewed = true;
    tool.risk_tier = config.risk_tier.unwrap_or(tool.risk_tier);
    tool.expiry_hours = config.expiry_hours.or(tool.expiry_hours);
    tool.executor = config.executor.or(tool.executor);
    tool.idempotent = config.idempotent.unwrap_or(tool.idempotent);
    tool.sensitive_args = config.sensitive.clone();
    tool.secret_args = config.secret.clone();
    match config.gating.as_deref() {
        None => {}
        Some("gated") => tool.gating = Gating::Gated,
        Some("paused") => tool.gating = Gating::Paused,
        Some("blocked") => tool.gating = Gating::Blocked,
        Some(other) => {
            return Err(Problem::invalid(
                format!("tools.{}.gating", tool.name),
                format!("{other} is not one of gated, paused, blocked"),
            )
            .into());
        }
    }
    Ok(())
}

/// Changes how calls of a tool are gated: pause, block, open for a while, back to normal.
///
/// # Errors
/// `forbidden` without `tools:write`; `invalid_request` for an opening that does not end in the future.
pub async fn set_gating(
    engine: &Engine,
    principal: &Principal,
    name: &str,
    gating: Gating,
    reason: Option<&str>,
) -> Result<Tool> {
    require(principal, Scope::ToolsWrite)?;
    if let Gating::Open { until, .. } = &gating
        && *until <= store::now(&engine.pool).await?
    {
        return Err(Problem::invalid("/until", "must be in the future").into());
    }
    change(engine, name, &principal.actor(), reason, |tool| {
        tool.gating = gating.clone();
        Ok(())
    })
    .await
}

/// Says who runs approved calls of a tool.
///
/// # Errors
/// `forbidden` without `tools:write`.
pub async fn set_executor(
    engine: &Engine,
    principal: &Principal,
    name: &str,
    executor: Option<Executor>,
) -> Result<Tool> {
    require(principal, Scope::ToolsWrite)?;
    change(engine, name, &principal.actor(), None, |tool| {
        tool.executor = executor;
        Ok(())
    })
    .await
}

/// Refuses what cannot be a tool's name.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > domain::action::limit::TOOL_NAME || name.contains('\0') {
        return Err(Problem::new(Code::InvalidRequest, "A tool's name has 1 to 200 bytes, none of them NUL.").into());
    }
    Ok(())
}

async fn change(
    engine: &Engine,
    name: &str,
    actor: &str,
    reason: Option<&str>,
    edit: impl Fn(&mut Tool) -> Result<()>,
) -> Result<Tool> {
    check_name(name)?;
    find_or_register(engine, name, actor).await?;
    let mut transaction = engine.pool.begin().await?;
    let before = store::tools::find_locked(&mut transaction, name).await?.ok_or(sqlx::Error::RowNotFound)?;
    let mut after = before.clone();
    edit(&mut after)?;
    if after == before {
        return Ok(after);
    }
    store::tools::update(&mut transaction, &after).await?;
    let metadata =
        Json::object([("tool_name", Json::from(name)), ("before", describe(&before)), ("after", describe(&after))]);
    let seq =
        trail::append(&mut transaction, Entry { event_type: EventType::ToolChanged, actor, reason }, &metadata).await?;
    transaction.commit().await?;
    engine.tools.forget(name);
    engine.changes.publish(Change::tool(name, seq));
    Ok(after)
}

/// A worker that claims calls of a tool that nobody runs becomes its executor: an operator gave it the scope.
pub(crate) async fn adopt_worker(connection: &mut sqlx::PgConnection, name: &str, actor: &str) -> Result<()> {
    let Some(before) = store::tools::find_locked(connection, name).await? else { return Ok(()) };
    if before.executor.is_some() {
        return Ok(());
    }
    let after = Tool { executor: Some(Executor::Worker), ..before.clone() };
    store::tools::update(connection, &after).await?;
    let metadata =
        Json::object([("tool_name", Json::from(name)), ("before", describe(&before)), ("after", describe(&after))]);
    trail::append(connection, Entry { event_type: EventType::ToolChanged, actor, reason: None }, &metadata).await?;
    Ok(())
}

fn describe(tool: &Tool) -> Json {
    let names = |names: &[String]| Json::Array(names.iter().map(|name| Json::from(name.as_str())).collect());
    Json::object([
        ("risk_tier", Json::from(tool.risk_tier.as_str())),
        ("gating", Json::from(tool.gating.as_str())),
        ("executor", Json::from(tool.executor.map(Executor::as_str))),
        ("expiry_hours", Json::from(tool.expiry_hours.map(i64::from))),
        ("idempotent", Json::from(tool.idempotent)),
        ("sensitive_args", names(&tool.sensitive_args)),
        ("secret_args", names(&tool.secret_args)),
    ])
}
