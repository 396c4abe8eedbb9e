//! What is over for long enough is archived, then purged: actions with their attempts, and entries of the trail. Rules stay
//! for ever, and so does what waits or is approved and has not run.
//!
//! A run is a row that goes forward: `started` (its cut-off times are settled), `archived` (everything that goes is in
//! files, which were read back), `purging`, `done` (with its entry in the trail). Each step is one transaction, so a run
//! that is interrupted anywhere goes on where it stood, on any server that has its archives. Of the trail whole seals go,
//! from the beginning of the chain on: what is left verifies, and so do the archives.

pub(crate) mod archive;
mod purge;
mod schedule;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::identity::{Principal, Scope};
use domain::problem::{Code, Problem};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::{Engine, Result, require, store};

pub use archive::Download;
pub use purge::{advance, run_to_end};
pub use schedule::{due, next_run};

/// How long what is over is kept, and where archives go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Days after the decision: rejected, expired, withdrawn and abandoned actions.
    pub decided_days: i32,
    /// Days after the run: executed actions.
    pub executed_days: i32,
    /// Days after they were sealed: entries of the trail.
    pub events_days: i32,
    /// Days between two runs; 0: none begins by itself.
    pub every_days: i32,
    /// The folder for archives. `None`: nothing can be archived, so nothing is purged.
    pub archives: Option<PathBuf>,
}

impl Default for Keep {
    fn default() -> Self {
        Self { decided_days: 90, executed_days: 180, events_days: 365, every_days: 7, archives: None }
    }
}

impl Keep {
    const fn days(&self) -> (i32, i32, i32) {
        (self.decided_days, self.executed_days, self.events_days)
    }
}

/// The times before which what is over goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Cutoffs {
    pub decided_before: DateTime<Utc>,
    pub executed_before: DateTime<Utc>,
    pub events_before: DateTime<Utc>,
}

/// How much goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RetentionDue)]
pub struct Due {
    pub actions: i64,
    pub attempts: i64,
    pub events: i64,
    pub seals: i64,
}

macro_rules! words {
    (#[doc = $said:literal] $name:ident, $what:literal: $($variant:ident = $word:literal),+) => {
        #[doc = $said]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($variant),+ }

        impl $name {
            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = domain::risk::UnknownWord;

            fn from_str(word: &str) -> std::result::Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(domain::risk::UnknownWord { what: $what, word: word.to_owned() }),
                }
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let words = utoipa::openapi::schema::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String);
                words.description(Some($said.trim())).enum_values(Some([$($word),+])).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(concat!("Retention", stringify!($name)))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// Where a run stands.
    State, "state": Started = "started", Archived = "archived", Purging = "purging", Done = "done"
}

words! {
    /// What an archive holds.
    Kind, "kind": Actions = "actions", Events = "events"
}

/// A file with what was purged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Archive {
    pub id: Uuid,
    pub kind: Kind,
    /// Its name in the folder of its run.
    pub file: String,
    pub entries: i64,
    pub bytes: i64,
    pub sha256: Digest,
    pub from_time: DateTime<Utc>,
    pub to_time: DateTime<Utc>,
    /// The first and the last seal whose entries it holds.
    pub seals: Option<(i64, i64)>,
}

/// A run of the retention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RetentionRun)]
pub struct Run {
    pub id: Uuid,
    pub state: State,
    pub asked_by: String,
    pub started_at: DateTime<Utc>,
    #[serde(flatten)]
    pub cutoffs: Cutoffs,
    /// The machine that has its archives, and the folder there.
    pub host: String,
    pub directory: String,
    /// What goes; known once it is archived.
    pub actions: i64,
    pub attempts: i64,
    pub events: i64,
    pub first_seal: Option<i64>,
    pub last_seal: Option<i64>,
    /// Actions and entries that are in its archives.
    pub written: i64,
    pub actions_purged: i64,
    pub attempts_purged: i64,
    pub events_purged: i64,
    pub purged_through: Option<i64>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it does not go on. It is tried again.
    pub trouble: Option<String>,
    pub archives: Vec<Archive>,
}

impl Run {
    /// How much of it is done, from 0 to 1. `None`: nobody knows yet how much there is.
    pub fn progress(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
        let part = |done: i64, of: i64| if of == 0 { 1.0 } else { done as f64 / of as f64 };
        match self.state {
            State::Started => None,
            State::Done => Some(1.0),
            _ => Some(part(self.actions_purged + self.events_purged, self.actions + self.events)),
        }
    }
}

/// What a page and a program are told of the retention.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Newest first, each with its archives.
    pub runs: Vec<Run>,
    /// When the next one begins by itself.
    pub next: Option<DateTime<Utc>>,
    pub keep: Keep,
    pub now: DateTime<Utc>,
}

/// How many runs are told of.
const SHOWN: i64 = 50;

/// The runs, newest first.
///
/// # Errors
/// `forbidden` without `audit:read`; when the database cannot be read.
pub async fn overview(engine: &Engine, principal: &Principal) -> Result<Overview> {
    require(principal, Scope::AuditRead)?;
    let mut runs = store::retention::runs(&engine.pool, SHOWN).await?;
    for run in &mut runs {
        run.archives = store::retention::archives(&engine.pool, run.id).await?;
    }
    let now = store::now(&engine.pool).await?;
    Ok(Overview { runs, next: next_run(engine).await?, keep: engine.policy.retention.clone(), now })
}

/// What would go if a run began now; nothing is written.
///
/// # Errors
/// `forbidden` without `admin`; when the database cannot be read.
pub async fn dry_run(engine: &Engine, principal: &Principal) -> Result<Due> {
    require(principal, Scope::Admin)?;
    count(engine).await
}

/// The same for whoever runs the program.
///
/// # Errors
/// When the database cannot be read.
pub async fn count(engine: &Engine) -> Result<Due> {
    let cutoffs = store::retention::cutoffs(&engine.pool, engine.policy.retention.days()).await?;
    Ok(store::retention::due(&engine.pool, &cutoffs).await?)
}

/// Begins a run, or finds the one that is not done, and sees to it that it goes on in the background.
///
/// # Errors
/// `forbidden` without `admin`; `unavailable` where there is no folder for archives.
pub async fn start(engine: &Engine, principal: &Principal) -> Result<Run> {
    require(principal, Scope::Admin)?;
    let run = begin(engine, &principal.actor()).await?;
    let (goes_on, stopped) = (engine.clone(), engine.changes.stopped());
    tokio::spawn(async move {
        // Between two steps it looks for itself whether it shall stop; a step that hangs is cut off.
        stopped.run_until_cancelled(purge::carry_on(&goes_on)).await;
    });
    Ok(run)
}

/// Begins a run in the name of `actor`, or finds the one that is not done.
///
/// # Errors
/// `unavailable` where there is no folder for archives.
pub async fn begin(engine: &Engine, actor: &str) -> Result<Run> {
    let folder = archive::folder(engine)?;
    let id = Uuid::now_v7();
    let keep = engine.policy.retention.days();
    store::retention::begin(&engine.pool, id, actor, keep, &archive::host(), &folder.to_string_lossy()).await?;
    let run = match store::retention::open_run(&engine.pool).await? {
        Some(run) => Some(run),
        // It was so little that somebody else has finished it already.
        None => store::retention::run(&engine.pool, id).await?,
    };
    run.ok_or_else(|| Problem::new(Code::Unavailable, "Another run has just ended; ask again.").into())
}

/// One run with its archives.
///
/// # Errors
/// `forbidden` without `audit:read`; `not_found`.
pub async fn show(engine: &Engine, principal: &Principal, id: Uuid) -> Result<Run> {
    require(principal, Scope::AuditRead)?;
    let run = store::retention::run(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("run"))?;
    Ok(Run { archives: store::retention::archives(&engine.pool, id).await?, ..run })
}

/// An archive to hand out.
///
/// # Errors
/// `forbidden` without `audit:read`; `not_found`, also where this machine does not have the file.
pub async fn download(engine: &Engine, principal: &Principal, id: Uuid) -> Result<Download> {
    require(principal, Scope::AuditRead)?;
    let none = || Problem::not_found("archive");
    let run = store::retention::run_of_archive(&engine.pool, id).await?.ok_or_else(none)?;
    let run = show(engine, principal, run).await?;
    let archive = run.archives.iter().find(|archive| archive.id == id).cloned().ok_or_else(none)?;
    archive::open(&run, archive).await
}
