//! Closes what is over: a day, or an hour of today, is counted once and kept.
//!
//! Times of decisions and runs are the beginnings of their transactions, so one that is still under way may write into an
//! hour that has ended. An hour is closed when every transaction of the database has begun after its end: what comes
//! later has later times. One server closes at a time; whoever changes what was counted (a run that is tried again takes
//! its outcome back) opens the span again, under the same lock.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::history::due;
use crate::store::metric_spans;
use crate::{Engine, Result, store};

/// One at a time over all instances: the advisory lock's key.
const CLOSER: i64 = 0xC105E;
/// How long something has been over before it is closed: Postgres says a moment late that a transaction has begun.
pub(super) const GRACE: TimeDelta = TimeDelta::seconds(5);
/// How many spans one step closes at most.
const BATCH: usize = 20;

/// Closes some of what is over and not closed yet, the newest first. Returns how many spans.
///
/// # Errors
/// When the database cannot be reached.
pub async fn close(engine: &Engine) -> Result<usize> {
    let timezone = &engine.policy.timezone;
    let mut closed = 0;
    for (day, stretch) in due(&engine.pool, timezone).await?.into_iter().take(BATCH) {
        let mut transaction = store::begin(&engine.pool).await?;
        if !store::try_lock(&mut transaction, CLOSER).await? {
            break;
        }
        let mut days =
            metric_spans::count(&mut transaction, timezone, stretch, metric_spans::Depth::Everything).await?;
        let figures = days.remove(&day.date).unwrap_or_default();
        if stretch == (day.starts_at, day.ends_at) {
            // Its hours: the day takes their place.
            metric_spans::forget(&mut transaction, timezone, stretch).await?;
        }
        closed += usize::from(metric_spans::insert(&mut transaction, timezone, stretch, &figures).await?);
        transaction.commit().await?;
    }
    Ok(closed)
}

/// Has what was counted at an instant counted anew: it is about to change in this transaction.
pub(crate) async fn reopen(connection: &mut PgConnection, at: Option<DateTime<Utc>>) -> Result<()> {
    let Some(at) = at else { return Ok(()) };
    store::lock_shared(connection, CLOSER).await?;
    Ok(metric_spans::reopen(connection, at).await?)
}
