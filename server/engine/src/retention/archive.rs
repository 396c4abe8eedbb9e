//! Archives: what a run purges, written to files before. NDJSON, one line for each action with its attempts; of the trail
//! a line for each seal, then a line for each of its entries. A file is written beside its name, synced, renamed, and read
//! back from its first byte to its last before anything is purged.

mod action;
mod file;
mod read_back;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::argument::ClassOverrides;
use domain::id::ActionId;
use domain::problem::{Code, Problem};
use serde::Serialize;
use uuid::Uuid;

use super::purge::rest;
use super::{Archive, Due, Kind, Run};
use crate::audit::Anchor;
use crate::store::retention::{Place, Purged};
use crate::{Engine, Error, Result, store};
use file::Writing;

pub use file::Download;
pub(crate) use file::host;

/// How many actions are read at once, and of how many seals: about as many entries as a batch holds.
const ACTIONS: i64 = 500;
const SEALS: i64 = 200;
const ENTRIES: usize = 2_000;

/// Where this server keeps archives.
pub(super) fn folder(engine: &Engine) -> Result<&Path> {
    engine.policy.retention.archives.as_deref().ok_or_else(|| {
        Problem::new(Code::Unavailable, "There is no folder for archives here, so nothing is purged.").into()
    })
}

pub(super) async fn open(run: &Run, archive: Archive) -> Result<Download> {
    file::open(run, archive).await
}

fn path(run: &Run, file: &str) -> PathBuf {
    Path::new(&run.directory).join(file)
}

/// Writes all archives of a run, reads them back, and notes them with what goes. Done again, it does the same again.
pub(super) async fn write_all(engine: &Engine, run: &Run) -> Result<()> {
    let folder = folder(engine)?.to_string_lossy().into_owned();
    store::retention::rehome(&engine.pool, run.id, &host(), &folder).await?;
    let run = &Run { host: host(), directory: folder, ..run.clone() };
    let (actions, attempts) = write_actions(engine, run).await?;
    let seals = {
        let mut connection = store::acquire(&engine.pool).await?;
        store::retention::due_seals(&mut connection, run.cutoffs.events_before).await?
    };
    let written = actions.as_ref().map_or(0, |archive| archive.entries);
    let events = match seals {
        Some(seals) => write_events(engine, run, seals, written).await?,
        None => None,
    };
    let count = |archive: &Option<Archive>| archive.as_ref().map_or(0, |archive| archive.entries);
    let due = Due { actions: count(&actions), attempts, events: count(&events), seals: 0 };
    let mut transaction = store::begin(&engine.pool).await?;
    for archive in [&actions, &events].into_iter().flatten() {
        store::retention::insert_archive(&mut transaction, run.id, archive).await?;
    }
    if store::retention::set_archived(&mut transaction, run.id, &due, seals).await? {
        transaction.commit().await?;
    }
    Ok(())
}

/// The actions that are due, each with its attempts. Returns their number of attempts, too.
async fn write_actions(engine: &Engine, run: &Run) -> Result<(Option<Archive>, i64)> {
    let mut writing: Option<Writing> = None;
    let (mut after, mut attempts, mut written): (Option<Place>, i64, i64) = (None, 0, 0);
    let mut overrides = HashMap::new();
    loop {
        let began = Instant::now();
        let mut connection = store::acquire(&engine.pool).await?;
        let places = store::retention::due_actions(&mut connection, &run.cutoffs, after, ACTIONS).await?;
        drop(connection);
        let Some(last) = places.last() else { break };
        after = Some(*last);
        let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
        let Lines { text, actions, attempts: more } = action_lines(engine, &ids, &mut overrides).await?;
        if actions == 0 {
            continue;
        }
        attempts += more;
        written += i64::try_from(actions).expect("a page is small");
        let mut file = match writing.take() {
            Some(file) => file,
            None => Writing::begin(run, Kind::Actions).await?,
        };
        file.add(text, actions, places[0].at, last.at).await?;
        writing = Some(file);
        store::retention::note_written(&mut *store::acquire(&engine.pool).await?, run.id, written).await?;
        rest(began).await;
    }
    let Some(writing) = writing else { return Ok((None, 0)) };
    let archive = writing.finish(None).await?;
    read_back::bytes(&path(run, &archive.file), &archive).await?;
    Ok((Some(archive), attempts))
}

/// Lines for actions, and how many actions and attempts are in them.
struct Lines {
    text: Vec<u8>,
    actions: usize,
    attempts: i64,
}

async fn action_lines(engine: &Engine, ids: &[Uuid], overrides: &mut HashMap<String, ClassOverrides>) -> Result<Lines> {
    let asked: Vec<ActionId> = ids.iter().copied().map(ActionId).collect();
    let mut actions: HashMap<Uuid, _> =
        store::actions::find_all(&engine.pool, &asked).await?.into_iter().map(|action| (action.id.0, action)).collect();
    let mut attempts: HashMap<Uuid, Vec<_>> = HashMap::new();
    let mut found = Lines { text: Vec::new(), actions: 0, attempts: 0 };
    for (action, attempt) in store::attempts::of_actions(&engine.pool, ids).await? {
        attempts.entry(action.0).or_default().push(attempt);
    }
    for id in ids {
        // A person may have had it tried again just now: then it stays, and is in the archive of a later run, too.
        let Some(action) = actions.remove(id) else { continue };
        if !overrides.contains_key(&action.tool_name) {
            let known = crate::actions::overrides(engine, &action.tool_name).await?;
            overrides.insert(action.tool_name.clone(), known);
        }
        let mask = action.mask(&overrides[&action.tool_name]);
        let attempts = attempts.remove(id).unwrap_or_default();
        found.actions += 1;
        found.attempts += i64::try_from(attempts.len()).expect("attempts in memory");
        line(&mut found.text, &action::Line::new(&action, &mask, attempts));
    }
    Ok(found)
}

fn line(lines: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *lines, value).expect("a record is plain data");
    lines.push(b'\n');
}

/// A seal's line: before those of its entries.
#[derive(Serialize)]
struct SealLine<'a> {
    seal: &'a Anchor,
}

/// The entries of the seals from `first` to `last`.
async fn write_events(engine: &Engine, run: &Run, (first, last): (i64, i64), already: i64) -> Result<Option<Archive>> {
    let mut file = Writing::begin(run, Kind::Events).await?;
    let mut read_to = first - 1;
    let mut written = already;
    while read_to < last {
        let mut connection = store::acquire(&engine.pool).await?;
        let seals = store::seals::after(&mut connection, read_to, SEALS.min(last - read_to)).await?;
        let Some(end) = seals.last() else { break };
        read_to = end.number;
        for group in groups(&seals) {
            let began = Instant::now();
            let seqs: Vec<i64> = group.iter().flat_map(|seal| seal.event_seqs.iter().copied()).collect();
            let mut events: HashMap<i64, _> = HashMap::with_capacity(seqs.len());
            for event in store::trail::with_seqs(&mut connection, &seqs).await? {
                events.insert(event.seq, event);
            }
            let mut lines = Vec::new();
            let (mut from, mut to) = (None, None);
            for seal in group {
                line(&mut lines, &SealLine { seal: &Anchor::of(seal, None) });
                for seq in &seal.event_seqs {
                    let event = events.remove(seq).ok_or_else(|| broken(seal.number))?;
                    from = from.into_iter().chain([event.occurred_at]).min();
                    to = to.into_iter().chain([event.occurred_at]).max();
                    line(&mut lines, &event);
                }
            }
            let (Some(from), Some(to)) = (from, to) else { continue };
            file.add(lines, seqs.len(), from, to).await?;
            written += i64::try_from(seqs.len()).expect("a batch is small");
            store::retention::note_written(&mut connection, run.id, written).await?;
            rest(began).await;
        }
    }
    let archive = file.finish(Some((first, last))).await?;
    read_back::bytes(&path(run, &archive.file), &archive).await?;
    let faults = read_back::events(engine, &path(run, &archive.file), (first, last)).await?;
    match faults.into_iter().next() {
        None => Ok(Some(archive)),
        Some(fault) => Err(Problem::new(
            Code::Unavailable,
            format!("The archive does not fit the chain ({fault}), so nothing is purged: verify the trail."),
        )
        .into()),
    }
}

fn broken(seal: i64) -> Error {
    Problem::new(
        Code::Unavailable,
        format!("Entries of seal {seal} are missing, so nothing is purged: verify the trail."),
    )
    .into()
}

/// Seals in a row whose entries are read together.
fn groups(seals: &[store::seals::Seal]) -> Vec<&[store::seals::Seal]> {
    let mut groups = Vec::new();
    let (mut begin, mut filled) = (0, 0);
    for (at, seal) in seals.iter().enumerate() {
        if at > begin && filled + seal.event_seqs.len() > ENTRIES {
            groups.push(&seals[begin..at]);
            (begin, filled) = (at, 0);
        }
        filled += seal.event_seqs.len();
    }
    groups.push(&seals[begin..]);
    groups
}

/// Reads a run's archives again, from their first byte to their last.
pub(super) async fn require_whole(engine: &Engine, run: &Run) -> Result<()> {
    require_there(engine, run).await?;
    for archive in store::retention::archives(&engine.pool, run.id).await? {
        read_back::bytes(&path(run, &archive.file), &archive).await?;
    }
    Ok(())
}

/// Whether a run's archives are here, with all their bytes.
pub(super) async fn require_there(engine: &Engine, run: &Run) -> Result<()> {
    for archive in store::retention::archives(&engine.pool, run.id).await? {
        let there = tokio::fs::metadata(path(run, &archive.file)).await.ok();
        if run.host != host() || there.is_none_or(|there| there.len() != archive.bytes.cast_unsigned()) {
            return Err(file::away(run, &archive).into());
        }
    }
    Ok(())
}

/// Holds the archive of purged entries against their seals. Returns what does not fit, in words.
pub(crate) async fn faults(engine: &Engine, purged: &Purged) -> Result<Vec<String>> {
    let path = Path::new(&purged.directory).join(&purged.file);
    if purged.host != host() || !path.exists() {
        return Ok(vec![format!(
            "archive {} is not here: it is on {} in {}",
            purged.file, purged.host, purged.directory
        )]);
    }
    let faults = read_back::events(engine, &path, (purged.first_seal, purged.last_seal)).await?;
    Ok(faults.into_iter().map(|fault| format!("archive {}: {fault}", purged.file)).collect())
}
