//! Runs of tools that an MCP server behind the gateway offers: a claim that is committed before the call, the outcome after
//! it. The call stands between two use-cases, so that nothing is held while it lasts.

use std::time::Duration;

use domain::action::Action;
use domain::id::{ActionId, AttemptId};
use uuid::Uuid;

use crate::execution::{Runner, begin};
use crate::notify::Change;
pub use crate::own_calls::Outcome;
use crate::{Engine, Result, own_calls, store};

/// The attempt's worker.
const NAME: &str = "mcp";
/// Who acts in the trail.
const ACTOR: &str = "system:mcp";
/// How much longer a lease lasts than the call may: time to write the outcome down.
const LEASE_MARGIN: Duration = Duration::from_secs(20);
/// An approved call waits so long for whoever waits for its outcome: the answer goes to the agent as it came then.
const PATIENCE_SECONDS: i32 = 2;

/// A call to be made: an approved action with its exact arguments, claimed.
#[derive(Debug)]
pub struct Call {
    pub action: Action,
    pub attempt: AttemptId,
    pub number: i32,
    /// What the upstream calls the tool.
    pub name: String,
}

/// Approved calls that nobody waits for, each with its upstream; of these upstreams alone.
///
/// # Errors
/// When the database cannot be read.
pub async fn due(engine: &Engine, upstreams: &[String]) -> Result<Vec<(ActionId, String)>> {
    if upstreams.is_empty() {
        return Ok(Vec::new());
    }
    let due = store::upstreams::due(&engine.pool, upstreams, PATIENCE_SECONDS).await?;
    Ok(due.into_iter().map(|call| (ActionId(call.id), call.upstream)).collect())
}

/// Takes an approved call that is to be made, for as long as it may take. `None`: somebody else has it, or it is not to be made.
///
/// # Errors
/// When the database cannot be reached.
pub async fn claim(engine: &Engine, id: ActionId, within: Duration) -> Result<Option<Call>> {
    let mut transaction = store::begin(&engine.pool).await?;
    let Some(action) = store::actions::claim_for_mcp(&mut transaction, id).await? else { return Ok(None) };
    let name = store::upstreams::name_there(&mut *transaction, &action.tool_name)
        .await?
        .ok_or_else(|| crate::Error::Corrupt(format!("{} is no tool of an upstream", action.tool_name)))?;
    let lease = i32::try_from((within + LEASE_MARGIN).as_secs()).unwrap_or(i32::MAX);
    let attempt = AttemptId(Uuid::new_v4());
    let runner = Runner { name: NAME, token: None, actor: ACTOR };
    let (claim, seq, intact) = begin(&mut transaction, &runner, attempt, action, lease).await?;
    transaction.commit().await?;
    engine.changes.publish(Change::action(claim.action.id, seq));
    Ok(intact.then_some(Call { action: claim.action, attempt, number: claim.number, name }))
}

/// Writes down what came of a call. One that was given up meanwhile keeps what is known as a late report.
///
/// # Errors
/// When the database cannot be reached: try again, the same outcome is taken once.
pub async fn settle(engine: &Engine, call: &Call, outcome: Outcome) -> Result<()> {
    own_calls::settle(engine, call.attempt, outcome, ACTOR).await
}
