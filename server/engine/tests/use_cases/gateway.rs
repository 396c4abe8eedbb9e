//! Calls through the gateway: the same call again is the same action until its agent has been told, and not after.

use domain::lifecycle::Status;
use domain::problem::Code;
use engine::gateway::{Held, answered, cancel, forget_unanswered, submit};

use crate::stage::{Stage, call, code};

const HELD: Held<'static> = Held { request: "1", seconds: 30.0 };

async fn submitted(stage: &Stage, args: &str, held: Held<'_>) -> domain::action::Action {
    submit(&stage.engine, &stage.agent, call("files/write", args), held).await.unwrap().action
}

#[tokio::test]
async fn the_same_call_is_the_same_action_until_its_agent_has_been_told() {
    let stage = Stage::new().await;
    let first = submitted(&stage, r#"{"n": 1.0}"#, HELD).await;
    assert_eq!(submitted(&stage, r#"{"n": 1.0}"#, HELD).await.id, first.id);
    assert_ne!(submitted(&stage, r#"{"n": 1.00}"#, HELD).await.id, first.id, "to the digit");
    engine::decisions::reject(&stage.engine, &stage.ana, first.id, "no").await.unwrap();
    let told = submitted(&stage, r#"{"n": 1.0}"#, HELD).await;
    assert_eq!((told.id, told.status), (first.id, Status::Rejected));
    answered(&stage.engine, first.id).await.unwrap();
    assert_ne!(submitted(&stage, r#"{"n": 1.0}"#, HELD).await.id, first.id);
}

#[tokio::test]
async fn a_call_that_was_noted_and_never_parked_is_parked_under_the_id_it_was_to_have() {
    let stage = Stage::new().await;
    let lost = submitted(&stage, "{}", HELD).await;
    // Somebody died between the note and the row: as if the row had never been.
    sqlx::query("UPDATE unanswered_calls SET action_id = gen_random_uuid() WHERE action_id = $1")
        .bind(lost.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    let noted: uuid::Uuid =
        sqlx::query_scalar("SELECT action_id FROM unanswered_calls").fetch_one(stage.engine.pool()).await.unwrap();
    assert_eq!(submitted(&stage, "{}", HELD).await.id.0, noted);
}

#[tokio::test]
async fn what_is_refused_at_once_leaves_nothing_to_come_back_for() {
    let stage = Stage::new().await;
    engine::gating::block(&stage.engine, &stage.ana, "files/write", "not now").await.unwrap();
    for _ in 0..2 {
        let refused = submit(&stage.engine, &stage.agent, call("files/write", "{}"), HELD).await;
        assert_eq!(code(refused), Code::ToolBlocked);
    }
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM unanswered_calls").fetch_one(stage.engine.pool()).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(code(submit(&stage.engine, &stage.worker, call("files/write", "{}"), HELD).await), Code::Forbidden);
}

#[tokio::test]
async fn a_cancelled_request_withdraws_its_call_and_where_two_could_be_meant_none() {
    let stage = Stage::new().await;
    let one = submitted(&stage, r#"{"n": 1}"#, HELD).await;
    cancel(&stage.engine, &stage.agent, "2").await.unwrap();
    assert_eq!(stage.read(one.id).await.status, Status::Pending, "another number");
    cancel(&stage.engine, &stage.agent, "1").await.unwrap();
    assert_eq!(stage.read(one.id).await.status, Status::Withdrawn);
    answered(&stage.engine, one.id).await.unwrap();

    let (two, three) = (submitted(&stage, r#"{"n": 2}"#, HELD).await, submitted(&stage, r#"{"n": 3}"#, HELD).await);
    cancel(&stage.engine, &stage.agent, "1").await.unwrap();
    for own in [two.id, three.id] {
        assert_eq!(stage.read(own).await.status, Status::Pending);
    }
    let over = submitted(&stage, r#"{"n": 4}"#, Held { request: "4", seconds: 0.0 }).await;
    cancel(&stage.engine, &stage.agent, "4").await.unwrap();
    assert_eq!(stage.read(over.id).await.status, Status::Pending, "its request is not held any more");
}

#[tokio::test]
async fn what_nobody_came_back_for_is_forgotten_once_it_is_over_and_old() {
    let stage = Stage::new().await;
    let (over, waits) = (submitted(&stage, r#"{"n": 1}"#, HELD).await, submitted(&stage, r#"{"n": 2}"#, HELD).await);
    engine::decisions::reject(&stage.engine, &stage.ana, over.id, "no").await.unwrap();
    assert_eq!(forget_unanswered(&stage.engine).await.unwrap(), 0, "it is not old");
    sqlx::query("UPDATE unanswered_calls SET created_at = now() - interval '8 days'")
        .execute(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(forget_unanswered(&stage.engine).await.unwrap(), 1);
    assert_eq!(submitted(&stage, r#"{"n": 2}"#, HELD).await.id, waits.id);
}
