//! Reading actions: lists, one with all that belongs to it, waiting for one to change.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::action::{Action, Attempt};
use domain::argument::ClassOverrides;
use domain::event::Event;
use domain::filter::ActionFilter;
use domain::id::{ActionId, TokenId};
use domain::identity::{Principal, Scope};
use domain::lifecycle::{ExecutionState, Status};
use domain::page::{Cursor, Sort};
use domain::problem::{Code, Problem};
use domain::redaction::CallMask;
use sqlx::{PgConnection, PgExecutor};
use tokio::time::Instant;

use crate::{Engine, Result, identity, store};

/// A page of actions.
#[derive(Debug)]
pub struct ActionPage {
    pub actions: Vec<Action>,
    pub next: Option<Cursor>,
    /// `None`: more than [`store::actions::COUNTED`], and nobody counted them all.
    pub total: Option<i64>,
    pub now: DateTime<Utc>,
}

/// One action and all that belongs to it.
#[derive(Debug)]
pub struct FullAction {
    pub action: Action,
    pub attempts: Vec<Attempt>,
    pub events: Vec<Event>,
    pub overrides: ClassOverrides,
    pub now: DateTime<Utc>,
}

/// Whose actions the asker may see: a reader all, an agent those its own token parked.
fn sees(principal: &Principal) -> Result<Option<TokenId>> {
    if principal.may(Scope::ActionsRead) {
        return Ok(None);
    }
    match principal.token() {
        Some(token) if principal.may(Scope::ActionsSubmit) => Ok(Some(token.id)),
        _ => Err(Problem::new(
            Code::Forbidden,
            format!("{} may not read actions (it lacks {}).", principal.name(), Scope::ActionsRead),
        )
        .into()),
    }
}

/// A page of the actions that the asker may see.
///
/// # Errors
/// `forbidden`; when the database cannot be read.
pub async fn list(engine: &Engine, principal: &Principal, filter: &ActionFilter) -> Result<ActionPage> {
    let parked_by = sees(principal)?;
    let (total, now) = store::actions::count(&engine.pool, filter, parked_by).await?;
    let found = if total.is_some() { store::actions::Found::Few } else { store::actions::Found::Many };
    let mut actions = store::actions::list(&engine.pool, filter, parked_by, found, filter.limit.get() + 1).await?;
    let more = i64::try_from(actions.len()).is_ok_and(|rows| rows > filter.limit.get());
    if more {
        actions.pop();
    }
    let next = actions.last().filter(|_| more).map(|last| Cursor {
        at: match filter.sort {
            Sort::Oldest | Sort::Newest => last.requested_at,
            Sort::Urgency => last.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC),
        },
        id: last.id.0,
    });
    Ok(ActionPage { actions, next, total, now })
}

/// One action with its attempts and events.
///
/// # Errors
/// `not_found`, also for an action that is not the asker's to see.
pub async fn get(engine: &Engine, principal: &Principal, id: ActionId) -> Result<FullAction> {
    require_sight(engine, principal, id).await?;
    let action = store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    let overrides = overrides(engine, &action.tool_name).await?;
    Ok(FullAction {
        attempts: store::attempts::of_action(&engine.pool, id).await?,
        events: store::events::of_action(&engine.pool, id).await?,
        now: store::now(&engine.pool).await?,
        overrides,
        action,
    })
}

async fn require_sight(engine: &Engine, principal: &Principal, id: ActionId) -> Result<()> {
    match sees(principal)? {
        Some(token) if !store::actions::was_parked_by(&engine.pool, id, token).await? => {
            Err(Problem::not_found("action").into())
        }
        _ => Ok(()),
    }
}

/// What the tool's configuration says about its arguments' names.
///
/// # Errors
/// When the database cannot be read.
pub async fn overrides(engine: &Engine, tool: &str) -> Result<ClassOverrides> {
    overrides_by(engine, &engine.pool, tool).await
}

async fn overrides_by(engine: &Engine, executor: impl PgExecutor<'_>, tool: &str) -> Result<ClassOverrides> {
    if let Some(tool) = engine.tools.get(tool) {
        return Ok(ClassOverrides::from(tool.as_ref()));
    }
    let known = store::tools::find(executor, tool).await?;
    Ok(known.as_ref().map(ClassOverrides::from).unwrap_or_default())
}

/// The mask for whatever is told about an action. Read through the transaction that asks: one that waited for a
/// second connection while it holds a row could wait for those that wait for the row.
pub(crate) async fn mask(engine: &Engine, connection: &mut PgConnection, action: &Action) -> Result<CallMask> {
    Ok(action.mask(&overrides_by(engine, connection, &action.tool_name).await?))
}

/// What a waiter waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until it is not pending any more.
    Decided,
    /// Until it has an outcome: executed, rejected, expired, unknown, ...
    Executed,
}

impl Until {
    fn reached(self, action: &Action) -> bool {
        let decided = action.status != Status::Pending;
        match self {
            Self::Decided => decided,
            Self::Executed => {
                decided
                    && (action.status != Status::Approved || action.execution_state == Some(ExecutionState::Unknown))
            }
        }
    }
}

/// Waits until the action is decided (or has an outcome), at most `wait`. A waiter sleeps until its action
/// changes: it asks the database once when it comes and once for every change of its action.
///
/// # Errors
/// As [`get`].
pub async fn wait(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    wait: Duration,
    until: Until,
) -> Result<FullAction> {
    let deadline = Instant::now() + wait;
    // Subscribed before the first look: a change in between is not missed.
    let mut changes = engine.changes.subscribe();
    let _awaited = engine.changes.await_action(id);
    let stopped = engine.changes.stopped();
    require_sight(engine, principal, id).await?;
    let mut has_waited = false;
    loop {
        let action = store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?;
        // A deadline that passes while one waits is written down at once, not at the next sweep.
        if action.status == Status::Pending && !action.live {
            crate::expiry::sweep(engine).await?;
            continue;
        }
        if until.reached(&action) {
            break;
        }
        has_waited = true;
        let expiry = action.expires_at.filter(|_| action.status == Status::Pending);
        let nap = nap(engine, expiry, deadline).await?;
        let changed = async {
            loop {
                match changes.recv().await {
                    Ok(change) if !change.concerns(id) => {}
                    // A lagging receiver has missed changes: look again.
                    _ => break,
                }
            }
        };
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(nap) => {
                if nap >= deadline {
                    break;
                }
            }
            () = stopped.cancelled() => break,
        }
    }
    // Whoever waited may have lost the right to hear the answer meanwhile.
    if has_waited && principal.token().is_some() && !identity::is_current(engine, principal, None).await? {
        return Err(Problem::new(Code::Unauthenticated, "The token was revoked or has ended meanwhile.").into());
    }
    get(engine, principal, id).await
}

/// When to look again by oneself: at the action's own deadline, or when the wait is over.
async fn nap(engine: &Engine, expires_at: Option<DateTime<Utc>>, deadline: Instant) -> Result<Instant> {
    let Some(expires_at) = expires_at else { return Ok(deadline) };
    let left = expires_at - store::now(&engine.pool).await?;
    let left = left.to_std().unwrap_or_default() + Duration::from_millis(5);
    Ok(deadline.min(Instant::now() + left))
}

/// The decision in words: an approved action stays approved in words when it has run.
pub(crate) const fn decision_word(action: &Action) -> &'static str {
    match action.status {
        Status::Executed | Status::Abandoned => "approved",
        other => other.as_str(),
    }
}
