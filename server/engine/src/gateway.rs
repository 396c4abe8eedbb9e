//! Calls that come through the gateway. Whoever repeats a call before having been told what came of it gets that, and has
//! not called twice.

use std::sync::Arc;

use domain::digest::Digest;
use domain::id::ActionId;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::tool::{Gating, Tool};
use uuid::Uuid;

use crate::decisions::withdraw;
use crate::gate::{Gated, ParkRequest, attached, park};
use crate::{Engine, Result, require, store, tools};

/// Outcomes that nobody came back for are kept so many days.
const KEPT_DAYS: i32 = 7;

/// The request that is held for a call.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// As its agent numbers it, in JSON.
    pub request: &'a str,
    /// How long it is held at most.
    pub seconds: f64,
}

/// Lets a call through the gate, parks it, or finds the same call of the same agent that was not answered yet. A bypassed tool's
/// calls are not compared: each runs at once.
///
/// # Errors
/// As [`park`].
pub async fn submit(engine: &Engine, principal: &Principal, request: ParkRequest, held: Held<'_>) -> Result<Gated> {
    require(principal, Scope::ActionsSubmit)?;
    let tool = tools::find_or_register(engine, &request.tool_name, &principal.actor()).await?;
    if matches!(tool.gating, Gating::Open { .. }) {
        return park(engine, principal, request).await;
    }
    let key = key(principal, &request);
    let fresh = ActionId(Uuid::now_v7());
    let id = store::upstreams::hold(&engine.pool, principal.name(), &key, fresh, (held.request, held.seconds)).await?;
    if id != fresh
        && let Some(action) = store::actions::find(&engine.pool, id).await?
    {
        return attached(engine, action).await;
    }
    // It was noted, and never parked: somebody died in between.
    let parked = park(engine, principal, ParkRequest { id: Some(id), ..request }).await;
    if matches!(parked, Err(crate::Error::Problem(_))) {
        // The agent is told at once.
        answered(engine, id).await?;
    }
    parked
}

/// Refuses whoever may not call tools.
///
/// # Errors
/// `forbidden` without `actions:submit`.
pub fn may_call(principal: &Principal) -> Result<()> {
    require(principal, Scope::ActionsSubmit)
}

/// The tool as the registry has it, for whoever may call it.
///
/// # Errors
/// `forbidden` without `actions:submit`.
pub async fn tool(engine: &Engine, principal: &Principal, name: &str) -> Result<Arc<Tool>> {
    require(principal, Scope::ActionsSubmit)?;
    tools::find_or_register(engine, name, &principal.actor()).await
}

/// The agent does not want the call of a request any more. Agents that share a token number their requests alike: where it is not
/// certain which call is meant, none is.
///
/// # Errors
/// When the database cannot be reached.
pub async fn cancel(engine: &Engine, principal: &Principal, request: &str) -> Result<()> {
    let held = store::upstreams::held(&engine.pool, principal.name(), request).await?;
    let [id] = held.as_slice() else { return Ok(()) };
    give_up(engine, principal, *id, "The agent cancelled its call.").await
}

/// The agent does not want its call any more: what waits is withdrawn, what was decided stands.
///
/// # Errors
/// When the database cannot be reached.
pub async fn give_up(engine: &Engine, principal: &Principal, id: ActionId, why: &str) -> Result<()> {
    match withdraw(engine, principal, id, Some(why)).await {
        // Decided meanwhile.
        Ok(_) | Err(crate::Error::Problem(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Notes that the agent has been told what came of its call: the same call from now on is another one.
///
/// # Errors
/// When the database cannot be written.
pub async fn answered(engine: &Engine, id: ActionId) -> Result<()> {
    Ok(store::upstreams::answered(&engine.pool, id).await?)
}

/// Forgets calls that are over and that nobody came back for.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget_unanswered(engine: &Engine) -> Result<u64> {
    Ok(store::upstreams::forget_unanswered(&engine.pool, KEPT_DAYS).await?)
}

/// The same tool with the same arguments, to the digit, called with the same token: another one does not see the action.
fn key(principal: &Principal, request: &ParkRequest) -> String {
    let call = Json::object([
        ("token", Json::from(principal.token().map(|token| token.id.to_string()))),
        ("tool", Json::from(request.tool_name.as_str())),
        ("args", Json::from(Digest::of(&request.tool_args).to_string())),
    ]);
    Digest::of(&call).to_string()
}
