//! Many at once: one wins, the others are told.

use std::time::Duration;

use domain::lifecycle::{ExecutionState, Status};
use domain::problem::Code;
use engine::decisions::{Approve, approve, reject};
use engine::execution::Report;
use engine::settlement::Settle;
use engine::{Engine, Policy};
use futures::future::join_all;
use sqlx::postgres::PgPoolOptions;

use crate::stage::{Stage, claim_of, problem};

/// race-1
#[tokio::test(flavor = "multi_thread")]
async fn fifty_parallel_approvals_are_one_decision_and_one_run() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", r#"{"to": "ana@partner.example"}"#).await;
    let twin = stage.twin().await;
    let approvals = (0..50).map(|n| {
        let engine = if n % 2 == 0 { &stage.engine } else { &twin };
        let person = if n % 3 == 0 { &stage.ben } else { &stage.ana };
        approve(engine, person, action.id, Approve::default())
    });
    let mut decided = 0;
    for answer in join_all(approvals).await {
        match answer {
            Ok(decision) if !decision.repeated => decided += 1,
            Ok(decision) => assert_eq!(decision.action.status, Status::Approved),
            Err(error) => {
                let problem = problem::<()>(Err(error));
                assert_eq!(problem.code, Code::AlreadyDecided);
                let standing = problem.standing.expect("the decision that stands is told");
                assert!(standing.decided_by.is_some() && standing.decided_at.is_some());
            }
        }
    }
    assert_eq!(decided, 1);
    let claim = claim_of("send_email");
    let claims = join_all((0..20).map(|_| engine::execution::claim(&stage.engine, &stage.worker, &claim))).await;
    assert_eq!(claims.into_iter().filter(|claim| claim.as_ref().unwrap().is_some()).count(), 1);
    let events = stage.events(action.id).await;
    assert_eq!(events, ["action_parked", "action_approved", "execution_claimed"]);
}

/// Whoever waits for a second connection while it holds a row waits for those that wait for the row.
#[tokio::test]
async fn a_use_case_that_holds_a_row_needs_no_second_connection() {
    let stage = Stage::new().await;
    let options = (*stage.engine.pool().connect_options()).clone();
    // One is for listening, one for everything else; nothing is known of any tool yet.
    let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(3)).connect_with(options);
    let narrow = Engine::start(pool.await.unwrap(), Policy::default()).await.unwrap();
    let (first, second) = (stage.park("send_email", "{}").await, stage.park("send_email", r#"{"n": 2}"#).await);
    approve(&narrow, &stage.ana, first.id, Approve::default()).await.unwrap();
    reject(&narrow, &stage.ana, second.id, "not now").await.unwrap();
    let claim = engine::execution::claim(&narrow, &stage.worker, &claim_of("send_email")).await.unwrap().unwrap();
    stage.end_leases().await;
    engine::execution::give_up_lost(&narrow).await.unwrap();
    let report = Report { success: true, result: None, error: None };
    assert!(engine::execution::report(&narrow, &stage.worker, claim.attempt, report).await.unwrap().late);
    let settle = Settle { succeeded: true, note: "it is there".to_owned() };
    engine::settlement::resolve(&narrow, &stage.ana, first.id, settle).await.unwrap();
}

/// race-2
#[tokio::test(flavor = "multi_thread")]
async fn approve_and_reject_at_the_same_moment_leave_one_decision() {
    let stage = Stage::new().await;
    let mut approved = 0;
    for round in 0..100 {
        let action = stage.park("send_email", &format!(r#"{{"round": {round}}}"#)).await;
        let (yes, no) = tokio::join!(
            approve(&stage.engine, &stage.ana, action.id, Approve::default()),
            reject(&stage.engine, &stage.ben, action.id, "not now")
        );
        assert!(yes.is_ok() != no.is_ok(), "exactly one of the two decided");
        let stands = stage.read(action.id).await;
        assert_eq!(stands.status, if yes.is_ok() { Status::Approved } else { Status::Rejected });
        approved += usize::from(yes.is_ok());
        assert_eq!(stage.events(action.id).await.len(), 2, "one park and one decision");
    }
    let mut ran = 0;
    while let Some(claim) = stage.claim("send_email").await {
        stage.report(&claim, true).await.unwrap();
        ran += 1;
    }
    assert_eq!(ran, approved);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_and_the_sweep_at_the_same_moment_agree() {
    let stage = Stage::new().await;
    for round in 0..30 {
        let action = stage.park("send_email", &format!(r#"{{"round": {round}}}"#)).await;
        stage.pass_deadline(action.id).await;
        let (late, swept) = tokio::join!(
            approve(&stage.engine, &stage.ana, action.id, Approve::default()),
            engine::expiry::sweep(&stage.engine)
        );
        assert_eq!(problem(late).code, Code::ActionExpired);
        swept.unwrap();
        let stands = stage.read(action.id).await;
        assert_eq!((stands.status, stands.execution_state), (Status::Expired, None::<ExecutionState>));
        assert_eq!(stage.events(action.id).await, ["action_parked", "action_expired"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parks_under_one_deduplication_key_are_one_action() {
    let stage = Stage::new().await;
    let request = || {
        let mut request = crate::stage::call("send_email", r#"{"to": "ana@partner.example"}"#);
        request.deduplication_key = Some("mail-1".to_owned());
        request
    };
    let parked = join_all((0..20).map(|_| stage.try_park(request()))).await;
    let ids: std::collections::HashSet<_> = parked.into_iter().map(|gated| gated.unwrap().action.id).collect();
    assert_eq!(ids.len(), 1);
}
