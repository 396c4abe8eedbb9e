//! The sheet that a rule is written on: what it starts with, what is told beside it, what is made of it.

use domain::action::{Action, Decider};
use domain::lifecycle::Status;
use domain::problem::Code;
use domain::rule::form::{Kind, Sheet};
use domain::rule::{Rule, RuleState};
use engine::registry::ToolSettings;
use engine::rule_pages::{Made, Posted, SheetFrom, SheetPage, make, sheet};
use uuid::Uuid;

use crate::stage::{Stage, code, problem};

const MAIL: &str =
    r#"{"to": "ana@partner.example", "subject": "Numbers of week 1", "smtp_password": "canary-secret-1"}"#;

async fn stage() -> Stage {
    let stage = Stage::new().await;
    let settings =
        ToolSettings { risk_tier: Some("high".parse().unwrap()), reviewed: Some(true), ..ToolSettings::default() };
    engine::registry::settle(&stage.engine, &stage.ana, "send_email", settings).await.unwrap();
    stage
}

/// The fields of a sheet as a browser posts them, with some of them typed over.
fn posted(page: &SheetPage, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let Sheet { effect, uses, until, description, notes, .. } = &page.sheet;
    let unlisted = page.sheet.unlisted.unwrap_or(page.usual);
    let mut pairs: Vec<(String, String)> = [
        ("key", Uuid::now_v7().to_string()),
        ("args_sha256", page.approves.map(|digest| digest.to_string()).unwrap_or_default()),
        ("effect", effect.to_string()),
        ("unlisted", unlisted.to_string()),
        ("uses", uses.clone()),
        ("until", until.clone()),
        ("description", description.clone()),
        ("notes", notes.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    for (at, row) in page.rows.iter().map(|row| &row.row).enumerate() {
        pairs.push((format!("path.{at}"), row.path.clone()));
        pairs.push((format!("kind.{at}"), row.kind.as_str().to_owned()));
        pairs.push((format!("value.{at}"), row.text.clone()));
    }
    for (name, value) in typed {
        pairs.retain(|(known, _)| known != name);
        pairs.push(((*name).to_owned(), (*value).to_owned()));
    }
    pairs
}

async fn show(stage: &Stage, from: &SheetFrom, pairs: Vec<(String, String)>) -> SheetPage {
    sheet(&stage.engine, &stage.ben, from, &Posted { pairs, refused: None }).await.unwrap()
}

fn from(action: &Action) -> SheetFrom {
    SheetFrom::Action(action.id)
}

#[tokio::test]
async fn a_sheet_from_a_call_starts_with_suggestions_and_shows_no_secret() {
    let stage = stage().await;
    let action = stage.park("send_email", MAIL).await;
    let page = show(&stage, &from(&action), Vec::new()).await;
    let kinds: Vec<(&str, Kind)> = page.rows.iter().map(|row| (row.row.path.as_str(), row.row.kind)).collect();
    assert_eq!(
        kinds,
        [("to", Kind::Text), ("subject", Kind::Any), ("smtp_password", Kind::FromAction), ("", Kind::Text)]
    );
    assert_eq!(page.sheet.uses, "1", "the tier asks for it");
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let panel = page.panel.as_ref().unwrap();
    assert!(panel.demands.iter().all(|demand| demand.met), "{:?}", panel.demands);
    assert!(panel.verdict.as_ref().unwrap().holds());
    assert!(!format!("{page:?}").replace(&format!("{:?}", page.tool), "").contains("canary"));
}

#[tokio::test]
async fn the_call_itself_is_none_of_those_that_wait_beside_it() {
    let stage = stage().await;
    let action = stage.park("send_email", MAIL).await;
    let other = stage.park("send_email", MAIL).await;
    stage.park("send_email", r#"{"to": "ben@elsewhere.example"}"#).await;
    let tally = show(&stage, &from(&action), Vec::new()).await.panel.unwrap().tally;
    assert_eq!((tally.waiting, tally.waiting_matched, tally.waiting_ids), (2, 1, vec![other.id]));
}

#[tokio::test]
async fn a_call_is_approved_with_its_rule_or_neither_happens() {
    let stage = stage().await;
    let action = stage.park("send_email", MAIL).await;
    let page = show(&stage, &from(&action), Vec::new()).await;

    let unpinned = posted(&page, &[("kind.0", "any")]);
    let refused = problem(make(&stage.engine, &stage.ben, &from(&action), &unpinned).await);
    assert_eq!(refused.code, Code::RuleRejected);
    assert_eq!(refused.errors[0].pointer, "/arg_constraints/to", "as in every other draft");
    assert_eq!(stage.read(action.id).await.status, Status::Pending);

    let wider = posted(&page, &[("kind.0", "wider"), ("uses", "50")]);
    let Made { rule, approved, before } = make(&stage.engine, &stage.ben, &from(&action), &wider).await.unwrap();
    assert_eq!((approved.unwrap().decided_by, before), (Some(Decider::Human("ben".to_owned())), false));
    let rule: Rule = rule.unwrap();
    assert_eq!((rule.definition.max_uses, rule.created_from), (Some(50), Some(action.id)));
    assert!(rule.definition.words().starts_with("to is an address at partner.example"), "{}", rule.definition.words());
    let next = stage.park("send_email", &MAIL.replace("ana@", "cleo@")).await;
    assert_eq!(next.decided_by, Some(Decider::Rule(rule.id)));
}

#[tokio::test]
async fn a_decided_call_becomes_a_rule_without_a_limit_of_uses_where_it_has_an_end() {
    let stage = stage().await;
    let action = stage.park("send_email", MAIL).await;
    stage.approve(action.id).await;
    let page = show(&stage, &from(&action), Vec::new()).await;
    assert_eq!(page.approves, None);
    let pairs = posted(&page, &[("uses", "none"), ("until", "24h")]);
    let made = make(&stage.engine, &stage.ben, &from(&action), &pairs).await.unwrap();
    let rule = made.rule.unwrap();
    assert_eq!((rule.definition.max_uses, rule.definition.expires_at.is_some()), (None, true));

    let again = make(&stage.engine, &stage.ben, &from(&action), &pairs).await.unwrap();
    assert_eq!((again.before, again.rule.map(|rule| rule.id)), (true, Some(rule.id)), "the same sheet makes one rule");
}

#[tokio::test]
async fn a_rule_is_replaced_with_what_it_kept() {
    let stage = stage().await;
    let action = stage.park("send_email", MAIL).await;
    let page = show(&stage, &from(&action), Vec::new()).await;
    let made = make(&stage.engine, &stage.ben, &from(&action), &posted(&page, &[("uses", "50")])).await.unwrap();
    let old = made.rule.unwrap();

    let from = SheetFrom::Rule(old.id);
    let page = show(&stage, &from, Vec::new()).await;
    let kept = page.rows.iter().find(|row| row.row.path == "smtp_password").unwrap();
    assert!(kept.kept && kept.row.kind == Kind::Kept && kept.row.text.is_empty());
    let unsaid = posted(&page, &[]);
    assert_eq!(
        code(make(&stage.engine, &stage.ben, &from, &unsaid).await),
        Code::InvalidRequest,
        "a reason is asked for"
    );
    let pairs = posted(&page, &[("reason", "narrower"), ("kind.1", "text"), ("value.1", "Report")]);
    let new = make(&stage.engine, &stage.ben, &from, &pairs).await.unwrap().rule.unwrap();
    assert_eq!((new.replaces, new.definition.max_uses), (Some(old.id), Some(50)));
    let old = engine::rules::show(&stage.engine, &stage.ana, old.id).await.unwrap().rule;
    assert_eq!(old.state(), RuleState::Revoked);
    let next = stage.park("send_email", &MAIL.replace("Numbers of week 1", "Report")).await;
    assert_eq!(next.decided_by, Some(Decider::Rule(new.id)), "the password is the one that was kept");
}
