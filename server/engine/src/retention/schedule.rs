//! When a run begins by itself: every so many days, on whichever server sees first that it is time.

use chrono::{DateTime, TimeDelta, Utc};

use super::{begin, purge};
use crate::{Engine, Result, store};

/// When the next run begins by itself. `None`: none does.
///
/// # Errors
/// When the database cannot be read.
pub async fn next_run(engine: &Engine) -> Result<Option<DateTime<Utc>>> {
    let keep = &engine.policy.retention;
    if keep.every_days == 0 || keep.archives.is_none() {
        return Ok(None);
    }
    let last = store::retention::last_began(&engine.pool).await?;
    Ok(last.map(|last| last + TimeDelta::days(i64::from(keep.every_days))))
}

/// Goes on with a run that was interrupted, and begins one when it is time. Returns how much was purged.
///
/// # Errors
/// When the database fails, or an archive cannot be written or is not there any more.
pub async fn due(engine: &Engine) -> Result<u64> {
    let is_open = store::retention::open_run(&engine.pool).await?.is_some();
    if !is_open {
        let now = store::now(&engine.pool).await?;
        if next_run(engine).await?.is_none_or(|next| next > now) {
            return Ok(0);
        }
        begin(engine, "system:retention").await?;
    }
    // A step that takes long is cut off when the engine stops; the next start goes on with it.
    engine.changes.stopped().run_until_cancelled(purge::carry_on(engine)).await.unwrap_or(Ok(0))
}
