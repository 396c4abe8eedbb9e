//! Runs of approved actions. A claim is committed before the executor calls, with a lease; the outcome after. An
//! executor that goes silent leaves the attempt `unknown`, and nothing runs it again but a person's word.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::action::{Action, AttemptState, ExecutionResult, limit};
use domain::digest::Digest;
use domain::event::EventType;
use domain::id::{ActionId, AttemptId, TokenId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::ExecutionState;
use domain::problem::{Code, Problem};
use domain::redaction::CallMask;
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::time::Instant;
use uuid::Uuid;

use crate::notify::Change;
use crate::store::attempts::{ClaimedAttempt, Lost};
use crate::trail::Entry;
use crate::{Engine, Result, actions, require, store, tools, trail};

/// The shortest and longest lease, in seconds.
pub const LEASE_SECONDS: std::ops::RangeInclusive<i64> = 5..=3_600;
/// How many attempts an idempotent tool gets by itself before a person is asked.
const IDEMPOTENT_ATTEMPTS: i32 = 3;

/// What an executor asks for.
#[derive(Clone, Debug, Default)]
pub struct ClaimRequest {
    /// The tools the worker can run.
    pub tools: Vec<String>,
    /// The action an agent is to run itself.
    pub action_id: Option<ActionId>,
    pub lease_seconds: i64,
    /// The id the attempt is to have: a claim that is repeated after a crash finds what it took.
    pub attempt: Option<AttemptId>,
}

/// An approved action with its exact arguments, leased to one executor.
#[derive(Debug)]
pub struct Claim {
    pub action: Action,
    pub attempt: AttemptId,
    pub number: i32,
    pub lease_until: DateTime<Utc>,
}

/// Who runs: as the attempt names it, and as the trail does.
pub(crate) struct Runner<'a> {
    pub(crate) name: &'a str,
    pub(crate) token: Option<TokenId>,
    pub(crate) actor: &'a str,
}

/// Takes the longest-waiting approved action that the asker may run. `None`: there is none.
///
/// # Errors
/// `forbidden` without `actions:execute` (a worker) or `actions:submit` (an agent that runs its own call).
pub async fn claim(engine: &Engine, principal: &Principal, request: &ClaimRequest) -> Result<Option<Claim>> {
    validate_claim(principal, request)?;
    if let Some(claim) = taken_before(engine, principal, request).await? {
        return Ok(Some(claim));
    }
    loop {
        let mut transaction = store::begin(&engine.pool).await?;
        let claimed = match request.action_id {
            Some(id) => match principal.token() {
                Some(token) => store::actions::claim_for_agent(&mut transaction, id, token.id).await?,
                None => None,
            },
            None => store::actions::claim_for_worker(&mut transaction, &request.tools).await?,
        };
        let Some(action) = claimed else { return Ok(None) };
        let lease = i32::try_from(request.lease_seconds).expect("checked against the longest lease");
        let id = request.attempt.unwrap_or_else(|| AttemptId(Uuid::new_v4()));
        let actor = principal.actor();
        let token = principal.token().map(|token| token.id);
        let runner = Runner { name: principal.name(), token, actor: &actor };
        let (claim, seq, intact) = match begin(&mut transaction, &runner, id, action, lease).await {
            Ok(begun) => begun,
            Err(error) => {
                // At once, not when the connection is next used: a claim passes over what is locked.
                transaction.rollback().await?;
                return Err(error);
            }
        };
        if request.action_id.is_none() && claim.action.executor.is_none() {
            tools::adopt_worker(&mut transaction, &claim.action.tool_name, &actor).await?;
        }
        transaction.commit().await?;
        engine.tools.forget(&claim.action.tool_name);
        engine.changes.publish(Change::action(claim.action.id, seq));
        if intact {
            return Ok(Some(claim));
        }
    }
}

async fn taken_before(engine: &Engine, principal: &Principal, request: &ClaimRequest) -> Result<Option<Claim>> {
    let Some(id) = request.attempt else { return Ok(None) };
    let own = principal.token().map(|token| token.id);
    let found = store::attempts::find(&engine.pool, id).await?.filter(|found| found.worker_token == own);
    let Some(ClaimedAttempt { action_id, attempt, .. }) = found else { return Ok(None) };
    let action = store::actions::find(&engine.pool, action_id).await?;
    let (number, lease_until) = (attempt.number, attempt.lease_until);
    Ok(action.map(|action| Claim { action, attempt: id, number, lease_until }))
}

/// As [`claim`], held until there is something or the time is over. It looks once when it comes and once for
/// every change.
///
/// # Errors
/// As [`claim`].
pub async fn claim_within(
    engine: &Engine,
    principal: &Principal,
    request: &ClaimRequest,
    deadline: Instant,
) -> Result<Option<Claim>> {
    // Subscribed before the first look: a change in between is not missed.
    let mut changes = engine.changes.subscribe();
    let stopped = engine.changes.stopped();
    loop {
        if let Some(claim) = claim(engine, principal, request).await? {
            return Ok(Some(claim));
        }
        tokio::select! {
            _ = changes.recv() => {
                // One look for a burst of changes.
                tokio::time::sleep(Duration::from_millis(5)).await;
                changes = changes.resubscribe();
            }
            () = tokio::time::sleep_until(deadline) => return Ok(None),
            () = stopped.cancelled() => return Ok(None),
        }
    }
}

fn validate_claim(principal: &Principal, request: &ClaimRequest) -> Result<()> {
    if request.action_id.is_some() {
        require(principal, Scope::ActionsSubmit)?;
    } else {
        require(principal, Scope::ActionsExecute)?;
        if request.tools.is_empty() || request.tools.len() > 500 {
            return Err(Problem::invalid("/tools", "must name 1 to 500 tools").into());
        }
    }
    if !LEASE_SECONDS.contains(&request.lease_seconds) {
        return Err(Problem::invalid("/lease_seconds", "must be a whole number from 5 to 3600").into());
    }
    Ok(())
}

/// Begins the attempt. The digest is checked before the arguments leave: if they are not what was approved, the
/// attempt fails there and then.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    runner: &Runner<'_>,
    attempt: AttemptId,
    action: Action,
    lease: i32,
) -> Result<(Claim, i64, bool)> {
    let digest = Digest::of(action.effective_args());
    let (number, lease_until) =
        store::attempts::begin(connection, attempt, action.id, runner.name, runner.token, digest, lease).await?;
    let claimed = Entry { event_type: EventType::ExecutionClaimed, actor: runner.actor, reason: None };
    let seq = append(connection, &action, attempt, number, claimed, None).await?;
    let intact = digest == action.effective_sha256();
    let claim = Claim { attempt, number, lease_until, action };
    if intact {
        return Ok((claim, seq, true));
    }
    let result = ExecutionResult {
        success: false,
        result: None,
        error: Some("The stored arguments are not the ones that were approved. Nothing was called.".to_owned()),
        executed_at: store::now_in(connection).await?,
    };
    let seq = settle_attempt(connection, &claim.action, attempt, number, &result, "system:digest").await?;
    Ok((claim, seq, false))
}

/// Makes a running attempt's lease as long again as at first. Returns its new end.
///
/// # Errors
/// `lease_lost` when it does not run any more; `not_found` for anybody else's attempt.
pub async fn heartbeat(engine: &Engine, principal: &Principal, id: AttemptId) -> Result<DateTime<Utc>> {
    let mut transaction = store::begin(&engine.pool).await?;
    let claimed = own_attempt(&mut transaction, principal, id).await?;
    let until = store::attempts::extend_lease(&mut transaction, id).await?.ok_or_else(|| lease_lost(&claimed))?;
    transaction.commit().await?;
    Ok(until)
}

/// What an executor says came of an attempt.
#[derive(Clone, Debug)]
pub struct Report {
    pub success: bool,
    pub result: Option<Json>,
    pub error: Option<String>,
}

/// What became of a report.
#[derive(Debug)]
pub struct Reported {
    pub action: Action,
    /// The attempt had been given up before: the report is kept and shown, and a person settles it.
    pub late: bool,
}

/// Takes the outcome of an attempt. The same report again is answered the same.
///
/// # Errors
/// `lease_lost` for another outcome of a settled attempt; `invalid_request`, `too_large`; `not_found`.
pub async fn report(engine: &Engine, principal: &Principal, id: AttemptId, report: Report) -> Result<Reported> {
    validate_report(&report)?;
    let mut transaction = store::begin(&engine.pool).await?;
    let claimed = own_attempt(&mut transaction, principal, id).await?;
    take_report(engine, transaction, claimed, report, &principal.actor()).await
}

/// Takes the outcome of an attempt that this transaction holds, and commits.
pub(crate) async fn take_report(
    engine: &Engine,
    mut transaction: Transaction<'_, Postgres>,
    claimed: ClaimedAttempt,
    report: Report,
    actor: &str,
) -> Result<Reported> {
    let action = store::actions::find_locked(&mut transaction, claimed.action_id)
        .await?
        .ok_or_else(|| Problem::not_found("action"))?;
    let mask = actions::mask(engine, &mut transaction, &action).await?;
    let result = masked(&mask, report, store::now_in(&mut transaction).await?);
    let (id, number) = (claimed.attempt.id, claimed.attempt.number);
    let (seq, late) = match claimed.attempt.state {
        AttemptState::Running => (settle_attempt(&mut transaction, &action, id, number, &result, actor).await?, false),
        AttemptState::Unknown if store::attempts::keep_late_report(&mut transaction, id, &result).await? => {
            let late = Entry { event_type: EventType::ExecutionReportedLate, actor, reason: None };
            (append(&mut transaction, &action, id, number, late, Some(result.success)).await?, true)
        }
        AttemptState::Unknown if says_the_same(claimed.attempt.late_report.as_ref(), &result) => {
            return Ok(Reported { action, late: true });
        }
        AttemptState::Succeeded | AttemptState::Failed if says_the_same(claimed.attempt.result.as_ref(), &result) => {
            return Ok(Reported { action, late: false });
        }
        _ => return Err(lease_lost(&claimed)),
    };
    transaction.commit().await?;
    engine.changes.publish(Change::action(action.id, seq));
    let action = store::actions::find(&engine.pool, action.id).await?.unwrap_or(action);
    Ok(Reported { action, late })
}

fn validate_report(report: &Report) -> Result<()> {
    let size = report.result.as_ref().map_or(0, |result| result.to_text().len());
    if size.max(report.error.as_ref().map_or(0, String::len)) > limit::RESULT {
        return Err(Problem::new(Code::TooLarge, "A result or an error has at most 256 KiB.").into());
    }
    if report.success && report.error.is_some() {
        return Err(Problem::invalid("/error", "contradicts success: true").into());
    }
    if report.error.as_deref().is_some_and(|error| error.contains('\0')) {
        return Err(Problem::invalid("/error", "holds a NUL character").into());
    }
    Ok(())
}

/// The result as it is stored: every echo of the call's secrets masked.
fn masked(mask: &CallMask, report: Report, at: DateTime<Utc>) -> ExecutionResult {
    ExecutionResult {
        success: report.success,
        result: report.result.map(|result| mask.json(&result)),
        error: report.error.map(|error| mask.text(&error)),
        executed_at: at,
    }
}

fn says_the_same(stored: Option<&ExecutionResult>, said: &ExecutionResult) -> bool {
    stored.is_some_and(|stored| {
        stored.success == said.success && stored.result == said.result && stored.error == said.error
    })
}

/// The attempt, if the asker is the one that claimed it.
async fn own_attempt(connection: &mut PgConnection, principal: &Principal, id: AttemptId) -> Result<ClaimedAttempt> {
    let claimed = store::attempts::find_locked(connection, id).await?;
    let token = principal.token().map(|token| token.id);
    claimed
        .filter(|claimed| token.is_some() && claimed.worker_token == token)
        .ok_or_else(|| Problem::not_found("attempt of yours").into())
}

fn lease_lost(claimed: &ClaimedAttempt) -> crate::Error {
    Problem::new(
        Code::LeaseLost,
        format!(
            "Attempt {} is {} and takes nothing more from you.",
            claimed.attempt.number,
            claimed.attempt.state.as_str()
        ),
    )
    .into()
}

async fn settle_attempt(
    connection: &mut PgConnection,
    action: &Action,
    attempt: AttemptId,
    number: i32,
    result: &ExecutionResult,
    actor: &str,
) -> Result<i64> {
    let (state, event_type) = if result.success {
        (AttemptState::Succeeded, EventType::ExecutionSucceeded)
    } else {
        (AttemptState::Failed, EventType::ExecutionFailed)
    };
    let finished = store::attempts::finish(connection, attempt, state, Some(result)).await?;
    let written = store::actions::finish(connection, action.id, ExecutionState::Running, result).await?;
    if !finished || written.is_none() {
        return Err(crate::Error::Corrupt(format!("attempt {attempt} and its action disagree about who runs")));
    }
    let ended = Entry { event_type, actor, reason: None };
    append(connection, action, attempt, number, ended, Some(result.success)).await
}

async fn append(
    connection: &mut PgConnection,
    action: &Action,
    attempt: AttemptId,
    number: i32,
    entry: Entry<'_>,
    success: Option<bool>,
) -> Result<i64> {
    let adds = [
        ("attempt", Json::from(attempt.to_string())),
        ("number", Json::from(i64::from(number))),
        ("success", Json::from(success)),
    ];
    trail::append_about(connection, action, entry, adds).await
}

/// Gives up attempts whose lease has ended: their outcome is unknown. A tool that a person declared idempotent
/// is queued again, a few times. Returns how many attempts were given up.
///
/// # Errors
/// When the database cannot be reached.
pub async fn give_up_lost(engine: &Engine) -> Result<usize> {
    let mut transaction = store::begin(&engine.pool).await?;
    let lost = store::attempts::lock_lost(&mut transaction, 200).await?;
    let mut changes = Vec::with_capacity(lost.len());
    for lost in &lost {
        let Some(action) = store::actions::find_locked(&mut transaction, lost.action).await? else { continue };
        let seq = give_up(&mut transaction, &action, lost, "system:lease", None).await?;
        changes.push(Change::action(lost.action, seq));
    }
    transaction.commit().await?;
    changes.into_iter().for_each(|change| engine.changes.publish(change));
    Ok(lost.len())
}

/// Leaves a running attempt's outcome unknown, and queues the action again if that is harmless.
pub(crate) async fn give_up(
    connection: &mut PgConnection,
    action: &Action,
    lost: &Lost,
    actor: &str,
    reason: Option<&str>,
) -> Result<i64> {
    let again = lost.idempotent && lost.number < IDEMPOTENT_ATTEMPTS;
    let to = if again { ExecutionState::Queued } else { ExecutionState::Unknown };
    store::attempts::finish(connection, lost.attempt, AttemptState::Unknown, None).await?;
    store::actions::move_execution(connection, lost.action, ExecutionState::Running, to).await?;
    let unknown = Entry { event_type: EventType::ExecutionUnknown, actor, reason };
    append(connection, action, lost.attempt, lost.number, unknown, None).await
}

/// Whether nothing is there that would run an approved action.
pub fn waits_for_executor(action: &Action) -> bool {
    action.execution_state == Some(ExecutionState::Queued) && !action.has_executor
}
