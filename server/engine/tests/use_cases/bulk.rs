//! Many at once: exactly those that were named, each for itself.

use domain::id::ActionId;
use domain::lifecycle::Status;
use domain::problem::Code;
use engine::bulk::{Bulk, MOST, decide};
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
