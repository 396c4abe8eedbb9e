//! `retention_runs` and `archives`: what was and is archived and purged, and what is due.

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::id::ActionId;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::word;
use crate::retention::{Archive, Cutoffs, Due, Run};

/// Entries of the trail that left it: those of these seals.
pub(crate) struct Purged {
    pub(crate) first_seal: i64,
    pub(crate) through: i64,
    pub(crate) host: String,
    pub(crate) directory: String,
    pub(crate) file: String,
    pub(crate) last_seal: i64,
}

impl Purged {
    pub(crate) const fn holds(&self, seal: i64) -> bool {
        self.first_seal <= seal && seal <= self.through
    }
}

/// What left the trail so far, in the order of the chain.
pub(crate) async fn purged(connection: &mut PgConnection) -> sqlx::Result<Vec<Purged>> {
    sqlx::query_as!(
        Purged,
        r#"SELECT r.first_seal AS "first_seal!", r.purged_through AS "through!", r.host, r.directory, a.file,
                  r.last_seal AS "last_seal!"
           FROM retention_runs r JOIN archives a ON a.run_id = r.id AND a.kind = 'events'
           WHERE r.purged_through >= r.first_seal ORDER BY r.first_seal"#
    )
    .fetch_all(connection)
    .await
}

/// Whether an action is stored.
pub(crate) async fn has_action(pool: &PgPool, id: ActionId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM pending_actions WHERE id = $1) AS "there!""#, id.0)
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
    let mut connection = pool.acquire().await?;
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
    pool: &PgPool,
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
    .fetch_all(pool)
    .await
}

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
pub(crate) async fn note_written(pool: &PgPool, id: Uuid, written: i64) -> sqlx::Result<()> {
    sqlx::query!("UPDATE retention_runs SET written = $2 WHERE id = $1 AND state = 'started'", id, written)
        .execute(pool)
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

/// Keeps what an archive holds.
pub(crate) async fn insert_archive(connection: &mut PgConnection, run: Uuid, archive: &Archive) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO archives (id, run_id, kind, file, entries, bytes, sha256, from_time, to_time, first_seal, last_seal)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        archive.id,
        run,
        archive.kind.as_str(),
        archive.file,
        archive.entries,
        archive.bytes,
        archive.sha256.to_string(),
        archive.from_time,
        archive.to_time,
        archive.seals.map(|(first, _)| first),
        archive.seals.map(|(_, last)| last)
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct ArchiveRecord {
    id: Uuid,
    kind: String,
    file: String,
    entries: i64,
    bytes: i64,
    sha256: String,
    from_time: DateTime<Utc>,
    to_time: DateTime<Utc>,
    first_seal: Option<i64>,
    last_seal: Option<i64>,
}

impl ArchiveRecord {
    fn into_archive(self) -> sqlx::Result<Archive> {
        let sha256: Digest = word("archive's hash", &self.sha256)?;
        Ok(Archive {
            id: self.id,
            kind: word("kind of archive", &self.kind)?,
            file: self.file,
            entries: self.entries,
            bytes: self.bytes,
            sha256,
            from_time: self.from_time,
            to_time: self.to_time,
            seals: self.first_seal.zip(self.last_seal),
        })
    }
}

/// A run's archives.
pub(crate) async fn archives(pool: &PgPool, run: Uuid) -> sqlx::Result<Vec<Archive>> {
    let records = sqlx::query_as!(
        ArchiveRecord,
        "SELECT id, kind, file, entries, bytes, sha256, from_time, to_time, first_seal, last_seal
         FROM archives WHERE run_id = $1 ORDER BY kind",
        run
    )
    .fetch_all(pool)
    .await?;
    records.into_iter().map(ArchiveRecord::into_archive).collect()
}

/// Which run an archive belongs to.
pub(crate) async fn run_of_archive(pool: &PgPool, id: Uuid) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!("SELECT run_id FROM archives WHERE id = $1", id).fetch_optional(pool).await
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
