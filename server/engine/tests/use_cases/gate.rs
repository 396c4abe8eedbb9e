//! What the gate lets through, parks and refuses.

use domain::action::{Decider, PendingCode};
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::problem::Code;
use domain::risk::RiskTier;
use engine::decisions::{Approve, approve};
use engine::gating::{BypassEnd, block, bypass, pause};
use engine::{Policy, ToolConfig};

use crate::stage::{Stage, call, code, problem};

#[tokio::test]
async fn a_tool_nobody_knows_is_registered_unreviewed_with_the_default_tier() {
    let stage = Stage::new().await;
    let action = stage.park("launch_rocket", "{}").await;
    assert_eq!(action.status, Status::Pending);
    assert_eq!(action.risk_tier, RiskTier::Medium);
    assert_eq!(action.pending_reason.unwrap().code, PendingCode::ToolUnreviewed);
}

#[tokio::test]
async fn a_paused_tool_parks_and_says_so() {
    let stage = Stage::new().await;
    stage.park("send_email", "{}").await;
    pause(&stage.engine, &stage.ana, "send_email", "incident 7").await.unwrap();
    let action = stage.park("send_email", "{}").await;
    let reason = action.pending_reason.unwrap();
    assert_eq!(reason.code, PendingCode::ToolPaused);
    assert_eq!(reason.text, "send_email is paused (incident 7): every call waits for a person.");
}

#[tokio::test]
async fn a_blocked_tools_call_is_refused_and_leaves_a_row() {
    let stage = Stage::new().await;
    block(&stage.engine, &stage.ana, "drop_table", "not here").await.unwrap();
    assert_eq!(code(stage.try_park(call("drop_table", "{}")).await), Code::ToolBlocked);
    let filter = domain::filter::ActionFilter::default();
    let page = engine::actions::list(&stage.engine, &stage.ana, &filter).await.unwrap();
    assert_eq!(page.actions.len(), 1);
    assert_eq!(page.actions[0].status, Status::Rejected);
    assert_eq!(page.actions[0].decided_by, Some(Decider::System("blocked_tool".to_owned())));
}

#[tokio::test]
async fn an_open_tools_call_runs_at_once_until_the_opening_ends() {
    let stage = Stage::new().await;
    stage.park("notify", "{}").await;
    bypass(&stage.engine, &stage.ana, "notify", BypassEnd::Hours(1), "load test").await.unwrap();
    let action = stage.park("notify", "{}").await;
    assert_eq!((action.status, action.execution_state), (Status::Approved, Some(ExecutionState::Queued)));
    assert_eq!(action.decided_by, Some(Decider::System("bypass".to_owned())));
    assert_eq!(stage.events(action.id).await, ["action_bypassed"]);

    // Time passes, nobody clears the opening away, and this instance still remembers it.
    sqlx::query("UPDATE tools SET open_until = now() - interval '1 millisecond' WHERE name = 'notify'")
        .execute(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(stage.park("notify", "{}").await.status, Status::Pending);
}

#[tokio::test]
async fn a_change_of_a_tool_holds_at_once_in_every_instance() {
    let stage = Stage::new().await;
    stage.park("send_email", "{}").await;
    let twin = stage.twin().await;
    block(&twin, &stage.ana, "send_email", "incident 8").await.unwrap();
    assert_eq!(code(stage.try_park(call("send_email", "{}")).await), Code::ToolBlocked);
}

/// bind-16
#[tokio::test]
async fn the_same_key_with_other_arguments_is_refused_and_the_stored_ones_run() {
    let stage = Stage::new().await;
    let keyed = |amount: i32| {
        let mut request = call("transfer_funds", &format!(r#"{{"amount": {amount}, "iban": "DE89"}}"#));
        request.deduplication_key = Some("invoice-1187".to_owned());
        request
    };
    let action = stage.try_park(keyed(100)).await.unwrap().action;
    stage.approve(action.id).await;
    assert_eq!(code(stage.try_park(keyed(100_000)).await), Code::ArgumentsChanged);
    let again = stage.try_park(keyed(100)).await.unwrap();
    assert!(again.attached && again.action.id == action.id);
    let claim = stage.claim("transfer_funds").await.unwrap();
    assert_eq!(claim.action.tool_args.get("amount"), Json::parse(b"100").ok().as_ref());
    assert_eq!(claim.action.args_sha256, domain::digest::Digest::of(&claim.action.tool_args));
}

/// bind-17
#[tokio::test]
async fn an_approval_is_for_one_calls_arguments_alone() {
    let stage = Stage::new().await;
    let first = stage.park("delete", r#"{"path": "a"}"#).await;
    stage.approve(first.id).await;
    let second = stage.park("delete", r#"{"path": "b"}"#).await;
    assert_eq!(second.status, Status::Pending);
    assert_ne!(first.args_sha256, second.args_sha256);
    assert_eq!(stage.claim("delete").await.unwrap().action.id, first.id);
    assert!(stage.claim("delete").await.is_none());
}

#[tokio::test]
async fn an_approval_of_other_arguments_than_were_shown_is_refused() {
    let stage = Stage::new().await;
    let (one, other) = (stage.park("delete", r#"{"path": "a"}"#).await, stage.park("delete", r#"{"path": "b"}"#).await);
    let with = Approve { args_sha256: Some(other.args_sha256), ..Approve::default() };
    assert_eq!(code(approve(&stage.engine, &stage.ana, one.id, with).await), Code::ArgumentsChanged);
    assert_eq!(stage.read(one.id).await.status, Status::Pending);
}

/// rule-37
#[tokio::test]
async fn numbers_are_kept_digit_for_digit_from_the_agent_to_the_executor() {
    let stage = Stage::new().await;
    let long = format!("0.1{}7", "0".repeat(60));
    let args = format!(r#"{{"z": 9007199254740993, "a": 2512292042121000001, "e": 1e400, "d": {long}, "m": -0}}"#);
    let action = stage.park("transfer_funds", &args).await;
    stage.approve(action.id).await;
    let claim = stage.claim("transfer_funds").await.unwrap();
    let runs = claim.action.tool_args.to_text();
    assert_eq!(runs, args.replace(": ", ":").replace(", ", ","));
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    let stage = Stage::new().await;
    let mut request = call(" ", "{}");
    request.tool_args = Json::parse(b"[1]").unwrap();
    request.expires_in_hours = Some(0);
    request.agent_summary = Some("x".repeat(5_000));
    let told = problem(stage.try_park(request).await);
    let pointers: Vec<_> = told.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/tool_name", "/tool_args", "/agent_summary", "/expires_in_hours"]);
}

#[tokio::test]
async fn secrets_are_stored_only_where_the_executor_needs_them() {
    let stage = Stage::new().await;
    let action = stage.park("login", r#"{"user": "ana", "config": {"password": "canary-7c1f"}}"#).await;
    let (searchable, exact): (String, String) =
        sqlx::query_as("SELECT tool_args::text, tool_args_text FROM pending_actions WHERE id = $1")
            .bind(action.id.0)
            .fetch_one(stage.engine.pool())
            .await
            .unwrap();
    assert!(!searchable.contains("canary-7c1f") && exact.contains("canary-7c1f"));
    let trail: i64 = sqlx::query_scalar("SELECT count(*) FROM approval_events e WHERE e::text LIKE '%canary%'")
        .fetch_one(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(trail, 0);
}

#[tokio::test]
async fn the_configuration_settles_tools_and_a_second_start_changes_nothing() {
    let tool = ToolConfig {
        name: "transfer_funds".to_owned(),
        risk_tier: Some(RiskTier::Critical),
        expiry_hours: Some(4),
        ..ToolConfig::default()
    };
    let policy = Policy { tools: vec![tool], ..Policy::default() };
    let stage = Stage::with(policy.clone()).await;
    let action = stage.park("transfer_funds", "{}").await;
    assert_eq!(action.risk_tier, RiskTier::Critical);
    assert_eq!((action.expires_at.unwrap() - action.requested_at).num_hours(), 4);
    assert_eq!(action.pending_reason.unwrap().code, PendingCode::NoMatchingRule);
    let changes = || async {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM approval_events WHERE event_type = 'tool_changed'")
            .fetch_one(stage.engine.pool())
            .await
            .unwrap()
    };
    let before = changes().await;
    engine::Engine::start(stage.engine.pool().clone(), policy).await.unwrap();
    assert_eq!(changes().await, before);
}
