//! What is read back: pages without gaps, figures that add up, screens without secrets.

use std::cmp::Reverse;

use std::collections::HashSet;

use domain::argument::ArgumentValue;
use domain::filter::ActionFilter;
use domain::health::Health;
use domain::lifecycle::{Status, Verb};
use domain::page::{Limit, Sort};
use domain::problem::Code;
use domain::text_safety::Piece;
use engine::actions::list;
use engine::console::{detail, frame, queue};
use engine::decisions::reject;
use engine::full_view::{self, Tree, values};
use engine::gate::ParkRequest;

use crate::stage::{Stage, call, code};

#[tokio::test]
async fn paging_shows_every_action_once_in_order_however_it_is_sorted() {
    let stage = Stage::new().await;
    for n in 0..23 {
        let mut request = call("send_email", &format!(r#"{{"n": {n}}}"#));
        request.expires_in_hours = Some(1 + (n * 7) % 20);
        stage.try_park(request).await.unwrap();
    }
    // Some of the same instant and deadline, some without a deadline: the tier or only the id tells them apart.
    for change in [
        "SET requested_at = '2026-01-01T00:00:00Z', expires_at = '2099-01-01T00:00:00Z',
            risk_tier = (ARRAY['low', 'medium', 'high', 'critical'])[1 + (tool_args ->> 'n')::int % 4]
         WHERE (tool_args ->> 'n')::int < 9",
        "SET expires_at = NULL WHERE (tool_args ->> 'n')::int BETWEEN 10 AND 17",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE pending_actions {change}")))
            .execute(stage.engine.pool())
            .await
            .unwrap();
    }
    for sort in Sort::ALL {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let filter = ActionFilter { sort, cursor, limit: Limit::new(5).unwrap(), ..ActionFilter::default() };
            let page = list(&stage.engine, &stage.ana, &filter).await.unwrap();
            assert_eq!(page.total, Some(23));
            assert!(page.actions.len() <= 5);
            seen.extend(page.actions);
            // As a client would: through its text.
            cursor = page.next.map(|cursor| cursor.encode().parse().unwrap());
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.iter().map(|action| action.id).collect::<HashSet<_>>().len(), 23, "{sort}");
        let sorted = match sort {
            Sort::Oldest => seen.is_sorted_by_key(|action| (action.requested_at, action.id)),
            Sort::Newest => seen.iter().rev().is_sorted_by_key(|action| (action.requested_at, action.id)),
            Sort::Urgency => seen.is_sorted_by_key(|action| {
                (action.expires_at.is_none(), action.expires_at, Reverse(action.risk_tier), action.id)
            }),
        };
        assert!(sorted, "{sort}");
    }
}

#[tokio::test]
async fn a_filter_is_applied_before_the_page_is_cut() {
    let stage = Stage::new().await;
    for n in 0..12 {
        let action = stage.park("send_email", &format!(r#"{{"n": {n}}}"#)).await;
        if n % 3 == 0 {
            reject(&stage.engine, &stage.ana, action.id, "not now").await.unwrap();
        }
    }
    let filter =
        ActionFilter { statuses: vec![Status::Rejected], limit: Limit::new(4).unwrap(), ..ActionFilter::default() };
    let page = list(&stage.engine, &stage.ana, &filter).await.unwrap();
    assert_eq!((page.actions.len(), page.total, page.next.is_none()), (4, Some(4), true));
}

#[tokio::test]
async fn the_days_figures_are_what_was_done_today() {
    let stage = Stage::new().await;
    let mut parked = Vec::new();
    for n in 0..10 {
        parked.push(stage.park("send_email", &format!(r#"{{"n": {n}}}"#)).await.id);
    }
    for id in &parked[0..4] {
        stage.approve(*id).await;
    }
    reject(&stage.engine, &stage.ana, parked[4], "not now").await.unwrap();
    stage.pass_deadline(parked[5]).await;
    engine::expiry::sweep(&stage.engine).await.unwrap();
    for success in [true, true, false] {
        let claim = stage.claim("send_email").await.unwrap();
        stage.report(&claim, success).await.unwrap();
    }
    let today = engine::metrics::report(&stage.engine, &stage.ana).await.unwrap().day;
    assert_eq!(today.total_pending, 4);
    assert_eq!(today.total_approved_today, 4, "what has run was approved all the same");
    assert_eq!(today.total_rejected_today, 1);
    assert_eq!(today.total_expired_today, 1);
    assert_eq!((today.total_executed_today, today.total_failed_today), (3, 1));
    assert_eq!(today.failure_rate, Some(1.0 / 3.0));
    assert_eq!(today.auto_approval_rate_today, Some(0.0));
    assert!(today.latency_p95_seconds.unwrap() >= today.latency_p50_seconds.unwrap());
}

/// truth-59
#[tokio::test]
async fn figures_without_data_are_unknown_and_a_failed_source_is_no_calm_zero() {
    let stage = Stage::new().await;
    let shown = frame(&stage.engine, &stage.ana, "v").await.unwrap();
    assert_eq!(shown.pending, Some(0));
    assert_eq!(shown.health.p95_seconds, (None, Health::Unknown));
    assert_eq!(shown.health.failure_rate, (None, Health::Unknown));

    sqlx::query("ALTER TABLE pending_actions RENAME COLUMN decided_by TO hidden")
        .execute(stage.engine.pool())
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let shown = frame(&stage.engine, &stage.ana, "v").await.unwrap();
    assert_eq!(shown.pending, None);
    assert_eq!(shown.health.overall, Health::Unknown);
}

#[tokio::test]
async fn a_screen_shows_what_is_there_and_neither_secrets_nor_tricks() {
    let stage = Stage::new().await;
    let mut request = call(
        "send_email",
        &format!(r#"{{"to": "ana@partner.example", "body": "{}", "smtp_password": "canary-7c1f"}}"#, "x".repeat(3_000)),
    );
    request.agent_summary = Some("pay \u{202e}gpj.exe with canary-7c1f, token=canary-9d".to_owned());
    let action = stage.try_park(request).await.unwrap().action;
    let shown = detail(&stage.engine, &stage.ana, action.id).await.unwrap();
    let text = serde_json::to_string(&shown).unwrap();
    assert!(!text.contains("canary"), "what the arguments keep secret is secret in the summary too: {text}");
    assert!(!text.contains('\u{202e}'));
    assert!(shown.row.flag.as_deref() == Some("deceptive text") && !shown.warnings.is_empty());
    assert_eq!(shown.row.headline.as_deref(), Some("ana@partner.example"));
    assert_eq!(shown.verbs, [Verb::Approve, Verb::Reject, Verb::Extend]);
    assert_eq!(shown.arguments[0].path, "to", "critical arguments come first");
    let body = shown.arguments.iter().find(|row| row.path == "body").unwrap();
    assert!(matches!(body.value, ArgumentValue::Text { rest_chars: 2_400, hidden_chars: 0, .. }), "{body:?}");
    let place = shown.arguments.iter().position(|row| row.path == "body").unwrap();
    let whole = full_view::text(&stage.engine, &stage.ana, action.id, Tree::Arguments, place, 0).await.unwrap();
    assert_eq!((whole.pieces, whole.total), (vec![Piece::Plain("x".repeat(3_000))], 3_000));
    let end = full_view::text(&stage.engine, &stage.ana, action.id, Tree::Arguments, place, 2_999).await.unwrap();
    assert_eq!(end.pieces, [Piece::Plain("x".to_owned())]);
    let place = shown.arguments.iter().position(|row| row.path == "smtp_password").unwrap();
    let secret = full_view::text(&stage.engine, &stage.ana, action.id, Tree::Arguments, place, 0).await;
    assert_eq!(code(secret), Code::NotFound);
    let all = values(&stage.engine, &stage.ana, action.id, Tree::Arguments, 1).await.unwrap();
    assert_eq!((all.rows.len() + 1, all.from, all.total), (shown.arguments.len(), 1, shown.arguments.len()));
    let none = values(&stage.engine, &stage.ana, action.id, Tree::Result, 0).await;
    assert_eq!(code(none), Code::NotFound, "nothing has run");
    let listed = queue(&stage.engine, &stage.ana, "").await.unwrap();
    assert_eq!(listed.rows, [shown.row]);
}

/// The summaries of the actions that the console shows at this address.
async fn shown(stage: &Stage, address: &str) -> Vec<String> {
    let page = queue(&stage.engine, &stage.ana, address).await.unwrap();
    page.rows.into_iter().filter_map(|row| row.summary).collect()
}

#[tokio::test]
async fn a_list_is_narrowed_by_everything_that_an_operator_asks_for() {
    let stage = Stage::new().await;
    let park = async |tool: &str, args: &str, session: &str, summary: &str| {
        let request = ParkRequest {
            session_id: Some(session.to_owned()),
            agent_summary: Some(summary.to_owned()),
            ..call(tool, args)
        };
        stage.try_park(request).await.unwrap().action
    };
    let mail = park("send_email", r#"{"to": "ana@partner.example"}"#, "s1", "first mail").await;
    let pay = park("send_payment", r#"{"amount": 4200.50, "iban": "DE89"}"#, "s1", "a payment").await;
    park("send_email", r#"{"to": "ben@example.com", "password": "hunter2canary"}"#, "s2", "second mail").await;
    stage.approve(pay.id).await;

    assert_eq!(shown(&stage, "").await, ["first mail", "second mail"]);
    assert_eq!(shown(&stage, "status=all&session_id=s1&sort=requested_at").await, ["first mail", "a payment"]);
    assert_eq!(shown(&stage, "status=all&tool_name=send_payment").await, ["a payment"]);
    assert_eq!(shown(&stage, "q=partner").await, ["first mail"]);
    assert_eq!(shown(&stage, "q=BEN+exam").await, ["second mail"]);
    assert_eq!(shown(&stage, "status=all&q=4200").await, ["a payment"]);
    assert_eq!(shown(&stage, "q=canary").await, Vec::<String>::new());
    assert_eq!(shown(&stage, "q=hunter2canary").await, Vec::<String>::new(), "what is masked is found by nobody");
    assert_eq!(shown(&stage, "agent=somebody-else").await, Vec::<String>::new());
    assert_eq!(shown(&stage, "risk_tier=critical").await, Vec::<String>::new());
    assert_eq!(shown(&stage, "expiring_within_hours=4").await, Vec::<String>::new());
    sqlx::query("UPDATE pending_actions SET expires_at = now() + interval '3 hours' WHERE id = $1")
        .bind(mail.id.0)
        .execute(stage.engine.pool())
        .await
        .unwrap();
    assert_eq!(shown(&stage, "expiring_within_hours=4").await, ["first mail"]);
}

#[tokio::test]
async fn a_day_in_the_address_is_a_day_of_the_configured_time_zone() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    for (at, day) in [("2026-03-01T00:00:00Z", "2026-03-01"), ("2026-03-01T23:59:59.999999Z", "2026-03-01")] {
        sqlx::query("UPDATE pending_actions SET requested_at = $2::timestamptz WHERE id = $1")
            .bind(action.id.0)
            .bind(domain::time_text::parse_instant(at).unwrap())
            .execute(stage.engine.pool())
            .await
            .unwrap();
        let count = async |address: String| queue(&stage.engine, &stage.ana, &address).await.unwrap().rows.len();
        assert_eq!(count(format!("since={day}&until={day}")).await, 1, "{at}");
        assert_eq!(count("until=2026-02-28".to_owned()).await, 0, "{at}");
        assert_eq!(count("since=2026-03-02".to_owned()).await, 0, "{at}");
    }
}

#[tokio::test]
async fn an_address_with_a_mistake_in_it_is_an_error_and_not_an_empty_page() {
    let stage = Stage::new().await;
    for address in ["status=waiting", "sort=name", "cursor=xyz", "q=%3F", "since=yesterday", "colour=red"] {
        assert_eq!(code(queue(&stage.engine, &stage.ana, address).await), Code::InvalidRequest, "{address}");
    }
}

#[tokio::test]
async fn a_word_is_found_the_same_way_whether_it_is_rare_or_everywhere() {
    let stage = Stage::new().await;
    let rare = stage.park("send_email", r#"{"to":"needle@example.com"}"#).await;
    for n in 0..6 {
        stage.park("send_email", &format!(r#"{{"to":"hay{n}@example.com"}}"#)).await;
    }
    // More than are counted, of which the newest are wanted.
    sqlx::query(
        "INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier,
             requested_at, words)
         SELECT gen_random_uuid(), 'bulk', '{}', '{}', repeat('0', 64), 'agent', 'pending', 'low',
             '2020-01-01'::timestamptz + n * interval '1 second', array_to_tsvector(ARRAY['example'])
         FROM generate_series(1, 10001) n",
    )
    .execute(stage.engine.pool())
    .await
    .unwrap();
    let page = queue(&stage.engine, &stage.ana, "q=needle").await.unwrap();
    assert_eq!((page.rows.len(), page.total, page.rows[0].id), (1, Some(1), rare.id));
    let page = queue(&stage.engine, &stage.ana, "q=exam&sort=-requested_at&limit=5").await.unwrap();
    assert_eq!((page.rows.len(), page.total), (5, None));
    assert!(page.rows.iter().all(|row| row.tool_name == "send_email"), "the newest come first: {page:?}");
    let next = format!("q=exam&sort=-requested_at&limit=5&cursor={}", page.next_cursor.unwrap());
    let second = queue(&stage.engine, &stage.ana, &next).await.unwrap();
    assert_eq!(second.rows[2].tool_name, "bulk");
}
