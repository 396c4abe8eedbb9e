//! Runs of tools that Countersign calls itself: what is due, a claim that is committed before the call, the outcome
//! after it. The call stands between two use-cases, so that nothing is held while it lasts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::id::AttemptId;
use uuid::Uuid;

use crate::execution::{Runner, begin};
use crate::executors::{DEFAULT_TIMEOUT_SECONDS, SigningSecret};
use crate::notify::Change;
pub use crate::own_calls::Outcome;
use crate::{Engine, Result, own_calls, store};

/// The attempt's worker.
const NAME: &str = "http";
/// Who acts in the trail.
const ACTOR: &str = "system:http";
/// How much longer a lease lasts than the call may: time to write the outcome down.
const LEASE_MARGIN_SECONDS: u32 = 20;

/// A call to be made: an approved action with its exact arguments, claimed, and where it goes.
#[derive(Debug)]
pub struct Call {
    pub action: Action,
    pub attempt: AttemptId,
    pub number: i32,
    /// When it was claimed, by the database's clock.
    pub claimed_at: DateTime<Utc>,
    pub url: String,
    /// Each of them signs; the newest first.
    pub secrets: Vec<SigningSecret>,
    /// How long the answer may take in full. The lease is longer.
    pub timeout: Duration,
}

/// The tools of which a call waits to be made.
///
/// # Errors
/// When the database cannot be read.
pub async fn due(engine: &Engine) -> Result<Vec<String>> {
    Ok(store::executors::due(&engine.pool).await?)
}

/// Takes the longest-approved call of the tool. `None`: there is none, or another server has it.
///
/// # Errors
/// When the database cannot be reached.
pub async fn claim(engine: &Engine, tool: &str) -> Result<Option<Call>> {
    loop {
        let mut transaction = store::begin(&engine.pool).await?;
        let Some(action) = store::actions::claim_for_http(&mut transaction, tool).await? else { return Ok(None) };
        let setting = store::executors::find(&mut *transaction, tool).await?.ok_or(sqlx::Error::RowNotFound)?;
        let claimed_at = store::now_in(&mut transaction).await?;
        let seconds = setting.http.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS);
        let lease = i32::try_from(seconds + LEASE_MARGIN_SECONDS).expect("a time-out is at most minutes");
        let id = AttemptId(Uuid::new_v4());
        let runner = Runner { name: NAME, token: None, actor: ACTOR };
        let (claim, seq, intact) = begin(&mut transaction, &runner, id, action, lease).await?;
        transaction.commit().await?;
        engine.changes.publish(Change::action(claim.action.id, seq));
        if !intact {
            continue;
        }
        let valid = setting.http.secrets.into_iter().filter(|kept| kept.until.is_none_or(|until| until > claimed_at));
        return Ok(Some(Call {
            action: claim.action,
            attempt: id,
            number: claim.number,
            claimed_at,
            url: setting.http.url.unwrap_or_default(),
            secrets: valid.map(|kept| kept.secret).collect(),
            timeout: Duration::from_secs(seconds.into()),
        }));
    }
}

/// Writes down what came of a call. One that was given up meanwhile keeps what is known as a late report.
///
/// # Errors
/// When the database cannot be reached: try again, the same outcome is taken once.
pub async fn settle(engine: &Engine, call: &Call, outcome: Outcome) -> Result<()> {
    own_calls::settle(engine, call.attempt, outcome, ACTOR).await
}
