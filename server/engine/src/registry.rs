//! The registry of tools as people and programs read and settle it.

use chrono::{DateTime, Utc};
use domain::action::limit::EXPIRY_HOURS;
use domain::digest::Digest;
use domain::event::Event;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{Code, FieldError, Problem};
use domain::risk::RiskTier;
use domain::tool::{Executor, Registered, Tool};
use domain::tool_filter::ToolFilter;

use crate::input_schema::Schema;
use crate::tools::{change, change_known, check_name, not_there};
use crate::{Engine, Result, require, store};

/// The most names of arguments that a tool lists, of each class.
const MAX_NAMES: usize = 100;
/// The longest of them, in bytes.
const LONGEST_NAME: usize = 200;
/// How many of a tool's entries in the trail are shown with it.
const EVENTS: i64 = 20;

/// A page of tools by name.
#[derive(Debug)]
pub struct ToolPage {
    pub tools: Vec<Registered>,
    /// Where the list goes on.
    pub next: Option<String>,
    pub total: i64,
    pub now: DateTime<Utc>,
}

/// A tool and the newest entries about it.
#[derive(Debug)]
pub struct FullTool {
    pub registered: Registered,
    /// Newest first.
    pub events: Vec<Event>,
    pub now: DateTime<Utc>,
}

/// A page of the registry.
///
/// # Errors
/// `forbidden` without `actions:read`; when the database cannot be read.
pub async fn list(engine: &Engine, principal: &Principal, filter: &ToolFilter) -> Result<ToolPage> {
    require(principal, Scope::ActionsRead)?;
    let mut tools = store::tools::list(&engine.pool, filter, filter.limit.get() + 1).await?;
    let more = i64::try_from(tools.len()).is_ok_and(|rows| rows > filter.limit.get());
    if more {
        tools.pop();
    }
    let next = tools.last().filter(|_| more).map(|last| ToolFilter::cursor(&last.name));
    let (total, now) = store::tools::count(&engine.pool, filter).await?;
    Ok(ToolPage { tools: standing(engine, tools).await?, next, total, now })
}

/// One tool.
///
/// # Errors
/// `forbidden` without `actions:read`; `not_found`.
pub async fn show(engine: &Engine, principal: &Principal, name: &str) -> Result<FullTool> {
    require(principal, Scope::ActionsRead)?;
    check_name(name).map_err(|_| not_there())?;
    let tool = store::tools::find(&engine.pool, name).await?.ok_or_else(not_there)?;
    let registered = standing(engine, vec![tool]).await?.pop().ok_or_else(not_there)?;
    Ok(FullTool {
        registered,
        events: store::events::of_tool(&engine.pool, name, EVENTS).await?,
        now: store::now(&engine.pool).await?,
    })
}

async fn standing(engine: &Engine, tools: Vec<Tool>) -> Result<Vec<Registered>> {
    let configured = |name: &str| engine.policy.tools.iter().any(|config| config.name == name);
    Ok(store::tools::registered(&engine.pool, tools, configured).await?)
}

/// What is to change of a tool; what is `None` stays as it is. The inner `None` of three of them takes the value away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolSettings {
    /// The revision that was looked at: if the tool has another by now, nothing changes.
    pub revision: Option<i64>,
    pub risk_tier: Option<RiskTier>,
    pub expiry_hours: Option<Option<i64>>,
    pub idempotent: Option<bool>,
    pub reviewed: Option<bool>,
    pub sensitive_args: Option<Vec<String>>,
    pub secret_args: Option<Vec<String>>,
    pub executor: Option<Option<Executor>>,
    pub input_schema: Option<Option<Json>>,
    /// Why.
    pub reason: Option<String>,
}

/// Settles a tool, which is registered if nobody has met it yet. Calls that wait keep the tier they were parked with.
///
/// # Errors
/// `forbidden` without `tools:write`; `revision_changed`; `invalid_request` with every wrong field.
pub async fn settle(engine: &Engine, principal: &Principal, name: &str, settings: ToolSettings) -> Result<Tool> {
    require(principal, Scope::ToolsWrite)?;
    check_name(name)?;
    validate(&settings)?;
    let reason = settings.reason.as_deref().filter(|reason| !reason.trim().is_empty());
    let (actor, reason) = (principal.actor(), reason.map(domain::redaction::mask_text));
    // Whoever names a revision has seen the tool, so it must be there.
    if settings.revision.is_some() {
        return change_known(engine, name, &actor, reason.as_deref(), async |_, tool| apply(tool, &settings)).await;
    }
    change(engine, name, &actor, reason.as_deref(), |tool| apply(tool, &settings)).await
}

fn apply(tool: &mut Tool, settings: &ToolSettings) -> Result<()> {
    if let Some(seen) = settings.revision
        && seen != tool.revision
    {
        let detail = format!(
            "The tool is at revision {} by now, not at {seen}: look at it again. Nothing was changed.",
            tool.revision
        );
        return Err(Problem::new(Code::RevisionChanged, detail).into());
    }
    if let Some(executor) = settings.executor
        && executor != tool.executor
    {
        if let Some(hint) = executor.and_then(set_elsewhere) {
            return Err(Problem::invalid("/executor", hint).into());
        }
        tool.executor = executor;
    }
    tool.risk_tier = settings.risk_tier.unwrap_or(tool.risk_tier);
    tool.idempotent = settings.idempotent.unwrap_or(tool.idempotent);
    tool.reviewed = settings.reviewed.unwrap_or(tool.reviewed);
    if let Some(hours) = settings.expiry_hours {
        tool.expiry_hours = hours.and_then(|hours| i32::try_from(hours).ok());
    }
    for (names, kept) in
        [(&settings.sensitive_args, &mut tool.sensitive_args), (&settings.secret_args, &mut tool.secret_args)]
    {
        if let Some(names) = names {
            kept.clone_from(names);
        }
    }
    if let Some(schema) = &settings.input_schema {
        tool.schema_sha256 = schema.as_ref().map(Digest::of);
        tool.input_schema.clone_from(schema);
    }
    Ok(())
}

/// What an executor needs besides its word, and where that is said.
const fn set_elsewhere(executor: Executor) -> Option<&'static str> {
    match executor {
        Executor::Worker | Executor::Agent => None,
        Executor::Http => Some("http needs a URL and a signing secret: set them with PUT /tools/{name}/executor"),
        Executor::Mcp => Some("mcp is set with the upstream that offers the tool, in the configuration"),
    }
}

fn validate(settings: &ToolSettings) -> Result<()> {
    let mut errors = Vec::new();
    let mut refuse = |pointer: String, message: String| errors.push(FieldError { pointer, message });
    if let Some(Some(hours)) = settings.expiry_hours
        && !(1..=i64::from(EXPIRY_HOURS)).contains(&hours)
    {
        refuse("/expiry_hours".to_owned(), "must be a whole number of hours from 1 to 8760, or null".to_owned());
    }
    for (pointer, names) in [("/sensitive_args", &settings.sensitive_args), ("/secret_args", &settings.secret_args)] {
        let names = names.as_deref().unwrap_or_default();
        if names.len() > MAX_NAMES {
            refuse(pointer.to_owned(), format!("has {} names; at most {MAX_NAMES} are taken", names.len()));
        }
        for (at, name) in names.iter().enumerate().take(MAX_NAMES) {
            // A name without a letter or digit would be no name, or every name.
            if name.len() > LONGEST_NAME || name.contains('\0') || !name.chars().any(char::is_alphanumeric) {
                let message = format!("must be an argument's name: 1 to {LONGEST_NAME} bytes, with a letter or digit");
                refuse(format!("{pointer}/{at}"), message);
            }
        }
    }
    if let Some(reason) = &settings.reason
        && let Err(crate::Error::Problem(problem)) = crate::decisions::check_text("/reason", Some(reason))
    {
        errors.extend(problem.errors);
    }
    if let Some(Some(schema)) = &settings.input_schema
        && let Err(problem) = Schema::compile(schema, "/input_schema")
    {
        errors.extend(problem.errors);
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors).into()) }
}
