//! Many at once: exactly those that were named, each for itself.

use domain::failure::FailureKind;
use domain::id::ActionId;
use domain::lifecycle::{ExecutionState, Status};
use domain::problem::Code;
use engine::bulk::{Bulk, MOST, MOST_EXTENDED, decide, extend_list};
use engine::execution::{Report, report};
use engine::failed_runs::failed_runs;
use uuid::Uuid;

use crate::stage::{Stage, code};

/// bulk-48
#[tokio::test]
async fn exactly_the_named_ones_are_decided_and_what_others_did_meanwhile_stands() {
    let stage = Stage::new().await;
    let mut named = Vec::new();
    for n in 0..20 {
        named.push(stage.park("notify", &format!(r#"{{"n": {n}}}"#)).await.id);
    }
    for taken in &named[..3] {
        engine::decisions::reject(&stage.engine, &stage.ben, *taken, "not this one").await.unwrap();
    }
    let later = stage.park("notify", r#"{"n": 99}"#).await;

    let items = decide(&stage.engine, &stage.ana, &named, &Bulk::Approve).await.unwrap();

    assert_eq!(items.iter().map(|item| item.id).collect::<Vec<_>>(), named);
    for item in &items[..3] {
        let problem = item.outcome.as_ref().unwrap_err();
        assert_eq!(problem.code, Code::AlreadyDecided);
        assert_eq!(problem.standing.as_ref().unwrap().current_status, Status::Rejected);
    }
    assert!(items[3..].iter().all(|item| item.outcome.as_ref().is_ok_and(|action| action.status == Status::Approved)));
    assert_eq!(stage.read(later.id).await.status, Status::Pending);
}

#[tokio::test]
async fn what_is_risky_is_never_approved_in_bulk_but_may_be_rejected() {
    let stage = Stage::new().await;
    let safe = stage.park("notify", "{}").await;
    let risky = stage.park("notify", "{}").await;
    sqlx::query("UPDATE pending_actions SET risk_tier = 'high' WHERE id = $1")
        .bind(risky.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    let items = decide(&stage.engine, &stage.ana, &[risky.id, safe.id], &Bulk::Approve).await.unwrap();
    assert_eq!(items[0].outcome.as_ref().unwrap_err().code, Code::NotInBulk);
    assert!(items[1].outcome.is_ok());
    assert_eq!(stage.read(risky.id).await.status, Status::Pending);
    let reject = Bulk::Reject { reason: "agent error".to_owned() };
    let items = decide(&stage.engine, &stage.ana, &[risky.id], &reject).await.unwrap();
    assert!(items[0].outcome.is_ok());
}

#[tokio::test]
async fn a_bulk_that_is_no_sound_request_changes_nothing() {
    let stage = Stage::new().await;
    let action = stage.park("notify", "{}").await.id;
    let many: Vec<_> = (0..=MOST).map(|_| ActionId(Uuid::now_v7())).collect();
    for ids in [&[][..], &[action, action], &many] {
        assert_eq!(code(decide(&stage.engine, &stage.ana, ids, &Bulk::Approve).await), Code::InvalidRequest);
    }
    let silent = Bulk::Reject { reason: " ".to_owned() };
    assert_eq!(code(decide(&stage.engine, &stage.ana, &[action], &silent).await), Code::InvalidRequest);
    assert_eq!(code(decide(&stage.engine, &stage.agent, &[action], &Bulk::Approve).await), Code::HumanActorRequired);
    assert_eq!(stage.read(action).await.status, Status::Pending);
    let unknown = decide(&stage.engine, &stage.ana, &many[..1], &Bulk::Extend { hours: 4 }).await.unwrap();
    assert_eq!(unknown[0].outcome.as_ref().unwrap_err().code, Code::NotFound);
}

/// A call of the tool, approved and run, with this error if it failed.
async fn ran(stage: &Stage, tool: &str, error: Option<&str>) -> ActionId {
    let action = stage.park(tool, "{}").await;
    stage.approve(action.id).await;
    let claim = stage.claim(tool).await.unwrap();
    let outcome = Report { success: error.is_none(), result: None, error: error.map(str::to_owned) };
    report(&stage.engine, &stage.worker, claim.attempt, outcome).await.unwrap();
    action.id
}

#[tokio::test]
async fn the_runs_that_failed_in_one_way_are_found_and_tried_again_and_no_others() {
    let stage = Stage::new().await;
    let long = format!("connection refused by {}", "a".repeat(400));
    let same = [ran(&stage, "notify", Some(&long)).await, ran(&stage, "notify", Some(&long)).await];
    let others = [
        ran(&stage, "notify", Some("403 Forbidden")).await,
        ran(&stage, "deploy", Some(&long)).await,
        ran(&stage, "notify", None).await,
    ];
    let error: String = long.chars().take(300).collect();
    let address = format!("tool_name=notify&error={}", error.replace(' ', "%20"));
    let page = failed_runs(&stage.engine, &stage.ben, &address).await.unwrap();
    let mut found: Vec<ActionId> = page.runs.iter().map(|run| run.row.id).collect();
    found.reverse();
    assert_eq!((found.as_slice(), page.total, page.retries), (&same[..], Some(2), true));
    assert_eq!(page.runs[0].kind, FailureKind::Transient);
    assert_eq!(failed_runs(&stage.engine, &stage.ben, "").await.unwrap().total, Some(4));
    let silent = failed_runs(&stage.engine, &stage.ben, "error=").await.unwrap();
    assert_eq!(silent.total, Some(0), "an empty error is one that said nothing, and no wildcard");

    let retry = Bulk::Retry { note: Some("the network is back".to_owned()) };
    let items = decide(&stage.engine, &stage.ben, &[same[0], same[1], others[2]], &retry).await.unwrap();
    assert!(items[..2].iter().all(|item| item.outcome.is_ok()));
    assert_eq!(items[2].outcome.as_ref().unwrap_err().code, Code::WrongState, "it ran well");
    assert_eq!(stage.read(same[0]).await.execution_state, Some(ExecutionState::Queued));
    assert_eq!(stage.read(others[0]).await.execution_state, Some(ExecutionState::Failed));
    assert_eq!(failed_runs(&stage.engine, &stage.ben, &address).await.unwrap().total, Some(0));
    assert_eq!(code(decide(&stage.engine, &stage.worker, &same, &retry).await), Code::HumanActorRequired);
}

#[tokio::test]
async fn every_waiting_call_of_a_list_gets_more_time_and_nothing_that_is_not_in_it() {
    let stage = Stage::new().await;
    let mut near = Vec::new();
    for _ in 0..60 {
        near.push(stage.park("notify", "{}").await.id);
    }
    let other_tool = stage.park("deploy", "{}").await;
    let far = stage.park("notify", "{}").await;
    let rejected = stage.park("notify", "{}").await;
    engine::decisions::reject(&stage.engine, &stage.ana, rejected.id, "no").await.unwrap();
    sqlx::query("UPDATE pending_actions SET expires_at = now() + interval '2 hours' WHERE id <> $1")
        .bind(far.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    let list = "tool_name=notify&expiring_within_hours=4";
    let items = extend_list(&stage.engine, &stage.ben, list, 1).await.unwrap();
    let mut extended: Vec<ActionId> = items.iter().map(|item| item.id).collect();
    extended.sort_unstable();
    near.sort_unstable();
    assert_eq!(extended, near, "once each, though they are still in the list");
    assert!(items.iter().all(|item| item.outcome.is_ok()));
    for untouched in [other_tool.id, far.id, rejected.id] {
        assert!(!stage.events(untouched).await.contains(&"action_extended"));
    }
    let refused = extend_list(&stage.engine, &stage.ben, "colour=red", 1).await;
    assert_eq!(code(refused), Code::InvalidRequest);
    assert_eq!(code(extend_list(&stage.engine, &stage.agent, list, 1).await), Code::HumanActorRequired);
    sqlx::query(
        "INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier)
         SELECT gen_random_uuid(), 'deploy', '{}', '{}', repeat('0', 64), 'agent', 'pending', 'low' FROM generate_series(1, $1)",
    )
    .bind(MOST_EXTENDED)
    .execute(stage.engine.pool())
    .await
    .unwrap();
    assert_eq!(code(extend_list(&stage.engine, &stage.ben, "tool_name=deploy", 1).await), Code::InvalidRequest);
    assert!(!stage.events(other_tool.id).await.contains(&"action_extended"), "too many: none of them");
}
