//! What about waiting calls is not as it usually is: read in one query for all that a page shows, and decided by the domain.

use std::collections::HashMap;

use domain::action::Action;
use domain::anomaly::{Anomaly, CALLS_BEFORE_A_BURST, is_burst, is_unusual};
use domain::id::ActionId;
use domain::identity::{Principal, Scope};
use domain::lifecycle::Status;

use crate::store::anomalies::{Comparison, compare};
use crate::{Engine, Result};

/// What stands out, by action; what does not wait any more has nothing. An agent is not told what its calls look like.
///
/// # Errors
/// When the database cannot be read.
pub async fn of(engine: &Engine, principal: &Principal, actions: &[Action]) -> Result<HashMap<ActionId, Vec<Anomaly>>> {
    let waiting = actions.iter().filter(|action| action.status == Status::Pending);
    let waiting: Vec<ActionId> = waiting.map(|action| action.id).collect();
    let parks = principal.person().is_none() && principal.may(Scope::ActionsSubmit);
    if waiting.is_empty() || parks || !principal.may(Scope::ActionsRead) {
        return Ok(HashMap::new());
    }
    let compared = compare(&engine.pool, &waiting, CALLS_BEFORE_A_BURST).await?;
    Ok(compared.iter().map(|own| (own.id, found(own))).collect())
}

fn found(own: &Comparison) -> Vec<Anomaly> {
    [
        own.new_recipient.then_some(Anomaly::NewRecipient),
        is_burst(own.of_session, own.usual).then_some(Anomaly::Burst { calls: own.of_session }),
        is_unusual(own.of_tool, own.of_agent).then_some(Anomaly::UnusualTool),
    ]
    .into_iter()
    .flatten()
    .collect()
}
