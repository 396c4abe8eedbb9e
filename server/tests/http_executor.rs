//! The executor `http` step by step: the dispatcher on a real database, and receivers on loopback that behave and
//! misbehave.

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::receiver::{Receiver, Reply};
use domain::action::{Action, AttemptState};
use domain::id::{ActionId, UserId};
use domain::identity::{Person, Principal, Role, Scope};
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use engine::actions::FullAction;
use engine::cluster::testing::fresh_database;
use engine::decisions::Approve;
use engine::executors::{SetExecutor, SetHttp};
use engine::gate::ParkRequest;
use engine::identity::{NewToken, NewUser};
use engine::{Engine, Policy};
use server::outbound::Outbound;
use server::workers::http_executor::{Dispatcher, STOP_WITHIN};
use tokio_util::sync::CancellationToken;

struct Stage {
    engine: Engine,
    agent: Principal,
    ana: Principal,
}

impl Stage {
    async fn new() -> Self {
        let policy = Policy { outbound_allow: "127.0.0.0/8,::1".parse().expect("entries"), ..Policy::default() };
        let engine = Engine::start(fresh_database().await, policy).await.expect("an engine");
        let new = NewToken { name: "agent".to_owned(), scopes: vec![Scope::ActionsSubmit], ..NewToken::default() };
        let text = engine::identity::create_token(&engine, "system:test", new).await.expect("a token");
        let agent = engine::identity::authenticate_token(&engine, &text).await.expect("its holder");
        let new = NewUser { name: "ana".to_owned(), role: Role::Admin, password: None };
        let id: UserId = engine::identity::create_user(&engine, "system:test", new).await.expect("a person");
        Self { engine, agent, ana: Principal::Session(Person { id, name: "ana".to_owned(), role: Role::Admin }) }
    }

    /// Has the tool run by this URL.
    async fn tool(&self, name: &str, url: String) {
        let http = SetHttp { url, timeout_seconds: Some(10), rotate_secret: false };
        let set = engine::executors::set(&self.engine, &self.ana, name, SetExecutor::Http(http)).await;
        assert!(set.expect("it is set").signing_secret.is_some());
    }

    async fn approved(&self, tool: &str, args: &str) -> Action {
        let request = ParkRequest {
            tool_name: tool.to_owned(),
            tool_args: Json::parse_str(args).expect("JSON"),
            agent_summary: None,
            session_id: None,
            why: None,
            evidence: None,
            expires_in_hours: None,
            deduplication_key: None,
            id: None,
            under_attempt: None,
        };
        let parked = engine::gate::park(&self.engine, &self.agent, request).await.expect("it is parked").action;
        let approve = engine::decisions::approve(&self.engine, &self.ana, parked.id, Approve::default());
        approve.await.expect("it is approved").action
    }

    async fn read(&self, id: ActionId) -> FullAction {
        engine::actions::get(&self.engine, &self.ana, id).await.expect("it is there")
    }

    fn dispatcher(&self) -> Dispatcher {
        let outbound = Outbound::new(self.engine.policy().outbound_allow.clone());
        Dispatcher::new(self.engine.clone(), Arc::new(outbound))
    }

    /// Makes every call that is due, one round after the other, until nothing is.
    async fn run_all(&self) {
        let mut dispatcher = self.dispatcher();
        while dispatcher.step().await.expect("the database answers") > 0 {
            dispatcher.finish().await;
        }
    }
}

/// State of the execution, success, the words about it.
fn outcome(full: &FullAction) -> (Option<ExecutionState>, String) {
    let error = full.action.execution_result.as_ref().and_then(|result| result.error.clone());
    let reason = || full.events.last().and_then(|event| event.reason.clone());
    (full.action.execution_state, error.or_else(reason).unwrap_or_default())
}

#[tokio::test]
async fn what_a_receiver_does_decides_what_is_known() {
    let stage = Stage::new().await;
    let elsewhere = Receiver::new(|_| Reply::json(200, "{}")).await;
    let there = elsewhere.url("/");
    let receiver = Receiver::new(move |request| match request.path.as_str() {
        "/ok" => Reply::json(200, r#"{"id": 9007199254740993}"#),
        "/says_no" => Reply::json(200, r#"{"success": false}"#),
        "/error" => Reply::json(200, r#"{"error": "mailbox full"}"#),
        "/broken" => Reply::json(500, r#"{"error": {"message": "boom"}}"#),
        "/moved" => Reply::raw(format!("HTTP/1.1 302 Found\r\nlocation: {there}\r\ncontent-length: 0\r\n\r\n")),
        "/resets" => Reply::Reset,
        "/endless" => Reply::Endless,
        "/half" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}".to_owned()),
        "/half_json" => Reply::json(200, r#"{"success": true"#),
        _ => Reply::Silence,
    })
    .await;
    let (succeeded, failed, unknown) =
        (Some(ExecutionState::Succeeded), Some(ExecutionState::Failed), Some(ExecutionState::Unknown));
    let expected = [
        ("ok", succeeded, ""),
        ("says_no", failed, "It answered 200 and says that it failed."),
        ("error", failed, "It answered 200 and says that it failed: mailbox full"),
        ("broken", failed, "It answered 500: boom"),
        ("moved", failed, "It answered 302, a redirect. Redirects are not followed."),
        ("resets", unknown, "The connection ended without an answer: "),
        ("endless", unknown, "It answered 200, but the answer is longer than 256 KiB."),
        ("half", unknown, "It answered 200, but the connection ended before the answer did."),
        ("half_json", unknown, "It answered 200, but the answer is not the JSON it begins as."),
        ("silent", unknown, "There was no answer within 10 s."),
    ];
    let mut actions = Vec::new();
    for (tool, ..) in expected {
        stage.tool(tool, receiver.url(&format!("/{tool}"))).await;
        actions.push(stage.approved(tool, "{}").await);
    }
    stage.run_all().await;
    for ((tool, state, words), action) in expected.iter().zip(&actions) {
        let full = stage.read(action.id).await;
        let (found, said) = outcome(&full);
        assert_eq!(found, *state, "{tool}: {said}");
        assert!(said.starts_with(words) && (words.ends_with(": ") || said == *words), "{tool}: {said}");
        assert_eq!((full.attempts.len(), full.attempts[0].worker.as_str()), (1, "http"), "{tool}");
    }
    let result = stage.read(actions[0].id).await.action.execution_result.and_then(|result| result.result);
    assert_eq!(result.map(|json| json.to_text()).as_deref(), Some(r#"{"id":9007199254740993}"#));
    assert_eq!((receiver.requests().len(), elsewhere.requests().len()), (expected.len(), 0), "each was sent once");
}

#[tokio::test]
async fn where_nothing_was_sent_the_failure_is_certain() {
    let stage = Stage::new().await;
    let receiver = Receiver::new(|_| Reply::json(200, "{}")).await;
    stage.tool("gone", receiver.url("/run")).await;
    // What is allowed has become less since the URL was set.
    let action = stage.approved("gone", "{}").await;
    let mut closed = Dispatcher::new(stage.engine.clone(), Arc::default());
    assert_eq!(closed.step().await.expect("the database answers"), 1);
    closed.finish().await;
    let (state, said) = outcome(&stage.read(action.id).await);
    assert_eq!(state, Some(ExecutionState::Failed));
    assert!(said.starts_with("Nothing was sent: ") && said.contains("is not public (loopback)"), "{said}");
    assert_eq!(receiver.requests().len(), 0);

    engine::settlement::retry(&stage.engine, &stage.ana, action.id, None).await.expect("a person may");
    stage.run_all().await;
    let full = stage.read(action.id).await;
    assert_eq!((full.action.status, full.attempts.len()), (Status::Executed, 2));
    assert_eq!(receiver.requests()[0].json()["number"], 2);
}

#[tokio::test]
async fn a_call_carries_the_exact_arguments_and_says_which_attempt_of_which_action_it_is() {
    let stage = Stage::new().await;
    let receiver = Receiver::new(|request| match request.json()["number"].as_u64() {
        Some(1) => Reply::json(503, ""),
        _ => Reply::json(200, "{}"),
    })
    .await;
    stage.tool("pay", receiver.url("/run")).await;
    let args = r#"{"big":9007199254740993,"huge":1e400,"zero":-0,"text":"é\u2028\"<","a":{"b":[1.0,1e3]}}"#;
    let action = stage.approved("pay", args).await;
    stage.run_all().await;
    engine::settlement::retry(&stage.engine, &stage.ana, action.id, None).await.expect("a person may");
    stage.run_all().await;
    let requests = receiver.requests();
    let attempts = stage.read(action.id).await.attempts;
    assert_eq!((requests.len(), attempts.len()), (2, 2));
    for (request, attempt) in requests.iter().zip(&attempts) {
        let exact = r#""arguments":{"big":9007199254740993,"huge":1e400,"zero":-0,"text":"é"#;
        assert!(request.body.contains(exact), "{}", request.body);
        let body = request.json();
        assert_eq!(body["type"], "action.execute");
        assert_eq!(body["action_id"], action.id.to_string());
        assert_eq!(body["attempt_id"], attempt.id.to_string());
        assert_eq!(body["number"], attempt.number);
        assert_eq!(body["args_sha256"], action.args_sha256.to_string());
        assert_eq!(body["approved_by"], "human:ana");
        assert_eq!(request.header("webhook-id"), attempt.id.to_string());
        assert_eq!(request.header("idempotency-key"), action.id.to_string());
    }
    assert_ne!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    assert_eq!((attempts[0].state, attempts[1].state), (AttemptState::Failed, AttemptState::Succeeded));
}

#[tokio::test]
async fn a_slow_tool_keeps_no_other_waiting_and_has_few_calls_at_once() {
    let stage = Stage::new().await;
    let slow = Receiver::new(|_| Reply::After(Duration::from_millis(700), "{}")).await;
    let quick = Receiver::new(|_| Reply::json(200, "{}")).await;
    stage.tool("slow", slow.url("/run")).await;
    stage.tool("quick", quick.url("/run")).await;
    let mut ids = Vec::new();
    for at in 0..12 {
        ids.push(stage.approved("slow", &format!(r#"{{"at": {at}}}"#)).await.id);
    }
    let last = stage.approved("quick", "{}").await;
    let stopping = CancellationToken::new();
    let started = Instant::now();
    let dispatcher = tokio::spawn(stage.dispatcher().run(stopping.clone()));
    until("the quick one has run", async || stage.read(last.id).await.action.status == Status::Executed).await;
    assert!(started.elapsed() < Duration::from_millis(650), "{:?}", started.elapsed());
    until("the slow ones have run", async || {
        stage.read(*ids.last().expect("there are some")).await.action.status == Status::Executed
    })
    .await;
    assert_eq!((slow.requests().len(), slow.most_at_once(), quick.requests().len()), (12, 4, 1));
    stopping.cancel();
    dispatcher.await.expect("it ends");
}

#[tokio::test]
async fn two_dispatchers_on_one_database_make_each_call_once() {
    let stage = Stage::new().await;
    let receiver = Receiver::new(|_| Reply::After(Duration::from_millis(20), "{}")).await;
    stage.tool("two", receiver.url("/run")).await;
    let mut ids = Vec::new();
    for at in 0..24 {
        ids.push(stage.approved("two", &format!(r#"{{"at": {at}}}"#)).await.id.to_string());
    }
    let stopping = CancellationToken::new();
    let both = [stage.dispatcher(), stage.dispatcher()].map(|each| tokio::spawn(each.run(stopping.clone())));
    until("all have run", async || receiver.requests().len() >= 24).await;
    stopping.cancel();
    for each in both {
        each.await.expect("it ends");
    }
    let mut called: Vec<String> = receiver
        .requests()
        .iter()
        .map(|request| request.json()["action_id"].as_str().expect("an id").to_owned())
        .collect();
    called.sort();
    ids.sort();
    assert_eq!(called, ids);
}

#[tokio::test]
async fn an_approval_is_acted_on_at_once() {
    let stage = Stage::new().await;
    let receiver = Receiver::new(|_| Reply::json(200, "{}")).await;
    stage.tool("now", receiver.url("/run")).await;
    let stopping = CancellationToken::new();
    let dispatcher = tokio::spawn(stage.dispatcher().run(stopping.clone()));
    let mut took = Duration::ZERO;
    for _ in 0..5 {
        let calls = receiver.requests().len();
        stage.approved("now", "{}").await;
        let approved = Instant::now();
        until("it is called", async || receiver.requests().len() > calls).await;
        took += approved.elapsed();
    }
    // The look that is taken every two seconds would need five on average.
    assert!(took < Duration::from_secs(2), "{took:?}");
    stopping.cancel();
    dispatcher.await.expect("it ends");
}

#[tokio::test]
async fn a_server_that_stops_gives_calls_under_way_their_time_and_then_says_that_nobody_knows() {
    let stage = Stage::new().await;
    let receiver = Receiver::new(|request| match request.path.as_str() {
        "/soon" => Reply::After(Duration::from_secs(2), "{}"),
        _ => Reply::Silence,
    })
    .await;
    for tool in ["soon", "never"] {
        stage.tool(tool, receiver.url(&format!("/{tool}"))).await;
    }
    let (soon, never) = (stage.approved("soon", "{}").await, stage.approved("never", "{}").await);
    let stopping = CancellationToken::new();
    let dispatcher = tokio::spawn(stage.dispatcher().run(stopping.clone()));
    until("both are called", async || receiver.requests().len() == 2).await;
    stopping.cancel();
    let late = stage.approved("soon", "{}").await;
    let stopped = Instant::now();
    dispatcher.await.expect("it ends");
    assert!(stopped.elapsed() < STOP_WITHIN + Duration::from_secs(1));
    assert_eq!(outcome(&stage.read(soon.id).await).0, Some(ExecutionState::Succeeded));
    let (state, said) = outcome(&stage.read(never.id).await);
    assert_eq!((state, said.as_str()), (Some(ExecutionState::Unknown), "The server stopped before the answer came."));
    // It waits for the next server, unless the last look was under way and took it: then it is made whole.
    let called = match stage.read(late.id).await.action.execution_state {
        Some(ExecutionState::Queued) => 2,
        Some(ExecutionState::Succeeded) => 3,
        other => panic!("{other:?}"),
    };
    assert_eq!(receiver.requests().len(), called);
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !done().await {
        assert!(started.elapsed() < Duration::from_secs(20), "waited 20 s until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
