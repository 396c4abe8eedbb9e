//! `retention_runs`: each goes forward, step by step.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::retention::{Cutoffs, Due, Run};
use crate::store::word;

/// `select_runs!("rest", arguments)`: a checked query of runs.
macro_rules! select_runs {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            RunRecord,
            "SELECT id, state, asked_by, started_at, decided_before, executed_before, events_before, host, directory, actions,
                attempts, events, first_seal, last_seal, written, actions_purged, attempts_purged, events_purged,
                purged_through, finished_at, trouble
             FROM retention_runs " + $rest
            $(, $argument)*
        )
    };
}

struct RunRecord {
    id: Uuid,
    state: String,
    asked_by: String,
    started_at: DateTime<Utc>,
    decided_before: DateTime<Utc>,
    executed_before: DateTime<Utc>,
    events_before: DateTime<Utc>,
    host: String,
    directory: String,
    actions: i64,
    attempts: i64,
    events: i64,
    first_seal: Option<i64>,
    last_seal: Option<i64>,
    written: i64,
    actions_purged: i64,
    attempts_purged: i64,
    events_purged: i64,
    purged_through: Option<i64>,
    finished_at: Option<DateTime<Utc>>,
    trouble: Option<String>,
}

impl RunRecord {
    fn into_run(self) -> sqlx::Result<Run> {
        Ok(Run {
            id: self.id,
            state: word("state of a run", &self.state)?,
            asked_by: self.asked_by,
            started_at: self.started_at,
            cutoffs: Cutoffs {
                decided_before: self.decided_before,
                executed_before: self.executed_before,
                events_before: self.events_before,
            },
            host: self.host,
            directory: self.directory,
            actions: self.actions,
            attempts: self.attempts,
            events: self.events,
            first_seal: self.first_seal,
            last_seal: self.last_seal,
            written: self.written,
            actions_purged: self.actions_purged,
            attempts_purged: self.attempts_purged,
            events_purged: self.events_purged,
            purged_through: self.purged_through,
            finished_at: self.finished_at,
            trouble: self.trouble,
            archives: Vec::new(),
        })
    }
}

/// The run that is not done. There is one at most.
pub(crate) async fn open_run(pool: &PgPool) -> sqlx::Result<Option<Run>> {
    let record = select_runs!("WHERE state <> 'done'").fetch_optional(pool).await?;
    record.map(RunRecord::into_run).transpose()
}

/// A run by its id.
pub(crate) async fn run(pool: &PgPool, id: Uuid) -> sqlx::Result<Option<Run>> {
    let record = select_runs!("WHERE id = $1", id).fetch_optional(pool).await?;
    record.map(RunRecord::into_run).transpose()
}

/// The newest runs.
pub(crate) async fn runs(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<Run>> {
    let records = select_runs!("ORDER BY started_at DESC, id DESC LIMIT $1", limit).fetch_all(pool).await?;
    records.into_iter().map(RunRecord::into_run).collect()
}

/// When the last run began; before the first, when somebody was first here.
pub(crate) async fn last_began(pool: &PgPool) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "SELECT coalesce((SELECT max(started_at) FROM retention_runs), (SELECT min(created_at) FROM users))"
    )
    .fetch_one(pool)
    .await
}

/// Begins a run whose cut-off times are so many days back from now. `false`: one is open.
pub(crate) async fn begin(
    pool: &PgPool,
    id: Uuid,
    asked_by: &str,
    (decided, executed, events): (i32, i32, i32),
    host: &str,
    directory: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO retention_runs
            (id, state, asked_by, started_at, decided_before, executed_before, events_before, host, directory)
         VALUES ($1, 'started', $2, now(), now() - make_interval(days => $3), now() - make_interval(days => $4),
            now() - make_interval(days => $5), $6, $7)
         ON CONFLICT DO NOTHING",
        id,
        asked_by,
        decided,
        executed,
        events,
        host,
        directory
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Says where a run writes its archives, which is settled anew when another server takes it up before they are written.
pub(crate) async fn rehome(pool: &PgPool, id: Uuid, host: &str, directory: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE retention_runs SET host = $2, directory = $3, written = 0 WHERE id = $1 AND state = 'started'",
        id,
        host,
        directory
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Notes how much is written to the archives.
pub(crate) async fn note_written(connection: &mut PgConnection, id: Uuid, written: i64) -> sqlx::Result<()> {
    sqlx::query!("UPDATE retention_runs SET written = $2 WHERE id = $1 AND state = 'started'", id, written)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes why a run does not go on, or that it does.
pub(crate) async fn note_trouble(pool: &PgPool, id: Uuid, trouble: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE retention_runs SET trouble = $2 WHERE id = $1 AND state <> 'done' AND trouble IS DISTINCT FROM $2",
        id,
        trouble
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Says that everything that goes is in archives, which were read back. `false`: another was first.
pub(crate) async fn set_archived(
    connection: &mut PgConnection,
    id: Uuid,
    due: &Due,
    seals: Option<(i64, i64)>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE retention_runs SET state = 'archived', archived_at = now(), actions = $2, attempts = $3, events = $4,
            first_seal = $5, last_seal = $6, purged_through = $5::bigint - 1
         WHERE id = $1 AND state = 'started'",
        id,
        due.actions,
        due.attempts,
        due.events,
        seals.map(|(first, _)| first),
        seals.map(|(_, last)| last)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From now on it purges.
pub(crate) async fn set_purging(pool: &PgPool, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("UPDATE retention_runs SET state = 'purging' WHERE id = $1 AND state = 'archived'", id)
        .execute(pool)
        .await?;
    Ok(())
}

/// It is done.
pub(crate) async fn set_done(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE retention_runs SET state = 'done', finished_at = now(), trouble = NULL WHERE id = $1 AND state = 'purging'",
        id
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
