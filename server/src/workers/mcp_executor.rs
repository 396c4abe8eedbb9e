//! The executor `mcp`, for approved calls that nobody waits for any more: their agent was told that they wait, or has gone. Whoever
//! does wait makes the call itself, and is first.

use std::collections::HashSet;
use std::error::Error;
use std::time::Duration;

use engine::Engine;
use engine::mcp_executor::due;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::pause_after;
use crate::upstreams::Upstreams;

const LOOK: Duration = Duration::from_secs(1);
/// How many calls run at once.
const LANES: usize = 32;

/// Makes such calls until the server stops; those under way are waited for by the upstreams.
pub async fn run(engine: Engine, upstreams: Upstreams, stopping: CancellationToken) {
    let mut failures = 0;
    let mut busy = HashSet::new();
    let mut calls = JoinSet::new();
    while !stopping.is_cancelled() {
        match due(&engine, &upstreams.up()).await {
            Ok(waiting) => {
                failures = 0;
                for (id, name) in waiting {
                    let Some(upstream) = upstreams.get(&name).filter(|_| busy.len() < LANES) else { continue };
                    if busy.insert(id) {
                        let (engine, upstreams, upstream) = (engine.clone(), upstreams.clone(), upstream.clone());
                        calls.spawn(async move { (id, upstreams.make(&engine, &upstream, id, None).await) });
                    }
                }
            }
            Err(error) => {
                if failures == 0 {
                    error!(error = &error as &dyn Error, "approved calls of upstreams were not looked for");
                }
                failures += 1;
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = sleep(pause_after(LOOK, failures)) => {}
        }
        while let Some(Ok((id, made))) = calls.try_join_next() {
            busy.remove(&id);
            if let Err(error) = made {
                error!(action = %id, error = &error as &dyn Error, "an approved call was not made; it is tried again");
            }
        }
    }
}
