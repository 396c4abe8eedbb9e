//! The trail: its entries as they are read and exported, the seals that chain them in batches, and their verification.
//!
//! The sealer takes what is on its list when it looks, so entries are sealed in the order in which their
//! transactions became visible; the seal says which ones it holds.

mod anchor;
mod entries;
mod export;
mod verification;

use domain::digest::Digest;
use domain::seal::{SealContent, events_digest};

pub use anchor::{Anchor, newest_seal};
pub use entries::{EventPage, FullEvent, Whereabouts, list, show};
pub use export::{Export, Format, export, export_all};
pub use verification::{Ask, Progress, Verification, verify, verify_all, verify_by};

pub use crate::store::trail::Check;

use crate::store::seals::Seal;
use crate::{Engine, Result, store};

/// One sealer at a time over all instances: the advisory lock's key.
const SEALER: i64 = 0x5EA1;
/// How many entries one seal holds at most.
const BATCH: i64 = 5_000;

/// Seals what waits to be sealed. Returns how many entries were sealed.
///
/// # Errors
/// When the database cannot be reached.
pub async fn seal(engine: &Engine) -> Result<usize> {
    let mut sealed = 0;
    loop {
        let mut transaction = store::begin(&engine.pool).await?;
        if !store::try_lock(&mut transaction, SEALER).await? {
            return Ok(sealed);
        }
        let events = store::seals::take_unsealed(&mut transaction, BATCH).await?;
        if events.is_empty() {
            return Ok(sealed);
        }
        let (number, previous) = match store::seals::newest(&mut transaction).await? {
            Some((number, digest)) => (number + 1, Some(digest)),
            None => (1, None),
        };
        let digest = events_digest(events.iter().map(|(_, hash)| hash));
        let event_seqs: Vec<i64> = events.iter().map(|(seq, _)| *seq).collect();
        let content = content(number, &event_seqs, digest, previous);
        let seal = Seal { number, event_seqs, events: digest, previous, seal: content.hash() };
        store::seals::insert(&mut transaction, &seal).await?;
        transaction.commit().await?;
        sealed += events.len();
    }
}

fn content(number: i64, seqs: &[i64], events_digest: Digest, previous: Option<Digest>) -> SealContent {
    SealContent {
        number,
        first_seq: seqs.first().copied().unwrap_or_default(),
        last_seq: seqs.last().copied().unwrap_or_default(),
        event_count: i64::try_from(seqs.len()).expect("a batch is small"),
        events_digest,
        previous,
    }
}

/// How many entries a stream that comes back is given at most.
pub const AT_ONCE: usize = 500;

/// Entries after `seq` for a stream that comes back, at most [`AT_ONCE`].
///
/// # Errors
/// When the database cannot be read.
pub async fn since(engine: &Engine, seq: i64) -> Result<Vec<domain::event::Event>> {
    Ok(store::events::after(&engine.pool, seq, AT_ONCE as i64).await?)
}

/// The place of the newest entry.
///
/// # Errors
/// When the database cannot be read.
pub async fn newest(engine: &Engine) -> Result<i64> {
    Ok(store::events::newest(&engine.pool).await?)
}

/// What the newest verification found. `None`: there was none yet.
///
/// # Errors
/// When the database cannot be read.
pub async fn last_check(engine: &Engine) -> Result<Option<Check>> {
    Ok(store::trail::last_check(&engine.pool).await?)
}
