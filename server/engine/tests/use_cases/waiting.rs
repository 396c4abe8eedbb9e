//! Waiting costs nothing until something happens, and then is over at once.

use std::time::{Duration, Instant};

use domain::lifecycle::Status;
use engine::actions::{Until, wait};

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_is_told_of_a_decision_made_in_another_instance() {
    let stage = Stage::new().await;
    let twin = stage.twin().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let action = stage.park("send_email", "{}").await;
    let waiter = wait(&twin, &stage.agent, action.id, Duration::from_secs(20), Until::Decided);
    let decision = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stage.approve(action.id).await;
    };
    let began = Instant::now();
    let (found, ()) = tokio::join!(waiter, decision);
    assert_eq!(found.unwrap().action.status, Status::Approved);
    assert!(began.elapsed() < Duration::from_secs(10), "told, not timed out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_sees_the_deadline_pass_without_a_sweep() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    sqlx::query("UPDATE pending_actions SET expires_at = now() + interval '300 milliseconds' WHERE id = $1")
        .bind(action.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    let found = wait(&stage.engine, &stage.agent, action.id, Duration::from_secs(20), Until::Decided).await.unwrap();
    assert_eq!(found.action.status, Status::Expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_whose_announcement_was_lost_is_looked_after() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    let waiter = wait(&stage.engine, &stage.agent, action.id, Duration::from_secs(30), Until::Decided);
    let unannounced = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        sqlx::query("UPDATE pending_actions SET status = 'withdrawn', decided_at = now(), decided_by = 'system:test' WHERE id = $1")
            .bind(action.id.0)
            .execute(stage.engine.pool())
            .await
            .unwrap();
    };
    let (found, ()) = tokio::join!(waiter, unannounced);
    assert_eq!(found.unwrap().action.status, Status::Withdrawn);
}

#[tokio::test]
async fn the_time_is_over_when_nothing_happens() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    let found = wait(&stage.engine, &stage.agent, action.id, Duration::from_millis(100), Until::Decided).await.unwrap();
    assert_eq!(found.action.status, Status::Pending);
}
