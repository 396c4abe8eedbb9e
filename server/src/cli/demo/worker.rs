//! A simulated worker: claims what was approved, pretends to run it, reports. Like real ones it is sometimes
//! refused by the tool, and sometimes dies before it can report.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::team::read;
use crate::cli::remote::Remote;
use crate::failure::Outcome;

/// A lost worker is noticed after this long.
const LEASE_SECONDS: u64 = 10;
const NOTHING_TO_DO: u16 = 204;

const FAILURES: &[&str] = &[
    "connection timed out after 5000 ms",
    "451 4.7.1 Greylisted, try again later",
    "permission denied",
    "insufficient funds on account operating",
    "409 Conflict: another change is under way",
];

#[derive(Deserialize)]
struct Claim {
    attempt: String,
    tool_name: String,
    action_id: String,
}

pub(super) async fn run(remote: Remote, tools: &'static [&'static str], seed: u64, stopping: CancellationToken) {
    let mut dice = StdRng::seed_from_u64(seed);
    let endless = async {
        loop {
            if let Err(failure) = run_one(&remote, tools, &mut dice).await {
                warn!(%failure, "the demo's worker did not get through");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    };
    stopping.run_until_cancelled(endless).await;
}

async fn run_one(remote: &Remote, tools: &[&str], dice: &mut StdRng) -> Outcome {
    let request = json!({"tools": tools, "lease_seconds": LEASE_SECONDS}).to_string().into_bytes();
    let answer = remote.post("/executions/claim?wait=20", request).await?;
    if answer.status == NOTHING_TO_DO {
        return Ok(());
    }
    let claim: Claim = read(&answer.success()?)?;
    tokio::time::sleep(Duration::from_millis(dice.random_range(800..3_500))).await;
    let Some(report) = outcome(&claim, dice) else {
        // Died: the effect may have happened, and nobody knows. The lease ends and a person settles it.
        return Ok(());
    };
    remote.post(&format!("/executions/{}/result", claim.attempt), report.to_string().into_bytes()).await?.success()?;
    Ok(())
}

fn outcome(claim: &Claim, dice: &mut StdRng) -> Option<Value> {
    match dice.random_range(0..100) {
        0..=4 => None,
        5..=14 => Some(json!({"success": false, "error": FAILURES.choose(dice)})),
        _ => Some(json!({"success": true, "result": result(claim)})),
    }
}

fn result(claim: &Claim) -> Value {
    let reference = &claim.action_id[claim.action_id.len().saturating_sub(8)..];
    match claim.tool_name.as_str() {
        "send_email" | "send_campaign" => {
            json!({"message_id": format!("<{reference}@mail.example>"), "accepted": true})
        }
        "issue_refund" | "transfer_funds" => json!({"transaction": format!("tx_{reference}"), "state": "booked"}),
        "deploy_service" | "restart_service" => json!({"rollout": reference, "healthy_instances": 6, "errors": 0}),
        _ => json!({"ok": true, "reference": reference}),
    }
}
