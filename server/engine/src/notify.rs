//! Tells who listens that something changed: the waiters and streams of this instance at once, those of other
//! instances through Postgres.
//!
//! `NOTIFY` inside a writing transaction would queue all writers behind one lock until commit, so changes are
//! announced after the commit, gathered for a moment. An announcement can be lost (a crash between commit and
//! announcement, a broken connection); nothing depends on it alone: a listener is told to read again after
//! every reconnect, and one query every few seconds looks after all waiters of the instance together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::id::{ActionId, RuleId};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store;

const CHANNEL: &str = "countersign_changes";
/// How long changes are gathered before they are announced to other instances.
const GATHER: Duration = Duration::from_millis(25);
/// How long changes are gathered for those who watch: nobody sees the difference, and a hundred watchers of four
/// thousand changes a second are woken twenty times instead.
const GATHER_FOR_WATCHERS: Duration = Duration::from_millis(50);
/// How often the instance looks after its waiters in case an announcement was lost.
const LOOK_AFTER: Duration = Duration::from_secs(3);
/// Postgres takes at most 8,000 bytes in one announcement.
const MAX_PAYLOAD: usize = 7_500;

/// What kind of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Action,
    Tool,
    Rule,
    Settings,
    /// Announcements may have been missed: read everything again.
    Resync,
}

/// One change, told after it was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The event's place in the trail; 0 for [`Kind::Resync`].
    pub seq: i64,
    pub kind: Kind,
    pub id: String,
}

impl Change {
    /// An action that changed, by the event at `seq`.
    pub fn action(id: ActionId, seq: i64) -> Self {
        Self { seq, kind: Kind::Action, id: id.to_string() }
    }

    pub(crate) fn tool(name: &str, seq: i64) -> Self {
        Self { seq, kind: Kind::Tool, id: name.to_owned() }
    }

    pub(crate) fn rule(id: RuleId, seq: i64) -> Self {
        Self { seq, kind: Kind::Rule, id: id.to_string() }
    }

    pub(crate) fn settings(seq: i64) -> Self {
        Self { seq, kind: Kind::Settings, id: String::new() }
    }

    /// That changes may have been missed.
    pub fn resync() -> Self {
        Self { seq: 0, kind: Kind::Resync, id: String::new() }
    }

    /// Whether somebody interested in this action has to read it again.
    pub fn concerns(&self, id: ActionId) -> bool {
        match self.kind {
            Kind::Action => self.id == id.to_string(),
            Kind::Resync => true,
            Kind::Tool | Kind::Rule | Kind::Settings => false,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Announcement {
    origin: Uuid,
    changes: Vec<Change>,
}

/// The hub. Cheap to clone.
#[derive(Clone)]
pub struct Changes {
    here: broadcast::Sender<Change>,
    watched: broadcast::Sender<Arc<[Change]>>,
    elsewhere: mpsc::UnboundedSender<Change>,
    awaited: Arc<Mutex<HashMap<ActionId, usize>>>,
    stopped: CancellationToken,
}

/// Keeps an action among those the instance looks after while somebody waits for it.
pub struct Awaited {
    awaited: Arc<Mutex<HashMap<ActionId, usize>>>,
    id: ActionId,
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = awaited.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                awaited.remove(&self.id);
            }
        }
    }
}

impl Changes {
    pub(crate) fn start(pool: PgPool) -> Self {
        let (here, _) = broadcast::channel(4_096);
        let (watched, _) = broadcast::channel(64);
        let (elsewhere, outgoing) = mpsc::unbounded_channel();
        let hub = Self { here, watched, elsewhere, awaited: Arc::default(), stopped: CancellationToken::new() };
        let origin = Uuid::new_v4();
        hub.spawn(announce(pool.clone(), origin, outgoing));
        hub.spawn(listen(pool.clone(), origin, hub.here.clone()));
        hub.spawn(gather(hub.here.subscribe(), hub.watched.clone()));
        hub.spawn(look_after(pool, hub.here.clone(), hub.awaited.clone()));
        hub
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped.clone();
        tokio::spawn(async move {
            stopped.run_until_cancelled(task).await;
        });
    }

    /// Everything that changes from now on. A receiver that lags has missed changes and reads again.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.here.subscribe()
    }

    /// The same, gathered for a moment: for those who watch everything.
    pub fn watch(&self) -> broadcast::Receiver<Arc<[Change]>> {
        self.watched.subscribe()
    }

    /// Done when the engine stops.
    pub fn stopped(&self) -> CancellationToken {
        self.stopped.clone()
    }

    pub(crate) fn stop(&self) {
        self.stopped.cancel();
    }

    /// Says that `id` is waited for, for as long as the answer is kept.
    pub(crate) fn await_action(&self, id: ActionId) -> Awaited {
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default() += 1;
        Awaited { awaited: self.awaited.clone(), id }
    }

    /// Called after the commit, never before.
    pub(crate) fn publish(&self, change: Change) {
        // Nobody listening is no error: the change is in the database.
        let _ = self.here.send(change.clone());
        let _ = self.elsewhere.send(change);
    }
}

async fn gather(mut here: broadcast::Receiver<Change>, watched: broadcast::Sender<Arc<[Change]>>) {
    use broadcast::error::{RecvError, TryRecvError};
    loop {
        let mut changes = match here.recv().await {
            Ok(change) => vec![change],
            Err(RecvError::Lagged(_)) => vec![Change::resync()],
            Err(RecvError::Closed) => return,
        };
        tokio::time::sleep(GATHER_FOR_WATCHERS).await;
        loop {
            match here.try_recv() {
                Ok(change) => changes.push(change),
                Err(TryRecvError::Lagged(_)) => changes.push(Change::resync()),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        // Nobody watching is no error.
        let _ = watched.send(changes.into());
    }
}

async fn announce(pool: PgPool, origin: Uuid, mut outgoing: mpsc::UnboundedReceiver<Change>) {
    while let Some(first) = outgoing.recv().await {
        tokio::time::sleep(GATHER).await;
        let mut changes = vec![first];
        while let Ok(change) = outgoing.try_recv() {
            changes.push(change);
        }
        for payload in payloads(origin, changes) {
            if let Err(error) = store::notify(&pool, CHANNEL, &payload).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "changes were not announced to other instances"
                );
            }
        }
    }
}

/// The announcements that carry `changes`, each short enough for Postgres.
fn payloads(origin: Uuid, changes: Vec<Change>) -> Vec<String> {
    let text = |changes: Vec<Change>| {
        serde_json::to_string(&Announcement { origin, changes }).expect("an announcement is plain data")
    };
    let mut payloads = Vec::new();
    let (mut batch, mut size) = (Vec::new(), 0);
    for change in changes {
        // A tool's name is the only part of variable length; 6 bytes is the longest escape of one byte.
        let length = 64 + change.id.len() * 6;
        if size + length > MAX_PAYLOAD && !batch.is_empty() {
            payloads.push(text(std::mem::take(&mut batch)));
            size = 0;
        }
        size += length;
        batch.push(change);
    }
    payloads.push(text(batch));
    payloads
}

/// While there is no connection that listens, whoever watches is told again and again to read everything: that fails
/// as long as the database is away, and is how a page learns that it is not current.
async fn listen(pool: PgPool, origin: Uuid, here: broadcast::Sender<Change>) {
    let mut pause = Duration::from_millis(100);
    loop {
        match listen_once(&pool, origin, &here, &mut pause).await {
            Ok(()) => tracing::warn!("lost the connection that listens"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "cannot listen"),
        }
        forget_the_dead(&pool);
        let _ = here.send(Change::resync());
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn listen_once(
    pool: &PgPool,
    origin: Uuid,
    here: &broadcast::Sender<Change>,
    pause: &mut Duration,
) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    *pause = Duration::from_millis(100);
    forget_the_dead(pool);
    let _ = here.send(Change::resync());
    // `None`: the connection was lost, and announcements with it.
    while let Some(notification) = listener.try_recv().await? {
        match serde_json::from_str::<Announcement>(notification.payload()) {
            Ok(announcement) if announcement.origin == origin => {}
            Ok(announcement) => announcement.changes.into_iter().for_each(|change| {
                let _ = here.send(change);
            }),
            Err(error) => tracing::warn!(%error, "an announcement was not understood"),
        }
    }
    Ok(())
}

/// Where one connection was lost, the others are likely to be: each that lies idle goes back through the pool, which
/// asks it whether it lives. Otherwise each would cost somebody a request.
fn forget_the_dead(pool: &PgPool) {
    let idle: Vec<_> = std::iter::from_fn(|| pool.try_acquire()).collect();
    drop(idle);
}

async fn look_after(pool: PgPool, here: broadcast::Sender<Change>, awaited: Arc<Mutex<HashMap<ActionId, usize>>>) {
    loop {
        tokio::time::sleep(LOOK_AFTER).await;
        let ids: Vec<ActionId> = awaited.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        if ids.is_empty() {
            continue;
        }
        match store::actions::settled_among(&pool, &ids).await {
            Ok(settled) => settled.into_iter().for_each(|id| {
                let _ = here.send(Change::action(id, 0));
            }),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "could not look after the waiters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_travel_in_announcements_that_postgres_takes() {
        let changes: Vec<Change> = (0..500).map(|seq| Change::tool(&"\u{1}".repeat(200), seq)).collect();
        let payloads = payloads(Uuid::nil(), changes);
        assert!(payloads.iter().all(|payload| payload.len() < 8_000));
        let carried: usize = payloads
            .iter()
            .map(|payload| serde_json::from_str::<Announcement>(payload).expect("valid").changes.len())
            .sum();
        assert_eq!(carried, 500);
    }
}
