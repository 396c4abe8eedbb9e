//! `countersign park`, `pending`, `approve`, `reject`: over HTTP, as an agent's or a person's program would.

use std::io::Read;

use chrono::{DateTime, Utc};
use clap::Args;
use domain::id::ActionId;
use serde::Deserialize;
use serde_json::json;

use super::remote::{Remote, RemoteFlags, for_table};
use super::terminal::{Table, print_json, when};
use crate::failure::{Failure, Outcome};

#[derive(Args, Debug)]
pub(super) struct Park {
    /// A JSON document as for POST /api/approvals/actions; - reads standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Args, Debug)]
pub(super) struct Pending {
    /// Print JSON also on a terminal
    #[arg(long)]
    json: bool,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Args, Debug)]
pub(super) struct Approve {
    /// The action's id
    id: ActionId,
    /// Approve only if the arguments still have this SHA-256
    #[arg(long, value_name = "HEX")]
    args_sha256: Option<String>,
    /// Kept with the decision
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Args, Debug)]
pub(super) struct Reject {
    /// The action's id
    id: ActionId,
    /// Why: the agent reads it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    remote: RemoteFlags,
}

pub(super) async fn park(park: Park) -> Outcome {
    let document = read(&park.file)?;
    let answer = Remote::new(&park.remote)?.post("/actions", document).await?;
    print_json(&answer.success()?);
    Ok(())
}

pub(super) fn read(file: &str) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        path => std::fs::read(path).map(|read| bytes = read),
    };
    read.map_err(|error| Failure::misuse(format!("{file} cannot be read: {error}")))?;
    Ok(bytes)
}

pub(super) async fn pending(pending: Pending) -> Outcome {
    let path = format!("/actions?status=pending&sort=requested_at&limit={}", pending.limit);
    let text = Remote::new(&pending.remote)?.get(&path).await?.success()?;
    let Some(list) = for_table::<Row>(&text, pending.json)? else { return Ok(()) };
    if list.data.is_empty() {
        println!("Nothing waits for a decision.");
        return Ok(());
    }
    let mut table = Table::new(["ID", "TIER", "TOOL", "AGENT", "SINCE", "UNTIL", "THE AGENT SAYS"]);
    for row in list.data {
        let says = row.agent_summary.unwrap_or_default();
        table.row([
            row.id.to_string(),
            row.risk_tier,
            row.tool_name,
            row.agent_id.unwrap_or_default(),
            when(Some(row.requested_at)),
            when(row.expires_at),
            says,
        ]);
    }
    table.print();
    if list.meta.has_more {
        println!("There are more: raise --limit, or look at the console.");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Row {
    id: ActionId,
    tool_name: String,
    risk_tier: String,
    agent_id: Option<String>,
    agent_summary: Option<String>,
    requested_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

pub(super) async fn approve(approve: Approve) -> Outcome {
    let mut body = serde_json::Map::new();
    for (key, value) in [("args_sha256", approve.args_sha256), ("note", approve.note)] {
        if let Some(value) = value {
            body.insert(key.to_owned(), value.into());
        }
    }
    decide(&approve.remote, approve.id, "approve", serde_json::Value::Object(body)).await
}

pub(super) async fn reject(reject: Reject) -> Outcome {
    decide(&reject.remote, reject.id, "reject", json!({"reason": reject.reason})).await
}

async fn decide(remote: &RemoteFlags, id: ActionId, verb: &str, body: serde_json::Value) -> Outcome {
    let answer = Remote::new(remote)?.post(&format!("/actions/{id}/{verb}"), body.to_string().into_bytes()).await?;
    print_json(&answer.success()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::remote::Page;
    use super::*;

    #[test]
    fn numbers_that_no_computer_holds_do_not_hide_the_list() {
        let text = r#"{"data":[{"id":"01a21144-e290-749f-8cc5-f1cb337b50f6","tool_name":"pay","tool_args":{"factor":1e400,"more":[-0,
            9007199254740993]},"risk_tier":"high","requested_at":"2026-11-25T05:54:16Z","expires_at":null}],
            "meta":{"total":null,"limit":50,"has_more":false,"next_cursor":null}}"#;
        let list: Page<Row> = serde_json::from_str(text).expect("a list");
        assert_eq!((list.data[0].tool_name.as_str(), list.meta.has_more), ("pay", false));
    }
}
