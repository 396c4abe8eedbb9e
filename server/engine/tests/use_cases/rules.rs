//! Standing rules at the gate: what they let pass, stop and hold, how they are made and how they end.

use std::sync::Arc;

use domain::action::{Action, Decider, PendingCode};
use domain::digest::Digest;
use domain::id::RuleId;
use domain::identity::Role;
use domain::json::Json;
use domain::lifecycle::Status;
use domain::problem::Code;
use domain::rule::{Rule, RuleState};
use domain::rule_filter::RuleFilter;
use engine::decisions::{Approve, WantedRule};
use engine::registry::ToolSettings;
use engine::rules::{FromAction, Trial, TrialCall, TrialRule};
use engine::simulation::{Replay, ReplayRule};

use crate::stage::{Stage, call, code, person, problem};

fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

async fn stage_of(tool: &str, tier: &str) -> Stage {
    let stage = Stage::new().await;
    let settings =
        ToolSettings { risk_tier: Some(tier.parse().unwrap()), reviewed: Some(true), ..ToolSettings::default() };
    engine::registry::settle(&stage.engine, &stage.ana, tool, settings).await.unwrap();
    stage
}

async fn make(stage: &Stage, draft: &str) -> Rule {
    engine::rules::create(&stage.engine, &stage.ana, None, &json(draft)).await.unwrap()
}

async fn refused(stage: &Stage, draft: &str) -> Vec<String> {
    let problem = problem(engine::rules::create(&stage.engine, &stage.ana, None, &json(draft)).await);
    assert_eq!(problem.code, Code::RuleRejected, "{problem:?}");
    problem.errors.into_iter().map(|error| error.pointer).collect()
}

async fn show(stage: &Stage, id: RuleId) -> Rule {
    engine::rules::show(&stage.engine, &stage.ana, id).await.unwrap().rule
}

async fn rule_events(stage: &Stage, id: RuleId) -> Vec<&'static str> {
    let mut events = engine::rules::show(&stage.engine, &stage.ana, id).await.unwrap().events;
    events.reverse();
    events.iter().map(|event| event.event_type.as_str()).collect()
}

const TO_OPS: &str = r##"{"tool_name": "notify", "description": "Tell ops", "arg_constraints": {"channel": {"type": "exact", "value": "#ops"}}}"##;

#[tokio::test]
async fn a_call_that_fits_a_rule_runs_at_once_and_counts_a_use() {
    let stage = stage_of("notify", "low").await;
    let rule = make(&stage, TO_OPS).await;
    let action = stage.park("notify", r##"{"channel": "#ops", "text": "up"}"##).await;
    assert_eq!((action.status, action.decided_by.clone()), (Status::Approved, Some(Decider::Rule(rule.id))));
    assert_eq!(action.approval_rule_id, Some(rule.id));
    assert_eq!(stage.events(action.id).await, ["action_auto_approved"]);
    assert_eq!(show(&stage, rule.id).await.use_count, 1);
    assert!(stage.claim("notify").await.is_some(), "it is queued for whoever runs it");

    let other = stage.park("notify", r##"{"channel": "#all", "text": "up"}"##).await;
    let waits = other.pending_reason.unwrap();
    assert_eq!(
        (other.status, waits.code, other.pending_rule_id),
        (Status::Pending, PendingCode::NearestRuleFailed, Some(rule.id))
    );
    assert!(waits.text.contains("Tell ops") && waits.text.contains("channel"), "{}", waits.text);
    assert_eq!(show(&stage, rule.id).await.use_count, 1);
}

#[tokio::test]
async fn a_hundred_calls_at_once_take_exactly_the_uses_there_are() {
    let stage = Arc::new(stage_of("notify", "low").await);
    let twin = stage.twin().await;
    let rule = make(&stage, &TO_OPS.replace("\"arg_", "\"max_uses\": 5, \"arg_")).await;
    let parks = (0..100).map(|at| {
        let (stage, engine) = (stage.clone(), if at % 2 == 0 { stage.engine.clone() } else { twin.clone() });
        tokio::spawn(async move {
            let request = call("notify", &format!(r##"{{"channel": "#ops", "at": {at}}}"##));
            engine::gate::park(&engine, &stage.agent, request).await.unwrap().action
        })
    });
    let actions: Vec<Action> = futures::future::join_all(parks).await.into_iter().map(Result::unwrap).collect();
    let approved = actions.iter().filter(|action| action.status == Status::Approved).count();
    let waiting: Vec<&Action> = actions.iter().filter(|action| action.status == Status::Pending).collect();
    assert_eq!((approved, waiting.len()), (5, 95));
    let rule = show(&stage, rule.id).await;
    assert_eq!((rule.use_count, rule.state()), (5, RuleState::Exhausted));
    assert_eq!(rule_events(&stage, rule.id).await, ["rule_created", "rule_exhausted"]);
    let late = stage.park("notify", r##"{"channel": "#ops"}"##).await;
    assert_eq!(late.pending_reason.unwrap().code, PendingCode::RuleEnded);
    assert_eq!(late.pending_rule_id, Some(rule.id));
}

#[tokio::test]
async fn a_use_is_not_taken_by_a_call_that_is_not_written() {
    let stage = stage_of("notify", "low").await;
    let rule = make(&stage, TO_OPS).await;
    let mut request = call("notify", r##"{"channel": "#ops"}"##);
    request.deduplication_key = Some("once".to_owned());
    let first = stage.try_park(request.clone()).await.unwrap();
    let second = stage.try_park(request).await.unwrap();
    assert_eq!((first.action.id, second.attached), (second.action.id, true));
    assert_eq!(show(&stage, rule.id).await.use_count, 1);
}

#[tokio::test]
async fn a_denying_rule_wins_over_one_that_allows_and_leaves_a_row() {
    let stage = stage_of("run", "low").await;
    make(&stage, r#"{"tool_name": "run", "description": "All", "arg_constraints": {"command": {"type": "any"}}, "confirm_broad": true}"#).await;
    let deny = make(&stage, r#"{"tool_name": "run", "description": "No removing", "effect": "deny", "arg_constraints": {"command": {"type": "pattern", "value": "*rm -rf*"}}}"#).await;
    let refused = problem(stage.try_park(call("run", r#"{"command": "rm -rf /"}"#)).await);
    assert_eq!(refused.code, Code::DeniedByRule);
    assert!(refused.detail.contains("No removing"), "{}", refused.detail);
    let filter = domain::filter::ActionFilter { rule_id: Some(deny.id), ..domain::filter::ActionFilter::default() };
    let found = engine::actions::list(&stage.engine, &stage.ana, &filter).await.unwrap().actions;
    assert_eq!(
        (found.len(), found[0].status, found[0].decided_by.clone()),
        (1, Status::Rejected, Some(Decider::Rule(deny.id)))
    );
    assert_eq!(stage.events(found[0].id).await, ["action_denied"]);
    assert_eq!(stage.park("run", r#"{"command": "ls"}"#).await.status, Status::Approved);
}

#[tokio::test]
async fn a_holding_rule_wins_over_one_that_allows() {
    let stage = stage_of("notify", "low").await;
    make(&stage, TO_OPS).await;
    let hold = make(&stage, r##"{"tool_name": "notify", "description": "Night shift", "effect": "hold", "arg_constraints": {"channel": "#ops"}}"##).await;
    let action = stage.park("notify", r##"{"channel": "#ops"}"##).await;
    assert_eq!(action.status, Status::Pending);
    assert_eq!((action.pending_reason.unwrap().code, action.pending_rule_id), (PendingCode::HeldByRule, Some(hold.id)));
}

#[tokio::test]
async fn a_revoked_rule_decides_nothing_more_on_any_server_and_keeps_its_count() {
    let stage = stage_of("notify", "low").await;
    let twin = stage.twin().await;
    let rule = make(&stage, TO_OPS).await;
    let park = async |engine: &engine::Engine| {
        engine::gate::park(engine, &stage.agent, call("notify", r##"{"channel": "#ops"}"##)).await.unwrap().action
    };
    assert_eq!(park(&twin).await.status, Status::Approved);
    assert_eq!(code(engine::rules::revoke(&stage.engine, &stage.ana, rule.id, " ").await), Code::InvalidRequest);
    let revoked = engine::rules::revoke(&stage.engine, &stage.ana, rule.id, "No longer needed").await.unwrap();
    assert_eq!((revoked.state(), revoked.use_count), (RuleState::Revoked, 1));
    for engine in [&stage.engine, &twin] {
        assert_eq!(park(engine).await.status, Status::Pending);
    }
    assert_eq!(code(engine::rules::revoke(&stage.engine, &stage.ana, rule.id, "again").await), Code::AlreadyRevoked);
    assert_eq!(rule_events(&stage, rule.id).await, ["rule_created", "rule_revoked"]);
}

#[tokio::test]
async fn a_rule_whose_time_is_over_decides_nothing_whether_or_not_a_sweep_ran() {
    let stage = stage_of("notify", "low").await;
    let rule = make(&stage, TO_OPS).await;
    assert_eq!(stage.park("notify", r##"{"channel": "#ops"}"##).await.status, Status::Approved);
    sqlx::query("UPDATE approval_rules SET expires_at = now() - interval '1 millisecond'")
        .execute(stage.engine.pool())
        .await
        .unwrap();
    let late = stage.park("notify", r##"{"channel": "#ops"}"##).await;
    assert_eq!((late.status, late.pending_reason.unwrap().code), (Status::Pending, PendingCode::RuleEnded));
    assert_eq!(engine::rules::sweep(&stage.engine).await.unwrap(), 1);
    assert_eq!(rule_events(&stage, rule.id).await, ["rule_created", "rule_expired"]);
    assert_eq!(engine::rules::sweep(&stage.engine).await.unwrap(), 0);
}

#[tokio::test]
async fn a_changed_schema_suspends_the_rules_of_its_tool_until_somebody_has_looked() {
    let stage = stage_of("notify", "low").await;
    let rule = make(&stage, TO_OPS).await;
    let schema =
        json(r#"{"type": "object", "properties": {"channel": {"type": "string"}, "bcc": {"type": "string"}}}"#);
    let settings = ToolSettings { input_schema: Some(Some(schema.clone())), ..ToolSettings::default() };
    engine::registry::settle(&stage.engine, &stage.ana, "notify", settings).await.unwrap();
    let action = stage.park("notify", r##"{"channel": "#ops"}"##).await;
    assert_eq!((action.status, action.pending_reason.unwrap().code), (Status::Pending, PendingCode::RuleSuspended));
    assert_eq!(show(&stage, rule.id).await.state(), RuleState::Suspended);

    let resumed = engine::rules::resume(&stage.engine, &stage.ana, rule.id, Some("Looked at it")).await.unwrap();
    assert_eq!((resumed.state(), resumed.schema_sha256), (RuleState::Active, Some(Digest::of(&schema))));
    assert_eq!(stage.park("notify", r##"{"channel": "#ops"}"##).await.status, Status::Approved);
    assert_eq!(rule_events(&stage, rule.id).await, ["rule_created", "rule_suspended", "rule_resumed"]);
    assert_eq!(code(engine::rules::resume(&stage.engine, &stage.ana, rule.id, None).await), Code::WrongState);
}

#[tokio::test]
async fn a_rule_that_the_raised_tier_would_not_take_decides_nothing() {
    let stage = stage_of("notify", "low").await;
    make(&stage, TO_OPS).await;
    let settings = ToolSettings { risk_tier: Some(domain::risk::RiskTier::High), ..ToolSettings::default() };
    engine::registry::settle(&stage.engine, &stage.ana, "notify", settings).await.unwrap();
    let action = stage.park("notify", r##"{"channel": "#ops"}"##).await;
    assert_eq!(action.status, Status::Pending);
    assert!(action.pending_reason.unwrap().text.contains("Tell ops"));
}

#[tokio::test]
async fn a_paused_tool_asks_no_rule() {
    let stage = stage_of("notify", "low").await;
    make(&stage, TO_OPS).await;
    engine::gating::pause(&stage.engine, &stage.ana, "notify", "incident").await.unwrap();
    let action = stage.park("notify", r##"{"channel": "#ops"}"##).await;
    assert_eq!((action.status, action.pending_reason.unwrap().code), (Status::Pending, PendingCode::ToolPaused));
    let trial = Trial { rule: None, call: TrialCall::Action(action.id) };
    let judged = engine::rules::test(&stage.engine, &stage.ana, &trial).await.unwrap();
    assert_eq!((judged.outcome.word, judged.outcome.rule), ("wait", None), "a trial says what the gate does");
}

#[tokio::test]
async fn without_the_suggestions_nothing_is_added_to_what_was_asked_for() {
    let stage = stage_of("mail", "high").await;
    let action = stage.park("mail", r#"{"to": "ana@partner.example"}"#).await;
    let end = action.requested_at + chrono::TimeDelta::days(7);
    let wanted = FromAction {
        use_suggested: false,
        constraint_overrides: json(r#"{"to": {"type": "exact", "from_action": true}}"#),
        expires_at: Some(end),
        ..FromAction::suggested(action.id)
    };
    let rule = engine::rules::from_action(&stage.engine, &stage.ana, None, &wanted).await.unwrap();
    assert_eq!((rule.definition.max_uses, rule.definition.expires_at), (None, Some(end)));
}

#[tokio::test]
async fn a_critical_argument_that_no_rule_names_always_waits() {
    let stage = stage_of("mail", "low").await;
    make(&stage, r#"{"tool_name": "mail", "description": "Partner", "arg_constraints": {"to": {"type": "email", "domains": ["partner.example"]}}}"#).await;
    let approved = stage.park("mail", r#"{"to": "ana@partner.example", "subject": "Hello"}"#).await;
    assert_eq!(approved.status, Status::Approved);
    let with_bcc = stage.park("mail", r#"{"to": "ana@partner.example", "bcc": "evil@x.example"}"#).await;
    assert_eq!(
        (with_bcc.status, with_bcc.pending_reason.clone().unwrap().code),
        (Status::Pending, PendingCode::ArgumentNotPinned)
    );
    assert!(with_bcc.pending_reason.unwrap().text.contains("bcc"));
}

#[tokio::test]
async fn bad_rules_are_refused_with_a_pointer_to_each_field_and_nothing_is_written() {
    let stage = stage_of("deploy", "critical").await;
    for (draft, pointers) in [
        (r#"{"tool_name": "deploy"}"#, vec!["/description", "/arg_constraints", "/max_uses"]),
        (r#"{"tool_name": "nobody_knows", "description": "x"}"#, vec!["/tool_name"]),
        (
            r#"{"tool_name": "deploy", "description": "x", "arg_constraints": {"a": {"type": "magic"}, "b": {"type": "pattern", "value": ""}}}"#,
            vec!["/arg_constraints/a/type", "/arg_constraints/b/value"],
        ),
        (
            r#"{"tool_name": "deploy", "description": "x", "max_uses": 0, "expires_at": "2020-01-01T00:00:00Z", "arg_constraints": {"a": 1}}"#,
            vec!["/expires_at", "/max_uses"],
        ),
        (
            r#"{"tool_name": "deploy", "description": "x", "max_uses": 6, "arg_constraints": {"a": 1}}"#,
            vec!["/max_uses"],
        ),
        (r#"{"tool_name": "deploy", "description": "x", "max_uses": 1}"#, vec!["/arg_constraints"]),
        (
            r#"{"tool_name": "deploy", "description": "x", "max_uses": 1, "arg_constraints": {"a": "[REDACTED]"}}"#,
            vec!["/arg_constraints/a"],
        ),
        (
            r#"{"tool_name": "deploy", "description": "x", "max_uses": 1, "colour": 1, "effect": "maybe"}"#,
            vec!["/colour", "/effect"],
        ),
    ] {
        assert_eq!(refused(&stage, draft).await, pointers, "{draft}");
    }
    let long = format!(
        r#"{{"tool_name": "deploy", "description": "x", "max_uses": 1, "arg_constraints": {{"a": {{"type": "regex", "value": "{}"}}}}}}"#,
        "a".repeat(10_000)
    );
    assert_eq!(refused(&stage, &long).await, ["/arg_constraints/a/value"]);
    let listed = engine::rules::list(&stage.engine, &stage.ana, &RuleFilter::default()).await.unwrap();
    assert!(listed.rules.is_empty());
}

#[tokio::test]
async fn only_a_person_who_may_makes_and_ends_rules() {
    let stage = stage_of("notify", "low").await;
    let rule = make(&stage, TO_OPS).await;
    let viewer = person(&stage.engine, "vera", Role::Viewer).await;
    assert_eq!(code(engine::rules::create(&stage.engine, &viewer, None, &json(TO_OPS)).await), Code::Forbidden);
    assert_eq!(
        code(engine::rules::create(&stage.engine, &stage.agent, None, &json(TO_OPS)).await),
        Code::HumanActorRequired
    );
    assert_eq!(code(engine::rules::revoke(&stage.engine, &viewer, rule.id, "x").await), Code::Forbidden);
}

#[tokio::test]
async fn approving_with_a_rule_does_both_or_neither() {
    let stage = stage_of("mail", "high").await;
    let args = r#"{"to": "ana@partner.example", "subject": "Q3", "smtp_password": "hunter2hunter2"}"#;
    let action = stage.park("mail", args).await;
    let broad = json(r#"{"description": "All mail", "arg_constraints": {"to": {"type": "any"}}}"#);
    let with = |rule| Approve { rule: Some(rule), ..Approve::default() };
    let refused =
        problem(engine::decisions::approve(&stage.engine, &stage.ana, action.id, with(WantedRule::Draft(broad))).await);
    assert_eq!(refused.code, Code::RuleRejected);
    assert!(refused.errors.iter().all(|error| error.pointer.starts_with("/create_rule/")), "{:?}", refused.errors);
    assert_eq!(stage.read(action.id).await.status, Status::Pending);

    let decided =
        engine::decisions::approve(&stage.engine, &stage.ana, action.id, with(WantedRule::Suggested)).await.unwrap();
    let rule = decided.rule.unwrap();
    assert_eq!(
        (decided.action.status, rule.created_from, rule.definition.max_uses),
        (Status::Approved, Some(action.id), Some(1))
    );
    let text = format!("{:?}{}", rule, rule.definition.constraints_json().to_text());
    assert!(!text.contains("hunter2hunter2"), "a secret is kept as a digest: {text}");
    let again = stage.park("mail", args).await;
    assert_eq!((again.status, again.approval_rule_id), (Status::Approved, Some(rule.id)));
    assert_eq!(stage.park("mail", &args.replace("hunter2hunter2", "another one")).await.status, Status::Pending);
}

#[tokio::test]
async fn a_rule_made_from_arguments_that_look_like_constraints_takes_exactly_those() {
    let stage = stage_of("mail", "low").await;
    for to in [r#"{"type": "any"}"#, r#""*""#] {
        let action = stage.park("mail", &format!(r#"{{"to": {to}}}"#)).await;
        let made = engine::rules::from_action(&stage.engine, &stage.ana, None, &FromAction::suggested(action.id))
            .await
            .unwrap();
        assert_eq!(stage.park("mail", r#"{"to": "someone@else.example"}"#).await.status, Status::Pending);
        assert_eq!(stage.park("mail", &format!(r#"{{"to": {to}}}"#)).await.approval_rule_id, Some(made.id));
    }
}

#[tokio::test]
async fn replacing_ends_the_old_rule_and_links_both() {
    let stage = stage_of("notify", "low").await;
    let old = make(&stage, TO_OPS).await;
    let draft = json(
        r##"{"description": "Tell all", "arg_constraints": {"channel": {"type": "one_of", "values": ["#ops", "#all"]}}}"##,
    );
    let new = engine::rules::replace(&stage.engine, &stage.ana, old.id, None, &draft, "Wider").await.unwrap();
    assert_eq!(new.replaces, Some(old.id));
    let old = show(&stage, old.id).await;
    assert_eq!((old.state(), old.replaced_by), (RuleState::Revoked, Some(new.id)));
    assert_eq!(stage.park("notify", r##"{"channel": "#all"}"##).await.approval_rule_id, Some(new.id));
    let again = engine::rules::replace(&stage.engine, &stage.ana, old.id, None, &draft, "Wider").await;
    assert!(matches!(code(again), Code::AlreadyRevoked), "a rule is replaced once");
}

#[tokio::test]
async fn an_edit_that_a_rule_denies_is_refused_and_recorded() {
    let stage = stage_of("notify", "low").await;
    make(&stage, r##"{"tool_name": "notify", "description": "Never all", "effect": "deny", "arg_constraints": {"channel": "#all"}}"##).await;
    let action = stage.park("notify", r##"{"channel": "#ops"}"##).await;
    let edit = vec![domain::editing::Change::set("", json(r##"{"channel": "#all"}"##))];
    let with = Approve { args_sha256: Some(action.args_sha256), edit, ..Approve::default() };
    assert_eq!(code(engine::decisions::approve(&stage.engine, &stage.ana, action.id, with).await), Code::DeniedByRule);
    assert_eq!(stage.read(action.id).await.status, Status::Pending);
    assert_eq!(stage.events(action.id).await, ["action_parked", "decision_refused"]);
}

#[tokio::test]
async fn a_trial_says_what_each_constraint_says_who_wins_and_why_the_others_do_not() {
    let stage = stage_of("notify", "low").await;
    let wide = make(
        &stage,
        &TO_OPS
            .replace("Tell ops", "wide")
            .replace(r##"{"type": "exact", "value": "#ops"}"##, r##"{"type": "pattern", "value": "#o*"}"##),
    )
    .await;
    let narrow = make(&stage, TO_OPS).await;
    let trial =
        |args: &str, rule| Trial { rule, call: TrialCall::Args { tool_name: "notify".to_owned(), args: json(args) } };
    let judged = engine::rules::test(
        &stage.engine,
        &stage.ana,
        &trial(r##"{"channel": "#ops"}"##, Some(TrialRule::Stored(wide.id))),
    )
    .await
    .unwrap();
    assert!(judged.verdict.unwrap().holds());
    assert_eq!((judged.outcome.word, judged.outcome.rule), ("allow", Some(narrow.id)));
    let lost = judged.considered.iter().find(|considered| considered.id == wide.id).unwrap();
    assert_eq!(lost.lost_by, Some("constraint_specificity_desc"));
    let draft = TrialRule::Draft {
        constraints: json(r#"{"channel": {"type": "range", "min": 1}}"#),
        effect: domain::rule::Effect::Allow,
        unlisted: None,
    };
    let judged =
        engine::rules::test(&stage.engine, &stage.ana, &trial(r##"{"channel": "#all"}"##, Some(draft))).await.unwrap();
    assert_eq!(judged.verdict.unwrap().checks[0].why, Some(domain::constraint::Why::NotNumber));
    assert_eq!(judged.outcome.word, "wait");
    assert_eq!(show(&stage, narrow.id).await.use_count, 0, "a trial takes no use");
}

#[tokio::test]
async fn a_replay_counts_what_people_decided_and_a_rule_is_applied_to_what_waits() {
    let stage = stage_of("mail", "low").await;
    for at in 0..6 {
        let action = stage.park("mail", &format!(r#"{{"to": "ana@partner.example", "subject": "{at}"}}"#)).await;
        match at {
            0 => drop(engine::decisions::reject(&stage.engine, &stage.ana, action.id, "no").await.unwrap()),
            1 | 2 => drop(stage.approve(action.id).await),
            _ => {}
        }
    }
    let elsewhere = stage.park("mail", r#"{"to": "x@else.example"}"#).await;
    stage.approve(stage.park("mail", r#"{"to": "y@else.example"}"#).await.id).await;
    let draft = r#"{"tool_name": "mail", "description": "Partner", "arg_constraints": {"to": {"type": "email", "domains": ["partner.example"]}}}"#;
    let replay = Replay { rule: ReplayRule::Draft { draft: json(draft), action: None }, days: 30 };
    let tally = engine::simulation::replay(&stage.engine, &stage.ana, replay, |_| {}).await.unwrap();
    assert_eq!((tally.looked_at, tally.matched, tally.approved_by_people, tally.rejected_by_people), (4, 3, 2, 1));
    assert_eq!((tally.would_still_wait, tally.waiting, tally.waiting_matched), (1, 4, 3));
    assert_eq!(tally.rejected_samples.len(), 1);

    let rule = make(&stage, &draft.replace("\"arg_", "\"max_uses\": 2, \"arg_")).await;
    let ids: Vec<_> = tally.waiting_ids.iter().copied().chain([elsewhere.id]).collect();
    let applied = engine::rules::apply(&stage.engine, &stage.ana, rule.id, &ids).await.unwrap();
    let approved: Vec<bool> = applied.iter().map(|applied| applied.outcome.is_ok()).collect();
    assert_eq!(approved, [true, true, false, false], "two uses, and one that does not fit");
    let first = stage.read(ids[0]).await;
    assert_eq!((first.status, first.decided_by), (Status::Approved, Some(Decider::Rule(rule.id))));
    assert_eq!(stage.events(ids[0]).await, ["action_parked", "action_auto_approved"]);
    assert_eq!(show(&stage, rule.id).await.state(), RuleState::Exhausted);
}

#[tokio::test]
async fn lists_hold_what_the_filter_says_and_the_inventory_is_a_harmless_table() {
    let stage = stage_of("notify", "low").await;
    let first = make(&stage, &TO_OPS.replace("Tell ops", "=HYPERLINK(1)")).await;
    let second = make(&stage, &TO_OPS.replace("\"arg_", "\"max_uses\": 5, \"arg_")).await;
    engine::rules::revoke(&stage.engine, &stage.ana, second.id, "done").await.unwrap();
    let page =
        engine::rules::list(&stage.engine, &stage.ana, &RuleFilter { active: Some(true), ..RuleFilter::default() })
            .await
            .unwrap();
    assert_eq!(page.rules.iter().map(|rule| rule.id).collect::<Vec<_>>(), [first.id]);
    assert_eq!((page.permanent, page.bounded, page.inactive), (1, 0, 1));
    let all = engine::rules::all(&stage.engine, &stage.ana, RuleFilter::default()).await.unwrap();
    let csv = engine::rules::csv(&all);
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.contains(",'=HYPERLINK(1),"), "{csv}");
}
