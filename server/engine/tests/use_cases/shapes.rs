//! Calls that do the same: grouped while they wait, offered as a rule once people have approved enough of them.

use domain::action::Action;
use domain::editing::Change;
use domain::identity::Role;
use domain::json::Json;
use domain::lifecycle::Status;
use domain::problem::Code;
use engine::decisions::{Approve, Decision, WantedRule};
use engine::rules::Promotion;

use crate::stage::{Stage, code, person, problem};

fn json(text: &str) -> Json {
    Json::parse_str(text).unwrap()
}

async fn offers(stage: &Stage) -> Vec<Promotion> {
    engine::rules::promotions(&stage.engine, &stage.ana).await.unwrap()
}

async fn approved(stage: &Stage, to: &str, times: usize) {
    for time in 0..times {
        let action = stage.park("mail", &format!(r#"{{"subject": "Week {time}", "to": "{to}"}}"#)).await;
        stage.approve(action.id).await;
    }
}

#[tokio::test]
async fn what_people_approved_five_times_and_no_rule_decides_is_offered() {
    let stage = Stage::new().await;
    approved(&stage, "ana@a.example", 4).await;
    assert_eq!(offers(&stage).await, [], "four times is no habit");
    approved(&stage, "ana@a.example", 1).await;
    approved(&stage, "ben@b.example", 6).await;
    let offered = offers(&stage).await;
    let told: Vec<_> = offered.iter().map(|own| (own.headline.as_deref(), own.approved)).collect();
    assert_eq!(told, [(Some("ben@b.example"), 6), (Some("ana@a.example"), 5)]);

    let rule =
        r#"{"tool_name": "mail", "description": "Ben", "arg_constraints": {"to": "ben@b.example", "subject": "*"}}"#;
    engine::rules::create(&stage.engine, &stage.ana, None, &json(rule)).await.unwrap();
    let offered = offers(&stage).await;
    assert_eq!(offered.iter().map(|own| own.headline.as_deref()).collect::<Vec<_>>(), [Some("ana@a.example")]);
    assert_eq!(
        stage.read(offered[0].action_id).await.tool_args.to_text(),
        r#"{"subject":"Week 0","to":"ana@a.example"}"#
    );
}

#[tokio::test]
async fn what_somebody_rejected_or_changed_or_a_rule_decided_is_no_habit_of_people() {
    let stage = Stage::new().await;
    approved(&stage, "ana@a.example", 5).await;
    let rejected = stage.park("mail", r#"{"to": "ana@a.example", "subject": "Salaries"}"#).await;
    engine::decisions::reject(&stage.engine, &stage.ben, rejected.id, "no").await.unwrap();
    assert_eq!(offers(&stage).await, [], "one was rejected");

    approved(&stage, "ben@b.example", 4).await;
    let edited = stage.park("mail", r#"{"to": "ben@b.example", "subject": "x"}"#).await;
    edit(&stage, &edited, r#"{"to": "else@b.example", "subject": "x"}"#, None).await.unwrap();
    assert_eq!(offers(&stage).await, [], "what ran was not what was sent");

    let rule =
        r#"{"tool_name": "note", "description": "All", "arg_constraints": {"text": "*"}, "confirm_broad": true}"#;
    engine::rules::create(&stage.engine, &stage.ana, None, &json(rule)).await.unwrap_err();
    stage.park("note", r#"{"text": "0"}"#).await;
    engine::rules::create(&stage.engine, &stage.ana, None, &json(rule)).await.unwrap();
    for at in 0..6 {
        assert_eq!(stage.park("note", &format!(r#"{{"text": "{at}"}}"#)).await.status, Status::Approved);
    }
    assert_eq!(offers(&stage).await, [], "a rule decided those");
    assert_eq!(code(engine::rules::promotions(&stage.engine, &stage.agent).await), Code::Forbidden);
}

#[tokio::test]
async fn a_secret_is_no_part_of_what_is_offered() {
    let stage = Stage::new().await;
    for at in 0..5 {
        let args = format!(r#"{{"url": "https://u:canary@a.example/{{x}}?token=canary", "password": "canary-{at}"}}"#);
        let action = stage.park("fetch", &args).await;
        stage.approve(action.id).await;
    }
    let offered = offers(&stage).await;
    assert_eq!(offered.len(), 1);
    assert!(!format!("{offered:?}").contains("canary"), "{offered:?}");
}

#[tokio::test]
async fn waiting_calls_that_do_the_same_stand_together_the_largest_group_first() {
    let stage = Stage::new().await;
    for at in 0..3 {
        stage.park("mail", &format!(r#"{{"to": "ana@a.example", "subject": "{at}"}}"#)).await;
    }
    // However it is written.
    stage.park("pay", r#"{"amount": 1.0, "iban": "DE1"}"#).await;
    stage.park("pay", r#"{"iban": "DE1", "amount": 1}"#).await;
    let alone = stage.park("pay", r#"{"iban": "DE1", "amount": 2}"#).await;
    let decided = stage.park("mail", r#"{"to": "ana@a.example", "subject": "decided"}"#).await;
    stage.approve(decided.id).await;
    let late = stage.park("mail", r#"{"to": "ana@a.example", "subject": "late"}"#).await;
    stage.pass_deadline(late.id).await;

    let page = engine::groups::groups(&stage.engine, &stage.ben).await.unwrap();
    let told: Vec<_> = page.groups.iter().map(|own| (own.shown_tool.as_str(), own.count, own.rows.len())).collect();
    assert_eq!(told, [("mail", 3, 3), ("pay", 2, 2)]);
    assert!(page.groups.iter().flat_map(|own| &own.rows).all(|row| row.id != alone.id), "nothing else does the same");
    assert!(page.groups[0].rows.is_sorted_by_key(|row| row.requested_at));
    assert_eq!((page.more, page.decides, page.makes_rules), (false, true, true));

    let viewer = person(&stage.engine, "eve", Role::Viewer).await;
    let page = engine::groups::groups(&stage.engine, &viewer).await.unwrap();
    assert_eq!((page.decides, page.makes_rules), (false, false));
    assert_eq!(code(engine::groups::groups(&stage.engine, &stage.agent).await), Code::Forbidden);
}

#[tokio::test]
async fn a_large_group_leaves_room_for_no_more_rows_than_fit() {
    let stage = Stage::new().await;
    for group in 0..3 {
        for at in 0..210 {
            stage.park("mail", &format!(r#"{{"to": "{group}@a.example", "subject": "{at}"}}"#)).await;
        }
    }
    let page = engine::groups::groups(&stage.engine, &stage.ben).await.unwrap();
    let told: Vec<_> = page.groups.iter().map(|own| (own.count, own.rows.len())).collect();
    assert_eq!((told, page.more), (vec![(210, 200), (210, 200)], true));
}

async fn edit(stage: &Stage, action: &Action, args: &str, rule: Option<WantedRule>) -> engine::Result<Decision> {
    let edit = vec![Change::set("", json(args))];
    let with = Approve { args_sha256: Some(action.args_sha256), edit, note: None, rule };
    engine::decisions::approve(&stage.engine, &stage.ana, action.id, with).await
}

#[tokio::test]
async fn a_rule_made_while_approving_an_edit_is_of_what_runs() {
    let stage = Stage::new().await;
    let action = stage.park("mail", r#"{"to": "ana@wrong.example", "subject": "x"}"#).await;
    let right = r#"{"to": "ana@right.example", "subject": "x"}"#;
    let decision = edit(&stage, &action, right, Some(WantedRule::Suggested)).await.unwrap();
    let rule = decision.rule.unwrap();
    assert!(rule.definition.words().contains("ana@right.example"), "{}", rule.definition.words());
    assert_eq!(rule.created_from, Some(action.id));
    assert_eq!(stage.park("mail", right).await.status, Status::Approved);
    assert_eq!(stage.park("mail", r#"{"to": "ana@wrong.example", "subject": "x"}"#).await.status, Status::Pending);
}

#[tokio::test]
async fn a_refused_rule_refuses_the_edit_and_a_refused_edit_the_rule() {
    let stage = Stage::new().await;
    let action = stage.park("mail", r#"{"to": "ana@a.example"}"#).await;
    let right = r#"{"to": "ana@b.example"}"#;
    let empty = WantedRule::Draft(json(r#"{"description": "", "arg_constraints": {"to": "ana@b.example"}}"#));
    let refused = problem(edit(&stage, &action, right, Some(empty)).await);
    assert_eq!((refused.code, refused.errors[0].pointer.as_str()), (Code::RuleRejected, "/create_rule/description"));
    let masked = edit(&stage, &action, r#"{"to": "[REDACTED]"}"#, Some(WantedRule::Suggested)).await;
    assert_eq!(problem(masked).errors[0].pointer, "/edited_args/to");
    let now = stage.read(action.id).await;
    assert_eq!((now.status, now.edited), (Status::Pending, None));
    let rules = domain::rule_filter::RuleFilter::default();
    assert_eq!(engine::rules::list(&stage.engine, &stage.ana, &rules).await.unwrap().rules.len(), 0);
}

#[tokio::test]
async fn edits_with_rules_for_one_tool_at_the_same_moment_all_come_through() {
    let stage = Stage::new().await;
    let mut actions = Vec::new();
    for at in 0..8 {
        actions.push(stage.park("mail", &format!(r#"{{"to": "{at}@a.example"}}"#)).await);
    }
    let edits = actions.iter().enumerate().map(async |(at, action)| {
        let args = format!(r#"{{"to": "{at}@b.example"}}"#);
        edit(&stage, action, &args, Some(WantedRule::Suggested)).await.unwrap().rule.unwrap().id
    });
    let rules = futures::future::join_all(edits).await;
    assert_eq!(rules.into_iter().collect::<std::collections::HashSet<_>>().len(), 8);
}
