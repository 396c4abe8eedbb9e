//! Deadlines. At the deadline and later an action is expired whether or not the sweep has run (every decision
//! checks it); the sweep writes it down.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::action::limit::EXPIRY_HOURS;
use domain::event::EventType;
use domain::id::ActionId;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::{Verb, allows};
use domain::problem::{Code, Problem};
use sqlx::PgConnection;

use crate::decisions::{Decision, conclude, late, person, standing};
use crate::notify::Change;
use crate::trail::Entry;
use crate::{Engine, Result, store, trail};

/// How many actions one transaction of the sweep takes.
const BATCH: i64 = 200;

/// Marks every pending action past its deadline, each with its event.
///
/// # Errors
/// `forbidden` without `actions:expire` (which operators have).
pub async fn expire_stale(engine: &Engine, principal: &Principal) -> Result<Vec<ActionId>> {
    if !principal.may(Scope::ActionsExpire) && !principal.may(Scope::DecisionsWrite) {
        return Err(Problem::new(
            Code::Forbidden,
            format!("{} may not expire actions ({}).", principal.name(), Scope::ActionsExpire),
        )
        .into());
    }
    expire_all(engine).await
}

/// Moves the deadline of a pending action on by `hours`. A deadline is never moved back, and never more than a year away.
///
/// # Errors
/// `invalid_request` for hours that are not 1 to 8760; `action_expired`, `already_decided`; `wrong_state` where there is
/// no deadline.
pub async fn extend(engine: &Engine, principal: &Principal, id: ActionId, hours: i32) -> Result<Decision> {
    let decider = person(principal)?;
    if !(1..=EXPIRY_HOURS).contains(&hours) {
        return Err(Problem::invalid("/hours", "must be a whole number from 1 to 8760").into());
    }
    let mut transaction = store::begin(&engine.pool).await?;
    let before =
        store::actions::find_locked(&mut transaction, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    if !allows(before.state(), Verb::Extend) {
        transaction.rollback().await?;
        return late(engine, id, Verb::Extend, &decider, |_| false).await;
    }
    let Some(deadline) = before.expires_at else {
        let problem = Problem::new(Code::WrongState, "The action has no deadline that could be moved.");
        return Err(Problem { standing: Some(standing(&before)), ..problem }.into());
    };
    let latest = store::now_in(&mut transaction).await? + TimeDelta::hours(i64::from(EXPIRY_HOURS));
    if deadline + TimeDelta::hours(i64::from(hours)) > latest {
        return Err(Problem::invalid("/hours", "would move the deadline more than a year away").into());
    }
    let action = store::actions::extend(&mut transaction, id, hours)
        .await?
        .ok_or_else(|| crate::Error::Corrupt(format!("action {id} changed while it was locked")))?;
    let instant = |at: Option<DateTime<Utc>>| Json::from(at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)));
    let adds = [
        ("hours", Json::from(i64::from(hours))),
        ("from", instant(Some(deadline))),
        ("to", instant(action.expires_at)),
    ];
    conclude(engine, transaction, principal, (EventType::ActionExtended, None), action, adds).await
}

/// How many pending actions are past their deadline.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_stale(engine: &Engine) -> Result<i64> {
    Ok(store::actions::count_stale(&engine.pool).await?)
}

/// The same by the product itself, once a minute.
///
/// # Errors
/// When the database cannot be reached.
pub async fn sweep(engine: &Engine) -> Result<usize> {
    Ok(expire_all(engine).await?.len())
}

async fn expire_all(engine: &Engine) -> Result<Vec<ActionId>> {
    let mut all = Vec::new();
    loop {
        let mut transaction = store::begin(&engine.pool).await?;
        let ids = store::actions::lock_stale(&mut transaction, BATCH).await?;
        let mut changes = Vec::with_capacity(ids.len());
        for id in &ids {
            if let Some(seq) = expire(&mut transaction, *id).await? {
                changes.push(Change::action(*id, seq));
                all.push(*id);
            }
        }
        transaction.commit().await?;
        changes.into_iter().for_each(|change| engine.changes.publish(change));
        if i64::try_from(ids.len()).is_ok_and(|taken| taken < BATCH) {
            return Ok(all);
        }
    }
}

/// Marks one action expired, with its event, if its deadline has passed.
pub(crate) async fn expire(connection: &mut PgConnection, id: ActionId) -> Result<Option<i64>> {
    let Some(action) = store::actions::expire(connection, id).await? else { return Ok(None) };
    let entry = Entry { event_type: EventType::ActionExpired, actor: "system:expiry", reason: None };
    Ok(Some(trail::append_about(connection, &action, entry, []).await?))
}
