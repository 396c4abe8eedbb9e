//! The newest seal, for keeping elsewhere. Whoever can write the database can cut the end of the trail off, and the rest
//! still verifies; a seal that was kept where they cannot write shows it.

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::identity::{Principal, Scope};
use serde::{Deserialize, Serialize};

use super::content;
use crate::store::seals::Seal;
use crate::{Engine, Result, require, store};

/// A seal as it is kept elsewhere. Its number and hash are what counts; the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Anchor {
    /// From 1, without a gap.
    pub number: i64,
    /// Hash of the seal.
    pub seal_sha256: Digest,
    /// Hash of the seal before; the first has none.
    #[serde(default)]
    pub previous_sha256: Option<Digest>,
    /// Over the hashes of its entries.
    #[serde(default)]
    pub events_sha256: Option<Digest>,
    /// The first of its entries.
    #[serde(default)]
    pub first_seq: Option<i64>,
    /// The last of its entries.
    #[serde(default)]
    pub last_seq: Option<i64>,
    /// How many it has.
    #[serde(default)]
    pub event_count: Option<i64>,
    /// When it was made.
    #[serde(default)]
    pub sealed_at: Option<DateTime<Utc>>,
}

/// The newest seal. `None`: nothing is sealed yet.
///
/// # Errors
/// `forbidden` without `audit:read`; when the database cannot be read.
pub async fn newest_seal(engine: &Engine, principal: &Principal) -> Result<Option<Anchor>> {
    require(principal, Scope::AuditRead)?;
    Anchor::newest(engine).await
}

impl Anchor {
    /// The newest seal, for whoever runs the program.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest(engine: &Engine) -> Result<Option<Self>> {
        super::seal(engine).await?;
        let Some((seal, sealed_at)) = store::seals::last(&engine.pool).await? else { return Ok(None) };
        Ok(Some(Self::of(&seal, Some(sealed_at))))
    }

    /// What was kept, where that was the number and the hash alone.
    pub const fn kept(number: i64, seal_sha256: Digest) -> Self {
        Self {
            number,
            seal_sha256,
            previous_sha256: None,
            events_sha256: None,
            first_seq: None,
            last_seq: None,
            event_count: None,
            sealed_at: None,
        }
    }

    pub(crate) fn of(seal: &Seal, sealed_at: Option<DateTime<Utc>>) -> Self {
        let content = content(seal.number, &seal.event_seqs, seal.events, seal.previous);
        Self {
            number: seal.number,
            seal_sha256: seal.seal,
            previous_sha256: seal.previous,
            events_sha256: Some(seal.events),
            first_seq: Some(content.first_seq),
            last_seq: Some(content.last_seq),
            event_count: Some(content.event_count),
            sealed_at,
        }
    }
}
