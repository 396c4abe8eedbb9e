//! What about a waiting call is not as it usually is.

use domain::action::Action;
use domain::anomaly::Anomaly;
use domain::editing::Change;
use domain::identity::Principal;
use domain::json::Json;
use engine::decisions::Approve;

use crate::stage::{Stage, call, token};

async fn seen_by(stage: &Stage, who: &Principal, action: &Action) -> Vec<Anomaly> {
    let mut found = engine::anomalies::of(&stage.engine, who, std::slice::from_ref(action)).await.unwrap();
    found.remove(&action.id).unwrap_or_default()
}

async fn seen(stage: &Stage, action: &Action) -> Vec<Anomaly> {
    seen_by(stage, &stage.ana, action).await
}

async fn mail(stage: &Stage, to: &str) -> Action {
    stage.park("mail", &format!(r#"{{"to": {to}, "subject": "x"}}"#)).await
}

#[tokio::test]
async fn a_recipient_is_new_until_somebody_has_approved_a_call_to_it() {
    let stage = Stage::new().await;
    let first = mail(&stage, r#""ana@a.example""#).await;
    let second = mail(&stage, r#""Ana@A.example""#).await;
    assert_eq!(seen(&stage, &first).await, [Anomaly::NewRecipient]);
    engine::decisions::reject(&stage.engine, &stage.ana, first.id, "no").await.unwrap();
    assert_eq!(seen(&stage, &second).await, [Anomaly::NewRecipient], "what was rejected made nobody known");
    stage.approve(second.id).await;
    let third = mail(&stage, r#"["ana@a.example"]"#).await;
    assert_eq!(seen(&stage, &third).await, []);
    let both = mail(&stage, r#"["ana@a.example", "eve@e.example"]"#).await;
    assert_eq!(seen(&stage, &both).await, [Anomaly::NewRecipient], "one of them is new");
    let elsewhere = stage.park("chat", r#"{"to": "ana@a.example"}"#).await;
    assert_eq!(seen(&stage, &elsewhere).await, [Anomaly::NewRecipient], "another tool");
    let nobody = stage.park("note", r#"{"text": "x"}"#).await;
    assert_eq!(seen(&stage, &nobody).await, []);
}

#[tokio::test]
async fn an_edit_makes_known_whom_it_reaches_and_not_whom_the_agent_meant() {
    let stage = Stage::new().await;
    let action = mail(&stage, r#""eve@e.example""#).await;
    let edit = vec![Change::set("/to", Json::from("ana@a.example"))];
    let with = Approve { args_sha256: Some(action.args_sha256), edit, note: None, rule: None };
    engine::decisions::approve(&stage.engine, &stage.ana, action.id, with).await.unwrap();
    assert_eq!(seen(&stage, &mail(&stage, r#""ana@a.example""#).await).await, []);
    assert_eq!(seen(&stage, &mail(&stage, r#""eve@e.example""#).await).await, [Anomaly::NewRecipient]);
}

#[tokio::test]
async fn what_a_rule_approves_is_known_and_what_an_open_tool_let_run_is_not() {
    let stage = Stage::new().await;
    mail(&stage, r#""x@x.example""#).await;
    let rule =
        r#"{"tool_name": "mail", "description": "Ana", "arg_constraints": {"to": "ana@a.example", "subject": "*"}}"#;
    let draft = Json::parse_str(rule).unwrap();
    let rule = engine::rules::create(&stage.engine, &stage.ana, None, &draft).await.unwrap();
    mail(&stage, r#""ana@a.example""#).await;
    engine::rules::revoke(&stage.engine, &stage.ana, rule.id, "done").await.unwrap();
    assert_eq!(seen(&stage, &mail(&stage, r#""ana@a.example""#).await).await, []);

    engine::gating::bypass(&stage.engine, &stage.ana, "mail", engine::gating::BypassEnd::Hours(1), "test")
        .await
        .unwrap();
    mail(&stage, r#""eve@e.example""#).await;
    engine::gating::resume(&stage.engine, &stage.ana, "mail", None).await.unwrap();
    assert_eq!(seen(&stage, &mail(&stage, r#""eve@e.example""#).await).await, [Anomaly::NewRecipient]);
}

#[tokio::test]
async fn a_session_that_suddenly_calls_often_stands_out_and_one_that_always_does_not() {
    let stage = Stage::new().await;
    let mut last = None;
    for at in 0..11 {
        last = Some(stage.park("note", &format!(r#"{{"at": {at}}}"#)).await);
    }
    let last = last.unwrap();
    assert_eq!(seen(&stage, &last).await, [Anomaly::Burst { calls: 11 }]);
    // An hour ago it made as many in each of two ten minutes.
    for minutes in [60, 90] {
        sqlx::query(
            "INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, session_id, agent_id, status,
                 risk_tier, requested_at, decided_by, decided_at)
             SELECT gen_random_uuid(), 'note', '{}', '{}', repeat('0', 64), 'session-1', 'agent', 'rejected', 'medium',
                 date_bin('10 minutes', now(), '2000-01-01') - make_interval(mins => $1) + make_interval(secs => n), 'human:ana', now()
             FROM generate_series(1, 8) n",
        )
        .bind(minutes)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    }
    assert_eq!(seen(&stage, &last).await, [], "eleven are not three times eight");
}

#[tokio::test]
async fn a_tool_that_an_agent_hardly_ever_calls_stands_out() {
    let stage = Stage::new().await;
    for at in 0..55 {
        let mut request = call("note", &format!(r#"{{"at": {at}}}"#));
        request.session_id = None;
        stage.try_park(request).await.unwrap();
    }
    let mut request = call("shell", r#"{"line": "ls"}"#);
    request.session_id = None;
    let rare = stage.try_park(request.clone()).await.unwrap().action;
    assert_eq!(seen(&stage, &rare).await, [Anomaly::UnusualTool]);
    let other = token(&stage.engine, "new-agent", &[domain::identity::Scope::ActionsSubmit]).await;
    let fresh = engine::gate::park(&stage.engine, &other, request).await.unwrap().action;
    assert_eq!(seen(&stage, &fresh).await, [], "nobody knows yet what is usual for it");
}

#[tokio::test]
async fn an_agent_is_not_told_what_its_calls_look_like_and_what_is_decided_stands_out_no_more() {
    let stage = Stage::new().await;
    let action = mail(&stage, r#""ana@a.example""#).await;
    assert_eq!(seen_by(&stage, &stage.agent, &action).await, []);
    let detail = engine::console::detail(&stage.engine, &stage.ana, action.id).await.unwrap();
    assert_eq!(detail.warnings, ["Reaches somebody whom no approved call of this tool has reached before"]);
    let page = engine::console::queue(&stage.engine, &stage.ana, "").await.unwrap();
    assert_eq!(page.rows[0].flag.as_deref(), Some("new recipient"));
    let decided = stage.approve(action.id).await;
    assert_eq!(seen(&stage, &decided).await, []);
}
