//! What a person does about an approved action whose run failed, or of whose run nobody knows the outcome: settle it,
//! have it tried again, give it up. The decision itself stands, and so does every attempt.

use domain::action::{Action, Decider, ExecutionResult};
use domain::event::EventType;
use domain::id::ActionId;
use domain::identity::Principal;
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Verb, next};
use domain::problem::{Code, Problem};
use sqlx::PgConnection;

use crate::decisions::{Decision, check_text, conclude, person, said, standing};
use crate::{Engine, Result, actions, metrics, store};

/// What a person found out about an unknown outcome.
#[derive(Clone, Debug)]
pub struct Settle {
    pub succeeded: bool,
    /// How they know.
    pub note: String,
}

/// Settles an unknown outcome by a person's word.
///
/// # Errors
/// `wrong_state` when the outcome is not unknown; `invalid_request` without a note.
pub async fn resolve(engine: &Engine, principal: &Principal, id: ActionId, settle: Settle) -> Result<Decision> {
    let Decider::Human(name) = person(principal)? else { unreachable!("person() answers a person") };
    let note = said("/note", &settle.note, "is missing: say how you know")?;
    let verb = if settle.succeeded { Verb::ResolveSucceeded } else { Verb::ResolveFailed };
    let mut transaction = store::begin(&engine.pool).await?;
    let action = locked(&mut transaction, id, verb, "Only an unknown outcome is settled by hand").await?;
    let note = actions::mask(engine, &mut transaction, &action).await?.text(note);
    let result = ExecutionResult {
        success: settle.succeeded,
        result: Some(Json::object([
            ("resolved_by", Json::from(format!("human:{name}"))),
            ("note", Json::from(note.as_str())),
        ])),
        error: (!settle.succeeded).then(|| note.clone()),
        executed_at: store::now_in(&mut transaction).await?,
    };
    let action = store::actions::finish(&mut transaction, id, ExecutionState::Unknown, &result)
        .await?
        .ok_or_else(|| changed(id))?;
    let adds = [("success", Json::from(settle.succeeded))];
    conclude(engine, transaction, principal, (EventType::ExecutionResolved, Some(&note)), action, adds).await
}

/// Has a failed or unknown run tried again: the action is queued for its executor once more. Earlier attempts stay, and
/// the next one has the next number.
///
/// # Errors
/// `wrong_state` when there is no failed or unknown run.
pub async fn retry(engine: &Engine, principal: &Principal, id: ActionId, note: Option<&str>) -> Result<Decision> {
    person(principal)?;
    check_text("/note", note)?;
    let mut transaction = store::begin(&engine.pool).await?;
    let refusal = "Only a run that failed, or whose outcome is unknown, is tried again";
    let before = locked(&mut transaction, id, Verb::Retry, refusal).await?;
    metrics::reopen(&mut transaction, before.executed_at).await?;
    let action = store::actions::queue_again(&mut transaction, id).await?.ok_or_else(|| changed(id))?;
    let note = note.filter(|note| !note.trim().is_empty());
    settle(engine, transaction, principal, (EventType::ExecutionRetried, note), (before, action)).await
}

/// Gives an action up whose run failed or is unknown: nobody tries it again.
///
/// # Errors
/// `wrong_state` when there is no failed or unknown run; `invalid_request` without a reason.
pub async fn abandon(engine: &Engine, principal: &Principal, id: ActionId, reason: &str) -> Result<Decision> {
    person(principal)?;
    let reason = said("/reason", reason, "is missing: say why nobody tries again")?;
    let mut transaction = store::begin(&engine.pool).await?;
    let refusal = "Only a run that failed, or whose outcome is unknown, is given up";
    let before = locked(&mut transaction, id, Verb::Abandon, refusal).await?;
    let action = store::actions::abandon(&mut transaction, id).await?.ok_or_else(|| changed(id))?;
    settle(engine, transaction, principal, (EventType::ActionAbandoned, Some(reason)), (before, action)).await
}

/// The action, kept for this transaction, if `verb` fits its state.
async fn locked(connection: &mut PgConnection, id: ActionId, verb: Verb, otherwise: &str) -> Result<Action> {
    let action = store::actions::find_locked(connection, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    match next(action.state(), verb) {
        Ok(_) => Ok(action),
        Err(refusal) => {
            let problem = Problem::new(Code::WrongState, format!("{otherwise}: {refusal}."));
            Err(Problem { standing: Some(standing(&action)), ..problem }.into())
        }
    }
}

/// Writes the entry, which says what stood before, and commits.
async fn settle(
    engine: &Engine,
    mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
    principal: &Principal,
    (event_type, reason): (EventType, Option<&str>),
    (before, action): (Action, Action),
) -> Result<Decision> {
    let mask = actions::mask(engine, &mut transaction, &action).await?;
    let reason = reason.map(|reason| mask.text(reason));
    let adds = [("execution_state", Json::from(before.execution_state.map(ExecutionState::as_str)))];
    conclude(engine, transaction, principal, (event_type, reason.as_deref()), action, adds).await
}

fn changed(id: ActionId) -> crate::Error {
    crate::Error::Corrupt(format!("action {id} changed while it was locked"))
}
