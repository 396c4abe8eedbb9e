//! The registry: who may change what, what every change leaves in the trail, and what a schema keeps out.

use domain::action::PendingCode;
use domain::digest::Digest;
use domain::event::EventType;
use domain::identity::{Role, Scope};
use domain::json::Json;
use domain::lifecycle::Status;
use domain::page::Limit;
use domain::problem::Code;
use domain::risk::RiskTier;
use domain::tool::{Executor, Gating, Runs};
use domain::tool_filter::ToolFilter;
use engine::gating::{BypassEnd, block, bypass, pause, resume};
use engine::registry::{FullTool, ToolSettings, list, settle, show};

use crate::stage::{Stage, call, code, person, problem, token};

const MAIL: &str = r#"{"type": "object", "additionalProperties": false, "required": ["to"],
    "properties": {"to": {"type": "string"}, "amount": {"type": "number", "maximum": 9007199254740992}}}"#;

fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

async fn shown(stage: &Stage, name: &str) -> FullTool {
    show(&stage.engine, &stage.ana, name).await.unwrap()
}

async fn set_schema(stage: &Stage, name: &str, schema: Option<&str>) {
    let settings = ToolSettings { input_schema: Some(schema.map(json)), ..ToolSettings::default() };
    settle(&stage.engine, &stage.ana, name, settings).await.unwrap();
}

/// Lets a bypass run out, as time would.
async fn end_bypass(stage: &Stage, name: &str) {
    sqlx::query("UPDATE tools SET open_until = now() - interval '1 second' WHERE name = $1")
        .bind(name)
        .execute(stage.engine.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn only_what_is_given_changes_and_the_trail_has_both_sides_and_the_reason() {
    let stage = Stage::new().await;
    stage.park("send_email", "{}").await;
    let settings = ToolSettings {
        risk_tier: Some(RiskTier::High),
        expiry_hours: Some(Some(4)),
        reviewed: Some(true),
        secret_args: Some(vec!["launch code".to_owned()]),
        executor: Some(Some(Executor::Worker)),
        reason: Some("looked at it, token=canary-5512".to_owned()),
        ..ToolSettings::default()
    };
    let before = shown(&stage, "send_email").await.registered.tool;
    let tool = settle(&stage.engine, &stage.ana, "send_email", settings).await.unwrap();
    let full = shown(&stage, "send_email").await;
    assert_eq!(full.registered.tool, tool);
    assert_eq!(tool.revision, before.revision + 1);
    assert_eq!((tool.risk_tier, tool.expiry_hours, tool.executor), (RiskTier::High, Some(4), Some(Executor::Worker)));
    assert!(tool.reviewed && !tool.idempotent && tool.sensitive_args.is_empty());

    let event = &full.events[0];
    assert_eq!((event.event_type, event.actor.as_str()), (EventType::ToolChanged, "human:ana"));
    assert_eq!(event.reason.as_deref(), Some("looked at it, token=[REDACTED]"));
    let side = |side: &str, what: &str| event.event_metadata.get(side).unwrap().get(what).unwrap().to_text();
    assert_eq!((side("before", "risk_tier"), side("after", "risk_tier")), (r#""medium""#.into(), r#""high""#.into()));
    assert_eq!((side("before", "reviewed"), side("after", "reviewed")), ("false".into(), "true".into()));
    assert_eq!(full.events.last().unwrap().event_type, EventType::ToolRegistered);

    // Nothing changes: no entry, no new revision.
    let same = ToolSettings { reviewed: Some(true), ..ToolSettings::default() };
    assert_eq!(settle(&stage.engine, &stage.ana, "send_email", same).await.unwrap().revision, tool.revision);
    assert_eq!(shown(&stage, "send_email").await.events.len(), full.events.len());

    let away = ToolSettings { expiry_hours: Some(None), executor: Some(None), ..ToolSettings::default() };
    let tool = settle(&stage.engine, &stage.ana, "send_email", away).await.unwrap();
    assert_eq!((tool.expiry_hours, tool.executor, tool.risk_tier), (None, None, RiskTier::High));
}

#[tokio::test]
async fn a_tier_is_what_it_was_when_the_call_was_parked() {
    let stage = Stage::new().await;
    let early = stage.park("send_email", "{}").await;
    let settings = ToolSettings { risk_tier: Some(RiskTier::Critical), ..ToolSettings::default() };
    settle(&stage.engine, &stage.ana, "send_email", settings).await.unwrap();
    assert_eq!(stage.park("send_email", "{}").await.risk_tier, RiskTier::Critical);
    assert_eq!(stage.read(early.id).await.risk_tier, RiskTier::Medium);
}

#[tokio::test]
async fn whoever_saw_an_older_revision_changes_nothing() {
    let stage = Stage::new().await;
    stage.park("send_email", "{}").await;
    let seen = shown(&stage, "send_email").await.registered.tool.revision;
    let by = |tier| ToolSettings { revision: Some(seen), risk_tier: Some(tier), ..ToolSettings::default() };
    settle(&stage.engine, &stage.ana, "send_email", by(RiskTier::High)).await.unwrap();
    let late = settle(&stage.engine, &stage.ana, "send_email", by(RiskTier::Low)).await;
    assert_eq!(code(late), Code::RevisionChanged);
    assert_eq!(shown(&stage, "send_email").await.registered.tool.risk_tier, RiskTier::High);
    let none = settle(&stage.engine, &stage.ana, "never_met", by(RiskTier::Low)).await;
    assert_eq!(code(none), Code::NotFound, "a revision of what nobody has met is a mistake");
}

#[tokio::test]
async fn every_wrong_setting_is_told_at_once() {
    let stage = Stage::new().await;
    let settings = ToolSettings {
        expiry_hours: Some(Some(0)),
        sensitive_args: Some(vec!["fine".to_owned(), "--".to_owned()]),
        secret_args: Some(vec!["x".repeat(201)]),
        input_schema: Some(Some(json(r#"{"properties": {"to": {"type": "text"}}}"#))),
        ..ToolSettings::default()
    };
    let told = problem(settle(&stage.engine, &stage.ana, "send_email", settings).await);
    let pointers: Vec<_> = told.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/expiry_hours", "/sensitive_args/1", "/secret_args/0", "/input_schema/properties/to/type"]);
    assert_eq!(code(show(&stage.engine, &stage.ana, "send_email").await), Code::NotFound, "nothing was registered");
    for executor in [Executor::Http, Executor::Mcp] {
        let settings = ToolSettings { executor: Some(Some(executor)), ..ToolSettings::default() };
        let told = problem(settle(&stage.engine, &stage.ana, "send_email", settings).await);
        assert_eq!(told.errors[0].pointer, "/executor");
    }
}

#[tokio::test]
async fn only_an_administrator_changes_tools_and_everybody_else_reads_them() {
    let stage = Stage::new().await;
    stage.park("send_email", "{}").await;
    let vera = person(&stage.engine, "vera", Role::Viewer).await;
    let reader = token(&stage.engine, "reader", &[Scope::ActionsRead]).await;
    for who in [&stage.ben, &vera] {
        let change = settle(&stage.engine, who, "send_email", ToolSettings::default()).await;
        assert_eq!(code(change), Code::Forbidden);
        assert_eq!(code(pause(&stage.engine, who, "send_email", "why").await), Code::Forbidden);
        assert_eq!(code(block(&stage.engine, who, "send_email", "why").await), Code::Forbidden);
        assert_eq!(code(resume(&stage.engine, who, "send_email", None).await), Code::Forbidden);
        let opened = bypass(&stage.engine, who, "send_email", BypassEnd::Hours(1), "why").await;
        assert_eq!(code(opened), Code::Forbidden);
        assert!(show(&stage.engine, who, "send_email").await.is_ok());
    }
    assert_eq!(code(pause(&stage.engine, &stage.agent, "send_email", "why").await), Code::HumanActorRequired);
    assert!(list(&stage.engine, &reader, &ToolFilter::default()).await.is_ok());
    assert_eq!(code(list(&stage.engine, &stage.agent, &ToolFilter::default()).await), Code::Forbidden);
}

#[tokio::test]
async fn a_pause_keeps_its_reason_until_somebody_resumes() {
    let stage = Stage::new().await;
    assert_eq!(code(pause(&stage.engine, &stage.ana, "send_email", " ").await), Code::InvalidRequest);
    pause(&stage.engine, &stage.ana, "send_email", "incident 7, password=canary-81").await.unwrap();
    let tool = shown(&stage, "send_email").await.registered.tool;
    assert_eq!(tool.gating, Gating::Paused { reason: Some("incident 7, password=[REDACTED]".to_owned()) });
    let waits = stage.park("send_email", "{}").await.pending_reason.unwrap();
    assert_eq!(waits.code, PendingCode::ToolPaused);
    assert!(waits.text.contains("incident 7") && !waits.text.contains("canary"), "{}", waits.text);
    resume(&stage.engine, &stage.ana, "send_email", Some("over")).await.unwrap();
    assert_eq!(stage.park("send_email", "{}").await.pending_reason.unwrap().code, PendingCode::ToolUnreviewed);
    let events = shown(&stage, "send_email").await.events;
    let reasons: Vec<_> = events.iter().map(|event| event.reason.as_deref()).collect();
    assert_eq!(reasons, [Some("over"), Some("incident 7, password=[REDACTED]"), None]);
}

#[tokio::test]
async fn a_blocked_call_is_told_why_and_its_arguments_do_not_matter() {
    let stage = Stage::new().await;
    set_schema(&stage, "drop_table", Some(MAIL)).await;
    block(&stage.engine, &stage.ana, "drop_table", "never here").await.unwrap();
    let told = problem(stage.try_park(call("drop_table", r#"{"no": 1}"#)).await);
    assert_eq!(told.code, Code::ToolBlocked);
    assert!(told.detail.contains("never here"), "{}", told.detail);
    let filter = domain::filter::ActionFilter::default();
    let page = engine::actions::list(&stage.engine, &stage.ana, &filter).await.unwrap();
    assert_eq!(page.actions[0].decision_reason.as_deref(), Some("The tool is blocked: never here"));
}

#[tokio::test]
async fn a_bypass_has_a_reason_and_an_end_within_a_day() {
    let stage = Stage::new().await;
    stage.park("notify", "{}").await;
    let now = chrono::Utc::now();
    let at = |hours: i64| BypassEnd::At(now + chrono::TimeDelta::hours(hours));
    for (end, reason) in [
        (BypassEnd::Hours(0), "why"),
        (BypassEnd::Hours(25), "why"),
        (at(-1), "why"),
        (at(25), "why"),
        (BypassEnd::Hours(1), ""),
    ] {
        let refused = bypass(&stage.engine, &stage.ana, "notify", end, reason).await;
        assert_eq!(code(refused), Code::InvalidRequest, "{end:?} {reason}");
    }
    let unmet = bypass(&stage.engine, &stage.ana, "never_met", BypassEnd::Hours(1), "why").await;
    assert_eq!(code(unmet), Code::NotFound);
    bypass(&stage.engine, &stage.ana, "notify", at(2), "load test").await.unwrap();
    let Gating::Open { until, reason } = shown(&stage, "notify").await.registered.tool.gating else { panic!("closed") };
    assert_eq!(reason, "load test");
    // Postgres keeps microseconds.
    assert!((until - now - chrono::TimeDelta::hours(2)).abs() < chrono::TimeDelta::milliseconds(1));
}

#[tokio::test]
async fn a_bypass_that_has_ended_is_gated_again_and_says_when_it_ended() {
    let stage = Stage::new().await;
    stage.park("notify", "{}").await;
    bypass(&stage.engine, &stage.ana, "notify", BypassEnd::Hours(1), "load test").await.unwrap();
    assert_eq!(stage.park("notify", "{}").await.status, Status::Approved);
    end_bypass(&stage, "notify").await;
    assert_eq!(stage.park("notify", "{}").await.status, Status::Pending);
    let tool = shown(&stage, "notify").await.registered.tool;
    assert_eq!(tool.gating, Gating::Gated);
    assert!(tool.bypass_ended.is_some());
    let gated = |gating| ToolFilter { gating: Some(gating), ..ToolFilter::default() };
    assert_eq!(list(&stage.engine, &stage.ana, &gated("open")).await.unwrap().total, 0);
    assert_eq!(list(&stage.engine, &stage.ana, &gated("gated")).await.unwrap().tools.len(), 1);
    resume(&stage.engine, &stage.ana, "notify", None).await.unwrap();
    let full = shown(&stage, "notify").await;
    assert_eq!(full.registered.tool.bypass_ended, None);
    assert!(!full.events[0].event_metadata.get("before").unwrap().get("bypass_ended").unwrap().is_null());
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused_before_anything_is_parked() {
    let stage = Stage::new().await;
    set_schema(&stage, "send_email", Some(MAIL)).await;
    let tool = shown(&stage, "send_email").await.registered.tool;
    assert_eq!(tool.schema_sha256, Some(Digest::of(&json(MAIL))));
    assert_eq!(tool.input_schema, Some(json(MAIL)), "as it was sent");
    let bad = r#"{"amount": 9007199254740993, "password": "canary-7c", "canary-7c": true}"#;
    let told = problem(stage.try_park(call("send_email", bad)).await);
    assert_eq!(told.code, Code::InvalidRequest);
    let mut pointers: Vec<_> = told.errors.iter().map(|error| error.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/tool_args/[REDACTED]", "/tool_args/amount", "/tool_args/password", "/tool_args/to"]);
    assert!(!serde_json::to_string(&told).unwrap().contains("canary"));
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pending_actions").fetch_one(stage.engine.pool()).await.unwrap();
    assert_eq!(count, 0);
    let parked = stage.park("send_email", r#"{"to": "ana@example.com", "amount": 9007199254740992}"#).await;
    assert_eq!(parked.status, Status::Pending);
}

#[tokio::test]
async fn a_schema_that_was_changed_elsewhere_refuses_and_lets_through_at_once() {
    let stage = Stage::new().await;
    let twin = stage.twin().await;
    set_schema(&stage, "send_email", Some(MAIL)).await;
    let wide = ToolSettings { input_schema: Some(Some(json("{}"))), ..ToolSettings::default() };
    // This instance remembers the narrow schema; it is the twin that widens it.
    assert_eq!(code(stage.try_park(call("send_email", "{}")).await), Code::InvalidRequest);
    settle(&twin, &stage.ana, "send_email", wide).await.unwrap();
    assert_eq!(stage.park("send_email", "{}").await.status, Status::Pending);
    let narrow = ToolSettings { input_schema: Some(Some(json(MAIL))), ..ToolSettings::default() };
    settle(&twin, &stage.ana, "send_email", narrow).await.unwrap();
    assert_eq!(code(stage.try_park(call("send_email", "{}")).await), Code::InvalidRequest);
    set_schema(&stage, "send_email", None).await;
    assert_eq!(stage.park("send_email", r#"{"anything": [1]}"#).await.status, Status::Pending);
}

#[tokio::test]
async fn a_call_that_was_parked_before_is_found_again_whatever_the_schema_says_now() {
    let stage = Stage::new().await;
    let keyed = || {
        let mut request = call("send_email", r#"{"subject": "hi"}"#);
        request.deduplication_key = Some("mail-1".to_owned());
        request
    };
    let first = stage.try_park(keyed()).await.unwrap().action;
    set_schema(&stage, "send_email", Some(MAIL)).await;
    let again = stage.try_park(keyed()).await.unwrap();
    assert!(again.attached && again.action.id == first.id);
}

#[tokio::test]
async fn a_presumed_token_parks_nothing_that_does_not_fit() {
    let stage = Stage::new().await;
    let new = engine::identity::NewToken {
        name: "fast".to_owned(),
        scopes: vec![Scope::ActionsSubmit],
        user: None,
        expires_in_days: None,
    };
    let text = engine::identity::create_token(&stage.engine, "system:test", new).await.unwrap();
    engine::identity::authenticate_token(&stage.engine, &text).await.unwrap();
    set_schema(&stage, "send_email", Some(MAIL)).await;
    stage.park("send_email", r#"{"to": "a"}"#).await;
    let presumed = stage.engine.presume(&text).unwrap();
    let bad = engine::gate::park_presumed(&stage.engine, &presumed, &call("send_email", "{}")).await.unwrap();
    assert!(bad.is_none(), "the slow way then says what is wrong");
    let good = call("send_email", r#"{"to": "b"}"#);
    assert!(engine::gate::park_presumed(&stage.engine, &presumed, &good).await.unwrap().is_some());
}

#[tokio::test]
async fn the_list_pages_by_name_without_gaps_and_counts_what_goes_on() {
    let stage = Stage::new().await;
    for n in 0..7 {
        stage.park(&format!("tool_{n}"), "{}").await;
    }
    let odd = "Zoë/tool ☃ %2F";
    for _ in 0..2 {
        let action = stage.park(odd, "{}").await;
        stage.approve(action.id).await;
    }
    stage.park(odd, "{}").await;
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let filter = ToolFilter { after, limit: Limit::new(3).unwrap(), ..ToolFilter::default() };
        let page = list(&stage.engine, &stage.ana, &filter).await.unwrap();
        assert_eq!(page.total, 8);
        names.extend(page.tools.into_iter().map(|tool| tool.tool.name));
        let Some(next) = page.next else { break };
        let mut query = domain::query_string::QueryString::parse(Some(&format!("cursor={next}"))).unwrap();
        after = ToolFilter::read(&mut query).after;
    }
    assert_eq!(names.len(), 8);
    assert!(names.iter().all(|name| names.iter().filter(|other| *other == name).count() == 1));
    let by_name = ToolFilter { name: Some("zoË/".to_owned()), ..ToolFilter::default() };
    let found = list(&stage.engine, &stage.ana, &by_name).await.unwrap().tools;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].pending, found[0].queued, found[0].waiting_for_executor()), (1, 2, 2));

    let claim = stage.claim(odd).await.unwrap();
    stage.report(&claim, true).await.unwrap();
    let claim = stage.claim(odd).await.unwrap();
    stage.report(&claim, false).await.unwrap();
    let now = shown(&stage, odd).await.registered;
    assert_eq!(now.last_hour, Runs { succeeded: 1, failed: 1, unknown: 0 });
    assert_eq!((now.queued, now.waiting_for_executor()), (0, 0), "a worker has taken the tool over");
}

#[tokio::test]
async fn the_pages_queries_use_their_indexes() {
    let stage = Stage::new().await;
    for query in [
        "SELECT seq FROM approval_events WHERE event_metadata ->> 'tool_name' = 'x'
            AND event_type IN ('tool_registered', 'tool_changed') ORDER BY seq DESC LIMIT 20",
        "SELECT action_id FROM execution_attempts WHERE finished_at > now() - interval '1 hour'",
    ] {
        let mut connection = stage.engine.pool().acquire().await.unwrap();
        sqlx::query("SET enable_seqscan = off").execute(&mut *connection).await.unwrap();
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN {query}")))
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan = plan.join("\n");
        let index = ["approval_events_tool_idx", "execution_attempts_finished_idx"];
        assert!(index.iter().any(|index| plan.contains(index)), "{plan}");
    }
}
