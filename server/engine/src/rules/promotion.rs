//! What people approve again and again, and no rule decides: each is offered as a rule (domain contract §7). An offer is
//! an address to go to; nothing is made of it without a person.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::argument::{ClassOverrides, headline};
use domain::id::ActionId;
use domain::identity::{Principal, Scope};
use domain::risk::RiskTier;
use domain::tool::Gating;

use crate::rule_set::Ruling;
use crate::{Engine, Result, require, rule_set, store};

/// So many days are looked back.
pub const DAYS: i32 = 30;
/// So often a kind of call is approved before it is offered.
const LEAST: i64 = 5;
/// So many kinds are looked at, and so many offered.
const LOOKED_AT: i64 = 50;
const OFFERED: usize = 10;

/// A kind of call that could be decided once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    pub tool_name: String,
    pub risk_tier: RiskTier,
    /// The newest call of the kind: what a rule would be made from.
    pub action_id: ActionId,
    /// What such a call reaches, masked and escaped.
    pub headline: Option<String>,
    /// So often people approved it, and never rejected it, in the last [`DAYS`].
    pub approved: i64,
    pub last_at: DateTime<Utc>,
}

/// What could be decided once, the most frequent first: at most ten.
///
/// # Errors
/// `forbidden` without `rules:read` and `actions:read`.
pub async fn promotions(engine: &Engine, principal: &Principal) -> Result<Vec<Promotion>> {
    require(principal, Scope::RulesRead)?;
    require(principal, Scope::ActionsRead)?;
    let habits = store::shapes::habits(&engine.pool, DAYS, LEAST, LOOKED_AT).await?;
    let newest: Vec<ActionId> = habits.iter().map(|habit| habit.newest).collect();
    let calls = store::actions::find_all(&engine.pool, &newest).await?;
    let mut calls: HashMap<ActionId, Action> = calls.into_iter().map(|action| (action.id, action)).collect();
    let mut offers = Vec::new();
    for habit in habits {
        let Some(action) = calls.remove(&habit.newest) else { continue };
        offers.extend(offer(engine, habit, action).await?);
        if offers.len() == OFFERED {
            break;
        }
    }
    Ok(offers)
}

/// `None`: a rule decides such calls already, or none could now.
async fn offer(engine: &Engine, habit: store::shapes::Habit, action: Action) -> Result<Option<Promotion>> {
    let Some(tool) = store::tools::find(&engine.pool, &habit.tool_name).await? else { return Ok(None) };
    let rules = rule_set::of(engine, &tool).await?;
    let decided = !matches!(rules.ruling(&action.tool_args), Ruling::Silent(_));
    if decided || !matches!(tool.gating, Gating::Gated) {
        return Ok(None);
    }
    let overrides = ClassOverrides::from(&tool);
    Ok(Some(Promotion {
        headline: headline(action.mask(&overrides).effective(), &overrides),
        tool_name: tool.name,
        risk_tier: tool.risk_tier,
        action_id: action.id,
        approved: habit.approved,
        last_at: habit.last_at,
    }))
}
