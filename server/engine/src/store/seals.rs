//! `event_seals` and the sealer's list, `unsealed_events`.

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use sqlx::{PgConnection, PgPool};

use super::word;

/// A link of the chain.
pub(crate) struct Seal {
    pub(crate) number: i64,
    pub(crate) event_seqs: Vec<i64>,
    pub(crate) events: Digest,
    pub(crate) previous: Option<Digest>,
    pub(crate) seal: Digest,
}

/// Takes up to `limit` entries off the sealer's list: their places and hashes, in the order of places.
pub(crate) async fn take_unsealed(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<(i64, Digest)>> {
    let rows = sqlx::query!(
        r#"WITH taken AS (
            DELETE FROM unsealed_events
            WHERE ctid = ANY (ARRAY(SELECT ctid FROM unsealed_events LIMIT $1))
            RETURNING seq
        )
        SELECT e.seq, e.content_hash FROM taken JOIN approval_events e USING (seq) ORDER BY e.seq"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.seq, word("content hash", &row.content_hash)?))).collect()
}

/// The number and hash of the newest seal.
pub(crate) async fn newest(connection: &mut PgConnection) -> sqlx::Result<Option<(i64, Digest)>> {
    let row = sqlx::query!("SELECT number, seal_sha256 FROM event_seals ORDER BY number DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok((row.number, word("seal", &row.seal_sha256)?))).transpose()
}

/// Adds a link to the chain.
pub(crate) async fn insert(connection: &mut PgConnection, seal: &Seal) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO event_seals (number, event_seqs, events_sha256, previous_sha256, seal_sha256) VALUES ($1, $2, $3, $4, $5)",
        seal.number,
        &seal.event_seqs,
        seal.events.to_string(),
        seal.previous.map(|digest| digest.to_string()),
        seal.seal.to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The seals after `number`, in order, at most `limit`.
pub(crate) async fn after(connection: &mut PgConnection, number: i64, limit: i64) -> sqlx::Result<Vec<Seal>> {
    let rows = sqlx::query!(
        "SELECT number, event_seqs, events_sha256, previous_sha256, seal_sha256 FROM event_seals WHERE number > $1 ORDER BY number LIMIT $2",
        number,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Seal {
                number: row.number,
                event_seqs: row.event_seqs,
                events: word("seal", &row.events_sha256)?,
                previous: row.previous_sha256.map(|text| word("seal", &text)).transpose()?,
                seal: word("seal", &row.seal_sha256)?,
            })
        })
        .collect()
}

/// The newest seal, and when it was set.
pub(crate) async fn last(pool: &PgPool) -> sqlx::Result<Option<(Seal, DateTime<Utc>)>> {
    let row = sqlx::query!(
        "SELECT number, event_seqs, events_sha256, previous_sha256, seal_sha256, sealed_at FROM event_seals ORDER BY number DESC LIMIT 1"
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        let seal = Seal {
            number: row.number,
            event_seqs: row.event_seqs,
            events: word("seal", &row.events_sha256)?,
            previous: row.previous_sha256.map(|text| word("seal", &text)).transpose()?,
            seal: word("seal", &row.seal_sha256)?,
        };
        Ok((seal, row.sealed_at))
    })
    .transpose()
}
