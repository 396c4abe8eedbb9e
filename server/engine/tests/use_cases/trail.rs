//! The trail: complete, append-only, sealed, and found out when it is not.

use domain::identity::Scope;
use engine::audit::{Ask, seal, verify, verify_all};
use futures::future::join_all;

use crate::stage::{Stage, call, code, token};

/// audit-57
#[tokio::test]
async fn the_applications_role_cannot_change_or_remove_an_entry() {
    let stage = Stage::new().await;
    stage.park("send_email", "{}").await;
    seal(&stage.engine).await.unwrap();
    for statement in [
        "UPDATE approval_events SET actor = 'human:nobody'",
        "DELETE FROM approval_events",
        "TRUNCATE approval_events",
        "UPDATE event_seals SET event_seqs = '{1}'",
        "DELETE FROM event_seals",
        "TRUNCATE event_seals",
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(stage.engine.pool()).await;
        assert!(refused.unwrap_err().to_string().contains("append-only"), "{statement}");
    }
    assert!(verify_all(&stage.engine).await.unwrap().faults.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_sealed_exactly_once_while_others_are_written() {
    let stage = Stage::new().await;
    let twin = stage.twin().await;
    let parks = async {
        for batch in 0..20 {
            join_all((0..8).map(|n| stage.try_park(call("send_email", &format!(r#"{{"n": {}}}"#, batch * 8 + n)))))
                .await;
        }
    };
    let sealing = async {
        for _ in 0..40 {
            let (one, other) = tokio::join!(seal(&stage.engine), seal(&twin));
            one.unwrap();
            other.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::join!(parks, sealing);
    while seal(&stage.engine).await.unwrap() > 0 {}
    let (events, sealed, distinct): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM approval_events), count(*), count(DISTINCT seq) FROM (SELECT unnest(event_seqs) AS seq FROM event_seals) s",
    )
    .fetch_one(stage.engine.pool())
    .await
    .unwrap();
    assert_eq!((events, events), (sealed, distinct));
    assert!(verify_all(&stage.engine).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn whoever_gets_past_the_guard_is_found_out() {
    let tamper = [
        "UPDATE approval_events SET actor = 'human:nobody' WHERE event_type = 'action_parked'",
        "UPDATE approval_events SET event_metadata = '{}' WHERE event_type = 'action_parked'",
        "UPDATE approval_events SET occurred_at = occurred_at - interval '1 hour' WHERE event_type = 'action_parked'",
        "DELETE FROM approval_events WHERE event_type = 'action_parked'",
        "DELETE FROM event_seals WHERE number = 1",
        "INSERT INTO approval_events (event_id, event_type, actor, event_metadata, occurred_at, content_hash)
         SELECT gen_random_uuid(), event_type, actor, event_metadata, occurred_at, content_hash FROM approval_events LIMIT 1",
    ];
    for statement in tamper {
        let stage = Stage::new().await;
        seal(&stage.engine).await.unwrap();
        stage.park("send_email", "{}").await;
        seal(&stage.engine).await.unwrap();
        assert!(verify_all(&stage.engine).await.unwrap().faults.is_empty());
        // The owner of a table can always take its guard away: that is what the seals are for.
        sqlx::raw_sql("ALTER TABLE approval_events DISABLE TRIGGER USER; ALTER TABLE event_seals DISABLE TRIGGER USER")
            .execute(stage.engine.pool())
            .await
            .unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(stage.engine.pool()).await.unwrap();
        assert!(!verify_all(&stage.engine).await.unwrap().faults.is_empty(), "{statement}");
    }
}

#[tokio::test]
async fn nothing_happens_whose_event_cannot_be_written() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    sqlx::raw_sql(
        "ALTER TABLE approval_events ADD CONSTRAINT approval_events_full CHECK (event_type <> 'action_approved')",
    )
    .execute(stage.engine.pool())
    .await
    .unwrap();
    let refused = engine::decisions::approve(&stage.engine, &stage.ana, action.id, Default::default()).await;
    assert!(refused.is_err());
    assert_eq!(stage.read(action.id).await.status, domain::lifecycle::Status::Pending);
}

#[tokio::test]
async fn the_trail_is_not_everybodys_to_verify() {
    let stage = Stage::new().await;
    let reader = token(&stage.engine, "reader", &[Scope::ActionsRead]).await;
    assert_eq!(code(verify(&stage.engine, &reader, &Ask::default(), |_| {}).await), domain::problem::Code::Forbidden);
    assert!(verify(&stage.engine, &stage.ben, &Ask::default(), |_| {}).await.is_ok());
}
