//! Approving with edits: what runs is what the person approved, both versions stay, and nobody is told a secret.

use domain::action::Action;
use domain::digest::Digest;
use domain::editing::{Change, Posted};
use domain::filter::ActionFilter;
use domain::id::ActionId;
use domain::identity::Principal;
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::problem::Code;
use domain::query_string::QueryString;
use domain::risk::RiskTier;
use engine::bulk::{Bulk, decide};
use engine::decisions::{Approve, Decision, approve, reject};
use engine::{Policy, ToolConfig};

use crate::stage::{Stage, call, code, problem};

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

fn whole(text: &str) -> Vec<Change> {
    vec![Change::set("", json(text))]
}

async fn edit(stage: &Stage, who: &Principal, action: &Action, changes: Vec<Change>) -> engine::Result<Decision> {
    let with = Approve { args_sha256: Some(action.args_sha256), edit: changes, note: None, rule: None };
    approve(&stage.engine, who, action.id, with).await
}

async fn search(stage: &Stage, words: &str) -> Vec<ActionId> {
    let mut query = QueryString::parse(Some(&format!("status=all&q={words}"))).unwrap();
    query.replace("status", Status::ALL.map(Status::as_str).join(","));
    let filter = ActionFilter::read(&mut query, domain::page::Sort::Newest);
    let page = engine::actions::list(&stage.engine, &stage.ana, &filter).await.unwrap();
    page.actions.iter().map(|action| action.id).collect()
}

#[tokio::test]
async fn the_executor_gets_the_edited_bytes_and_their_digest_and_both_versions_are_kept() {
    let stage = Stage::new().await;
    let parked = r#"{"z":1e3,"to":"ana@partner.example","amount":9007199254740993,"m":-0}"#;
    let action = stage.park("transfer_funds", parked).await;
    let changes = vec![Change::set("/amount", json("9007199254740994")), Change::set("/cc", Json::Null)];
    let approved = edit(&stage, &stage.ana, &action, changes).await.unwrap().action;

    let runs = r#"{"z":1e3,"to":"ana@partner.example","amount":9007199254740994,"m":-0,"cc":null}"#;
    assert_eq!(approved.tool_args.to_text(), parked);
    assert_eq!(approved.args_sha256, action.args_sha256);
    assert_eq!(approved.effective_args().to_text(), runs);
    assert_eq!(approved.effective_sha256(), Digest::of(&json(runs)));
    assert_eq!(stage.read(action.id).await, Action { live: true, ..approved.clone() });

    let claim = stage.claim("transfer_funds").await.unwrap();
    assert_eq!(claim.action.effective_args().to_text(), runs);
    let digest: String = sqlx::query_scalar("SELECT args_sha256 FROM execution_attempts WHERE action_id = $1")
        .bind(action.id.0)
        .fetch_one(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(digest, approved.effective_sha256().to_string());
    stage.report(&claim, false).await.unwrap();
    engine::settlement::retry(&stage.engine, &stage.ana, action.id, None).await.unwrap();
    assert_eq!(stage.claim("transfer_funds").await.unwrap().action.effective_args().to_text(), runs);
}

#[tokio::test]
async fn edited_arguments_that_were_tampered_with_are_not_handed_out() {
    let stage = Stage::new().await;
    let action = stage.park("transfer_funds", r#"{"amount":1}"#).await;
    edit(&stage, &stage.ana, &action, whole(r#"{"amount":2}"#)).await.unwrap();
    sqlx::query("UPDATE pending_actions SET edited_args_text = '{\"amount\":3}' WHERE id = $1")
        .bind(action.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    assert!(stage.claim("transfer_funds").await.is_none());
    assert_eq!(stage.read(action.id).await.execution_state, Some(ExecutionState::Failed));
}

#[tokio::test]
async fn the_trail_names_both_digests_and_the_changed_places_and_no_secret() {
    let stage = Stage::new().await;
    let action = stage.park("login", r#"{"user":"ana","config":{"password":"canary-old"},"list":[1,2]}"#).await;
    let new = r#"{"user":"ben","config":{"password":"canary-new"},"list":[1]}"#;
    let approved = edit(&stage, &stage.ana, &action, whole(new)).await.unwrap().action;
    let full = engine::actions::get(&stage.engine, &stage.ana, action.id).await.unwrap();
    let event = full.events.iter().find(|event| event.event_type.as_str() == "action_approved").unwrap();
    let says = |name: &str| event.event_metadata.get(name).unwrap().to_text();
    assert_eq!(says("args_sha256"), format!("\"{}\"", action.args_sha256));
    assert_eq!(says("effective_args_sha256"), format!("\"{}\"", approved.effective_sha256()));
    assert_eq!(says("edited"), r#"["/user","/config/password","/list/1"]"#);
    assert!(full.events.iter().all(domain::event::Event::is_intact));

    let leaks: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM approval_events e WHERE e::text LIKE '%canary%')
              + (SELECT count(*) FROM pending_actions WHERE tool_args::text || edited_args::text || words::text LIKE '%canary%')",
    )
    .fetch_one(stage.engine.pool())
    .await
    .unwrap();
    assert_eq!(leaks, 0);
    // A result that echoes either secret is masked.
    let claim = stage.claim("login").await.unwrap();
    assert_eq!(claim.action.effective_args().to_text(), new);
    let result = Some(Json::from("canary-old and canary-new"));
    let report = engine::execution::Report { success: true, result, error: None };
    let done = engine::execution::report(&stage.engine, &stage.worker, claim.attempt, report).await.unwrap();
    assert_eq!(done.action.execution_result.unwrap().result, Some(Json::from("[REDACTED] and [REDACTED]")));
}

#[tokio::test]
async fn an_edit_needs_the_digest_of_what_was_shown() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", r#"{"to":"a"}"#).await;
    let other = stage.park("send_email", r#"{"to":"b"}"#).await;
    let with = |args_sha256| Approve { args_sha256, edit: whole(r#"{"to":"c"}"#), note: None, rule: None };
    let told = problem(approve(&stage.engine, &stage.ana, action.id, with(None)).await);
    assert_eq!((told.code, told.errors[0].pointer.as_str()), (Code::InvalidRequest, "/args_sha256"));
    let wrong = approve(&stage.engine, &stage.ana, action.id, with(Some(other.args_sha256))).await;
    assert_eq!(code(wrong), Code::ArgumentsChanged);
    assert_eq!(code(edit(&stage, &stage.agent, &action, whole("{}")).await), Code::HumanActorRequired);
    assert_eq!(stage.read(action.id).await.status, Status::Pending);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_a_plain_approval() {
    let stage = Stage::new().await;
    let parked = r#"{"b":1.0,"a":{"token":"canary-1"}}"#;
    let action = stage.park("send_email", parked).await;
    let same = whole(r#"{"a":{"token":"[REDACTED]"},"b":1.0}"#);
    let approved = edit(&stage, &stage.ana, &action, same).await.unwrap().action;
    assert_eq!((approved.status, approved.edited), (Status::Approved, None));
    assert_eq!(stage.claim("send_email").await.unwrap().action.effective_args().to_text(), parked);
}

#[tokio::test]
async fn what_a_park_would_not_pass_no_edit_passes() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", r#"{"to":"a","password":"canary-1"}"#).await;
    let refused = |changes| edit(&stage, &stage.ana, &action, changes);
    let deep = format!("{}1{}", "[".repeat(63), "]".repeat(63));
    assert_eq!(code(refused(vec![Change::set("/to", json(&deep))]).await), Code::MalformedJson);
    let large = Json::from("x".repeat(1 << 20));
    assert_eq!(code(refused(vec![Change::set("/to", large)]).await), Code::TooLarge);
    assert_eq!(code(refused(whole("[1]")).await), Code::InvalidRequest);
    let marked = problem(refused(whole(r#"{"to":"[REDACTED]","password":"[REDACTED]"}"#)).await);
    assert_eq!(marked.errors.len(), 1);
    assert_eq!(marked.errors[0].pointer, "/edited_args/to");
    engine::gating::block(&stage.engine, &stage.ana, "send_email", "incident 7").await.unwrap();
    assert_eq!(code(refused(whole(r#"{"to":"b"}"#)).await), Code::ToolBlocked);
    assert_eq!(stage.read(action.id).await.status, Status::Pending);
    assert_eq!(stage.events(action.id).await, ["action_parked", "decision_refused"]);
}

#[tokio::test]
async fn the_tier_of_a_changed_call_grows_with_its_tools_and_never_falls() {
    let stage = Stage::new().await;
    let (first, second) = (stage.park("pay", r#"{"n":1}"#).await, stage.park("pay", r#"{"n":2}"#).await);
    let tier = |tier| ToolConfig { name: "pay".to_owned(), risk_tier: Some(tier), ..ToolConfig::default() };
    for (now, action, wanted) in
        [(RiskTier::Critical, first, RiskTier::Critical), (RiskTier::Low, second, RiskTier::Medium)]
    {
        let policy = Policy { tools: vec![tier(now)], ..Policy::default() };
        engine::Engine::start(stage.engine.pool().clone(), policy).await.unwrap();
        let approved = edit(&stage, &stage.ana, &action, whole(r#"{"n":3}"#)).await.unwrap().action;
        assert_eq!(approved.risk_tier, wanted);
    }
}

#[tokio::test]
async fn the_same_edit_again_is_the_same_decision_and_another_one_comes_too_late() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", r#"{"to":"a"}"#).await;
    edit(&stage, &stage.ana, &action, whole(r#"{"to":"b"}"#)).await.unwrap();
    let again = edit(&stage, &stage.ana, &action, vec![Change::set("/to", Json::from("b"))]).await.unwrap();
    assert!(again.repeated);
    assert_eq!(code(edit(&stage, &stage.ana, &action, whole(r#"{"to":"c"}"#)).await), Code::AlreadyDecided);
    assert_eq!(code(edit(&stage, &stage.ana, &action, whole(r#"{"to":"[REDACTED]"}"#)).await), Code::AlreadyDecided);
    assert_eq!(code(edit(&stage, &stage.ben, &action, whole(r#"{"to":"b"}"#)).await), Code::AlreadyDecided);
    let plain = approve(&stage.engine, &stage.ana, action.id, Approve::default()).await;
    assert_eq!(code(plain), Code::AlreadyDecided, "as it was parked is not as it was edited");

    let plain = stage.park("send_email", r#"{"to":"x"}"#).await;
    stage.approve(plain.id).await;
    assert_eq!(code(edit(&stage, &stage.ana, &plain, whole(r#"{"to":"b"}"#)).await), Code::AlreadyDecided);
    assert!(edit(&stage, &stage.ana, &plain, whole(r#"{"to":"x"}"#)).await.unwrap().repeated);
    assert_eq!(stage.events(action.id).await, ["action_parked", "action_approved"]);
}

#[tokio::test]
async fn of_two_operators_who_edit_one_action_at_the_same_moment_one_decides() {
    let stage = Stage::new().await;
    for round in 0..20 {
        let action = stage.park("notify", &format!(r#"{{"n":{round}}}"#)).await;
        let (one, two, three) = tokio::join!(
            edit(&stage, &stage.ana, &action, whole(r#"{"by":"ana"}"#)),
            edit(&stage, &stage.ben, &action, whole(r#"{"by":"ben"}"#)),
            reject(&stage.engine, &stage.ben, action.id, "no"),
        );
        let won = [one.is_ok(), two.is_ok(), three.is_ok()].into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "{one:?} {two:?} {three:?}");
        let stands = stage.read(action.id).await;
        let by = stands.edited.as_ref().map(|edited| edited.args.to_text());
        let wanted = match (one.is_ok(), two.is_ok()) {
            (true, _) => Some(r#"{"by":"ana"}"#),
            (_, true) => Some(r#"{"by":"ben"}"#),
            _ => None,
        };
        assert_eq!(by.as_deref(), wanted);
        assert_eq!(stage.events(action.id).await.len(), 2);
    }
}

#[tokio::test]
async fn an_edit_past_the_deadline_approves_nothing_and_writes_the_deadline_down() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", r#"{"to":"a"}"#).await;
    stage.pass_deadline(action.id).await;
    assert_eq!(code(edit(&stage, &stage.ana, &action, whole(r#"{"to":"b"}"#)).await), Code::ActionExpired);
    assert_eq!(stage.events(action.id).await, ["action_parked", "action_expired"]);
    assert_eq!(stage.read(action.id).await.edited, None);
    assert_eq!(code(engine::editing::form(&stage.engine, &stage.ana, action.id).await), Code::ActionExpired);
}

#[tokio::test]
async fn an_action_is_found_by_the_words_of_both_versions() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", r#"{"to":"firstname"}"#).await;
    edit(&stage, &stage.ana, &action, whole(r#"{"to":"secondname","password":"thirdname"}"#)).await.unwrap();
    assert_eq!(search(&stage, "firstname").await, [action.id]);
    assert_eq!(search(&stage, "secondname").await, [action.id]);
    assert_eq!(search(&stage, "thirdname").await, []);
}

#[tokio::test]
async fn the_edited_call_passes_the_gate_under_its_own_run_and_the_parked_one_does_not() {
    let stage = Stage::new().await;
    let action = stage.park("deploy", r#"{"version":1}"#).await;
    edit(&stage, &stage.ana, &action, whole(r#"{"version":2}"#)).await.unwrap();
    let claim = stage.claim("deploy").await.unwrap();
    let worker = crate::stage::token(
        &stage.engine,
        "both",
        &[domain::identity::Scope::ActionsExecute, domain::identity::Scope::ActionsSubmit],
    )
    .await;
    sqlx::query("UPDATE execution_attempts SET worker_token_id = $1 WHERE id = $2")
        .bind(worker.token().unwrap().id.0)
        .bind(claim.attempt.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    let under = |args: &str| {
        let mut request = call("deploy", args);
        request.under_attempt = Some(claim.attempt);
        request
    };
    let own = engine::gate::park(&stage.engine, &worker, under(r#"{"version":2}"#)).await.unwrap();
    assert!(own.attached && own.action.id == action.id);
    let other = engine::gate::park(&stage.engine, &worker, under(r#"{"version":1}"#)).await.unwrap();
    assert!(!other.attached);
    assert_eq!(other.action.status, Status::Pending);
}

#[tokio::test]
async fn bulk_approves_what_was_parked() {
    let stage = Stage::new().await;
    let action = stage.park("notify", r#"{"n":1}"#).await;
    let items = decide(&stage.engine, &stage.ana, &[action.id], &Bulk::Approve).await.unwrap();
    assert_eq!(items[0].outcome.as_ref().unwrap().edited, None);
}

#[tokio::test]
async fn a_previewed_form_says_what_it_would_come_to_and_stores_nothing() {
    let stage = Stage::new().await;
    let action = stage.park("login", r#"{"to":"ana","pin":1234,"n":12}"#).await;
    let form = engine::editing::form(&stage.engine, &stage.ana, action.id).await.unwrap().form;
    let key = |pointer: &str| form.fields.iter().find(|field| field.pointer == pointer).unwrap().key;
    let post = |pairs: &[(usize, &str)]| {
        Posted(pairs.iter().map(|(key, text)| (format!("v.{key}"), (*text).to_owned())).collect())
    };
    let preview = async |posted: Posted| {
        engine::editing::preview(&stage.engine, &stage.ana, action.id, action.args_sha256, &posted).await.unwrap()
    };
    let refused = preview(post(&[(key("/n"), "12a"), (key("/to"), "[REDACTED]")])).await.unwrap_err();
    assert_eq!(refused.iter().map(|refused| refused.key.clone()).collect::<Vec<_>>(), [key("/n").to_string()]);
    let refused = preview(post(&[(key("/to"), "[REDACTED]")])).await.unwrap_err();
    assert_eq!((refused[0].key.clone(), refused[0].pointer.as_str()), (key("/to").to_string(), "/to"));

    let good = preview(post(&[(key("/n"), "13"), (key("/to"), "ben")])).await.unwrap();
    assert_eq!(good.changes, [Change::set("/to", Json::from("ben")), Change::set("/n", json("13"))]);
    assert_eq!(good.row.headline.as_deref(), Some("ben"));
    assert_eq!(stage.read(action.id).await.status, Status::Pending);
    assert_eq!(stage.events(action.id).await, ["action_parked"]);
    let approved = edit(&stage, &stage.ana, &action, good.changes).await.unwrap().action;
    assert_eq!(approved.effective_sha256(), good.effective_sha256);
    assert_eq!(approved.effective_args().to_text(), r#"{"to":"ben","pin":1234,"n":13}"#);
}
