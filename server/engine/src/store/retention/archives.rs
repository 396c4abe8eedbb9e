//! `archives`: what each file holds.

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::retention::Archive;
use crate::store::word;

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
