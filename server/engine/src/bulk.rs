//! One decision on many actions: exactly those that were named, each for itself. What is refused for one says so, and
//! changes nothing for the others.

use std::collections::HashSet;

use domain::action::Action;
use domain::id::ActionId;
use domain::identity::Principal;
use domain::lifecycle::Status;
use domain::problem::{Code, Problem};
use domain::risk::RiskTier;

use crate::decisions::{Approve, approve, person, reject};
use crate::expiry::extend;
use crate::settlement::retry;
use crate::{Engine, Result, actions, console, store};

/// How many actions are decided at once at most.
pub const MOST: usize = 200;
/// How many deadlines are moved at once at most.
pub const MOST_EXTENDED: i64 = 1_000;

/// What is done with each of them.
#[derive(Clone, Debug)]
pub enum Bulk {
    /// Low and medium risk only: whatever is riskier is looked at one by one.
    Approve,
    Reject {
        reason: String,
    },
    Extend {
        hours: i32,
    },
    /// Runs that failed, or of which nobody knows, are queued once more.
    Retry {
        note: Option<String>,
    },
}

/// What came of one of them.
#[derive(Debug)]
pub struct Item {
    pub id: ActionId,
    /// `None`: there is no such action, or it could not be read.
    pub tool_name: Option<String>,
    pub outcome: std::result::Result<Action, Problem>,
}

/// Decides every named action, in the order they were named.
///
/// # Errors
/// `invalid_request` for no, too many or repeated ids, or a missing reason; `human_actor_required`, `forbidden`. What
/// is wrong with a single action stands in its item.
pub async fn decide(engine: &Engine, principal: &Principal, ids: &[ActionId], bulk: &Bulk) -> Result<Vec<Item>> {
    person(principal)?;
    if ids.is_empty() || ids.len() > MOST {
        return Err(Problem::invalid("/ids", format!("must name 1 to {MOST} actions")).into());
    }
    if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
        return Err(Problem::invalid("/ids", "names an action twice").into());
    }
    if let Bulk::Reject { reason } = bulk
        && reason.trim().is_empty()
    {
        return Err(Problem::invalid("/reason", "is missing: the agents are told why").into());
    }
    each(engine, principal, ids, bulk).await
}

/// Moves the deadline of every waiting action of a list on by `hours`: of those that are in it now, whatever comes into it
/// meanwhile. The list is asked for as in the console's address.
///
/// # Errors
/// As [`decide`]; `invalid_request` for a parameter that is not known, or a list of more than [`MOST_EXTENDED`].
pub async fn extend_list(engine: &Engine, principal: &Principal, list: &str, hours: i32) -> Result<Vec<Item>> {
    person(principal)?;
    let mut filter = console::filter(engine, list).await?;
    filter.statuses = vec![Status::Pending];
    let mut ids = Vec::new();
    loop {
        let page = actions::list(engine, principal, &filter).await?;
        ids.extend(page.actions.iter().map(|action| action.id));
        if i64::try_from(ids.len()).is_ok_and(|listed| listed > MOST_EXTENDED) {
            return Err(
                Problem::invalid("/filter", format!("holds more than {MOST_EXTENDED} actions: narrow it")).into()
            );
        }
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            return each(engine, principal, &ids, &Bulk::Extend { hours }).await;
        }
    }
}

async fn each(engine: &Engine, principal: &Principal, ids: &[ActionId], bulk: &Bulk) -> Result<Vec<Item>> {
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = one(engine, principal, *id, bulk).await.map_err(crate::Error::into_problem);
        let tool_name = match &outcome {
            Ok(action) => Some(action.tool_name.clone()),
            Err(_) => store::actions::find(&engine.pool, *id).await.ok().flatten().map(|action| action.tool_name),
        };
        items.push(Item { id: *id, tool_name, outcome });
    }
    Ok(items)
}

async fn one(engine: &Engine, principal: &Principal, id: ActionId, bulk: &Bulk) -> Result<Action> {
    let decision = match bulk {
        Bulk::Approve => {
            let action = store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?;
            if matches!(action.risk_tier, RiskTier::High | RiskTier::Critical) {
                let detail = format!("A call of {} risk is approved one by one.", action.risk_tier.as_str());
                return Err(Problem::new(Code::NotInBulk, detail).into());
            }
            approve(engine, principal, id, Approve::default()).await?
        }
        Bulk::Reject { reason } => reject(engine, principal, id, reason).await?,
        Bulk::Extend { hours } => extend(engine, principal, id, *hours).await?,
        Bulk::Retry { note } => retry(engine, principal, id, note.as_deref()).await?,
    };
    Ok(decision.action)
}
