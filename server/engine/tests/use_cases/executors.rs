//! Who runs a tool; calls that Countersign makes itself, up to the call and from it on.

use domain::action::AttemptState;
use domain::lifecycle::{ExecutionState, Status};
use domain::problem::Code;
use domain::tool::Executor;
use engine::execution::{Report, give_up_lost, waits_for_executor};
use engine::executors::{ExecutorSetting, SetExecutor, SetHttp, SigningSecret, ToolUrl, find, set};
use engine::http_executor::{Call, Outcome, claim, due, settle};
use engine::settlement::retry;
use engine::{Policy, ToolConfig};

use crate::stage::{Stage, code, problem, token};
use domain::identity::Scope;

const URL: &str = "https://tools.example.com/run";

fn http(url: &str) -> SetExecutor {
    SetExecutor::Http(SetHttp { url: url.to_owned(), timeout_seconds: None, rotate_secret: false })
}

async fn runs_by_url(stage: &Stage, tool: &str) -> ExecutorSetting {
    set(&stage.engine, &stage.ana, tool, http(URL)).await.unwrap()
}

fn worked() -> Outcome {
    Outcome::Known(Report { success: true, result: None, error: None })
}

fn unknown() -> Outcome {
    Outcome::Unknown("There was no answer within 30 s.".to_owned())
}

async fn approved_call(stage: &Stage, args: &str) -> Call {
    let action = stage.park("send_email", args).await;
    stage.approve(action.id).await;
    claim(&stage.engine, "send_email").await.unwrap().unwrap()
}

#[tokio::test]
async fn an_administrator_sets_the_url_of_a_tool_and_is_told_its_secret_once() {
    let stage = Stage::new().await;
    let made = runs_by_url(&stage, "send_email").await;
    let secret = made.signing_secret.expect("it was made");
    assert_eq!((made.executor, made.url.as_deref(), made.timeout_seconds), (Some(Executor::Http), Some(URL), Some(30)));
    let again = runs_by_url(&stage, "send_email").await;
    assert!(again.signing_secret.is_none() && again.previous_secret_until.is_none());
    let found = find(&stage.engine, &stage.ana, "send_email").await.unwrap();
    assert!(found.signing_secret.is_none());

    let rotate = SetHttp { url: URL.to_owned(), timeout_seconds: Some(60), rotate_secret: true };
    let rotated = set(&stage.engine, &stage.ana, "send_email", SetExecutor::Http(rotate)).await.unwrap();
    let next = rotated.signing_secret.expect("it was asked for");
    assert!(next != secret && rotated.previous_secret_until.is_some());
    let call = approved_call(&stage, "{}").await;
    assert_eq!(call.secrets, [next.clone(), secret.clone()], "both sign");
    assert_eq!(call.timeout.as_secs(), 60);

    let told: String = sqlx::query_scalar(
        "SELECT concat(string_agg(e::text, ' '), (SELECT string_agg(a::text, ' ') FROM pending_actions a))
         FROM approval_events e",
    )
    .fetch_one(stage.engine.pool())
    .await
    .unwrap();
    assert!(told.contains("rotated") && told.contains(URL), "the trail says that it changed");
    for secret in [secret, next] {
        assert!(!told.contains(&secret.reveal()[6..]) && !format!("{call:?}").contains(&secret.reveal()[6..]));
    }
}

#[tokio::test]
async fn only_a_person_with_the_right_to_says_who_runs_a_tool() {
    let stage = Stage::new().await;
    assert_eq!(code(set(&stage.engine, &stage.ben, "send_email", http(URL)).await), Code::Forbidden);
    let program = token(&stage.engine, "program", &[Scope::ActionsExecute]).await;
    assert_eq!(code(set(&stage.engine, &program, "send_email", http(URL)).await), Code::HumanActorRequired);
    assert_eq!(code(find(&stage.engine, &program, "send_email").await), Code::HumanActorRequired);
    assert_eq!(code(find(&stage.engine, &stage.ana, "send_email").await), Code::NotFound, "nothing was registered");
}

#[tokio::test]
async fn a_url_that_may_not_be_called_is_refused_when_it_is_set_with_every_wrong_field() {
    let stage = Stage::new().await;
    let wrong = SetHttp { url: "http://169.254.169.254/".to_owned(), timeout_seconds: Some(5), rotate_secret: false };
    let refused = problem(set(&stage.engine, &stage.ana, "send_email", SetExecutor::Http(wrong)).await);
    let pointers: Vec<_> = refused.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!((refused.code, pointers), (Code::InvalidRequest, vec!["/url", "/timeout_seconds"]));
    for executor in [Executor::Http, Executor::Mcp] {
        let bare = set(&stage.engine, &stage.ana, "send_email", SetExecutor::Other(Some(executor))).await;
        assert_eq!(code(bare), Code::InvalidRequest);
    }
    assert_eq!(code(find(&stage.engine, &stage.ana, "send_email").await), Code::NotFound);
    let home = Stage::with(Policy { outbound_allow: "10.0.0.0/8".parse().unwrap(), ..Policy::default() }).await;
    assert!(set(&home.engine, &home.ana, "send_email", http("http://10.0.0.7/run")).await.is_ok());
}

#[tokio::test]
async fn an_approved_call_waits_for_an_executor_exactly_while_nothing_would_run_it() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    stage.approve(action.id).await;
    // As an older release leaves it: the word without a URL.
    sqlx::query("UPDATE tools SET executor = 'http'").execute(stage.engine.pool()).await.unwrap();
    assert!(waits_for_executor(&stage.read(action.id).await));
    assert!(due(&stage.engine).await.unwrap().is_empty());
    assert!(claim(&stage.engine, "send_email").await.unwrap().is_none());

    runs_by_url(&stage, "send_email").await;
    let queued = stage.read(action.id).await;
    assert!(!waits_for_executor(&queued) && queued.executor == Some(Executor::Http));
    assert_eq!(due(&stage.engine).await.unwrap(), ["send_email"]);
    assert!(stage.claim("send_email").await.is_none(), "no worker takes it");

    engine::tools::set_executor(&stage.engine, &stage.ana, "send_email", None).await.unwrap();
    engine::tools::set_executor(&stage.engine, &stage.ana, "send_email", Some(Executor::Http)).await.unwrap();
    assert!(waits_for_executor(&stage.read(action.id).await), "its URL went with the executor");
    runs_by_url(&stage, "send_email").await.signing_secret.expect("and its secrets");

    set(&stage.engine, &stage.ana, "send_email", SetExecutor::Other(None)).await.unwrap();
    assert!(waits_for_executor(&stage.read(action.id).await));
    set(&stage.engine, &stage.ana, "send_email", SetExecutor::Other(Some(Executor::Worker))).await.unwrap();
    assert!(!waits_for_executor(&stage.read(action.id).await));
    assert!(stage.claim("send_email").await.is_some());
}

#[tokio::test]
async fn a_call_is_claimed_once_with_its_exact_arguments_and_its_outcome_is_the_receivers_word() {
    let stage = Stage::new().await;
    runs_by_url(&stage, "send_email").await;
    let call = approved_call(&stage, r#"{"n": [9007199254740993, 1e400, -0]}"#).await;
    assert_eq!(call.action.tool_args.to_text(), r#"{"n":[9007199254740993,1e400,-0]}"#);
    assert!(claim(&stage.engine, "send_email").await.unwrap().is_none());
    assert!(claim(&stage.twin().await, "send_email").await.unwrap().is_none());
    settle(&stage.engine, &call, worked()).await.unwrap();
    settle(&stage.engine, &call, worked()).await.unwrap();
    let full = engine::actions::get(&stage.engine, &stage.ana, call.action.id).await.unwrap();
    assert_eq!((full.action.status, full.action.execution_state), (Status::Executed, Some(ExecutionState::Succeeded)));
    assert_eq!((full.attempts.len(), full.attempts[0].worker.as_str()), (1, "http"));
    let told: Vec<_> = full.events.iter().map(|event| (event.event_type.as_str(), event.actor.as_str())).collect();
    assert_eq!(told[2..], [("execution_claimed", "system:http"), ("execution_succeeded", "system:http")]);
}

#[tokio::test]
async fn an_unknown_outcome_says_why_and_is_run_again_by_a_person_alone() {
    let stage = Stage::new().await;
    runs_by_url(&stage, "send_email").await;
    let call = approved_call(&stage, r#"{"password": "canary-7c1f"}"#).await;
    let why = Outcome::Unknown("The connection ended: canary-7c1f".to_owned());
    settle(&stage.engine, &call, why).await.unwrap();
    let full = engine::actions::get(&stage.engine, &stage.ana, call.action.id).await.unwrap();
    assert_eq!(full.action.execution_state, Some(ExecutionState::Unknown));
    let last = full.events.last().unwrap();
    assert_eq!(last.reason.as_deref(), Some("The connection ended: [REDACTED]"));
    assert!(claim(&stage.engine, "send_email").await.unwrap().is_none());
    settle(&stage.engine, &call, unknown()).await.unwrap();

    retry(&stage.engine, &stage.ana, call.action.id, None).await.unwrap();
    let second = claim(&stage.engine, "send_email").await.unwrap().unwrap();
    assert_eq!((second.number, second.action.id), (2, call.action.id));
    assert_ne!(second.attempt, call.attempt);
    settle(&stage.engine, &second, worked()).await.unwrap();
    assert_eq!(stage.read(call.action.id).await.status, Status::Executed);
}

#[tokio::test]
async fn a_tool_declared_idempotent_is_called_again_a_few_times() {
    let stage = Stage::new().await;
    runs_by_url(&stage, "send_email").await;
    sqlx::query("UPDATE tools SET idempotent = true").execute(stage.engine.pool()).await.unwrap();
    let mut call = approved_call(&stage, "{}").await;
    for number in 2..=3 {
        settle(&stage.engine, &call, unknown()).await.unwrap();
        call = claim(&stage.engine, "send_email").await.unwrap().unwrap();
        assert_eq!(call.number, number);
    }
    settle(&stage.engine, &call, unknown()).await.unwrap();
    assert!(claim(&stage.engine, "send_email").await.unwrap().is_none());
    assert_eq!(stage.read(call.action.id).await.execution_state, Some(ExecutionState::Unknown));
}

/// crash-5
#[tokio::test]
async fn a_call_whose_server_was_lost_is_unknown_after_its_lease_and_a_late_word_is_kept() {
    let stage = Stage::new().await;
    runs_by_url(&stage, "send_email").await;
    let call = approved_call(&stage, "{}").await;
    stage.end_leases().await;
    assert_eq!(give_up_lost(&stage.engine).await.unwrap(), 1);
    settle(&stage.engine, &call, unknown()).await.unwrap();
    settle(&stage.engine, &call, worked()).await.unwrap();
    let full = engine::actions::get(&stage.engine, &stage.ana, call.action.id).await.unwrap();
    assert_eq!(full.action.execution_state, Some(ExecutionState::Unknown));
    assert_eq!(full.attempts[0].state, AttemptState::Unknown);
    assert!(full.attempts[0].late_report.as_ref().unwrap().success);
}

#[tokio::test]
async fn arguments_changed_behind_the_products_back_are_never_called() {
    let stage = Stage::new().await;
    runs_by_url(&stage, "send_email").await;
    let (changed, whole) =
        (stage.park("send_email", r#"{"n": 1}"#).await, stage.park("send_email", r#"{"n": 2}"#).await);
    for action in [&changed, &whole] {
        stage.approve(action.id).await;
    }
    sqlx::query(r#"UPDATE pending_actions SET tool_args_text = '{"n":1000}' WHERE id = $1"#)
        .bind(changed.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(claim(&stage.engine, "send_email").await.unwrap().unwrap().action.id, whole.id);
    assert_eq!(stage.read(changed.id).await.execution_state, Some(ExecutionState::Failed));
}

#[tokio::test]
async fn what_the_configuration_says_of_a_url_holds_from_the_start_and_is_not_said_again() {
    let secret = SigningSecret::generate();
    let url = ToolUrl { url: URL.to_owned(), timeout_seconds: Some(20), signing_secret: secret.clone() };
    let tool = ToolConfig {
        name: "send_email".to_owned(),
        executor: Some(Executor::Http),
        url: Some(url),
        ..ToolConfig::default()
    };
    let policy = Policy { tools: vec![tool], ..Policy::default() };
    let stage = Stage::with(policy.clone()).await;
    engine::Engine::start(stage.engine.pool().clone(), policy.clone()).await.unwrap();
    let changes: i64 = sqlx::query_scalar("SELECT count(*) FROM approval_events WHERE event_metadata ? 'signing'")
        .fetch_one(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(changes, 1);
    let call = approved_call(&stage, "{}").await;
    assert_eq!((call.url.as_str(), call.secrets, call.timeout.as_secs()), (URL, vec![secret], 20));

    let mut wrong = policy;
    wrong.tools[0].url.as_mut().unwrap().url = "http://localhost:1/".to_owned();
    let refused = problem(engine::Engine::start(stage.engine.pool().clone(), wrong).await.map(drop));
    assert_eq!(refused.errors[0].pointer, "tools.send_email/url");
}
