//! Sends the messages about alerts. Each is taken and committed before it is sent, so that several servers send it once;
//! one whose sender died is sent again, under the same id.

mod message;

use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use engine::alerts::{Message, settle, take};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::pause_after;
use crate::outbound::{NoAnswer, Outbound};

/// How often it looks for messages.
const LOOK: Duration = Duration::from_secs(1);
/// So many are sent at once.
const AT_ONCE: i64 = 8;
/// How long an answer may take; shorter than nobody else takes the message.
const WITHIN: Duration = Duration::from_secs(15);

/// Sends messages.
pub struct Messenger {
    engine: Engine,
    outbound: Arc<Outbound>,
    /// The console's address, for the link.
    console: String,
}

impl Messenger {
    /// One that has not begun.
    pub fn new(engine: Engine, outbound: Arc<Outbound>, console: String) -> Self {
        Self { engine, outbound, console }
    }

    /// Sends what is due, and says how many that were.
    ///
    /// # Errors
    /// When the database cannot be reached; what was sent and could not be written down is sent again.
    pub async fn step(&self) -> engine::Result<u64> {
        let messages = take(&self.engine, AT_ONCE).await?;
        let count = messages.len() as u64;
        let mut sending = JoinSet::new();
        for message in messages {
            let (engine, outbound, console) = (self.engine.clone(), self.outbound.clone(), self.console.clone());
            sending.spawn(async move { send(&engine, &outbound, &console, &message).await });
        }
        while let Some(sent) = sending.join_next().await {
            sent.unwrap_or(Ok(()))?;
        }
        Ok(count)
    }

    /// Sends until the server stops.
    pub async fn run(self, stopping: CancellationToken) {
        let mut failures = 0;
        while !stopping.is_cancelled() {
            match self.step().await {
                // Perhaps there are more.
                Ok(sent) if sent > 0 => {
                    failures = 0;
                    continue;
                }
                Ok(_) => failures = 0,
                Err(error) => {
                    if failures == 0 {
                        error!(error = &error as &dyn std::error::Error, "alerts were not sent; it is tried again");
                    }
                    failures += 1;
                }
            }
            stopping.run_until_cancelled(tokio::time::sleep(pause_after(LOOK, failures))).await;
        }
    }
}

async fn send(engine: &Engine, outbound: &Outbound, console: &str, message: &Message) -> engine::Result<()> {
    let body = message::body(message, console);
    let headers = message::headers(message, &body);
    let came = match outbound.post(&message.url, headers, body, WITHIN).await {
        Ok(answer) => Ok(answer.status),
        Err(NoAnswer::NotSent(why) | NoAnswer::Lost(why)) => Err(why),
    };
    if !matches!(came, Ok(200..300)) {
        warn!(delivery = %message.id, "a message about an alert did not arrive");
    }
    settle(engine, message.id, came).await
}
