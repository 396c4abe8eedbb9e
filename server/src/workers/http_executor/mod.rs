//! The executor `http`: makes the approved calls of tools that have a URL. Each call is claimed and committed before
//! it is made, and nothing is held while it lasts; several run at once, few of one tool, so that a slow tool keeps
//! nobody else waiting. Any number of servers may do this on one database: who claims, calls.

mod request;
mod verdict;

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::Engine;
use engine::http_executor::{Call, Outcome, claim, due, settle};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::pause_after;
use crate::outbound::Outbound;

/// How many calls run at once.
const LANES: usize = 32;
/// How many of them are of one tool.
const LANES_PER_TOOL: usize = 4;
/// How often it looks by itself, in case nobody said that something was approved.
const LOOK: Duration = Duration::from_secs(2);
/// How long changes are gathered before one look is taken for all of them.
const GATHER: Duration = Duration::from_millis(5);
/// And how long after the look before: every call that is parked is a change, and most are none of ours.
const BREATHE: Duration = Duration::from_millis(50);
/// How long calls under way have when the server stops. Shorter than the server waits for its workers.
pub const STOP_WITHIN: Duration = Duration::from_secs(8);

/// Makes calls.
pub struct Dispatcher {
    engine: Engine,
    outbound: Arc<Outbound>,
    busy: Lanes,
    calls: JoinSet<()>,
    /// Cancelled when calls under way have had their time.
    given_up: CancellationToken,
}

impl Dispatcher {
    /// One that has not begun.
    pub fn new(engine: Engine, outbound: Arc<Outbound>) -> Self {
        let given_up = CancellationToken::new();
        Self { engine, outbound, busy: Lanes::default(), calls: JoinSet::new(), given_up }
    }

    /// Begins as many of the calls that are due as there are lanes for, and says how many.
    ///
    /// # Errors
    /// When the database cannot be reached; what was claimed before is under way.
    pub async fn step(&mut self) -> engine::Result<u64> {
        let mut waiting = due(&self.engine).await?;
        let mut begun = 0;
        while !waiting.is_empty() && self.busy.total() < LANES {
            // The tool with the fewest calls under way is next: many slow ones leave room for a quick one.
            waiting.retain(|tool| self.busy.of(tool) < LANES_PER_TOOL);
            let Some(next) = (0..waiting.len()).min_by_key(|at| self.busy.of(&waiting[*at])) else { break };
            match claim(&self.engine, &waiting[next]).await? {
                Some(call) => {
                    self.begin(call);
                    begun += 1;
                }
                None => drop(waiting.swap_remove(next)),
            }
        }
        Ok(begun)
    }

    fn begin(&mut self, call: Call) {
        let lane = self.busy.take(&call.action.tool_name);
        let (engine, outbound, given_up) = (self.engine.clone(), self.outbound.clone(), self.given_up.clone());
        self.calls.spawn(async move {
            run(&engine, &outbound, &call, &given_up).await;
            drop(lane);
        });
    }

    /// Waits until no call is under way.
    pub async fn finish(&mut self) {
        while self.calls.join_next().await.is_some() {}
    }

    /// Makes calls until the server stops; those under way then have a while, and what came of the others is unknown.
    pub async fn run(mut self, stopping: CancellationToken) {
        let mut failures = 0;
        // Subscribed before the first look: a change in between is not missed.
        let mut changes = self.engine.changes().subscribe();
        while !stopping.is_cancelled() {
            let looked = Instant::now();
            match self.step().await {
                Ok(_) => failures = 0,
                Err(error) => {
                    if failures == 0 {
                        error!(error = &error as &dyn Error, "approved calls were not claimed; it is tried again");
                    }
                    failures += 1;
                }
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                () = sleep(pause_after(LOOK, failures)) => {}
                // A lane is free again.
                Some(_) = self.calls.join_next() => {}
                _ = changes.recv(), if failures == 0 => {
                    sleep(GATHER.max(BREATHE.saturating_sub(looked.elapsed()))).await;
                    changes = changes.resubscribe();
                }
            }
        }
        if timeout(STOP_WITHIN, self.finish()).await.is_err() {
            warn!(calls = self.calls.len(), "calls under way are given up: what came of them is unknown");
            self.given_up.cancel();
            self.finish().await;
        }
    }
}

/// Makes one call and writes down what came of it.
async fn run(engine: &Engine, outbound: &Outbound, call: &Call, given_up: &CancellationToken) {
    let body = request::body(call);
    let headers = request::headers(call, &body);
    let outcome = tokio::select! {
        answer = outbound.post(&call.url, headers, body, call.timeout) => verdict::of(answer),
        () = given_up.cancelled() => Outcome::Unknown("The server stopped before the answer came.".to_owned()),
    };
    write_down(engine, call, outcome, given_up).await;
}

/// Again and again while the database is away: nobody else knows it. If the server stops first, the lease ends and the
/// outcome is unknown.
async fn write_down(engine: &Engine, call: &Call, outcome: Outcome, given_up: &CancellationToken) {
    let mut failures = 0;
    loop {
        let settled = settle(engine, call, outcome.clone()).await;
        let Err(error) = settled else {
            info!(action = %call.action.id, attempt = %call.attempt, number = call.number, "called");
            return;
        };
        if failures == 0 {
            let error = &error as &dyn Error;
            error!(action = %call.action.id, attempt = %call.attempt, error, "an outcome was not written down");
        }
        failures += 1;
        if given_up.run_until_cancelled(sleep(pause_after(LOOK, failures))).await.is_none() {
            return;
        }
    }
}

/// How many calls of each tool are under way.
#[derive(Clone, Default)]
struct Lanes(Arc<Mutex<HashMap<String, usize>>>);

/// A call under way; its lane is free when this is dropped, however the call ended.
struct Lane {
    lanes: Lanes,
    tool: String,
}

impl Lanes {
    fn take(&self, tool: &str) -> Lane {
        *self.lock().entry(tool.to_owned()).or_default() += 1;
        Lane { lanes: self.clone(), tool: tool.to_owned() }
    }

    fn of(&self, tool: &str) -> usize {
        self.lock().get(tool).copied().unwrap_or_default()
    }

    fn total(&self) -> usize {
        self.lock().values().sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lock();
        if let Some(count) = lanes.get_mut(&self.tool) {
            *count -= 1;
            if *count == 0 {
                lanes.remove(&self.tool);
            }
        }
    }
}
