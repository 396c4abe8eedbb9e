//! What happens by itself: the sweep for deadlines, attempts whose lease ended, the seals of the trail, what is
//! kept long enough, old idempotency keys. Each is one step of the engine, repeated; a step that fails is repeated later and later.
//! All of them may run in several servers at once: the database decides who does what.

pub mod alerts;
pub mod http_executor;
pub mod mcp_executor;

use std::time::Duration;

use engine::Engine;
use futures::future::BoxFuture;
use metrics::{counter, gauge};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// One kind of work.
pub struct Work {
    /// In the log.
    pub name: &'static str,
    /// The pause between two steps.
    pub every: Duration,
    /// Does what is due now, and says how much that was.
    pub step: fn(Engine) -> BoxFuture<'static, engine::Result<u64>>,
}

/// All work of a server.
pub fn all(sweep_seconds: u64) -> [Work; 8] {
    let second = Duration::from_secs(1);
    [
        Work { name: "expire", every: Duration::from_secs(sweep_seconds), step: |engine| Box::pin(expire(engine)) },
        Work { name: "give up lost attempts", every: second, step: |engine| Box::pin(give_up_lost(engine)) },
        Work { name: "seal the trail", every: second, step: |engine| Box::pin(seal(engine)) },
        Work { name: "archive and purge", every: second * 60, step: |engine| Box::pin(retain(engine)) },
        Work { name: "close figures", every: second * 10, step: |engine| Box::pin(close_figures(engine)) },
        Work { name: "watch for alerts", every: second * 10, step: |engine| Box::pin(watch(engine)) },
        Work { name: "forget unanswered calls", every: second * 3600, step: |engine| Box::pin(forget_calls(engine)) },
        Work { name: "forget idempotency keys", every: second * 3600, step: |engine| Box::pin(forget_keys(engine)) },
    ]
}

/// Marks what has passed its deadline as expired, actions and rules.
pub async fn expire(engine: Engine) -> engine::Result<u64> {
    Ok((engine::expiry::sweep(&engine).await? + engine::rules::sweep(&engine).await?) as u64)
}

/// Attempts whose lease ended without a report become `unknown`.
pub async fn give_up_lost(engine: Engine) -> engine::Result<u64> {
    Ok(engine::execution::give_up_lost(&engine).await? as u64)
}

/// Seals the entries of the trail that are not sealed yet.
pub async fn seal(engine: Engine) -> engine::Result<u64> {
    Ok(engine::audit::seal(&engine).await? as u64)
}

/// Archives and purges what is over for long enough, once it is time, and goes on with what was interrupted.
pub async fn retain(engine: Engine) -> engine::Result<u64> {
    engine::retention::due(&engine).await
}

/// Counts hours and days that are over, once.
pub async fn close_figures(engine: Engine) -> engine::Result<u64> {
    Ok(engine::metrics::close(&engine).await? as u64)
}

/// Opens alerts for what is wrong, and closes those that are over.
pub async fn watch(engine: Engine) -> engine::Result<u64> {
    engine::alerts::watch(&engine).await
}

/// Forgets idempotency keys that are past their day.
pub async fn forget_keys(engine: Engine) -> engine::Result<u64> {
    engine::idempotency::forget_old(&engine).await
}

/// Forgets calls through the gateway that are over and that nobody came back for.
pub async fn forget_calls(engine: Engine) -> engine::Result<u64> {
    engine::gateway::forget_unanswered(&engine).await
}

/// Starts the loops; they end when `stopping` is cancelled, between two steps.
pub fn start(engine: &Engine, work: impl IntoIterator<Item = Work>, stopping: &CancellationToken) -> JoinSet<()> {
    let mut running = JoinSet::new();
    for work in work {
        running.spawn(repeat(engine.clone(), work, stopping.clone()));
    }
    running
}

async fn repeat(engine: Engine, work: Work, stopping: CancellationToken) {
    let mut failures: u32 = 0;
    loop {
        match (work.step)(engine.clone()).await {
            Ok(done) => {
                if failures > 0 {
                    info!(work = work.name, failures, "works again");
                }
                if done > 0 {
                    tracing::debug!(work = work.name, done, "done");
                }
                counter!("countersign_work_done_total", "work" => work.name).increment(done);
                let now = chrono::Utc::now().timestamp_millis();
                #[expect(clippy::cast_precision_loss, reason = "a time in milliseconds stays far below 2^53")]
                gauge!("countersign_work_last_success_timestamp_seconds", "work" => work.name)
                    .set(now as f64 / 1_000.0);
                failures = 0;
            }
            Err(error) => {
                // Once per outage: an error a second tells nobody more.
                if failures == 0 {
                    error!(work = work.name, error = &error as &dyn std::error::Error, "failed; it is tried again");
                }
                counter!("countersign_work_failures_total", "work" => work.name).increment(1);
                failures = failures.saturating_add(1);
            }
        }
        let pause = pause_after(work.every, failures);
        if stopping.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Twice as long after each failure in a row, but at least each minute.
fn pause_after(every: Duration, failures: u32) -> Duration {
    let longer = Duration::from_secs(1) * 2_u32.saturating_pow(failures.min(16).saturating_sub(1));
    if failures == 0 { every } else { longer.min(LONGEST_DELAY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_are_repeated_later_and_later_but_at_least_each_minute() {
        let second = Duration::from_secs(1);
        let pauses: Vec<u64> = (0..9).map(|failures| pause_after(second, failures).as_secs()).collect();
        assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause_after(second * 3600, 3).as_secs(), 4);
    }
}
