//! At its deadline and later an action is expired, whether or not anybody wrote it down.

use domain::lifecycle::Status;
use domain::problem::Code;
use engine::decisions::{Approve, approve, reject, withdraw};

use engine::expiry::extend;

use crate::stage::{Stage, call, code, problem};

/// time-11
#[tokio::test]
async fn a_late_decision_is_refused_and_the_expiry_is_written() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    stage.pass_deadline(action.id).await;
    let late = problem(approve(&stage.engine, &stage.ana, action.id, Approve::default()).await);
    assert_eq!(late.code, Code::ActionExpired);
    assert_eq!(late.standing.unwrap().current_status, Status::Expired);
    assert_eq!(stage.read(action.id).await.status, Status::Expired);
    assert_eq!(stage.events(action.id).await, ["action_parked", "action_expired"]);
    assert!(stage.claim("send_email").await.is_none());
}

#[tokio::test]
async fn every_kind_of_late_decision_is_refused_the_same_way() {
    let stage = Stage::new().await;
    for verb in 0..2 {
        let action = stage.park("send_email", "{}").await;
        stage.pass_deadline(action.id).await;
        let answer = match verb {
            0 => reject(&stage.engine, &stage.ana, action.id, "not now").await,
            _ => withdraw(&stage.engine, &stage.agent, action.id, None).await,
        };
        assert_eq!(problem(answer).code, Code::ActionExpired);
    }
}

#[tokio::test]
async fn the_sweep_expires_all_that_is_due_and_nothing_else() {
    let stage = Stage::new().await;
    let mut due = Vec::new();
    for n in 0..450 {
        let action = stage.park("send_email", &format!(r#"{{"n": {n}}}"#)).await;
        if n % 2 == 0 {
            stage.pass_deadline(action.id).await;
            due.push(action.id);
        }
    }
    let mut expired = engine::expiry::expire_stale(&stage.engine, &stage.ana).await.unwrap();
    expired.sort();
    due.sort();
    assert_eq!(expired, due);
    assert_eq!(engine::expiry::sweep(&stage.engine).await.unwrap(), 0);
}

#[tokio::test]
async fn an_agent_may_shorten_its_deadline_and_never_lengthen_it() {
    let stage = Stage::new().await;
    for (wished, hours) in [(Some(1), 1), (Some(8_760), 48), (None, 48)] {
        let mut request = call("send_email", "{}");
        request.expires_in_hours = wished;
        let action = stage.try_park(request).await.unwrap().action;
        assert_eq!((action.expires_at.unwrap() - action.requested_at).num_hours(), hours);
    }
}

#[tokio::test]
async fn a_person_moves_a_deadline_on_and_never_back_or_out_of_reach() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    let before = action.expires_at.unwrap();
    let extended = extend(&stage.engine, &stage.ana, action.id, 24).await.unwrap().action;
    assert_eq!(extended.expires_at, Some(before + chrono::TimeDelta::hours(24)));
    for hours in [0, -1, 8_761, 8_760] {
        assert_eq!(code(extend(&stage.engine, &stage.ana, action.id, hours).await), Code::InvalidRequest, "{hours}");
    }
    assert_eq!(code(extend(&stage.engine, &stage.agent, action.id, 4).await), Code::HumanActorRequired);
    assert_eq!(stage.events(action.id).await, ["action_parked", "action_extended"]);
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_not_moved_and_a_decided_action_has_none() {
    let stage = Stage::new().await;
    let (late, decided) = (stage.park("send_email", "{}").await, stage.park("send_email", "{}").await);
    stage.pass_deadline(late.id).await;
    assert_eq!(code(extend(&stage.engine, &stage.ana, late.id, 4).await), Code::ActionExpired);
    assert_eq!(stage.read(late.id).await.status, Status::Expired, "and it is written down");
    stage.approve(decided.id).await;
    assert_eq!(code(extend(&stage.engine, &stage.ana, decided.id, 4).await), Code::AlreadyDecided);
    let endless = stage.park("send_email", "{}").await;
    sqlx::query("UPDATE pending_actions SET expires_at = NULL WHERE id = $1")
        .bind(endless.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(code(extend(&stage.engine, &stage.ana, endless.id, 4).await), Code::WrongState);
}
