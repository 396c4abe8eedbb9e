//! A run's steps. One server at a time takes them; each is one transaction, or harmless to take again.

use std::time::{Duration, Instant};

use domain::event::EventType;
use domain::json::Json;
use domain::problem::{Code, Problem};

use super::{Archive, Run, State, archive, begin};
use crate::trail::Entry;
use crate::{Engine, Error, Result, store, trail};

// A run never needs more than one connection beside the one that holds its lock: a command has three in all.

/// One run of steps at a time over all instances: the advisory lock's key.
const RETENTION: i64 = 0x0A2C_417E;
/// How many actions, and about how many entries, leave in one transaction.
const ACTIONS: i64 = 500;
const EVENTS: i64 = 1_000;
/// After each piece of work it rests for as long as that took, so that those who park have the machine as well.
const LONGEST_REST: Duration = Duration::from_millis(500);

/// Rests for as long as the work since `began` took.
pub(super) async fn rest(began: Instant) {
    tokio::time::sleep(began.elapsed().min(LONGEST_REST)).await;
}

/// Begins a run, or takes up the one that is not done, and brings it to its end. `tell` hears where it stands.
///
/// # Errors
/// `in_progress` while another server is at it; when the database fails, or an archive cannot be written.
pub async fn run_to_end(engine: &Engine, actor: &str, mut tell: impl FnMut(&Run)) -> Result<Run> {
    let id = begin(engine, actor).await?.id;
    let mut alone = store::begin(&engine.pool).await?;
    if !store::try_lock(&mut alone, RETENTION).await? {
        return Err(Problem::new(Code::InProgress, "Another server is at it; look at it again in a while.").into());
    }
    loop {
        let run = advance(engine).await?;
        match run {
            Some(run) if run.id == id && run.state != State::Done => tell(&run),
            _ => break,
        }
    }
    let run = store::retention::run(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("run"))?;
    Ok(Run { archives: store::retention::archives(&engine.pool, id).await?, ..run })
}

/// Goes on with the run that is not done, until it is or the engine stops. Returns how much was purged. While another
/// server is at it, nothing is done.
pub(super) async fn carry_on(engine: &Engine) -> Result<u64> {
    // Nothing is read or written in this transaction: it is there to hold the lock, and lets go of it whatever happens.
    let mut alone = store::begin(&engine.pool).await?;
    if !store::try_lock(&mut alone, RETENTION).await? {
        return Ok(0);
    }
    let stopped = engine.changes.stopped();
    let mut purged = 0;
    while !stopped.is_cancelled() {
        match advance(engine).await? {
            Some(run) => purged = (run.actions_purged + run.events_purged).cast_unsigned(),
            None => break,
        }
    }
    Ok(purged)
}

/// Takes one step of the run that is not done, and says where it stands then. `None`: there is none.
///
/// # Errors
/// When the database fails, or an archive cannot be written or is not there any more: nothing is purged then.
pub async fn advance(engine: &Engine) -> Result<Option<Run>> {
    let Some(run) = store::retention::open_run(&engine.pool).await? else { return Ok(None) };
    match step(engine, &run).await {
        Ok(()) => {
            store::retention::note_trouble(&engine.pool, run.id, None).await?;
            Ok(store::retention::run(&engine.pool, run.id).await?)
        }
        Err(error) => {
            let words = match &error {
                Error::Problem(problem) => problem.detail.clone(),
                other => format!("{other}; the log has more"),
            };
            store::retention::note_trouble(&engine.pool, run.id, Some(&words)).await?;
            Err(error)
        }
    }
}

async fn step(engine: &Engine, run: &Run) -> Result<()> {
    match run.state {
        State::Started => archive::write_all(engine, run).await,
        State::Archived => {
            archive::require_whole(engine, run).await?;
            store::retention::forget_keys(&engine.pool, &run.cutoffs).await?;
            Ok(store::retention::set_purging(&engine.pool, run.id).await?)
        }
        State::Purging => {
            archive::require_there(engine, run).await?;
            let began = Instant::now();
            let went = purge_some(engine, run).await?;
            if went {
                rest(began).await;
                return Ok(());
            }
            finish(engine, run).await
        }
        State::Done => Ok(()),
    }
}

/// Purges the next batch: actions first, whose entries in the trail outlast them. `false`: nothing is left.
async fn purge_some(engine: &Engine, run: &Run) -> Result<bool> {
    if run.actions > 0 {
        let mut transaction = store::begin(&engine.pool).await?;
        let Some(place) = store::retention::lock_actions_place(&mut transaction, run.id).await? else {
            return Ok(false);
        };
        let places = store::retention::due_actions(&mut transaction, &run.cutoffs, place, ACTIONS).await?;
        if !places.is_empty() {
            store::retention::purge_actions(&mut transaction, run.id, &run.cutoffs, &places).await?;
            transaction.commit().await?;
            return Ok(true);
        }
    }
    Ok(store::retention::purge_events(&engine.pool, run.id, EVENTS).await? > 0)
}

/// Writes down what went, with the run's end: together, or not at all.
async fn finish(engine: &Engine, run: &Run) -> Result<()> {
    let archives = store::retention::archives(&engine.pool, run.id).await?;
    let mut transaction = store::begin(&engine.pool).await?;
    if !store::retention::set_done(&mut transaction, run.id).await? {
        return Ok(());
    }
    let entry = Entry { event_type: EventType::RetentionRun, actor: &run.asked_by, reason: None };
    trail::append(&mut transaction, entry, &told(run, &archives)).await?;
    transaction.commit().await?;
    Ok(())
}

fn told(run: &Run, archives: &[Archive]) -> Json {
    let archives = archives.iter().map(|archive| {
        Json::object([
            ("kind", Json::from(archive.kind.as_str())),
            ("file", Json::from(archive.file.as_str())),
            ("entries", Json::from(archive.entries)),
            ("bytes", Json::from(archive.bytes)),
            ("sha256", Json::from(archive.sha256.to_string())),
        ])
    });
    Json::object([
        ("run_id", Json::from(run.id.to_string())),
        ("decided_before", Json::from(run.cutoffs.decided_before.to_rfc3339())),
        ("executed_before", Json::from(run.cutoffs.executed_before.to_rfc3339())),
        ("events_before", Json::from(run.cutoffs.events_before.to_rfc3339())),
        ("actions", Json::from(run.actions_purged)),
        ("attempts", Json::from(run.attempts_purged)),
        ("events", Json::from(run.events_purged)),
        ("first_seal", run.first_seal.map_or(Json::Null, Json::from)),
        ("last_seal", run.last_seal.map_or(Json::Null, Json::from)),
        ("host", Json::from(run.host.as_str())),
        ("archives", Json::Array(archives.collect())),
    ])
}
