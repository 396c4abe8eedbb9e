//! What an administrator settles beside the configuration holds for the next call, on every server.

use chrono::{TimeDelta, Utc};
use domain::action::Action;
use domain::problem::Code;
use domain::risk::RiskTier;
use engine::registry::ToolSettings;
use engine::settings::{Change, DefaultExpiry, change, show};

use crate::stage::{Stage, call, code, problem};

fn hours_of(action: &Action) -> i64 {
    (action.expires_at.unwrap() - action.requested_at).num_hours()
}

fn expiry(hours: i64, until: Option<TimeDelta>) -> Change {
    let until = until.map(|until| Utc::now() + until);
    Change { default_expiry: Some(Some(DefaultExpiry { hours, until })), ..Change::default() }
}

const AS_CONFIGURED: Change = Change { default_expiry: Some(None), default_risk_tier: Some(None) };

#[tokio::test]
async fn a_new_default_deadline_holds_on_every_server_at_once_and_for_no_tool_that_has_its_own() {
    let stage = Stage::new().await;
    let twin = stage.twin().await;
    let own = ToolSettings { expiry_hours: Some(Some(6)), ..ToolSettings::default() };
    engine::registry::settle(&stage.engine, &stage.ana, "own", own).await.unwrap();
    assert_eq!(hours_of(&stage.park("mail", "{}").await), 48);
    engine::gate::park(&twin, &stage.agent, call("mail", "{}")).await.unwrap();

    let settled = change(&stage.engine, &stage.ana, expiry(96, None), Some("a long weekend")).await.unwrap();
    assert_eq!((settled.default_expiry_hours.value, settled.default_expiry_hours.configured), (96, 48));
    assert_eq!(settled.default_expiry_hours.settled.unwrap().by, "human:ana");
    assert_eq!(hours_of(&stage.park("mail", "{}").await), 96);
    let elsewhere = engine::gate::park(&twin, &stage.agent, call("mail", "{}")).await.unwrap().action;
    assert_eq!(hours_of(&elsewhere), 96);
    assert_eq!(hours_of(&stage.park("own", "{}").await), 6);
    let mut shorter = call("mail", "{}");
    shorter.expires_in_hours = Some(2);
    assert_eq!(hours_of(&stage.try_park(shorter).await.unwrap().action), 2);
    let mut longer = call("mail", "{}");
    longer.expires_in_hours = Some(500);
    assert_eq!(hours_of(&stage.try_park(longer).await.unwrap().action), 96);

    change(&stage.engine, &stage.ana, AS_CONFIGURED, None).await.unwrap();
    assert_eq!(hours_of(&stage.park("mail", "{}").await), 48);
}

#[tokio::test]
async fn a_deadline_for_a_while_ends_by_itself() {
    let stage = Stage::new().await;
    change(&stage.engine, &stage.ana, expiry(96, Some(TimeDelta::milliseconds(700))), None).await.unwrap();
    assert_eq!(hours_of(&stage.park("mail", "{}").await), 96);
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(hours_of(&stage.park("mail", "{}").await), 48);
    let now = show(&stage.engine, &stage.ben).await.unwrap().default_expiry_hours;
    assert_eq!((now.value, now.settled), (48, None));
}

#[tokio::test]
async fn an_unknown_tool_counts_as_what_was_settled_and_a_known_one_stays_what_it_is() {
    let stage = Stage::new().await;
    assert_eq!(stage.park("known", "{}").await.risk_tier, RiskTier::Medium);
    let critical = Change { default_risk_tier: Some(Some(RiskTier::Critical)), ..Change::default() };
    change(&stage.engine, &stage.ana, critical, None).await.unwrap();
    assert_eq!(stage.park("unknown", "{}").await.risk_tier, RiskTier::Critical);
    assert_eq!(stage.park("known", "{}").await.risk_tier, RiskTier::Medium);
}

#[tokio::test]
async fn every_change_is_an_entry_with_before_and_after_and_what_changes_nothing_is_none() {
    let stage = Stage::new().await;
    let entries = async || -> Vec<String> {
        sqlx::query_scalar("SELECT event_metadata::text || coalesce(reason, '') FROM approval_events WHERE event_type = 'setting_changed' ORDER BY seq")
            .fetch_all(stage.engine.pool())
            .await
            .unwrap()
    };
    change(&stage.engine, &stage.ana, expiry(72, None), Some("holidays")).await.unwrap();
    change(&stage.engine, &stage.ana, expiry(72, None), Some("again")).await.unwrap();
    change(&stage.engine, &stage.ana, AS_CONFIGURED, None).await.unwrap();
    change(&stage.engine, &stage.ana, AS_CONFIGURED, None).await.unwrap();
    let told = entries().await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("holidays") && told[0].contains("72") && told[0].contains("48"), "{}", told[0]);
}

#[tokio::test]
async fn what_an_entry_says_was_before_is_what_was_however_many_settle_at_once() {
    let stage = Stage::new().await;
    let settling = (50..58).map(|hours| change(&stage.engine, &stage.ana, expiry(hours, None), None));
    assert!(futures::future::join_all(settling).await.iter().all(Result::is_ok));
    let told: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT (event_metadata #>> '{before,default_expiry_hours}')::bigint, (event_metadata #>> '{after,default_expiry_hours}')::bigint
         FROM approval_events WHERE event_type = 'setting_changed' ORDER BY seq",
    )
    .fetch_all(stage.engine.pool())
    .await
    .unwrap();
    assert_eq!((told.len(), told[0].0), (8, 48));
    assert!(told.windows(2).all(|pair| pair[0].1 == pair[1].0), "{told:?}");
}

#[tokio::test]
async fn only_an_administrator_settles_and_what_cannot_be_is_refused_by_its_field() {
    let stage = Stage::new().await;
    assert_eq!(code(change(&stage.engine, &stage.ben, expiry(72, None), None).await), Code::Forbidden);
    assert_eq!(code(change(&stage.engine, &stage.agent, expiry(72, None), None).await), Code::HumanActorRequired);
    let refused = problem(change(&stage.engine, &stage.ana, expiry(0, Some(TimeDelta::days(-1))), None).await);
    let pointers: Vec<_> = refused.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!((refused.code, pointers), (Code::InvalidRequest, vec!["/default_expiry_hours", "/until"]));
    assert_eq!(show(&stage.engine, &stage.ben).await.unwrap().default_expiry_hours.value, 48);
}

#[tokio::test]
async fn the_database_says_what_it_holds_and_is_vacuumed_by_whoever_administers() {
    let stage = Stage::new().await;
    stage.park("mail", "{}").await;
    let before = engine::upkeep::show(&stage.engine, &stage.ana).await.unwrap();
    assert!(before.tables.iter().any(|table| table.name == "pending_actions" && table.total_bytes > table.table_bytes));
    assert!(before.indexes.iter().any(|index| index.name == "pending_actions_pkey"));
    assert_eq!(code(engine::upkeep::show(&stage.engine, &stage.ben).await), Code::Forbidden);
    assert_eq!(code(engine::upkeep::vacuum(&stage.engine, &stage.ben).await), Code::Forbidden);
    engine::upkeep::vacuum(&stage.engine, &stage.ana).await.unwrap();
    let vacuumed = async {
        loop {
            let now = engine::upkeep::show(&stage.engine, &stage.ana).await.unwrap();
            if now.tables.iter().any(|table| table.name == "approval_events" && table.last_vacuum.is_some()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), vacuumed).await.unwrap();
}
