//! What is due, counted and listed, and how it is purged: the same condition for both.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::retention::{Cutoffs, Due};

/// The cut-off times of a run that began now.
pub(crate) async fn cutoffs(pool: &PgPool, (decided, executed, events): (i32, i32, i32)) -> sqlx::Result<Cutoffs> {
    sqlx::query_as!(
        Cutoffs,
        r#"SELECT now() - make_interval(days => $1) AS "decided_before!", now() - make_interval(days => $2)
               AS "executed_before!", now() - make_interval(days => $3) AS "events_before!""#,
        decided,
        executed,
        events
    )
    .fetch_one(pool)
    .await
}

/// `due_actions!(row, "SELECT ... FROM pending_actions a", "rest", cut-offs, arguments from $3)`: a checked query over the
/// actions that are over for long enough. A person's giving up is a decision of its own, later than the first.
macro_rules! due_actions {
    ($row:ty, $head:literal, $rest:literal, $cutoffs:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $row,
            $head + r#" WHERE a.decided_at < greatest($1::timestamptz, $2::timestamptz) AND (
                a.status IN ('rejected', 'expired', 'withdrawn') AND a.decided_at < $1
                OR a.status = 'executed' AND a.executed_at < $2
                OR a.status = 'abandoned' AND a.decided_at < $1 AND NOT EXISTS (
                    SELECT FROM approval_events e
                    WHERE e.action_id = a.id AND e.event_type = 'action_abandoned' AND e.occurred_at >= $1)) "# + $rest,
            $cutoffs.decided_before,
            $cutoffs.executed_before
            $(, $argument)*
        )
    };
}

struct Counted {
    actions: i64,
    attempts: i64,
}

/// What would go now.
pub(crate) async fn due(pool: &PgPool, cutoffs: &Cutoffs) -> sqlx::Result<Due> {
    let mut connection = crate::store::acquire(pool).await?;
    let Counted { actions, attempts } = due_actions!(
        Counted,
        r#"SELECT count(*) AS "actions!", coalesce(sum((SELECT count(*) FROM execution_attempts t WHERE t.action_id = a.id)), 0)::bigint
               AS "attempts!" FROM pending_actions a"#,
        "",
        cutoffs
    )
    .fetch_one(&mut *connection)
    .await?;
    let seals = due_seals(&mut connection, cutoffs.events_before).await?;
    let events = match seals {
        Some((first, last)) => count_entries(&mut connection, first, last).await?,
        None => 0,
    };
    Ok(Due { actions, attempts, events, seals: seals.map_or(0, |(first, last)| last - first + 1) })
}

/// The first and last of the seals that are old enough and not purged: the chain from its beginning, without a gap.
pub(crate) async fn due_seals(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<Option<(i64, i64)>> {
    let row = sqlx::query!(
        r#"WITH first AS (SELECT coalesce(max(purged_through), 0) + 1 AS number FROM retention_runs)
           SELECT first.number AS "first!", coalesce(
               (SELECT s.number FROM event_seals s WHERE s.number >= first.number AND s.sealed_at >= $1
                ORDER BY s.number LIMIT 1) - 1,
               (SELECT max(number) FROM event_seals), 0) AS "last!"
           FROM first"#,
        before
    )
    .fetch_one(connection)
    .await?;
    Ok((row.first <= row.last).then_some((row.first, row.last)))
}

async fn count_entries(connection: &mut PgConnection, first: i64, last: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(sum(cardinality(event_seqs)), 0)::bigint AS "entries!" FROM event_seals
           WHERE number BETWEEN $1 AND $2"#,
        first,
        last
    )
    .fetch_one(connection)
    .await
}

/// A place in the list of actions that are due, which is by the time of the decision.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) at: DateTime<Utc>,
    pub(crate) id: Uuid,
}

/// The next actions that are due after a place, at most `limit`.
pub(crate) async fn due_actions(
    connection: &mut PgConnection,
    cutoffs: &Cutoffs,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<Place>> {
    due_actions!(
        Place,
        r#"SELECT a.decided_at AS "at!", a.id FROM pending_actions a"#,
        "AND ($3::timestamptz IS NULL OR (a.decided_at, a.id) > ($3, $4)) ORDER BY a.decided_at, a.id LIMIT $5",
        cutoffs,
        after.map(|place| place.at),
        after.map(|place| place.id),
        limit
    )
    .fetch_all(connection)
    .await
}

/// Forgets the idempotency keys of the actions that go: what such a key answers is a copy of the action.
pub(crate) async fn forget_keys(pool: &PgPool, cutoffs: &Cutoffs) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM idempotency_keys k WHERE EXISTS (
            SELECT FROM pending_actions a
            WHERE a.id IN (k.subject_id, CASE WHEN k.route ~ '^POST /actions/[0-9a-f-]{36}/'
                    THEN substring(k.route FROM 15 FOR 36)::uuid END)
                AND a.status IN ('rejected', 'expired', 'withdrawn', 'abandoned', 'executed')
                AND coalesce(a.executed_at, a.decided_at) < greatest($1::timestamptz, $2::timestamptz))",
        cutoffs.decided_before,
        cutoffs.executed_before
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How far the purge of a run's actions is; locked, so that nobody else goes on from there.
pub(crate) async fn lock_actions_place(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<Option<Place>>> {
    let row = sqlx::query!(
        "SELECT actions_through_at, actions_through FROM retention_runs WHERE id = $1 AND state = 'purging' FOR UPDATE",
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| row.actions_through_at.zip(row.actions_through).map(|(at, id)| Place { at, id })))
}

/// Purges those of `places` that are due still (a person may just have had one tried again), with their attempts, and
/// notes how far it is. Returns how many went.
pub(crate) async fn purge_actions(
    connection: &mut PgConnection,
    run: Uuid,
    cutoffs: &Cutoffs,
    places: &[Place],
) -> sqlx::Result<i64> {
    let Some(last) = places.last() else { return Ok(0) };
    let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
    let due: Vec<Place> = due_actions!(
        Place,
        r#"SELECT a.decided_at AS "at!", a.id FROM pending_actions a"#,
        "AND a.id = ANY($3) FOR UPDATE",
        cutoffs,
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = due.iter().map(|place| place.id).collect();
    // They would leave with their actions; so they are counted.
    let attempts = sqlx::query!("DELETE FROM execution_attempts WHERE action_id = ANY($1)", &ids)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    let went = sqlx::query!("DELETE FROM pending_actions WHERE id = ANY($1)", &ids)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    let (went, attempts) = (went.cast_signed(), attempts.cast_signed());
    sqlx::query!(
        "UPDATE retention_runs SET actions_purged = actions_purged + $2, attempts_purged = attempts_purged + $3,
            actions_through_at = $4, actions_through = $5 WHERE id = $1",
        run,
        went,
        attempts,
        last.at,
        last.id
    )
    .execute(connection)
    .await?;
    Ok(went)
}

/// Purges the next seals' entries of a run, about `most` of them. Returns how many went; 0 at the end.
pub(crate) async fn purge_events(pool: &PgPool, run: Uuid, most: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT purge_sealed_events($1, $2) AS "went!""#, run, most).fetch_one(pool).await
}
