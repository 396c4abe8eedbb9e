//! The registry of tools: what the configuration settles, what is met for the first time, how calls are gated.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, SecondsFormat, Utc};
use domain::argument::ClassOverrides;
use domain::event::EventType;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{Code, Problem};
use domain::redaction::CallMask;
use domain::risk::RiskTier;
use domain::tool::{Executor, Gating, Tool};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::executors::ToolUrl;
use crate::notify::Change;
use crate::trail::Entry;
use crate::{Engine, Result, executors, require, rules, settings, store, trail};

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
    let mut transaction = store::begin(&engine.pool).await?;
    if let Some(seq) = register_in(engine, &mut transaction, name, actor).await? {
        transaction.commit().await?;
        engine.changes.publish(Change::tool(name, seq));
    }
    Ok(())
}

/// Registers a tool with its entry in the trail. `None`: it was there.
async fn register_in(engine: &Engine, connection: &mut PgConnection, name: &str, actor: &str) -> Result<Option<i64>> {
    let tier = settings::default_risk_tier(engine, connection).await?;
    if !store::tools::register(connection, name, tier).await? {
        return Ok(None);
    }
    let metadata = Json::object([("tool_name", Json::from(name)), ("risk_tier", Json::from(tier.as_str()))]);
    let entry = Entry { event_type: EventType::ToolRegistered, actor, reason: None };
    Ok(Some(trail::append(connection, entry, &metadata).await?))
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
    for (settled, names) in [(&config.sensitive, &mut tool.sensitive_args), (&config.secret, &mut tool.secret_args)] {
        if !settled.is_empty() {
            names.clone_from(settled);
        }
    }
    let reason = Some("The configuration says so.".to_owned());
    match config.gating.as_deref() {
        None => {}
        Some(word) if word == tool.gating.as_str() => {}
        Some("gated") => tool.gating = Gating::Gated,
        Some("paused") => tool.gating = Gating::Paused { reason },
        Some("blocked") => tool.gating = Gating::Blocked { reason },
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

/// Changes a tool, which is registered with that if nobody has met it yet. What changes nothing leaves no entry.
pub(crate) async fn change(
    engine: &Engine,
    name: &str,
    actor: &str,
    reason: Option<&str>,
    edit: impl FnOnce(&mut Tool) -> Result<()>,
) -> Result<Tool> {
    check_name(name)?;
    let mut transaction = store::begin(&engine.pool).await?;
    let registered = register_in(engine, &mut transaction, name, actor).await?;
    change_in(engine, transaction, registered, name, (actor, reason), async |_, tool| edit(tool)).await
}

/// Changes a tool that is there. What `edit` sees is the tool as it is, kept from changing.
pub(crate) async fn change_known(
    engine: &Engine,
    name: &str,
    actor: &str,
    reason: Option<&str>,
    edit: impl AsyncFnOnce(&mut PgConnection, &mut Tool) -> Result<()>,
) -> Result<Tool> {
    check_name(name).map_err(|_| not_there())?;
    let transaction = store::begin(&engine.pool).await?;
    change_in(engine, transaction, None, name, (actor, reason), edit).await
}

async fn change_in(
    engine: &Engine,
    mut transaction: Transaction<'_, Postgres>,
    registered: Option<i64>,
    name: &str,
    (actor, reason): (&str, Option<&str>),
    edit: impl AsyncFnOnce(&mut PgConnection, &mut Tool) -> Result<()>,
) -> Result<Tool> {
    let before = store::tools::find_locked(&mut transaction, name).await?.ok_or_else(not_there)?;
    let mut after = before.clone();
    edit(&mut transaction, &mut after).await?;
    let mut news = registered;
    let mut suspended = Vec::new();
    if after != before {
        store::tools::update(&mut transaction, &after).await?;
        after.revision += 1;
        if after.schema_sha256 != before.schema_sha256 {
            suspended = rules::suspend_stale(&mut transaction, name, after.schema_sha256, actor).await?;
        }
        let metadata =
            Json::object([("tool_name", Json::from(name)), ("before", describe(&before)), ("after", describe(&after))]);
        let entry = Entry { event_type: EventType::ToolChanged, actor, reason };
        news = Some(trail::append(&mut transaction, entry, &metadata).await?);
    }
    if let Some(seq) = news {
        transaction.commit().await?;
        engine.tools.forget(name);
        engine.changes.publish(Change::tool(name, seq));
        suspended.into_iter().for_each(|(id, seq)| rules::announce(engine, name, id, seq));
    }
    Ok(after)
}

pub(crate) fn not_there() -> Problem {
    Problem::new(Code::NotFound, "There is no tool of this name. A tool is there from its first call on.")
}

/// Refuses arguments that do not fit the tool's schema, if it has one: one error for each violation, at most 20, by
/// pointers below `at` (`/tool_args`), masked.
///
/// # Errors
/// `invalid_request`.
pub fn check_args(engine: &Engine, tool: &Tool, args: &Json, at: &str) -> Result<()> {
    let Some(document) = &tool.input_schema else { return Ok(()) };
    let schema = engine.schemas.of(&tool.name, tool.revision, document)?;
    Ok(schema.check(args, || CallMask::of(args, &ClassOverrides::from(tool)), at)?)
}

/// A worker that claims calls of a tool that nobody runs becomes its executor: an operator gave it the scope.
pub(crate) async fn adopt_worker(connection: &mut PgConnection, name: &str, actor: &str) -> Result<()> {
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
    let time = |at: Option<DateTime<Utc>>| Json::from(at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)));
    let until = if let Gating::Open { until, .. } = &tool.gating { Some(*until) } else { None };
    Json::object([
        ("risk_tier", Json::from(tool.risk_tier.as_str())),
        ("gating", Json::from(tool.gating.as_str())),
        ("gating_reason", Json::from(tool.gating.reason().map(str::to_owned))),
        ("open_until", time(until)),
        ("bypass_ended", time(tool.bypass_ended)),
        ("executor", Json::from(tool.executor.map(Executor::as_str))),
        ("expiry_hours", Json::from(tool.expiry_hours.map(i64::from))),
        ("idempotent", Json::from(tool.idempotent)),
        ("reviewed", Json::from(tool.reviewed)),
        ("sensitive_args", names(&tool.sensitive_args)),
        ("secret_args", names(&tool.secret_args)),
        ("schema_sha256", Json::from(tool.schema_sha256.map(|digest| digest.to_string()))),
    ])
}
