//! Alerts: opened once, closed when they are over, told to every place until it has heard.

use domain::alert::{AlertKind, Format, Found, Says, Severity};
use domain::problem::Code;
use engine::alerts::{Alerts, add, observe, remove, replay, settle, show, take, test, watch};
use engine::{Engine, Policy};

use crate::stage::{Stage, code, problem};

async fn stage() -> Stage {
    let outbound_allow = "127.0.0.0/8".parse().unwrap();
    Stage::with(Policy { outbound_allow, ..Policy::default() }).await
}

fn on() -> [(AlertKind, Found); 1] {
    let (title, detail) = ("121 wait".to_owned(), "Look".to_owned());
    [(AlertKind::Backlog, Found::On { severity: Severity::Critical, title, detail })]
}

const OFF: [(AlertKind, Found); 1] = [(AlertKind::Backlog, Found::Off)];
const UNKNOWN: [(AlertKind, Found); 1] = [(AlertKind::Backlog, Found::Unknown)];

async fn seen(stage: &Stage) -> Alerts {
    show(&stage.engine, &stage.ana).await.unwrap()
}

async fn place(stage: &Stage, name: &str) -> uuid::Uuid {
    let url = format!("http://127.0.0.1:9/{name}");
    add(&stage.engine, &stage.ana, name, &url, Format::Standard).await.unwrap().endpoint.id
}

async fn sql(engine: &Engine, text: &'static str) {
    sqlx::query(text).execute(engine.pool()).await.unwrap();
}

#[tokio::test]
async fn an_alert_is_opened_once_whoever_finds_it_and_closed_when_it_is_over() {
    let stage = stage().await;
    place(&stage, "ops").await;
    place(&stage, "chat").await;
    let twin = stage.twin().await;
    let found = on();
    let looks = (0..8).map(|at| observe(if at % 2 == 0 { &stage.engine } else { &twin }, &found));
    let opened: u64 = futures::future::join_all(looks).await.into_iter().map(|changed| changed.unwrap()).sum();
    assert_eq!(opened, 1);
    assert_eq!(observe(&stage.engine, &UNKNOWN).await.unwrap(), 0);
    assert_eq!(seen(&stage).await.alerts[0].closed_at, None, "a silent source closes nothing");
    assert_eq!(observe(&twin, &OFF).await.unwrap(), 1);
    assert_eq!(observe(&twin, &OFF).await.unwrap(), 0);
    let seen = seen(&stage).await;
    assert_eq!(seen.alerts.len(), 1);
    assert!(seen.alerts[0].closed_at.is_some());
    let mut told: Vec<(String, Says)> = seen.deliveries.into_iter().map(|own| (own.endpoint, own.says)).collect();
    told.sort_by_key(|(place, says)| (place.clone(), says.as_str()));
    let of = |place: &str, says| (place.to_owned(), says);
    assert_eq!(
        told,
        [of("chat", Says::Closed), of("chat", Says::Opened), of("ops", Says::Closed), of("ops", Says::Opened)]
    );
}

#[tokio::test]
async fn a_message_is_tried_again_later_and_later_until_it_arrives_or_is_given_up() {
    let stage = stage().await;
    place(&stage, "ops").await;
    observe(&stage.engine, &on()).await.unwrap();
    let taken = take(&stage.engine, 8).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert!(take(&stage.engine, 8).await.unwrap().is_empty(), "while it is being sent nobody else sends it");
    let id = taken[0].id;
    settle(&stage.engine, id, Ok(503)).await.unwrap();
    let failed = seen(&stage).await.deliveries.remove(0);
    assert_eq!((failed.attempts, failed.last_status), (1, Some(503)));
    assert!(failed.next_at.is_some() && failed.delivered_at.is_none());
    for _ in 0..7 {
        sql(&stage.engine, "UPDATE deliveries SET next_at = now() WHERE next_at IS NOT NULL").await;
        assert_eq!(take(&stage.engine, 8).await.unwrap()[0].id, id, "under the same id");
        settle(&stage.engine, id, Err("connection refused".to_owned())).await.unwrap();
    }
    let given_up = seen(&stage).await.deliveries.remove(0);
    assert_eq!((given_up.attempts, given_up.next_at, given_up.delivered_at), (8, None, None));
    assert!(take(&stage.engine, 8).await.unwrap().is_empty());
    assert!(code(replay(&stage.engine, &stage.ben, id).await) == Code::Forbidden);
    replay(&stage.engine, &stage.ana, id).await.unwrap();
    assert_eq!(take(&stage.engine, 8).await.unwrap()[0].id, id);
    settle(&stage.engine, id, Ok(204)).await.unwrap();
    let arrived = seen(&stage).await.deliveries.remove(0);
    assert_eq!((arrived.last_status, arrived.last_error, arrived.next_at), (Some(204), None, None));
    assert!(arrived.delivered_at.is_some());
}

#[tokio::test]
async fn one_whose_sender_died_is_sent_by_another() {
    let stage = stage().await;
    place(&stage, "ops").await;
    observe(&stage.engine, &on()).await.unwrap();
    let lost = take(&stage.engine, 8).await.unwrap().remove(0);
    sql(&stage.engine, "UPDATE deliveries SET next_at = now() - interval '1 second'").await;
    assert_eq!(take(&stage.engine, 8).await.unwrap()[0].id, lost.id);
}

#[tokio::test]
async fn nothing_is_sent_to_a_place_that_has_ended() {
    let stage = stage().await;
    let id = place(&stage, "ops").await;
    observe(&stage.engine, &on()).await.unwrap();
    let sending = take(&stage.engine, 8).await.unwrap().remove(0);
    remove(&stage.engine, &stage.ana, id).await.unwrap();
    settle(&stage.engine, sending.id, Ok(500)).await.unwrap();
    assert_eq!(seen(&stage).await.deliveries[0].next_at, None);
    for refused in [
        code(remove(&stage.engine, &stage.ana, id).await),
        code(test(&stage.engine, &stage.ana, id).await),
        code(replay(&stage.engine, &stage.ana, sending.id).await),
    ] {
        assert_eq!(refused, Code::NotFound);
    }
    observe(&stage.engine, &OFF).await.unwrap();
    assert_eq!(seen(&stage).await.deliveries.len(), 1);
    place(&stage, "ops").await;
}

#[tokio::test]
async fn only_an_administrator_adds_places_and_what_cannot_be_called_is_refused_by_its_field() {
    let stage = stage().await;
    let try_add = async |name: &str, url: &str| add(&stage.engine, &stage.ana, name, url, Format::Slack).await;
    assert_eq!(code(add(&stage.engine, &stage.ben, "a", "http://127.0.0.1/", Format::Slack).await), Code::Forbidden);
    assert_eq!(code(show(&stage.engine, &stage.ben).await), Code::Forbidden);
    for (name, url, pointer) in [
        ("", "https://a.example/", "/name"),
        ("a\u{202e}b", "https://a.example/", "/name"),
        ("a", "http://10.0.0.1/", "/url"),
        ("a", "file:///etc/passwd", "/url"),
        ("a", "nonsense", "/url"),
    ] {
        assert_eq!(problem(try_add(name, url).await).errors[0].pointer, pointer, "{name:?} {url}");
    }
    place(&stage, "a").await;
    assert_eq!(problem(try_add("a", "http://127.0.0.1/x").await).errors[0].pointer, "/name");
}

#[tokio::test]
async fn the_secret_and_a_url_that_is_one_stand_in_no_entry_and_on_no_page() {
    let stage = stage().await;
    let url = "http://127.0.0.1/services/T0/B0/canary-9q";
    let added = add(&stage.engine, &stage.ana, "chat", url, Format::Slack).await.unwrap();
    let secret = added.secret.reveal().to_owned();
    let shown = format!("{:?} {:?}", added.endpoint, seen(&stage).await);
    let trail: String = sqlx::query_scalar(
        "SELECT string_agg(event_metadata::text, ' ') FROM approval_events WHERE event_type LIKE 'alert%'",
    )
    .fetch_one(stage.engine.pool())
    .await
    .unwrap();
    assert!(trail.contains("chat"), "{trail}");
    for text in [shown, trail] {
        assert!(!text.contains("canary-9q") && !text.contains(&secret), "{text}");
    }
    test(&stage.engine, &stage.ana, added.endpoint.id).await.unwrap();
    assert_eq!(take(&stage.engine, 8).await.unwrap()[0].url, url, "what is sent goes to the whole of it");
}

#[tokio::test]
async fn a_backlog_and_a_trail_that_does_not_verify_are_found_and_found_over() {
    let stage = stage().await;
    assert_eq!(watch(&stage.engine).await.unwrap(), 0);
    for at in 0..101 {
        stage.park("mail", &format!("{{\"n\":{at}}}")).await;
    }
    assert_eq!(watch(&stage.engine).await.unwrap(), 1);
    assert_eq!(seen(&stage).await.alerts[0].title, "Backlog: 101 actions wait, more than 100");
    let fault =
        "INSERT INTO trail_checks (checked_by, through_seq, seals, events, purged, faults, first_fault, milliseconds)
        VALUES ('human:ana', 0, 0, 0, 0, 1, 'entry 7 was changed', 1)";
    sql(&stage.engine, fault).await;
    assert_eq!(watch(&stage.engine).await.unwrap(), 1);
    let newest = seen(&stage).await.alerts.remove(0);
    assert_eq!((newest.kind, newest.detail.as_str()), (AlertKind::TrailFault, "entry 7 was changed"));
    sql(&stage.engine, "UPDATE pending_actions SET expires_at = now() - interval '1 second'").await;
    engine::expiry::sweep(&stage.engine).await.unwrap();
    sql(&stage.engine, "DELETE FROM trail_checks").await;
    assert_eq!(watch(&stage.engine).await.unwrap(), 2);
    assert!(seen(&stage).await.alerts.iter().all(|alert| alert.closed_at.is_some()));
}
