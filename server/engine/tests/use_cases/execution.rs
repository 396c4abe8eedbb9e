//! Runs: what was approved, once, and the truth about what came of it.

use domain::action::AttemptState;
use domain::id::AttemptId;
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::problem::Code;
use domain::tool::Executor;
use engine::execution::{ClaimRequest, Report, claim, give_up_lost, heartbeat, report};
use engine::settlement::{Settle, abandon, resolve, retry};
use engine::tools::set_executor;

use crate::stage::{Stage, call, claim_of, code, token};
use domain::identity::Scope;
use uuid::Uuid;

/// truth-0
#[tokio::test]
async fn without_an_executor_an_approved_action_waits_and_is_never_executed() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    let approved = stage.approve(action.id).await;
    assert_eq!((approved.status, approved.execution_state), (Status::Approved, Some(ExecutionState::Queued)));
    assert!(engine::execution::waits_for_executor(&approved));
    assert!(stage.read(action.id).await.execution_result.is_none());
}

#[tokio::test]
async fn a_worker_gets_the_longest_approved_action_and_its_report_is_the_outcome() {
    let stage = Stage::new().await;
    let (first, second) =
        (stage.park("send_email", r#"{"n": 1}"#).await, stage.park("send_email", r#"{"n": 2}"#).await);
    stage.approve(second.id).await;
    stage.approve(first.id).await;
    let claim = stage.claim("send_email").await.unwrap();
    assert_eq!(claim.action.id, second.id, "the one decided first");
    let told = stage.report(&claim, true).await.unwrap();
    assert_eq!((told.action.status, told.late), (Status::Executed, false));
    let failed = stage.claim("send_email").await.unwrap();
    stage.report(&failed, false).await.unwrap();
    let action = stage.read(first.id).await;
    assert_eq!((action.status, action.execution_state), (Status::Executed, Some(ExecutionState::Failed)));
    assert!(!action.execution_result.unwrap().success);
}

/// crash-5
#[tokio::test]
async fn a_silent_executor_leaves_an_unknown_outcome_that_only_a_person_settles() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    stage.approve(action.id).await;
    let lost = stage.claim("send_email").await.unwrap();
    stage.end_leases().await;
    assert_eq!(give_up_lost(&stage.engine).await.unwrap(), 1);
    let unknown = stage.read(action.id).await;
    assert_eq!((unknown.status, unknown.execution_state), (Status::Approved, Some(ExecutionState::Unknown)));
    assert!(stage.claim("send_email").await.is_none(), "it does not run again by itself");

    let late = stage.report(&lost, true).await.unwrap();
    assert!(late.late, "the late word is kept, and settles nothing");
    assert_eq!(stage.read(action.id).await.execution_state, Some(ExecutionState::Unknown));

    let settle = Settle { succeeded: true, note: "the recipient has it".to_owned() };
    assert_eq!(code(resolve(&stage.engine, &stage.worker, action.id, settle.clone()).await), Code::HumanActorRequired);
    let settled = resolve(&stage.engine, &stage.ana, action.id, settle.clone()).await.unwrap().action;
    assert_eq!((settled.status, settled.execution_state), (Status::Executed, Some(ExecutionState::Succeeded)));
    assert_eq!(code(resolve(&stage.engine, &stage.ana, action.id, settle).await), Code::WrongState);
    assert_eq!(
        stage.events(action.id).await,
        [
            "action_parked",
            "action_approved",
            "execution_claimed",
            "execution_unknown",
            "execution_reported_late",
            "execution_resolved"
        ]
    );
}

#[tokio::test]
async fn a_tool_declared_idempotent_is_tried_again_a_few_times() {
    let stage = Stage::new().await;
    stage.park("sync", "{}").await;
    sqlx::query("UPDATE tools SET idempotent = true WHERE name = 'sync'").execute(stage.engine.pool()).await.unwrap();
    let action = stage.park("sync", "{}").await;
    stage.approve(action.id).await;
    for number in 1..=3 {
        assert_eq!(stage.claim("sync").await.unwrap().number, number);
        stage.end_leases().await;
        give_up_lost(&stage.engine).await.unwrap();
    }
    assert!(stage.claim("sync").await.is_none());
    assert_eq!(stage.read(action.id).await.execution_state, Some(ExecutionState::Unknown));
}

#[tokio::test]
async fn a_claim_repeated_after_a_crash_finds_what_it_took_and_nobody_elses() {
    let stage = Stage::new().await;
    for document in [r#"{"n": 1}"#, r#"{"n": 2}"#] {
        let action = stage.park("send_email", document).await;
        stage.approve(action.id).await;
    }
    let id = AttemptId(Uuid::new_v4());
    let named = ClaimRequest { attempt: Some(id), ..claim_of("send_email") };
    let first = claim(&stage.engine, &stage.worker, &named).await.unwrap().unwrap();
    let again = claim(&stage.engine, &stage.worker, &named).await.unwrap().unwrap();
    assert_eq!((first.attempt, again.attempt), (id, id));
    assert_eq!((first.action.id, first.number), (again.action.id, again.number));
    let stranger = token(&stage.engine, "stranger", &[Scope::ActionsExecute]).await;
    assert!(claim(&stage.engine, &stranger, &named).await.is_err(), "the attempt is the worker's");
    assert_ne!(stage.claim("send_email").await.unwrap().action.id, first.action.id, "and nothing else was taken");
}

#[tokio::test]
async fn a_heartbeat_keeps_the_lease_and_a_stranger_cannot_touch_it() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    stage.approve(action.id).await;
    let claim = stage.claim("send_email").await.unwrap();
    let until = heartbeat(&stage.engine, &stage.worker, claim.attempt).await.unwrap();
    assert!(until > claim.lease_until);
    let stranger = token(&stage.engine, "stranger", &[Scope::ActionsExecute]).await;
    assert_eq!(code(heartbeat(&stage.engine, &stranger, claim.attempt).await), Code::NotFound);
    let lie = Report { success: true, result: None, error: None };
    assert_eq!(code(report(&stage.engine, &stranger, claim.attempt, lie).await), Code::NotFound);
}

#[tokio::test]
async fn a_report_repeated_is_answered_the_same_and_another_outcome_is_refused() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    stage.approve(action.id).await;
    let claim = stage.claim("send_email").await.unwrap();
    stage.report(&claim, true).await.unwrap();
    stage.report(&claim, true).await.unwrap();
    assert_eq!(code(stage.report(&claim, false).await), Code::LeaseLost);
    assert!(stage.read(action.id).await.execution_result.unwrap().success);
}

#[tokio::test]
async fn what_an_executor_echoes_of_a_secret_is_masked() {
    let stage = Stage::new().await;
    let action = stage.park("login", r#"{"config": {"password": "canary-7c1f"}}"#).await;
    stage.approve(action.id).await;
    let claim = stage.claim("login").await.unwrap();
    assert!(claim.action.tool_args.to_text().contains("canary-7c1f"), "the executor gets it");
    let told = Report {
        success: false,
        result: Some(Json::parse(br#"{"sent": "password canary-7c1f"}"#).unwrap()),
        error: Some("server said: canary-7c1f is wrong".to_owned()),
    };
    report(&stage.engine, &stage.worker, claim.attempt, told).await.unwrap();
    let rows: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM execution_attempts e WHERE e::text LIKE '%canary%')
              + (SELECT count(*) FROM pending_actions a WHERE concat(a.execution_result, a.execution_result_text) LIKE '%canary%')",
    )
    .fetch_one(stage.engine.pool())
    .await
    .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn an_agent_runs_its_own_call_where_the_tool_says_so() {
    let stage = Stage::new().await;
    let action = stage.park("bash", r#"{"command": "make deploy"}"#).await;
    set_executor(&stage.engine, &stage.ana, "bash", Some(Executor::Agent)).await.unwrap();
    stage.approve(action.id).await;
    assert!(stage.claim("bash").await.is_none(), "no worker takes it");
    let own = ClaimRequest { tools: Vec::new(), action_id: Some(action.id), lease_seconds: 60, attempt: None };
    let other = token(&stage.engine, "other", &[Scope::ActionsSubmit]).await;
    assert!(claim(&stage.engine, &other, &own).await.unwrap().is_none(), "nor another agent");
    let claimed = claim(&stage.engine, &stage.agent, &own).await.unwrap().unwrap();
    let done = Report { success: true, result: None, error: None };
    let told = report(&stage.engine, &stage.agent, claimed.attempt, done).await.unwrap();
    assert_eq!(told.action.status, Status::Executed);
}

/// truth-re
#[tokio::test]
async fn a_call_that_comes_back_to_the_gate_from_its_own_run_is_no_second_action() {
    let stage = Stage::new().await;
    let both = token(&stage.engine, "both", &[Scope::ActionsSubmit, Scope::ActionsExecute]).await;
    let first = engine::gate::park(&stage.engine, &both, call("send_email", r#"{"to": "a"}"#)).await.unwrap().action;
    stage.approve(first.id).await;
    let claim = claim(&stage.engine, &both, &claim_of("send_email")).await.unwrap().unwrap();
    let mut again = call("send_email", r#"{"to": "a"}"#);
    again.under_attempt = Some(claim.attempt);
    let gated = engine::gate::park(&stage.engine, &both, again).await.unwrap();
    assert!(gated.attached && gated.action.id == first.id);
    let mut other = call("send_email", r#"{"to": "b"}"#);
    other.under_attempt = Some(claim.attempt);
    let parked = engine::gate::park(&stage.engine, &both, other).await.unwrap();
    assert_eq!(parked.action.status, Status::Pending, "other arguments are another call");
}

#[tokio::test]
async fn arguments_changed_behind_the_products_back_are_never_run() {
    let stage = Stage::new().await;
    let action = stage.park("transfer_funds", r#"{"amount": 1}"#).await;
    stage.approve(action.id).await;
    sqlx::query(r#"UPDATE pending_actions SET tool_args_text = '{"amount":1000}' WHERE id = $1"#)
        .bind(action.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    assert!(stage.claim("transfer_funds").await.is_none());
    let full = engine::actions::get(&stage.engine, &stage.ana, action.id).await.unwrap();
    assert_eq!(full.action.execution_state, Some(ExecutionState::Failed));
    assert_eq!(full.attempts[0].state, AttemptState::Failed);
}

#[tokio::test]
async fn a_failed_run_is_tried_again_when_a_person_asks_and_every_attempt_is_kept() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    assert_eq!(code(retry(&stage.engine, &stage.ana, action.id, None).await), Code::WrongState, "nothing ran yet");
    stage.approve(action.id).await;
    let first = stage.claim("send_email").await.unwrap();
    stage.report(&first, false).await.unwrap();
    assert_eq!(code(retry(&stage.engine, &stage.worker, action.id, None).await), Code::HumanActorRequired);

    let queued = retry(&stage.engine, &stage.ana, action.id, Some("the mail server is back")).await.unwrap().action;
    assert_eq!((queued.status, queued.execution_state), (Status::Approved, Some(ExecutionState::Queued)));
    assert!(queued.execution_result.is_none(), "what came of the first attempt stands with the attempt");
    assert_eq!(queued.decided_by, stage.read(action.id).await.decided_by, "the decision stands");
    let second = stage.claim("send_email").await.unwrap();
    assert_eq!((second.number, second.action.id), (2, action.id));
    stage.report(&second, true).await.unwrap();
    assert!(stage.read(action.id).await.execution_result.unwrap().success);
    assert_eq!(code(retry(&stage.engine, &stage.ana, action.id, None).await), Code::WrongState, "it has run");
    let full = engine::actions::get(&stage.engine, &stage.ana, action.id).await.unwrap();
    let states: Vec<_> = full.attempts.iter().map(|attempt| attempt.state).collect();
    assert_eq!(states, [AttemptState::Failed, AttemptState::Succeeded]);
}

#[tokio::test]
async fn a_person_gives_a_run_up_with_a_reason_and_nothing_runs_it_any_more() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    stage.approve(action.id).await;
    let lost = stage.claim("send_email").await.unwrap();
    stage.end_leases().await;
    give_up_lost(&stage.engine).await.unwrap();
    assert_eq!(code(abandon(&stage.engine, &stage.ana, action.id, " ").await), Code::InvalidRequest);
    let given_up = abandon(&stage.engine, &stage.ana, action.id, "sent by hand").await.unwrap().action;
    assert_eq!((given_up.status, given_up.execution_state), (Status::Abandoned, Some(ExecutionState::Unknown)));
    assert!(stage.claim("send_email").await.is_none());
    assert!(stage.report(&lost, true).await.unwrap().late, "a late word is kept");
    for refused in [
        code(retry(&stage.engine, &stage.ana, action.id, None).await),
        code(abandon(&stage.engine, &stage.ana, action.id, "again").await),
    ] {
        assert_eq!(refused, Code::WrongState);
    }
    let events = stage.events(action.id).await;
    assert_eq!(events[events.len() - 2..], ["action_abandoned", "execution_reported_late"]);
}
