//! Deadlines. At the deadline and later an action is expired whether or not the sweep has run (every decision
//! checks it); the sweep writes it down.

use domain::event::EventType;
use domain::id::ActionId;
use domain::identity::{Principal, Scope};
use domain::problem::{Code, Problem};
use sqlx::PgConnection;

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
        let mut transaction = engine.pool.begin().await?;
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
