//! What is over for long enough is archived and purged; nothing else is, whatever happens in between.

use std::time::Duration;

use domain::action::Action;
use domain::event_filter::EventFilter;
use domain::id::ActionId;
use domain::problem::Code;
use domain::query_string::QueryString;
use engine::audit::{Ask, Verification, Whereabouts, list, seal, verify};
use engine::decisions::{reject, withdraw};
use engine::retention::{Keep, State, advance, begin, count, dry_run, overview, run_to_end, start};
use engine::settlement::abandon;
use engine::{Engine, Policy};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::stage::{Stage, code};

async fn stage() -> (Stage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::with(policy(&folder)).await;
    (stage, folder)
}

fn policy(folder: &TempDir) -> Policy {
    let keep = Keep { archives: Some(folder.path().join("archives")), ..Keep::default() };
    Policy { retention: keep, ..Policy::default() }
}

async fn sql(stage: &Stage, statement: &'static str) {
    sqlx::raw_sql(statement).execute(stage.engine.pool()).await.unwrap();
}

async fn ages(stage: &Stage, id: ActionId, days: i32) {
    sqlx::query(
        "UPDATE pending_actions SET decided_at = decided_at - make_interval(days => $2),
            executed_at = executed_at - make_interval(days => $2) WHERE id = $1",
    )
    .bind(id.0)
    .bind(days)
    .execute(stage.engine.pool())
    .await
    .unwrap();
}

/// Seals what there is, and lets it lie for so many days. Only the owner of the table can do that.
async fn seals_age(stage: &Stage, days: i32) {
    seal(&stage.engine).await.unwrap();
    sql(stage, "ALTER TABLE event_seals DISABLE TRIGGER USER").await;
    sqlx::query("UPDATE event_seals SET sealed_at = sealed_at - make_interval(days => $1)")
        .bind(days)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    sql(stage, "ALTER TABLE event_seals ENABLE TRIGGER USER").await;
}

async fn rejected(stage: &Stage, days: i32) -> Action {
    let action = stage.park("send_email", r#"{"to": "a@example.com", "password": "Canary7X9q", "n": 1e3}"#).await;
    reject(&stage.engine, &stage.ana, action.id, "no").await.unwrap();
    ages(stage, action.id, days).await;
    action
}

async fn ran(stage: &Stage, success: bool, days: i32) -> Action {
    let action = stage.park("pay", "{}").await;
    stage.approve(action.id).await;
    let claim = stage.claim("pay").await.unwrap();
    stage.report(&claim, success).await.unwrap();
    ages(stage, action.id, days).await;
    action
}

async fn is_there(stage: &Stage, id: ActionId) -> bool {
    engine::actions::get(&stage.engine, &stage.ana, id).await.is_ok()
}

async fn verified(stage: &Stage) -> Verification {
    let ask = Ask { against: None, archives: true };
    verify(&stage.engine, &stage.ana, &ask, |_| {}).await.unwrap()
}

async fn rows(stage: &Stage) -> (i64, i64, i64) {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM pending_actions), (SELECT count(*) FROM execution_attempts), (SELECT count(*) FROM approval_events)",
    )
    .fetch_one(stage.engine.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn what_is_over_for_long_enough_goes_and_nothing_else() {
    let (stage, folder) = stage().await;
    let old = [
        rejected(&stage, 91).await,
        ran(&stage, true, 181).await,
        ran(&stage, false, 181).await,
        {
            let action = stage.park("send_email", "{}").await;
            withdraw(&stage.engine, &stage.agent, action.id, None).await.unwrap();
            ages(&stage, action.id, 91).await;
            action
        },
        {
            let action = stage.park("send_email", "{}").await;
            stage.pass_deadline(action.id).await;
            engine::expiry::sweep(&stage.engine).await.unwrap();
            ages(&stage, action.id, 91).await;
            action
        },
    ];
    seals_age(&stage, 366).await;
    let given_up = {
        let action = ran(&stage, false, 0).await;
        abandon(&stage.engine, &stage.ana, action.id, "by hand").await.unwrap();
        // Approved long ago, given up today.
        ages(&stage, action.id, 91).await;
        action
    };
    let queued = stage.park("send_email", "{}").await;
    stage.approve(queued.id).await;
    ages(&stage, queued.id, 999).await;
    let young = [
        rejected(&stage, 89).await,
        ran(&stage, true, 179).await,
        stage.park("send_email", "{}").await,
        queued,
        given_up,
    ];
    seal(&stage.engine).await.unwrap();

    let before = rows(&stage).await;
    let would = dry_run(&stage.engine, &stage.ana).await.unwrap();
    assert_eq!((would.actions, would.attempts, would.seals), (5, 2, 1));
    assert_eq!(rows(&stage).await, before, "a dry run writes nothing");
    let run = run_to_end(&stage.engine, "human:ana", |_| {}).await.unwrap();
    assert_eq!((run.state, run.trouble.as_deref()), (State::Done, None));
    assert_eq!(
        (run.actions_purged, run.attempts_purged, run.events_purged),
        (would.actions, would.attempts, would.events)
    );
    let after = rows(&stage).await;
    // One entry is new: that of the run.
    assert_eq!((after.0, after.1, after.2), (before.0 - 5, before.1 - 2, before.2 - would.events + 1));
    for action in &old {
        assert!(!is_there(&stage, action.id).await);
    }
    for action in &young {
        assert!(is_there(&stage, action.id).await, "{:?}", action.status);
    }

    let found = verified(&stage).await;
    assert!(found.is_whole(), "{:?}", found.faults);
    assert_eq!(found.purged, would.events);
    for archive in &run.archives {
        let bytes = std::fs::read(folder.path().join("archives").join(&archive.file)).unwrap();
        assert_eq!(hex::encode(Sha256::digest(&bytes)), archive.sha256.to_string());
        let text = String::from_utf8(bytes).unwrap();
        let entries = text.lines().filter(|line| !line.starts_with(r#"{"seal":"#)).count();
        assert_eq!(entries as i64, archive.entries);
        assert!(!text.contains("Canary7X9q"), "a secret is in no archive");
        assert!(archive.seals.is_some() || text.contains(r#""n":1e3"#), "digit for digit");
    }
    let mut query = QueryString::parse(Some("event_type=retention_run")).unwrap();
    let entries = list(&stage.engine, &stage.ana, &EventFilter::read(&mut query)).await.unwrap().events;
    let told = entries[0].event_metadata.to_text();
    assert!(run.archives.iter().all(|archive| told.contains(&archive.sha256.to_string())), "{told}");
    let gone = engine::audit::show(&stage.engine, &stage.ana, Whereabouts::Place(1)).await;
    assert!(crate::stage::problem(gone).detail.contains("-events-"), "it says which archive");

    let again = run_to_end(&stage.engine, "system:cli", |_| {}).await.unwrap();
    assert_eq!((again.actions, again.events, again.archives.len()), (0, 0, 0));
    assert!(verified(&stage).await.is_whole());
}

/// Wherever a server is killed, the run goes on from there, and what goes in the end is what would have gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_anywhere_goes_on_without_loss_and_without_going_twice() {
    let (stage, folder) = stage().await;
    for _ in 0..12 {
        rejected(&stage, 91).await;
        ran(&stage, true, 181).await;
        seal(&stage.engine).await.unwrap();
    }
    seals_age(&stage, 366).await;
    let kept = stage.park("send_email", "{}").await;
    seal(&stage.engine).await.unwrap();
    let would = count(&stage.engine).await.unwrap();
    let before = rows(&stage).await;
    let run = begin(&stage.engine, "human:ana").await.unwrap();
    // What a kill in the middle of writing leaves behind.
    std::fs::create_dir_all(folder.path().join("archives")).unwrap();
    let day = run.started_at.format("%Y-%m-%d");
    for kind in ["actions", "events"] {
        let part = folder.path().join("archives").join(format!("{day}-{kind}-{}.ndjson.part", run.id.simple()));
        std::fs::write(part, "half a li").unwrap();
    }
    let mut killed = 0;
    let mut after = Duration::from_micros(300);
    loop {
        // A server of its own each time: nothing of the one before is left but what it committed.
        let server = Engine::start(stage.engine.pool().clone(), policy(&folder)).await.unwrap();
        let work = tokio::spawn({
            let server = server.clone();
            async move { run_to_end(&server, "human:ana", |_| {}).await }
        });
        tokio::time::sleep(after).await;
        let in_time = work.is_finished();
        work.abort();
        let ended = work.await;
        server.stop();
        if in_time
            && let Ok(Ok(run)) = ended
            && run.state == State::Done
        {
            break;
        }
        killed += 1;
        after = after * 5 / 4;
    }
    assert!(killed >= 3, "it was killed {killed} times");
    let runs = overview(&stage.engine, &stage.ana).await.unwrap().runs;
    // The last server may have found the first run done and begun one more, which had nothing to do.
    let first = runs.last().unwrap();
    assert_eq!((first.id, first.state), (run.id, State::Done));
    assert_eq!((first.actions_purged, first.events_purged), (would.actions, would.events));
    assert!(runs[..runs.len() - 1].iter().all(|later| later.actions == 0 && later.events == 0));
    let now = rows(&stage).await;
    assert_eq!(now.0, before.0 - would.actions);
    assert_eq!(now.2, before.2 - would.events + runs.iter().filter(|run| run.state == State::Done).count() as i64);
    assert!(is_there(&stage, kept.id).await);
    let found = verified(&stage).await;
    assert!(found.is_whole(), "{:?}", found.faults);
    assert_eq!(found.purged, would.events);
}

#[tokio::test]
async fn nothing_is_purged_whose_archive_is_not_whole() {
    let (stage, folder) = stage().await;
    rejected(&stage, 91).await;
    seals_age(&stage, 366).await;
    let before = rows(&stage).await;
    begin(&stage.engine, "human:ana").await.unwrap();
    let run = advance(&stage.engine).await.unwrap().unwrap();
    assert_eq!(run.state, State::Archived);
    let archive = &overview(&stage.engine, &stage.ana).await.unwrap().runs[0].archives[1];
    let path = folder.path().join("archives").join(&archive.file);
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    for content in [Some(bad), None] {
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        assert!(advance(&stage.engine).await.is_err());
        let stuck = &overview(&stage.engine, &stage.ana).await.unwrap().runs[0];
        assert!(stuck.state == State::Archived && stuck.trouble.is_some(), "{stuck:?}");
        assert_eq!(rows(&stage).await, before);
    }
    std::fs::write(&path, good).unwrap();
    let run = run_to_end(&stage.engine, "human:ana", |_| {}).await.unwrap();
    assert_eq!((run.state, run.trouble), (State::Done, None));
}

/// audit-57: the guard asks what is deleted and not who deletes.
#[tokio::test]
async fn the_applications_role_deletes_whole_archived_seals_or_nothing() {
    let (stage, _folder) = stage().await;
    for _ in 0..3 {
        rejected(&stage, 91).await;
        seal(&stage.engine).await.unwrap();
    }
    seals_age(&stage, 366).await;
    stage.park("send_email", "{}").await;
    seal(&stage.engine).await.unwrap();
    let refused = async |statements: &'static str| {
        let mut transaction = stage.engine.pool().begin().await.unwrap();
        let done = sqlx::raw_sql(statements).execute(&mut *transaction).await;
        assert!(done.is_err(), "{statements}");
    };
    begin(&stage.engine, "human:ana").await.unwrap();
    refused("DELETE FROM approval_events WHERE seq = 1").await;
    refused("UPDATE retention_runs SET state = 'archived', archived_at = now(), events = 1, first_seal = 1, last_seal = 1, purged_through = 0").await;
    refused("UPDATE retention_runs SET state = 'purging', archived_at = now()").await;
    refused("UPDATE retention_runs SET events_before = now()").await;
    while advance(&stage.engine).await.unwrap().unwrap().state != State::Purging {}
    for statements in [
        "DELETE FROM approval_events",
        "UPDATE retention_runs SET batch_through = 1; DELETE FROM approval_events WHERE seq = 1",
        "UPDATE retention_runs SET batch_through = 4; DELETE FROM approval_events WHERE seq IN (SELECT unnest(event_seqs) FROM event_seals)",
        "UPDATE retention_runs SET batch_through = 1; DELETE FROM approval_events WHERE seq IN (SELECT unnest(event_seqs) FROM event_seals WHERE number <= 2)",
        "UPDATE approval_events SET actor = 'human:nobody'",
        "TRUNCATE approval_events",
        "UPDATE retention_runs SET last_seal = 4",
        "UPDATE retention_runs SET state = 'done', finished_at = now()",
        "DELETE FROM retention_runs",
        "TRUNCATE retention_runs CASCADE",
        "DELETE FROM archives",
        "UPDATE archives SET sha256 = repeat('0', 64)",
        "INSERT INTO retention_runs (id, state, asked_by, started_at, decided_before, executed_before, events_before, host, directory)
         VALUES (gen_random_uuid(), 'started', 'system:x', now() + interval '9 days', now(), now(), now(), 'h', 'd')",
    ] {
        refused(statements).await;
    }
    run_to_end(&stage.engine, "human:ana", |_| {}).await.unwrap();
    assert!(verified(&stage).await.is_whole());
}

#[tokio::test]
async fn an_archive_that_was_changed_afterwards_is_found_out() {
    let (stage, folder) = stage().await;
    rejected(&stage, 91).await;
    seals_age(&stage, 366).await;
    let run = run_to_end(&stage.engine, "human:ana", |_| {}).await.unwrap();
    let path = folder.path().join("archives").join(&run.archives[1].file);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("human:ana", "human:eve", 1)).unwrap();
    let found = verified(&stage).await;
    assert!(found.faults[0].contains("is not what it was"), "{:?}", found.faults);
    std::fs::remove_file(&path).unwrap();
    assert!(verified(&stage).await.faults[0].contains("is not here"));
    // The chain itself is whole.
    let plain = verify(&stage.engine, &stage.ana, &Ask::default(), |_| {}).await.unwrap();
    assert!(plain.is_whole() && plain.purged == run.events_purged);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_one_run() {
    let (stage, folder) = stage().await;
    for _ in 0..5 {
        rejected(&stage, 91).await;
    }
    seals_age(&stage, 366).await;
    let twin = Engine::start(stage.engine.pool().clone(), policy(&folder)).await.unwrap();
    let would = count(&stage.engine).await.unwrap();
    let (one, other) = tokio::join!(start(&stage.engine, &stage.ana), start(&twin, &stage.ana));
    assert_eq!(one.unwrap().id, other.unwrap().id);
    for _ in 0..200 {
        if overview(&stage.engine, &stage.ana).await.unwrap().runs[0].state == State::Done {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let runs = overview(&stage.engine, &stage.ana).await.unwrap().runs;
    assert_eq!((runs.len(), runs[0].state, runs[0].actions_purged), (1, State::Done, would.actions));
    assert!(verified(&stage).await.is_whole());
}

#[tokio::test]
async fn a_run_begins_by_itself_once_a_week_and_goes_on_where_it_was_left() {
    let (stage, _folder) = stage().await;
    rejected(&stage, 91).await;
    assert_eq!(engine::retention::due(&stage.engine).await.unwrap(), 0, "the first week is not over");
    sql(&stage, "UPDATE users SET created_at = created_at - interval '8 days'").await;
    assert_eq!(engine::retention::due(&stage.engine).await.unwrap(), 1);
    let next = overview(&stage.engine, &stage.ana).await.unwrap().next.unwrap();
    assert!((next - chrono::Utc::now()).num_days() >= 6);
    assert_eq!(engine::retention::due(&stage.engine).await.unwrap(), 0);
    rejected(&stage, 91).await;
    begin(&stage.engine, "human:ana").await.unwrap();
    assert_eq!(engine::retention::due(&stage.engine).await.unwrap(), 1, "one that was left is gone on with");
}

#[tokio::test]
async fn only_an_administrator_purges_and_only_with_a_place_for_archives() {
    let (stage, _folder) = stage().await;
    assert_eq!(code(start(&stage.engine, &stage.ben).await), Code::Forbidden);
    assert_eq!(code(dry_run(&stage.engine, &stage.ben).await), Code::Forbidden);
    let nowhere = Engine::start(stage.engine.pool().clone(), Policy::default()).await.unwrap();
    assert_eq!(code(start(&nowhere, &stage.ana).await), Code::Unavailable);
}

#[tokio::test]
async fn a_run_that_is_tried_again_does_not_take_from_the_figures_what_was_purged_meanwhile() {
    let (stage, _folder) = stage().await;
    rejected(&stage, 100).await;
    let failed = ran(&stage, false, 100).await;
    sql(&stage, "UPDATE pending_actions SET requested_at = requested_at - interval '101 days'").await;
    while engine::metrics::close(&stage.engine).await.unwrap() > 0 {}
    let counted = "SELECT count(*) FROM metric_spans WHERE starts_at <= now() - interval '100 days'
        AND ends_at > now() - interval '100 days' AND figures::text LIKE '%rejected%'";
    let kept = async || sqlx::query_scalar::<_, i64>(counted).fetch_one(stage.engine.pool()).await.unwrap();
    assert_eq!(kept().await, 1);
    let figures = async || engine::metrics::page(&stage.engine, &stage.ana, 90).await.unwrap();
    assert_eq!(figures().await.rows_since, None);
    assert_eq!(run_to_end(&stage.engine, "system:test", |_| {}).await.unwrap().actions_purged, 1);
    let figures = figures().await;
    let whole = (figures.now.date_naive() - figures.rows_since.unwrap()).num_days();
    assert!((89..=90).contains(&whole), "every row of {whole} days is still there, of what is kept 90");
    engine::settlement::retry(&stage.engine, &stage.ana, failed.id, None).await.unwrap();
    assert_eq!(kept().await, 1, "a day of which rows are gone stays as it was counted");
}
