//! The trail as it is read: narrowed and paged, one entry, and all of it for whoever verifies it.

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::event::Event;
use domain::event_filter::EventFilter;
use domain::id::EventId;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};

use super::events::EventRecord;

const COLUMNS: &str = "seq, event_id, action_id, rule_id, event_type, actor, reason, event_metadata::text AS event_metadata, \
    occurred_at, content_hash";

/// The entries that the filter holds, in its order, at most `limit`.
pub(crate) async fn list(pool: &PgPool, filter: &EventFilter, limit: i64) -> sqlx::Result<Vec<Event>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM approval_events WHERE true");
    narrow(&mut query, filter);
    let (beyond, order) = if filter.newest_first { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = filter.after {
        query.push(format_args!(" AND seq {beyond} ")).push_bind(after);
    }
    query.push(format_args!(" ORDER BY seq {order} LIMIT ")).push_bind(limit);
    query.push(" OFFSET ").push_bind(filter.offset);
    // Planned for these very words: which index is the right one depends on how frequent they are.
    let records: Vec<EventRecord> = query.build_query_as().persistent(false).fetch_all(pool).await?;
    records.into_iter().map(EventRecord::into_event).collect()
}

fn narrow(query: &mut QueryBuilder<Postgres>, filter: &EventFilter) {
    match filter.event_types.as_slice() {
        [] => {}
        // Not `= ANY`: the index gives one type in the list's own order.
        [kind] => drop(query.push(" AND event_type = ").push_bind(kind.as_str())),
        several => {
            let words: Vec<&str> = several.iter().map(|kind| kind.as_str()).collect();
            query.push(" AND event_type = ANY(").push_bind(words).push(")");
        }
    }
    let ids = [("action_id", filter.action_id.map(|id| id.0)), ("rule_id", filter.rule_id.map(|id| id.0))];
    for (column, id) in ids {
        if let Some(id) = id {
            query.push(format_args!(" AND {column} = ")).push_bind(id);
        }
    }
    let texts = [("actor", &filter.actor), ("event_metadata ->> 'tool_name'", &filter.tool_name)];
    for (column, text) in texts {
        if let Some(text) = text {
            query.push(format_args!(" AND {column} = ")).push_bind(text.clone());
        }
    }
    // An entry has the time at which its transaction began, and a place from when it was written, a moment later. So by
    // time it is cut exactly, and by place where it must lie if no transaction took ten minutes: the list is in the order
    // of places, and would otherwise be walked from its end to get there.
    if let Some(since) = filter.since {
        query.push(" AND occurred_at >= ").push_bind(since);
        query.push(" AND seq > coalesce((SELECT b.seq FROM approval_events b WHERE b.occurred_at < ").push_bind(since);
        query.push("::timestamptz - interval '10 minutes' ORDER BY b.occurred_at DESC, b.seq DESC LIMIT 1), 0)");
    }
    if let Some(until) = filter.until {
        query.push(" AND occurred_at < ").push_bind(until);
        query.push(" AND seq < coalesce((SELECT b.seq FROM approval_events b WHERE b.occurred_at > ").push_bind(until);
        query
            .push("::timestamptz + interval '10 minutes' ORDER BY b.occurred_at, b.seq LIMIT 1), 9223372036854775807)");
    }
}

/// The entry at a place.
pub(crate) async fn at(pool: &PgPool, seq: i64) -> sqlx::Result<Option<Event>> {
    let record = sqlx::query_as!(
        EventRecord,
        r#"SELECT seq, event_id, action_id, rule_id, event_type, actor, reason,
                  event_metadata::text AS "event_metadata!", occurred_at, content_hash
           FROM approval_events WHERE seq = $1"#,
        seq
    )
    .fetch_optional(pool)
    .await?;
    record.map(EventRecord::into_event).transpose()
}

/// The place of the entry with this id.
pub(crate) async fn place_of(pool: &PgPool, id: EventId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("SELECT seq FROM approval_events WHERE event_id = $1", id.0).fetch_optional(pool).await
}

/// The number of the seal that holds the entry at a place, and when it was set.
pub(crate) async fn seal_of(pool: &PgPool, seq: i64) -> sqlx::Result<Option<(i64, DateTime<Utc>)>> {
    // Later seals may hold smaller places, so the first that could is not always it.
    let row = sqlx::query!(
        "SELECT number, sealed_at FROM event_seals
         WHERE event_seqs[cardinality(event_seqs)] >= $1 AND event_seqs[1] <= $1 AND $1 = ANY(event_seqs)
         ORDER BY event_seqs[cardinality(event_seqs)] LIMIT 1",
        seq
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.number, row.sealed_at)))
}

/// An entry as verification needs it.
pub(crate) struct Hashed {
    pub(crate) seq: i64,
    /// What it says its hash is; `None`: that is no hash.
    pub(crate) stored: Option<Digest>,
    /// Whether that is the hash of what it says.
    pub(crate) intact: bool,
}

/// Entries as they are stored, not yet looked at.
pub(crate) struct Stored(Vec<EventRecord>);

impl Stored {
    /// Computes every hash. Nothing but arithmetic: it may run beside the reading of the next.
    pub(crate) fn hashed(&self) -> Vec<Hashed> {
        let hashed = |record: &EventRecord| {
            let intact = record.intact_hash();
            Hashed { seq: record.seq, stored: intact.or_else(|| record.stored_hash()), intact: intact.is_some() }
        };
        self.0.iter().map(hashed).collect()
    }
}

/// The entries with these places. One that is gone is left out.
pub(crate) async fn stored(connection: &mut PgConnection, seqs: &[i64]) -> sqlx::Result<Stored> {
    let records = sqlx::query_as!(
        EventRecord,
        r#"SELECT seq, event_id, action_id, rule_id, event_type, actor, reason,
                  event_metadata::text AS "event_metadata!", occurred_at, content_hash
           FROM approval_events WHERE seq = ANY($1)"#,
        seqs
    )
    .fetch_all(connection)
    .await?;
    Ok(Stored(records))
}

/// The same as events, in the order of places, for an archive.
pub(crate) async fn with_seqs(connection: &mut PgConnection, seqs: &[i64]) -> sqlx::Result<Vec<Event>> {
    let Stored(mut records) = stored(connection, seqs).await?;
    records.sort_unstable_by_key(|record| record.seq);
    records.into_iter().map(EventRecord::into_event).collect()
}

/// How many entries there are, and how many of them wait for their seal.
pub(crate) async fn counts(connection: &mut PgConnection) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM approval_events) AS "events!",
                  (SELECT count(*) FROM unsealed_events u JOIN approval_events e USING (seq)) AS "unsealed!""#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.events, row.unsealed))
}

/// A verification, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub checked_at: DateTime<Utc>,
    pub checked_by: String,
    /// The last place that a seal holds.
    pub through_seq: i64,
    pub seals: i64,
    pub events: i64,
    pub purged: i64,
    pub faults: i64,
    pub first_fault: Option<String>,
    pub milliseconds: i64,
}

/// Keeps what a verification found, and forgets all but the newest thousand.
pub(crate) async fn keep_check(pool: &PgPool, check: &Check, seal: Option<Digest>) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(
        r#"WITH kept AS (
            INSERT INTO trail_checks
                (checked_by, through_seq, seals, seal_sha256, events, purged, faults, first_fault, milliseconds)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id, checked_at
        ), forgotten AS (
            DELETE FROM trail_checks WHERE id <= (SELECT id FROM kept) - 1000
        )
        SELECT checked_at AS "at!" FROM kept"#,
        check.checked_by,
        check.through_seq,
        check.seals,
        seal.map(|digest| digest.to_string()),
        check.events,
        check.purged,
        check.faults,
        check.first_fault,
        check.milliseconds
    )
    .fetch_one(pool)
    .await
}

/// The newest verification.
pub(crate) async fn last_check(pool: &PgPool) -> sqlx::Result<Option<Check>> {
    sqlx::query_as!(
        Check,
        "SELECT checked_at, checked_by, through_seq, seals, events, purged, faults, first_fault, milliseconds
         FROM trail_checks ORDER BY id DESC LIMIT 1"
    )
    .fetch_optional(pool)
    .await
}
