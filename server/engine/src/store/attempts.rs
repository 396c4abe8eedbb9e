//! `execution_attempts`: numbered tries at running an approved action.

use chrono::{DateTime, Utc};
use domain::action::{Attempt, AttemptState, ExecutionResult};
use domain::digest::Digest;
use domain::id::{ActionId, AttemptId, TokenId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::actions::{result_from_text, result_to_text};
use super::word;

/// An attempt with what only the engine may know of it.
pub(crate) struct ClaimedAttempt {
    pub(crate) action_id: ActionId,
    pub(crate) worker_token: Option<TokenId>,
    pub(crate) args_sha256: Digest,
    pub(crate) attempt: Attempt,
}

struct AttemptRecord {
    id: Uuid,
    action_id: Uuid,
    number: i32,
    state: String,
    worker: String,
    worker_token_id: Option<Uuid>,
    args_sha256: String,
    claimed_at: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    result: Option<String>,
    late_report: Option<String>,
}

impl AttemptRecord {
    fn into_claimed(self) -> sqlx::Result<ClaimedAttempt> {
        Ok(ClaimedAttempt {
            action_id: ActionId(self.action_id),
            worker_token: self.worker_token_id.map(TokenId),
            args_sha256: word("digest", &self.args_sha256)?,
            attempt: Attempt {
                id: AttemptId(self.id),
                number: self.number,
                state: word("attempt state", &self.state)?,
                worker: self.worker,
                claimed_at: self.claimed_at,
                lease_until: self.lease_until,
                finished_at: self.finished_at,
                result: self.result.as_deref().map(result_from_text).transpose()?,
                late_report: self.late_report.as_deref().map(result_from_text).transpose()?,
            },
        })
    }
}

/// Begins the next attempt of an action. Returns its number and the end of its lease.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    id: AttemptId,
    action: ActionId,
    worker: &str,
    worker_token: Option<TokenId>,
    digest: Digest,
    lease_seconds: i32,
) -> sqlx::Result<(i32, DateTime<Utc>)> {
    let row = sqlx::query!(
        r#"INSERT INTO execution_attempts
            (id, action_id, number, state, worker, worker_token_id, args_sha256, lease_seconds, lease_until)
        VALUES ($1, $2, (SELECT coalesce(max(number), 0) + 1 FROM execution_attempts WHERE action_id = $2), 'running',
                $3, $4, $5, $6::int, now() + make_interval(secs => $6::int))
        RETURNING number, lease_until"#,
        id.0,
        action.0,
        worker,
        worker_token.map(|token| token.0),
        digest.to_string(),
        lease_seconds
    )
    .fetch_one(connection)
    .await?;
    Ok((row.number, row.lease_until))
}

/// One attempt, kept from changing until the transaction ends.
pub(crate) async fn find_locked(connection: &mut PgConnection, id: AttemptId) -> sqlx::Result<Option<ClaimedAttempt>> {
    sqlx::query_as!(
        AttemptRecord,
        "SELECT id, action_id, number, state, worker, worker_token_id, args_sha256, claimed_at, lease_until, finished_at,
                result, late_report
         FROM execution_attempts WHERE id = $1 FOR UPDATE",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(AttemptRecord::into_claimed)
    .transpose()
}

/// One attempt as it stands.
pub(crate) async fn find(pool: &PgPool, id: AttemptId) -> sqlx::Result<Option<ClaimedAttempt>> {
    sqlx::query_as!(
        AttemptRecord,
        "SELECT id, action_id, number, state, worker, worker_token_id, args_sha256, claimed_at, lease_until, finished_at,
                result, late_report
         FROM execution_attempts WHERE id = $1",
        id.0
    )
    .fetch_optional(pool)
    .await?
    .map(AttemptRecord::into_claimed)
    .transpose()
}

/// The attempts of an action in their order.
pub(crate) async fn of_action(pool: &PgPool, action: ActionId) -> sqlx::Result<Vec<Attempt>> {
    sqlx::query_as!(
        AttemptRecord,
        "SELECT id, action_id, number, state, worker, worker_token_id, args_sha256, claimed_at, lease_until, finished_at,
                result, late_report
         FROM execution_attempts WHERE action_id = $1 ORDER BY number",
        action.0
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(|record| record.into_claimed().map(|claimed| claimed.attempt))
    .collect()
}

/// The attempts of many actions, each action's in their order.
pub(crate) async fn of_actions(pool: &PgPool, actions: &[Uuid]) -> sqlx::Result<Vec<(ActionId, Attempt)>> {
    sqlx::query_as!(
        AttemptRecord,
        "SELECT id, action_id, number, state, worker, worker_token_id, args_sha256, claimed_at, lease_until, finished_at,
                result, late_report
         FROM execution_attempts WHERE action_id = ANY($1) ORDER BY action_id, number",
        actions
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(|record| record.into_claimed().map(|claimed| (claimed.action_id, claimed.attempt)))
    .collect()
}

/// Makes the lease of a running attempt as long again as it was at first. `None`: it does not run any more.
pub(crate) async fn extend_lease(connection: &mut PgConnection, id: AttemptId) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "UPDATE execution_attempts SET lease_until = now() + make_interval(secs => lease_seconds)
         WHERE id = $1 AND state = 'running' RETURNING lease_until",
        id.0
    )
    .fetch_optional(connection)
    .await
}

/// Ends a running attempt.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    id: AttemptId,
    state: AttemptState,
    result: Option<&ExecutionResult>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE execution_attempts SET state = $2, finished_at = now(), result = $3 WHERE id = $1 AND state = 'running'",
        id.0,
        state.as_str(),
        result.map(result_to_text)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps what an executor said after its attempt was given up. The first word stands.
pub(crate) async fn keep_late_report(
    connection: &mut PgConnection,
    id: AttemptId,
    report: &ExecutionResult,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE execution_attempts SET late_report = $2 WHERE id = $1 AND state = 'unknown' AND late_report IS NULL",
        id.0,
        result_to_text(report)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A running attempt whose lease has ended.
pub(crate) struct Lost {
    pub(crate) attempt: AttemptId,
    pub(crate) action: ActionId,
    pub(crate) number: i32,
    /// Running the tool again is harmless, by a person's word.
    pub(crate) idempotent: bool,
}

/// Up to `limit` running attempts whose lease has ended, kept for this transaction.
pub(crate) async fn lock_lost(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Lost>> {
    let rows = sqlx::query!(
        r#"SELECT e.id, e.action_id, e.number, coalesce(t.idempotent, false) AS "idempotent!"
           FROM execution_attempts e
           JOIN pending_actions a ON a.id = e.action_id
           LEFT JOIN tools t ON t.name = a.tool_name
           WHERE e.state = 'running' AND e.lease_until < now()
           ORDER BY e.lease_until LIMIT $1 FOR UPDATE OF e SKIP LOCKED"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Lost {
            attempt: AttemptId(row.id),
            action: ActionId(row.action_id),
            number: row.number,
            idempotent: row.idempotent,
        })
        .collect())
}
