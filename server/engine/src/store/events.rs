//! `approval_events`: appended to, never changed.

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::event::{Event, EventContent};
use domain::id::{ActionId, EventId, RuleId};
use domain::json::Json;
use futures::TryStreamExt;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{corrupt, word};

/// Writes an entry with the database's time and the hash over both, and puts it before the sealer. Returns its
/// place in the trail. It becomes part of the trail with the transaction, or not at all.
pub(crate) async fn append(connection: &mut PgConnection, content: EventContent<'_>) -> sqlx::Result<i64> {
    let (head, tail) = content.around_time();
    sqlx::query_scalar!(
        r#"WITH event AS (
            INSERT INTO approval_events
                (event_id, action_id, rule_id, event_type, actor, reason, event_metadata, occurred_at, content_hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, now(), encode(sha256(convert_to(
                $8::text || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || $9::text, 'UTF8')), 'hex'))
            RETURNING seq
        ), unsealed AS (
            INSERT INTO unsealed_events (seq) SELECT seq FROM event
        )
        SELECT seq AS "seq!" FROM event"#,
        content.event_id.0,
        content.action_id.map(|id| id.0),
        content.rule_id.map(|id| id.0),
        content.event_type,
        content.actor,
        content.reason,
        content.event_metadata.canonical(),
        head,
        tail,
    )
    .fetch_one(connection)
    .await
}

#[derive(sqlx::FromRow)]
pub(super) struct EventRecord {
    pub(super) seq: i64,
    pub(super) event_id: Uuid,
    pub(super) action_id: Option<Uuid>,
    pub(super) rule_id: Option<Uuid>,
    pub(super) event_type: String,
    pub(super) actor: String,
    pub(super) reason: Option<String>,
    pub(super) event_metadata: String,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) content_hash: String,
}

impl EventRecord {
    /// The hash it was stored with, if what is stored has that hash. Whatever was done to a row, it is an answer and no
    /// failure: words that nobody knows any more, or a document that is none, are a row that was changed.
    pub(super) fn intact_hash(&self) -> Option<Digest> {
        let metadata = Json::parse(self.event_metadata.as_bytes()).ok()?;
        let content = EventContent {
            event_id: EventId(self.event_id),
            action_id: self.action_id.map(ActionId),
            rule_id: self.rule_id.map(RuleId),
            event_type: &self.event_type,
            actor: &self.actor,
            reason: self.reason.as_deref(),
            event_metadata: &metadata,
        };
        let hash = content.hash(self.occurred_at);
        self.content_hash.parse().ok().filter(|stored: &Digest| *stored == hash)
    }

    pub(super) fn stored_hash(&self) -> Option<Digest> {
        self.content_hash.parse().ok()
    }

    pub(super) fn into_event(self) -> sqlx::Result<Event> {
        Ok(Event {
            seq: self.seq,
            event_id: EventId(self.event_id),
            action_id: self.action_id.map(ActionId),
            rule_id: self.rule_id.map(RuleId),
            event_type: word("event type", &self.event_type)?,
            actor: self.actor,
            reason: self.reason,
            event_metadata: Json::parse(self.event_metadata.as_bytes())
                .map_err(|error| corrupt("event metadata", error))?,
            occurred_at: self.occurred_at,
            content_hash: word("content hash", &self.content_hash)?,
        })
    }
}

/// The entries of one action, oldest first.
pub(crate) async fn of_action(pool: &PgPool, id: ActionId) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as!(
        EventRecord,
        r#"SELECT seq, event_id, action_id, rule_id, event_type, actor, reason,
                  event_metadata::text AS "event_metadata!", occurred_at, content_hash
           FROM approval_events WHERE action_id = $1 ORDER BY seq"#,
        id.0
    )
    .fetch(pool)
    .and_then(|record| async move { record.into_event() })
    .try_collect()
    .await
}

/// The newest entries about a tool itself, newest first. Which those are, an index knows.
pub(crate) async fn of_tool(pool: &PgPool, tool: &str, limit: i64) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as!(
        EventRecord,
        r#"SELECT seq, event_id, action_id, rule_id, event_type, actor, reason,
                  event_metadata::text AS "event_metadata!", occurred_at, content_hash
           FROM approval_events
           WHERE event_metadata ->> 'tool_name' = $1 AND event_type IN ('tool_registered', 'tool_changed')
           ORDER BY seq DESC LIMIT $2"#,
        tool,
        limit
    )
    .fetch(pool)
    .and_then(|record| async move { record.into_event() })
    .try_collect()
    .await
}

/// The newest entries about a rule, newest first.
pub(crate) async fn of_rule(pool: &PgPool, id: RuleId, limit: i64) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as!(
        EventRecord,
        r#"SELECT seq, event_id, action_id, rule_id, event_type, actor, reason,
                  event_metadata::text AS "event_metadata!", occurred_at, content_hash
           FROM approval_events
           WHERE rule_id = $1 AND event_type NOT IN ('action_auto_approved', 'action_denied')
           ORDER BY seq DESC LIMIT $2"#,
        id.0,
        limit
    )
    .fetch(pool)
    .and_then(|record| async move { record.into_event() })
    .try_collect()
    .await
}

/// The entries after `seq`, oldest first, at most `limit`.
pub(crate) async fn after(pool: &PgPool, seq: i64, limit: i64) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as!(
        EventRecord,
        r#"SELECT seq, event_id, action_id, rule_id, event_type, actor, reason,
                  event_metadata::text AS "event_metadata!", occurred_at, content_hash
           FROM approval_events WHERE seq > $1 ORDER BY seq LIMIT $2"#,
        seq,
        limit
    )
    .fetch(pool)
    .and_then(|record| async move { record.into_event() })
    .try_collect()
    .await
}

/// The place of the newest entry; 0 in an empty trail.
pub(crate) async fn newest(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT coalesce(max(seq), 0) AS "seq!" FROM approval_events"#).fetch_one(pool).await
}
