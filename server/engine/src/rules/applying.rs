//! A new rule for the calls that wait already. Each passes the gate's rules again, as if it came now; each is its own
//! transaction, with its own use of the rule and its own entry in the trail.

use domain::action::Action;
use domain::event::EventType;
use domain::id::{ActionId, RuleId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::Status;
use domain::problem::{Code, Problem};
use domain::rule::Effect;
use domain::tool::Gating;

use super::{exhausted, person};
use crate::bulk::MOST;
use crate::notify::Change;
use crate::rule_set::{self, Ruling};
use crate::trail::Entry;
use crate::{Engine, Result, require, store, trail};

/// What came of one of the actions.
#[derive(Debug)]
pub struct Applied {
    pub id: ActionId,
    pub outcome: std::result::Result<Action, Problem>,
}

/// Lets the rule decide the named actions that wait. What it does not fit, or another rule stops, goes on waiting.
///
/// # Errors
/// `invalid_request` for no or too many ids, or a rule that does not allow; `not_found`; `forbidden` without `rules:write`
/// and `decisions:write`. What is wrong with a single action stands in its item.
pub async fn apply(engine: &Engine, principal: &Principal, id: RuleId, actions: &[ActionId]) -> Result<Vec<Applied>> {
    person(principal)?;
    require(principal, Scope::DecisionsWrite)?;
    if actions.is_empty() || actions.len() > MOST {
        return Err(Problem::invalid("/ids", format!("must name 1 to {MOST} actions")).into());
    }
    let rule = store::rules::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    if rule.definition.effect != Effect::Allow {
        return Err(Problem::invalid("/ids", "cannot be decided by a rule that stops calls").into());
    }
    let mut applied = Vec::with_capacity(actions.len());
    for action in actions {
        let outcome = one(engine, principal, id, *action).await.map_err(crate::Error::into_problem);
        applied.push(Applied { id: *action, outcome });
    }
    Ok(applied)
}

async fn one(engine: &Engine, principal: &Principal, rule: RuleId, id: ActionId) -> Result<Action> {
    let mut transaction = store::begin(&engine.pool).await?;
    let action =
        store::actions::find_locked(&mut transaction, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    let decided = decide(&mut transaction, principal, rule, &action).await;
    let (action, news) = match decided {
        Ok(decided) => decided,
        Err(error) => {
            // At once: what is locked would stay so until the connection is next used.
            transaction.rollback().await?;
            return Err(error);
        }
    };
    transaction.commit().await?;
    news.into_iter().for_each(|change| engine.changes.publish(change));
    Ok(action)
}

async fn decide(
    connection: &mut sqlx::PgConnection,
    principal: &Principal,
    rule: RuleId,
    action: &Action,
) -> Result<(Action, Vec<Change>)> {
    if action.status != Status::Pending || !action.live {
        let detail = "The action does not wait any more. Nothing was changed.";
        return Err(Problem {
            standing: Some(crate::decisions::standing(action)),
            ..Problem::new(Code::AlreadyDecided, detail)
        }
        .into());
    }
    let tool = store::tools::find_held(connection, &action.tool_name).await?.ok_or_else(crate::tools::not_there)?;
    let set = rule_set::load(&mut *connection, &tool).await?;
    let waits = |why: String| Problem::new(Code::WrongState, format!("It goes on waiting: {why}"));
    if !matches!(tool.gating, Gating::Gated) {
        return Err(waits(format!("the tool is {}, and no rule applies.", tool.gating.as_str())).into());
    }
    match set.ruling(action.effective_args()) {
        Ruling::Allowed(winner) if winner.id == rule => {}
        Ruling::Allowed(winner) => {
            return Err(waits(format!("another rule comes first, {}.", rule_set::named(winner))).into());
        }
        Ruling::Denied(other) => return Err(waits(format!("the rule {} refuses it.", rule_set::named(other))).into()),
        Ruling::Held(other) => return Err(waits(format!("the rule {} holds it.", rule_set::named(other))).into()),
        Ruling::Silent(_) => return Err(waits("the rule does not fit it, or may not decide now.".to_owned()).into()),
    }
    let Some(taken) = store::rules::take_use(connection, rule).await? else {
        return Err(waits("the rule has no use left.".to_owned()).into());
    };
    let approved = store::actions::approve_by_rule(connection, action.id, rule)
        .await?
        .ok_or_else(|| crate::Error::Corrupt(format!("action {} changed while it was locked", action.id)))?;
    let actor = principal.actor();
    let about = (rule, action.tool_name.as_str());
    let entry = Entry { event_type: EventType::ActionAutoApproved, actor: &actor, reason: None };
    let adds = [
        ("args_sha256", Json::from(approved.effective_sha256().to_string())),
        ("risk_tier", Json::from(approved.risk_tier.as_str())),
        ("applied_to_waiting", Json::from(true)),
    ];
    let seq = trail::append_about_rule(connection, about, Some(action.id), entry, adds).await?;
    let mut news = vec![Change::action(action.id, seq)];
    news.extend(exhausted(connection, about, action.id, &taken).await?);
    Ok((approved, news))
}
