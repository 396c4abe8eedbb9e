//! The trail's proof: seals that chain its entries in batches, and their verification.
//!
//! The sealer takes what is on its list when it looks, so entries are sealed in the order in which their
//! transactions became visible; the seal says which ones it holds.

use std::collections::HashMap;

use domain::digest::Digest;
use domain::identity::{Principal, Scope};
use domain::seal::{SealContent, events_digest};
use futures::TryStreamExt;

use crate::store::seals::Seal;
use crate::{Engine, Result, require, store};

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
        let mut transaction = engine.pool.begin().await?;
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

/// What verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Entries whose seal was checked.
    pub events: usize,
    pub seals: i64,
    /// The hash of the newest seal: the whole trail in 32 bytes.
    pub newest_seal: Option<Digest>,
    /// In words, what does not fit. Empty: the trail is whole.
    pub faults: Vec<String>,
}

/// Goes through all seals and the entries they hold: every hash is computed again.
///
/// # Errors
/// `forbidden` without `audit:read`; when the database cannot be read.
pub async fn verify(engine: &Engine, principal: &Principal) -> Result<Verification> {
    require(principal, Scope::AuditRead)?;
    verify_all(engine).await
}

/// The same for whoever runs the program.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify_all(engine: &Engine) -> Result<Verification> {
    let mut found = Verification { events: 0, seals: 0, newest_seal: None, faults: Vec::new() };
    loop {
        let seals = store::seals::after(&engine.pool, found.seals, 20).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            verify_seal(engine, &seal, &mut found).await?;
        }
    }
    let unaccounted = store::events::count_unaccounted(&engine.pool).await?;
    if unaccounted > 0 {
        found.faults.push(format!("{unaccounted} entries are in no seal and not on their way into one"));
    }
    Ok(found)
}

async fn verify_seal(engine: &Engine, seal: &Seal, found: &mut Verification) -> Result<()> {
    if seal.number != found.seals + 1 {
        found.faults.push(format!("seal {} follows seal {}", seal.number, found.seals));
    }
    if seal.previous != found.newest_seal {
        found.faults.push(format!("seal {} does not continue the seal before it", seal.number));
    }
    if content(seal.number, &seal.event_seqs, seal.events, seal.previous).hash() != seal.seal {
        found.faults.push(format!("seal {} was changed", seal.number));
    }
    let mut hashes = HashMap::new();
    let mut events = std::pin::pin!(store::events::with_seqs(&engine.pool, &seal.event_seqs));
    while let Some(event) = events.try_next().await? {
        if !event.is_intact() {
            found.faults.push(format!("entry {} was changed", event.seq));
        }
        hashes.insert(event.seq, event.content_hash);
    }
    let missing: Vec<_> = seal.event_seqs.iter().filter(|seq| !hashes.contains_key(seq)).collect();
    if !missing.is_empty() {
        found.faults.push(format!(
            "seal {}: {} entries are gone, the first is {}",
            seal.number,
            missing.len(),
            missing[0]
        ));
    } else if events_digest(seal.event_seqs.iter().map(|seq| &hashes[seq])) != seal.events {
        found.faults.push(format!("seal {} does not fit its entries", seal.number));
    }
    found.events += hashes.len();
    found.seals = seal.number;
    found.newest_seal = Some(seal.seal);
    Ok(())
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
