//! What came of a call that Countersign made itself, over HTTP or to an MCP server: certain, or unknown.

use domain::action::AttemptState;
use domain::id::AttemptId;
use domain::problem::Problem;

use crate::execution::{Report, give_up, take_report};
use crate::notify::Change;
use crate::store::attempts::Lost;
use crate::{Engine, Result, actions, store};

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is certain.
    Known(Report),
    /// The call may or may not have had its effect; why nobody knows.
    Unknown(String),
}

/// Writes down what came of a call. One that was given up meanwhile keeps what is known as a late report.
pub(crate) async fn settle(engine: &Engine, attempt: AttemptId, outcome: Outcome, actor: &str) -> Result<()> {
    let mut transaction = store::begin(&engine.pool).await?;
    let claimed =
        store::attempts::find_locked(&mut transaction, attempt).await?.ok_or_else(|| Problem::not_found("attempt"))?;
    match outcome {
        Outcome::Known(report) => {
            let reported = take_report(engine, transaction, claimed, report, actor).await;
            reported.map(drop)
        }
        // Somebody else has given it up, or settled it.
        Outcome::Unknown(_) if claimed.attempt.state != AttemptState::Running => Ok(()),
        Outcome::Unknown(why) => {
            let action = store::actions::find_locked(&mut transaction, claimed.action_id)
                .await?
                .ok_or_else(|| Problem::not_found("action"))?;
            let tool = store::tools::find(&mut *transaction, &action.tool_name).await?;
            let lost = Lost {
                attempt,
                action: action.id,
                number: claimed.attempt.number,
                idempotent: tool.is_some_and(|tool| tool.idempotent),
            };
            let why = actions::mask(engine, &mut transaction, &action).await?.text(&why);
            let seq = give_up(&mut transaction, &action, &lost, actor, Some(&why)).await?;
            transaction.commit().await?;
            engine.changes.publish(Change::action(action.id, seq));
            Ok(())
        }
    }
}
