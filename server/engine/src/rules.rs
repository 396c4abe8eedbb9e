//! Standing rules: made, read, ended. Whatever makes a rule passes through [`making::make`], and so through the one
//! function that says whether it may be made.

mod applying;
mod inventory;
mod making;
mod promotion;
mod review;
mod trial;

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::id::{ActionId, RuleId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::people::Listing;
use domain::problem::{Code, Problem};
use domain::redaction::mask_text;
use domain::rule::{Rule, RuleState, read_draft};
use domain::rule_filter::RuleFilter;
use domain::suggestion::Suggested;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

pub use applying::{Applied, apply};
pub use inventory::{all, csv};
pub use making::FromAction;
pub use promotion::{DAYS as PROMOTION_DAYS, Promotion, promotions};
pub(crate) use review::foresee;
pub use review::{Review, review};
pub use trial::{Considered, Judged, Outcome, Trial, TrialCall, TrialRule, considered, test};

pub use making::WantedRule;
pub(crate) use making::{draft_while_approving, make_from};

use crate::decisions::{check_text, said};
use crate::notify::Change;
use crate::trail::Entry;
use crate::{Engine, Result, require, store, trail};

/// How many of a rule's entries in the trail are shown with it.
const EVENTS: i64 = 50;

/// A page of rules.
#[derive(Debug)]
pub struct RulePage {
    pub rules: Vec<Rule>,
    pub next: Option<String>,
    /// Active rules that end by themselves, those that do not, and the rest.
    pub bounded: i64,
    pub permanent: i64,
    pub inactive: i64,
    pub now: DateTime<Utc>,
}

/// A rule and all that belongs to it.
#[derive(Debug)]
pub struct FullRule {
    pub rule: Rule,
    /// Newest first.
    pub events: Vec<Event>,
    pub now: DateTime<Utc>,
}

/// The person who makes or ends a rule, where a person may.
fn person(principal: &Principal) -> Result<String> {
    require(principal, Scope::RulesWrite)?;
    match principal.person() {
        Some(_) => Ok(principal.actor()),
        None => {
            Err(Problem::new(Code::HumanActorRequired, "Only a person makes rules; this token belongs to a program.")
                .into())
        }
    }
}

/// Whether the asker may make and end rules.
///
/// # Errors
/// `forbidden` without `rules:write`; `human_actor_required` for a program.
pub fn may_make(principal: &Principal) -> Result<()> {
    person(principal).map(drop)
}

/// A page of rules, newest first.
///
/// # Errors
/// `forbidden` without `rules:read`.
pub async fn list(engine: &Engine, principal: &Principal, filter: &RuleFilter) -> Result<RulePage> {
    require(principal, Scope::RulesRead)?;
    let rules = store::rules::list(&engine.pool, filter, filter.limit.get() + 1).await?;
    let store::rules::Inventory { permanent, bounded, inactive, now } =
        store::rules::inventory(&engine.pool, filter).await?;
    let page = Listing::cut(rules, filter.limit, None, now, |last| RuleFilter::cursor(last.created_at, last.id));
    Ok(RulePage { rules: page.items, next: page.next, bounded, permanent, inactive, now })
}

/// One rule.
///
/// # Errors
/// `forbidden` without `rules:read`; `not_found`.
pub async fn show(engine: &Engine, principal: &Principal, id: RuleId) -> Result<FullRule> {
    require(principal, Scope::RulesRead)?;
    let rule = store::rules::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    Ok(FullRule {
        events: store::events::of_rule(&engine.pool, id, EVENTS).await?,
        now: store::now(&engine.pool).await?,
        rule,
    })
}

/// What is suggested for a rule made from an action: for each argument, with the reason.
///
/// # Errors
/// `forbidden` without `rules:read` and `actions:read`; `not_found`.
pub async fn suggestions(engine: &Engine, principal: &Principal, id: ActionId) -> Result<Suggested> {
    may_see_suggestions(principal)?;
    let action = store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    making::suggested(engine, &action).await
}

/// The same for an action that was read already.
pub(crate) async fn suggestions_for(engine: &Engine, principal: &Principal, action: &Action) -> Result<Suggested> {
    may_see_suggestions(principal)?;
    making::suggested(engine, action).await
}

fn may_see_suggestions(principal: &Principal) -> Result<()> {
    require(principal, Scope::RulesRead)?;
    require(principal, Scope::ActionsRead)
}

/// Makes a rule by hand. `id`: the one it is to have, so that a request that is repeated finds what it made.
///
/// # Errors
/// `rule_rejected` with everything that stands against it; `forbidden` without `rules:write`; `human_actor_required`.
pub async fn create(engine: &Engine, principal: &Principal, id: Option<RuleId>, draft: &Json) -> Result<Rule> {
    let actor = person(principal)?;
    let draft = read_draft(draft, None).map_err(rejected)?;
    let id = id.unwrap_or_else(|| RuleId(Uuid::now_v7()));
    if let Some(rule) = store::rules::find(&engine.pool, id).await? {
        return Ok(rule);
    }
    making::commit(engine, &actor, draft, making::Origin::by_hand(id)).await
}

/// Makes a rule from an action in any state: of suggestions, and of what is asked for in their place.
///
/// # Errors
/// As [`create`]; `not_found` for the action.
pub async fn from_action(
    engine: &Engine,
    principal: &Principal,
    id: Option<RuleId>,
    wanted: &FromAction,
) -> Result<Rule> {
    let actor = person(principal)?;
    let id = id.unwrap_or_else(|| RuleId(Uuid::now_v7()));
    if let Some(rule) = store::rules::find(&engine.pool, id).await? {
        return Ok(rule);
    }
    let action =
        store::actions::find(&engine.pool, wanted.action_id).await?.ok_or_else(|| Problem::not_found("action"))?;
    let draft = making::draft_from(engine, &action, wanted).await?;
    making::commit(engine, &actor, draft, making::Origin { from: Some(&action), ..making::Origin::by_hand(id) }).await
}

/// Makes a rule from an action in any state, of what is written and nothing else.
///
/// # Errors
/// As [`create`]; `not_found` for the action.
pub async fn written_from(
    engine: &Engine,
    principal: &Principal,
    id: RuleId,
    action: ActionId,
    draft: &Json,
) -> Result<Rule> {
    let actor = person(principal)?;
    if let Some(rule) = store::rules::find(&engine.pool, id).await? {
        return Ok(rule);
    }
    let action = store::actions::find(&engine.pool, action).await?.ok_or_else(|| Problem::not_found("action"))?;
    let draft = read_draft(draft, Some(&action.tool_name)).map_err(rejected)?;
    making::commit(engine, &actor, draft, making::Origin { from: Some(&action), ..making::Origin::by_hand(id) }).await
}

/// Puts a new rule in the place of one, which is revoked with that.
///
/// # Errors
/// As [`create`]; `not_found`; `already_revoked`.
pub async fn replace(
    engine: &Engine,
    principal: &Principal,
    id: RuleId,
    new: Option<RuleId>,
    draft: &Json,
    reason: &str,
) -> Result<Rule> {
    let actor = person(principal)?;
    let reason = masked_reason(reason)?;
    let new = new.unwrap_or_else(|| RuleId(Uuid::now_v7()));
    if let Some(rule) = store::rules::find(&engine.pool, new).await? {
        return Ok(rule);
    }
    let old = store::rules::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    let draft = read_draft(draft, Some(&old.definition.tool_name)).map_err(rejected)?;
    let from = match old.created_from {
        Some(action) => store::actions::find(&engine.pool, action).await?,
        None => None,
    };
    let transaction = ending(engine, &old, &actor, &reason).await?;
    let origin = making::Origin { id: new, from: from.as_ref(), replaces: Some(&old) };
    let (mut transaction, made) = making::make(transaction, &actor, draft, origin).await?;
    let about = (id, old.definition.tool_name.as_str());
    let entry = Entry { event_type: EventType::RuleRevoked, actor: &actor, reason: Some(&reason) };
    let by = [("replaced_by", Json::from(new.to_string())), ("use_count", Json::from(old.use_count))];
    let seq = trail::append_about_rule(&mut transaction, about, None, entry, by).await?;
    transaction.commit().await?;
    engine.changes.publish(Change::rule(id, seq));
    made.announce(engine);
    Ok(made.rule)
}

/// Ends a rule. What it approved stays approved.
///
/// # Errors
/// `invalid_request` without a reason; `already_revoked`; `not_found`; `forbidden` without `rules:write`.
pub async fn revoke(engine: &Engine, principal: &Principal, id: RuleId, reason: &str) -> Result<Rule> {
    let actor = person(principal)?;
    let reason = masked_reason(reason)?;
    let old = store::rules::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    let tool = old.definition.tool_name.as_str();
    let mut transaction = ending(engine, &old, &actor, &reason).await?;
    let after = store::rules::find(&mut *transaction, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    let entry = Entry { event_type: EventType::RuleRevoked, actor: &actor, reason: Some(&reason) };
    let uses = [("use_count", Json::from(after.use_count))];
    let seq = trail::append_about_rule(&mut transaction, (id, tool), None, entry, uses).await?;
    transaction.commit().await?;
    announce(engine, tool, id, seq);
    Ok(after)
}

/// The transaction that ends a rule, begun. First the tool, then its rules: whoever changes both does it in this order.
async fn ending<'e>(engine: &'e Engine, rule: &Rule, actor: &str, reason: &str) -> Result<Transaction<'e, Postgres>> {
    let mut transaction = store::begin(&engine.pool).await?;
    store::tools::touch_rules(&mut transaction, &rule.definition.tool_name).await?;
    if !store::rules::revoke(&mut transaction, rule.id, actor, reason).await? {
        transaction.rollback().await?;
        return Err(already_revoked(rule));
    }
    Ok(transaction)
}

/// Takes a suspended rule up again: somebody has looked at what the tool is now.
///
/// # Errors
/// `rule_rejected` if the rule does not fit the tool as it is; `wrong_state` if it is not suspended; `not_found`.
pub async fn resume(engine: &Engine, principal: &Principal, id: RuleId, reason: Option<&str>) -> Result<Rule> {
    let actor = person(principal)?;
    check_text("/reason", reason)?;
    let reason = reason.filter(|reason| !reason.trim().is_empty()).map(mask_text);
    let found = store::rules::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    let tool = found.definition.tool_name.as_str();
    let mut transaction = store::begin(&engine.pool).await?;
    let held = store::tools::touch_rules(&mut transaction, tool).await?.ok_or_else(crate::tools::not_there)?;
    let rule = store::rules::find_locked(&mut transaction, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    if rule.state() != RuleState::Suspended {
        transaction.rollback().await?;
        let detail = format!("The rule is {}, not suspended. Nothing was changed.", rule.state());
        return Err(Problem::new(Code::WrongState, detail).into());
    }
    if let Err(error) = making::still_fits(&mut transaction, &rule, &held).await {
        transaction.rollback().await?;
        return Err(error);
    }
    store::rules::resume(&mut transaction, id, held.schema_sha256).await?;
    let after = store::rules::find(&mut *transaction, id).await?.ok_or_else(|| Problem::not_found("rule"))?;
    let entry = Entry { event_type: EventType::RuleResumed, actor: &actor, reason: reason.as_deref() };
    let schema = [("schema_sha256", Json::from(held.schema_sha256.map(|digest| digest.to_string())))];
    let seq = trail::append_about_rule(&mut transaction, (id, tool), None, entry, schema).await?;
    transaction.commit().await?;
    announce(engine, tool, id, seq);
    Ok(after)
}

/// Marks the rules whose time is over, each with its event.
///
/// # Errors
/// When the database cannot be reached.
pub async fn sweep(engine: &Engine) -> Result<usize> {
    let mut all = 0;
    loop {
        let mut transaction = store::begin(&engine.pool).await?;
        let ended = store::rules::end_expired(&mut transaction, 100).await?;
        let mut news = Vec::new();
        for (id, tool) in &ended {
            let entry = Entry { event_type: EventType::RuleExpired, actor: "system:rules", reason: None };
            news.push(trail::append_about_rule(&mut transaction, (*id, tool), None, entry, []).await?);
        }
        transaction.commit().await?;
        for ((id, tool), seq) in ended.iter().zip(news) {
            announce(engine, tool, *id, seq);
        }
        all += ended.len();
        if ended.len() < 100 {
            return Ok(all);
        }
    }
}

/// Suspends the rules of a tool that were made for another schema than it has now; part of the tool's change. The first
/// event's place is given back with each rule.
pub(crate) async fn suspend_stale(
    connection: &mut PgConnection,
    tool: &str,
    schema: Option<Digest>,
    actor: &str,
) -> Result<Vec<(RuleId, i64)>> {
    const REASON: &str =
        "The tool's input schema has changed since. Look at it, then resume, replace or revoke the rule.";
    let mut news = Vec::new();
    for id in store::rules::suspend_stale(connection, tool, schema, REASON).await? {
        let entry = Entry { event_type: EventType::RuleSuspended, actor, reason: Some(REASON) };
        let is = [("schema_sha256", Json::from(schema.map(|digest| digest.to_string())))];
        news.push((id, trail::append_about_rule(connection, (id, tool), None, entry, is).await?));
    }
    Ok(news)
}

/// The end of a rule whose last use was just taken, with its event; `None`: it has uses left.
pub(crate) async fn exhausted(
    connection: &mut PgConnection,
    about: (RuleId, &str),
    action: ActionId,
    taken: &store::rules::Use,
) -> Result<Option<Change>> {
    if !taken.spent {
        return Ok(None);
    }
    let entry = Entry { event_type: EventType::RuleExhausted, actor: "system:rules", reason: None };
    let uses = [("use_count", Json::from(taken.use_count))];
    let seq = trail::append_about_rule(connection, about, Some(action), entry, uses).await?;
    Ok(Some(Change::rule(about.0, seq)))
}

pub(crate) fn announce(engine: &Engine, tool: &str, id: RuleId, seq: i64) {
    engine.tools.forget(tool);
    engine.rules.forget(tool);
    engine.changes.publish(Change::rule(id, seq));
}

pub(crate) fn rejected(errors: Vec<domain::problem::FieldError>) -> crate::Error {
    Problem { code: Code::RuleRejected, ..Problem::invalid_fields(errors) }.into()
}

fn already_revoked(rule: &Rule) -> crate::Error {
    let who = rule.revoked.as_ref().map(|revoked| format!(" by {}", revoked.by)).unwrap_or_default();
    Problem::new(Code::AlreadyRevoked, format!("The rule was revoked{who} before. Nothing was changed.")).into()
}

/// A person's reason, masked before it is kept.
fn masked_reason(reason: &str) -> Result<String> {
    Ok(mask_text(said("/reason", reason, "is missing: say why, for whoever looks at the trail")?.trim()))
}
