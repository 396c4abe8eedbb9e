//! Verification of the trail: every hash is computed again and every seal held against the one before it. It sees one
//! state of the database, reads window after window, and hashes one while it reads the next, so memory stays flat
//! however long the trail is. Dropping the future ends it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::identity::{Principal, Scope};
use domain::seal::events_digest;
use serde::Serialize;
use tokio::task::JoinHandle;

use super::{Anchor, Check, content};
use crate::store::retention::Purged;
use crate::store::seals::Seal;
use crate::store::trail::Stored;
use crate::{Engine, Result, require, store};

/// How many seals are read at once, and how many entries are hashed at once: at least those of one seal.
const SEALS_AT_ONCE: i64 = 200;
const WINDOW: usize = 5_000;
/// So many faults are told in words; the rest is counted.
const TOLD: usize = 100;
/// How often somebody who waits is told how far it is.
const TELL: Duration = Duration::from_millis(200);

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Entries whose hash was computed.
    pub events: i64,
    /// Entries there are.
    pub of: i64,
    pub seals: i64,
    pub faults: i64,
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Verification {
    /// Entries whose seal was checked.
    pub events: i64,
    /// Entries that the retention has archived and purged; their seals were checked, the archives were not read.
    pub purged: i64,
    /// Seals that were checked.
    pub seals: i64,
    /// The last place that a seal holds.
    pub through_seq: i64,
    /// The hash of the newest seal: the whole trail in 32 bytes.
    pub newest_seal: Option<Digest>,
    /// Entries so new that no seal holds them yet.
    pub unsealed: i64,
    /// How much does not fit.
    pub fault_count: i64,
    /// In words, what does not fit: the first hundred. Empty: the trail is whole.
    pub faults: Vec<String>,
    /// When it ended.
    pub checked_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub milliseconds: i64,
}

impl Verification {
    /// Whether nothing speaks against the trail.
    pub const fn is_whole(&self) -> bool {
        self.fault_count == 0
    }

    fn fault(&mut self, words: String) {
        self.fault_count += 1;
        if self.faults.len() < TOLD {
            self.faults.push(words);
        }
    }
}

/// What is asked of a verification beside the chain itself.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// A seal that was kept elsewhere, which the chain must still hold.
    pub against: Option<Anchor>,
    /// Whether the archives of purged entries are read and held against their seals.
    pub archives: bool,
}

/// Goes through all seals and the entries they hold: every hash is computed again. `tell` hears how far it is, a few
/// times a second.
///
/// # Errors
/// `forbidden` without `audit:read`; when the database cannot be read.
pub async fn verify(
    engine: &Engine,
    principal: &Principal,
    ask: &Ask,
    tell: impl FnMut(Progress),
) -> Result<Verification> {
    require(principal, Scope::AuditRead)?;
    // What was written a moment ago is sealed first, so that it is verified, too.
    super::seal(engine).await?;
    verify_by(engine, &principal.actor(), ask, tell).await
}

/// The same for whoever runs the program.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify_all(engine: &Engine) -> Result<Verification> {
    verify_by(engine, "system:verify", &Ask::default(), |_| {}).await
}

/// The same in the name of `actor`. What was found is kept.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify_by(engine: &Engine, actor: &str, ask: &Ask, tell: impl FnMut(Progress)) -> Result<Verification> {
    let began = Instant::now();
    let mut found = look(engine, ask.against.as_ref(), tell).await?;
    if ask.archives {
        let purged = store::retention::purged(&mut *store::acquire(&engine.pool).await?).await?;
        for purged in purged {
            for fault in crate::retention::archive::faults(engine, &purged).await? {
                found.fault(fault);
            }
        }
    }
    found.milliseconds = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let check = Check {
        checked_at: DateTime::UNIX_EPOCH,
        checked_by: actor.to_owned(),
        through_seq: found.through_seq,
        seals: found.seals,
        events: found.events,
        purged: found.purged,
        faults: found.fault_count,
        first_fault: found.faults.first().cloned(),
        milliseconds: found.milliseconds,
    };
    found.checked_at = Some(store::trail::keep_check(&engine.pool, &check, found.newest_seal).await?);
    Ok(found)
}

async fn look(engine: &Engine, against: Option<&Anchor>, mut tell: impl FnMut(Progress)) -> Result<Verification> {
    let mut snapshot = store::snapshot(&engine.pool).await?;
    let (entries, unsealed) = store::trail::counts(&mut snapshot).await?;
    let purged = store::retention::purged(&mut snapshot).await?;
    let mut found = Verification { unsealed, ..Verification::default() };
    let mut told = Instant::now();
    let mut hashing: Option<JoinHandle<(Verification, Window)>> = None;
    let mut read_to = 0;
    loop {
        let seals = store::seals::after(&mut snapshot, read_to, SEALS_AT_ONCE).await?;
        let Some(last) = seals.last() else { break };
        read_to = last.number;
        for window in windows(seals, &purged) {
            let stored = store::trail::stored(&mut snapshot, &window.kept()).await?;
            if let Some(before) = hashing.take() {
                found = settle(before, against).await?;
            }
            let so_far = std::mem::take(&mut found);
            if told.elapsed() >= TELL {
                told = Instant::now();
                let Verification { events, seals, fault_count, .. } = so_far;
                tell(Progress { events, of: entries, seals, faults: fault_count });
            }
            hashing = Some(tokio::task::spawn_blocking(move || (window.check(&stored, so_far), window)));
        }
    }
    if let Some(last) = hashing {
        found = settle(last, against).await?;
    }
    account(&mut found, entries, against);
    tell(Progress { events: found.events, of: entries, seals: found.seals, faults: found.fault_count });
    Ok(found)
}

/// Takes over what hashing a window came to.
async fn settle(hashing: JoinHandle<(Verification, Window)>, against: Option<&Anchor>) -> Result<Verification> {
    let (mut found, window) = hashing.await.map_err(|error| crate::Error::Corrupt(format!("a hash: {error}")))?;
    let known = against.and_then(|anchor| Some((anchor, window.seal(anchor.number)?)));
    if let Some((anchor, seal)) = known.filter(|(anchor, seal)| anchor.seal_sha256 != seal.seal) {
        found.fault(format!(
            "seal {} is {}, and the one that was kept elsewhere is {}: the chain was written anew",
            seal.number, seal.seal, anchor.seal_sha256
        ));
    }
    Ok(found)
}

/// What only shows at the end: entries that no seal knows, and a tail that is gone.
fn account(found: &mut Verification, entries: i64, against: Option<&Anchor>) {
    let unaccounted = entries - found.events - found.unsealed;
    if unaccounted > 0 {
        found.fault(format!("{unaccounted} entries are in no seal and not on their way into one"));
    } else if unaccounted < 0 {
        found.fault(format!("{} entries stand in more than one seal", -unaccounted));
    }
    if let Some(anchor) = against.filter(|anchor| anchor.number > found.seals) {
        found.fault(format!(
            "the trail ends with seal {}, and seal {} was kept elsewhere: the end of the trail was cut off",
            found.seals, anchor.number
        ));
    }
}

/// Seals whose entries are hashed together, in the order of the chain; beside each, whether its entries were purged.
struct Window(Vec<(Seal, bool)>);

fn windows(seals: Vec<Seal>, purged: &[Purged]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let mut filled = WINDOW;
    for seal in seals {
        let gone = purged.iter().any(|purged| purged.holds(seal.number));
        if filled + seal.event_seqs.len() > WINDOW {
            windows.push(Window(Vec::new()));
            filled = 0;
        }
        filled += seal.event_seqs.len();
        if let Some(Window(window)) = windows.last_mut() {
            window.push((seal, gone));
        }
    }
    windows
}

impl Window {
    /// The places of the entries that must be there.
    fn kept(&self) -> Vec<i64> {
        self.0.iter().filter(|(_, gone)| !gone).flat_map(|(seal, _)| seal.event_seqs.iter().copied()).collect()
    }

    fn seal(&self, number: i64) -> Option<&Seal> {
        self.0.iter().map(|(seal, _)| seal).find(|seal| seal.number == number)
    }

    /// Adds to what was `found` in the windows before.
    fn check(&self, stored: &Stored, mut found: Verification) -> Verification {
        let mut hashes = HashMap::new();
        for entry in stored.hashed() {
            if !entry.intact {
                found.fault(format!("entry {} was changed", entry.seq));
            }
            hashes.insert(entry.seq, entry.stored);
        }
        found.events += i64::try_from(hashes.len()).expect("a window is small");
        for (seal, gone) in &self.0 {
            check_link(seal, &mut found);
            if *gone {
                found.purged += i64::try_from(seal.event_seqs.len()).expect("a seal is small");
            } else {
                check_entries(seal, &hashes, &mut found);
            }
        }
        found
    }
}

/// Whether a seal continues the one before it, and is what it says.
fn check_link(seal: &Seal, found: &mut Verification) {
    if seal.number != found.seals + 1 {
        found.fault(format!("seal {} follows seal {}", seal.number, found.seals));
    }
    if seal.previous != found.newest_seal {
        found.fault(format!("seal {} does not continue the seal before it", seal.number));
    }
    if content(seal.number, &seal.event_seqs, seal.events, seal.previous).hash() != seal.seal {
        found.fault(format!("seal {} was changed", seal.number));
    }
    found.seals = seal.number;
    found.newest_seal = Some(seal.seal);
    found.through_seq = found.through_seq.max(seal.event_seqs.last().copied().unwrap_or_default());
}

/// Whether a seal's entries are all there and have the hashes that it was made over.
fn check_entries(seal: &Seal, hashes: &HashMap<i64, Option<Digest>>, found: &mut Verification) {
    let mut gone = seal.event_seqs.iter().filter(|seq| !hashes.contains_key(seq));
    if let Some(first) = gone.next() {
        found.fault(format!("seal {}: {} entries are gone, the first is {first}", seal.number, gone.count() + 1));
        return;
    }
    let ordered: Option<Vec<&Digest>> = seal.event_seqs.iter().map(|seq| hashes[seq].as_ref()).collect();
    if ordered.is_none_or(|ordered| events_digest(ordered) != seal.events) {
        found.fault(format!("seal {} does not fit its entries", seal.number));
    }
}
