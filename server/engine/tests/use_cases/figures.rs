//! Figures are what plain SQL over the actions says, whether counted as they are asked for or kept from before.

mod history;

use chrono::{DateTime, NaiveDate, Utc};
use domain::health::Health;
use domain::identity::Scope;
use domain::incident::IncidentKind;
use domain::metrics::{Compared, Totals, Window};
use domain::problem::Code;
use engine::metrics::{MetricsPage, close, page, report};
use engine::{Engine, Policy};
use sqlx::PgPool;

use crate::stage::{Stage, code, token};

const DAYS: i32 = 180;

/// Of these, one has put its clock forward or back just once within the history, whatever day it is.
const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/Santiago", "America/New_York", "Australia/Sydney", "Africa/Cairo", "Pacific/Auckland"];

/// A zone one of whose days within the history had 23 or 25 hours.
async fn zone_with_a_change() -> String {
    let pool = engine::cluster::testing::fresh_database().await;
    for zone in ZONES {
        let changed: Vec<i32> = sqlx::query_scalar(
            "SELECT back FROM generate_series(-1, $2 + 2) back,
                LATERAL (SELECT (now() AT TIME ZONE $1)::date - back AS day) t
             WHERE (day + 1)::timestamp AT TIME ZONE $1 - day::timestamp AT TIME ZONE $1 <> interval '24 hours'",
        )
        .bind(zone)
        .bind(DAYS)
        .fetch_all(&pool)
        .await
        .unwrap();
        if let [back] = changed[..]
            && (3..DAYS - 5).contains(&back)
        {
            return zone.to_owned();
        }
    }
    panic!("no zone has changed its clock just once")
}

async fn stage() -> Stage {
    let timezone = zone_with_a_change().await;
    let stage = Stage::with(Policy { timezone: timezone.clone(), ..Policy::default() }).await;
    history::make(stage.engine.pool(), &timezone, DAYS).await;
    stage
}

/// How many hours of today have been over for long enough to be closed.
async fn hours_over(stage: &Stage) -> i64 {
    let timezone = &page(&stage.engine, &stage.ana, 1).await.unwrap().timezone;
    sqlx::query_scalar(
        "SELECT greatest(0, floor(extract(epoch FROM now() - interval '5 seconds' - date_trunc('day', now(), $1)) / 3600))::bigint",
    )
    .bind(timezone)
    .fetch_one(stage.engine.pool())
    .await
    .unwrap()
}

async fn close_all(engine: &Engine) -> usize {
    let mut closed = 0;
    loop {
        match close(engine).await.unwrap() {
            0 => return closed,
            more => closed += more,
        }
    }
}

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Truth {
    approved: i64,
    rejected: i64,
    expired: i64,
    withdrawn: i64,
    by_people: i64,
    by_rule: i64,
    auto: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    executed: i64,
    failed: i64,
    failure: Option<f64>,
    attempts: i64,
    retries: i64,
    created: i64,
    revoked: i64,
    burden: Option<f64>,
    operators: i64,
    productivity: Option<f64>,
}

/// The figures of a window in plain SQL, by no index and no day in particular.
async fn truth(pool: &PgPool, timezone: &str, window: Window) -> Truth {
    sqlx::query_as(
        "WITH d AS (SELECT *, status IN ('approved', 'executed', 'abandoned') AS yes, status = 'rejected' AS no,
                decided_by LIKE 'human:%' AS human, decided_by LIKE 'rule:%' AS rule,
                extract(epoch FROM decided_at - requested_at)::float8 AS took
            FROM pending_actions WHERE decided_at BETWEEN $1 AND $2 - interval '1 microsecond'),
         x AS (SELECT * FROM pending_actions WHERE executed_at BETWEEN $1 AND $2 - interval '1 microsecond'),
         t AS (SELECT * FROM execution_attempts WHERE finished_at BETWEEN $1 AND $2 - interval '1 microsecond'),
         h AS (SELECT * FROM d WHERE human AND (yes OR no))
         SELECT
            (SELECT count(*) FROM d WHERE yes) AS approved,
            (SELECT count(*) FROM d WHERE no) AS rejected,
            (SELECT count(*) FROM d WHERE status = 'expired') AS expired,
            (SELECT count(*) FROM d WHERE status = 'withdrawn') AS withdrawn,
            (SELECT count(*) FROM h) AS by_people,
            (SELECT count(*) FROM d WHERE rule) AS by_rule,
            (SELECT (count(*) FILTER (WHERE rule AND yes))::float8 / nullif(count(*) FILTER (WHERE rule AND yes OR human AND (yes OR no)), 0) FROM d) AS auto,
            (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FROM h) AS p50,
            (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY took) FROM h) AS p95,
            (SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY took) FROM h) AS p99,
            (SELECT count(*) FROM x) AS executed,
            (SELECT count(*) FROM x WHERE execution_result ->> 'success' = 'false') AS failed,
            (SELECT (count(*) FILTER (WHERE execution_result ->> 'success' = 'false'))::float8 / nullif(count(*), 0) FROM x) AS failure,
            (SELECT count(*) FROM t) AS attempts,
            (SELECT count(*) FROM t WHERE number > 1) AS retries,
            (SELECT count(*) FROM approval_rules WHERE created_at >= $1 AND created_at < $2) AS created,
            (SELECT count(*) FROM approval_rules WHERE revoked_at >= $1 AND revoked_at < $2) AS revoked,
            (SELECT count(*)::float8 / nullif(count(DISTINCT decided_by || (decided_at AT TIME ZONE $3)::date), 0) FROM h) AS burden,
            (SELECT count(DISTINCT decided_by) FROM h) AS operators,
            (SELECT (count(*) FILTER (WHERE yes))::float8
                / nullif(count(DISTINCT decided_by || date_trunc('hour', decided_at)), 0) FROM h) AS productivity",
    )
    .bind(window.start)
    .bind(window.end)
    .bind(timezone)
    .fetch_one(pool)
    .await
    .unwrap()
}

fn told(totals: &Totals) -> Truth {
    Truth {
        approved: totals.approved,
        rejected: totals.rejected,
        expired: totals.expired,
        withdrawn: totals.withdrawn,
        by_people: totals.decided_by_people,
        by_rule: totals.decided_by_rule,
        auto: totals.auto_approval_rate,
        p50: totals.latency_seconds.p50,
        p95: totals.latency_seconds.p95,
        p99: totals.latency_seconds.p99,
        executed: totals.executed,
        failed: totals.failed,
        failure: totals.failure_rate,
        attempts: totals.attempts,
        retries: totals.retries,
        created: totals.rules_created,
        revoked: totals.rules_revoked,
        burden: totals.manual_burden,
        operators: totals.operators as i64,
        productivity: totals.operator_productivity,
    }
}

async fn agrees(engine: &Engine, compared: &Compared) {
    let timezone = &engine.policy().timezone;
    for totals in [&compared.current, &compared.previous] {
        assert_eq!(told(totals), truth(engine.pool(), timezone, totals.window).await, "{:?}", totals.window);
    }
    assert_eq!(compared.previous.window.end, compared.current.window.start);
}

/// Every figure of every window against plain SQL.
async fn everything_agrees(stage: &Stage) {
    let engine = &stage.engine;
    let told = report(engine, &stage.ana).await.unwrap();
    let totals = [&told.windows.daily, &told.windows.weekly, &told.windows.monthly.totals];
    for compared in totals {
        agrees(engine, compared).await;
    }
    for range in [1, 7, 30, 90] {
        let page = page(engine, &stage.ana, range).await.unwrap();
        agrees(engine, page.totals.as_ref().unwrap()).await;
        days_agree(engine, &page).await;
        tables_agree(engine.pool(), &page).await;
    }
}

/// Day by day, the day taken from the local time of each row.
async fn days_agree(engine: &Engine, page: &MetricsPage) {
    let days = page.days.as_ref().unwrap();
    assert_eq!(days.len(), page.range);
    for figures in days {
        let date: NaiveDate = figures.day.date;
        let row: (i64, i64, i64, Option<f64>, i64) = sqlx::query_as(
            "SELECT
                count(*) FILTER (WHERE (decided_at AT TIME ZONE $2)::date = $1 AND status IN ('approved', 'executed', 'abandoned')),
                count(*) FILTER (WHERE (decided_at AT TIME ZONE $2)::date = $1 AND status = 'rejected'),
                count(*) FILTER (WHERE (executed_at AT TIME ZONE $2)::date = $1 AND execution_state = 'failed'),
                (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - requested_at)::float8)
                 FROM pending_actions WHERE (decided_at AT TIME ZONE $2)::date = $1 AND decided_by LIKE 'human:%'),
                count(*) FILTER (WHERE (requested_at AT TIME ZONE $2)::date <= $1
                    AND (decided_at IS NULL OR (decided_at AT TIME ZONE $2)::date > $1))
             FROM pending_actions",
        )
        .bind(date)
        .bind(&page.timezone)
        .fetch_one(engine.pool())
        .await
        .unwrap();
        let tally = &figures.tally;
        let told = (tally.approved(), tally.rejected(), tally.failed, figures.latency.p95, figures.pending.unwrap());
        assert_eq!(told, row, "{date}");
    }
}

async fn tables_agree(pool: &PgPool, page: &MetricsPage) {
    let window = page.totals.as_ref().unwrap().current.window;
    let tools: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT tool_name,
            count(*) FILTER (WHERE requested_at >= $1 AND requested_at < $2 AND decided_at IS DISTINCT FROM requested_at),
            count(*) FILTER (WHERE status = 'pending'),
            count(*) FILTER (WHERE executed_at >= $1 AND executed_at < $2 AND execution_state = 'failed'),
            (SELECT count(*) FROM approval_rules r WHERE r.tool_name = a.tool_name AND active)
         FROM pending_actions a GROUP BY tool_name ORDER BY 2 DESC, 3 DESC, 1",
    )
    .bind(window.start)
    .bind(window.end)
    .fetch_all(pool)
    .await
    .unwrap();
    let told =
        page.tools.iter().flatten().map(|tool| {
            (tool.name.clone(), tool.gated, tool.pending.unwrap(), tool.failed, tool.active_rules.unwrap())
        });
    let wanted: Vec<_> = tools.into_iter().filter(|tool| tool.1 + tool.2 > 0).collect();
    assert_eq!(told.collect::<Vec<_>>(), wanted);

    let people: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT substr(decided_by, 7), count(*) FILTER (WHERE status <> 'rejected'), count(*) FILTER (WHERE status = 'rejected')
         FROM pending_actions WHERE decided_by LIKE 'human:%' AND decided_at >= $1 AND decided_at < $2
         GROUP BY 1 ORDER BY count(*) DESC, 1",
    )
    .bind(window.start)
    .bind(window.end)
    .fetch_all(pool)
    .await
    .unwrap();
    let told = page
        .operators
        .iter()
        .flatten()
        .map(|person| (person.name.clone(), person.tally.approved, person.tally.rejected));
    assert_eq!(told.collect::<Vec<_>>(), people);

    let failures: i64 = page.failures.iter().flatten().map(|line| line.count).sum();
    assert_eq!(failures, page.totals.as_ref().unwrap().current.failed);
}

#[tokio::test]
async fn every_figure_of_half_a_year_is_what_plain_sql_says_before_and_after_it_is_closed() {
    let stage = stage().await;
    everything_agrees(&stage).await;

    let longest = page(&stage.engine, &stage.ana, 90).await.unwrap();
    let before = report(&stage.engine, &stage.ana).await.unwrap();
    let at_least = hours_over(&stage).await;
    let closed = i64::try_from(close_all(&stage.engine).await).unwrap();
    let hours = closed - i64::from(DAYS - 1);
    assert!(
        (at_least..=hours_over(&stage).await).contains(&hours),
        "the days before today, and {hours} hours of today"
    );
    assert_eq!(close_all(&stage.engine).await, 0, "once");
    everything_agrees(&stage).await;
    let after = report(&stage.engine, &stage.ana).await.unwrap();
    assert_eq!(after.windows, before.windows);

    let shown = longest.days.unwrap();
    let samples = |back: i32| shown[shown.len() - 1 - usize::try_from(back).unwrap()].clone();
    assert_eq!(samples(history::NO_DECISION).latency.p95, None);
    let one = samples(history::ONE_DECISION).latency;
    assert!(one.p50.is_some() && one.p50 == one.p99);
    let two = samples(history::TWO_DECISIONS).latency;
    assert!(two.p50 < two.p95 && two.p95 < two.p99, "{two:?}");
    let odd: Vec<i64> = spans(&stage, "ends_at - starts_at NOT IN (interval '24 hours', interval '1 hour')").await;
    assert_eq!(odd.len(), 1, "the day on which the clock was put forward or back is a day");
}

/// The ids of the closed spans that a condition holds for.
async fn spans(stage: &Stage, condition: &str) -> Vec<i64> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT id FROM metric_spans WHERE {condition}"));
    sqlx::query_scalar(sql).fetch_all(stage.engine.pool()).await.unwrap()
}

#[tokio::test]
async fn a_failed_run_that_is_tried_again_leaves_the_day_it_failed_on() {
    let stage = stage().await;
    close_all(&stage.engine).await;
    let (id, executed_at): (uuid::Uuid, DateTime<Utc>) = sqlx::query_as(
        "SELECT id, executed_at FROM pending_actions WHERE status = 'executed' AND execution_state = 'failed'
            AND executed_at < now() - interval '3 days' ORDER BY executed_at DESC LIMIT 1",
    )
    .fetch_one(stage.engine.pool())
    .await
    .unwrap();
    let before = page(&stage.engine, &stage.ana, 90).await.unwrap().totals.unwrap().current.failed;
    engine::settlement::retry(&stage.engine, &stage.ana, domain::id::ActionId(id), None).await.unwrap();
    let covering = format!("starts_at <= '{executed_at}' AND ends_at > '{executed_at}'");
    assert_eq!(spans(&stage, &covering).await, Vec::<i64>::new(), "its day is open again");
    everything_agrees(&stage).await;
    let after = page(&stage.engine, &stage.ana, 90).await.unwrap().totals.unwrap().current.failed;
    assert_eq!(after, before - 1);
    assert_eq!(close_all(&stage.engine).await, 1);
    everything_agrees(&stage).await;
}

#[tokio::test]
async fn several_servers_close_each_day_once() {
    let stage = stage().await;
    let twin = Engine::start(stage.engine.pool().clone(), stage.engine.policy().clone()).await.unwrap();
    let (mine, theirs) = tokio::join!(close_all(&stage.engine), close_all(&twin));
    let rest = close_all(&stage.engine).await;
    assert_eq!(spans(&stage, "true").await.len(), mine + theirs + rest);
    everything_agrees(&stage).await;
}

/// Times are the beginnings of transactions: one that is under way may still write into an hour that is over.
#[tokio::test]
async fn what_a_transaction_under_way_may_add_to_stays_open() {
    let stage = stage().await;
    let pool = stage.engine.pool();
    // As if one had begun three days ago: Postgres's own view is looked for second.
    for statement in [
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$",
        "CREATE VIEW public.pg_stat_activity AS SELECT datname, 0 AS pid, 'client backend'::text AS backend_type,
             now() - interval '3 days' AS xact_start FROM pg_catalog.pg_stat_activity",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    let connected = sqlx::postgres::PgPoolOptions::new().connect_with((*pool.connect_options()).clone()).await.unwrap();
    let server = Engine::start(connected.clone(), stage.engine.policy().clone()).await.unwrap();
    assert!(close_all(&server).await > 100);
    assert_eq!(spans(&stage, "ends_at > now() - interval '3 days'").await, Vec::<i64>::new());
    everything_agrees(&stage).await;
    sqlx::query("DROP VIEW public.pg_stat_activity").execute(pool).await.unwrap();
    assert!(close_all(&server).await > 0);
    everything_agrees(&stage).await;
    connected.close().await;
}

#[tokio::test]
async fn a_list_of_what_a_figure_counts_has_as_many_rows() {
    let stage = stage().await;
    let shown = page(&stage.engine, &stage.ana, 30).await.unwrap();
    let days = shown.days.as_ref().unwrap();
    let (from, to) = (days[0].day.date, days[29].day.date);
    let totals = shown.totals.as_ref().unwrap().current.clone();
    let (decided, ran) = (
        format!("decided_since={from}&decided_until={to}"),
        format!("status=all&executed_since={from}&executed_until={to}"),
    );
    let mut lists = vec![
        (format!("status=approved,executed,abandoned&{decided}"), totals.approved),
        (format!("status=rejected&{decided}"), totals.rejected),
        (format!("status=expired&{decided}"), totals.expired),
        (format!("status=all&decided_by=human&{decided}"), totals.decided_by_people),
        (format!("status=all&decided_by=rule&{decided}"), totals.decided_by_rule),
        (format!("{ran}&execution_state=failed"), totals.failed),
        (format!("{ran}&execution_state=failed,succeeded"), -1),
        (ran, totals.executed),
    ];
    for tool in shown.tools.iter().flatten() {
        let list = format!("status=all&gated=true&since={from}&until={to}&tool_name={}", tool.name);
        lists.push((list, tool.gated));
    }
    for person in shown.operators.iter().flatten() {
        let list = format!("status=all&decided_by=human:{}&{decided}", person.name);
        lists.push((list, person.tally.approved + person.tally.rejected));
    }
    for rule in shown.rules.iter().flatten() {
        lists.push((format!("status=all&rule_id={}&{decided}", rule.id), rule.decisions));
    }
    for (address, count) in lists {
        let listed = engine::console::queue(&stage.engine, &stage.ana, &address).await;
        if count < 0 {
            assert_eq!(code(listed), Code::InvalidRequest, "one state at a time");
            continue;
        }
        assert!(count > 0, "{address} shows something");
        assert_eq!(listed.unwrap().total, Some(count), "{address}");
    }
}

/// truth-59
#[tokio::test]
async fn a_source_that_fails_is_unknown_on_the_page_and_no_answer_for_programs() {
    let stage = stage().await;
    let break_it = async |what: &str| {
        sqlx::query(sqlx::AssertSqlSafe(what.to_owned())).execute(stage.engine.pool()).await.unwrap();
    };
    break_it("ALTER TABLE approval_rules RENAME TO approval_rules_away").await;
    let shown = page(&stage.engine, &stage.ana, 7).await.unwrap();
    assert!(shown.rules.is_none() && shown.totals.is_none());
    assert_eq!(shown.incidents.unknown, [IncidentKind::AutoRateDrop]);
    assert!(shown.days.is_some() && shown.failures.is_some(), "what can be read is shown");
    assert!(report(&stage.engine, &stage.ana).await.is_err());
    break_it("ALTER TABLE approval_rules_away RENAME TO approval_rules").await;

    break_it("ALTER TABLE retention_runs RENAME TO retention_runs_away").await;
    let shown = page(&stage.engine, &stage.ana, 7).await.unwrap();
    assert!(shown.days.is_some() && shown.totals.is_some());
    assert_eq!(shown.rows_since, Some(NaiveDate::MAX), "no number leads to a list that may be shorter");
    break_it("ALTER TABLE retention_runs_away RENAME TO retention_runs").await;

    break_it("ALTER TABLE pending_actions RENAME TO pending_actions_away").await;
    let shown = page(&stage.engine, &stage.ana, 7).await.unwrap();
    assert!(shown.days.is_none() && shown.failures.is_none() && shown.tools.is_none());
    assert_eq!((shown.health.state, shown.health.pending.value), (Health::Unknown, None));
    assert_eq!((shown.incidents.unknown.len(), shown.failing), (3, None));
    assert!(report(&stage.engine, &stage.ana).await.is_err());
}

#[tokio::test]
async fn figures_are_for_whoever_may_read_them() {
    let stage = Stage::new().await;
    assert_eq!(code(report(&stage.engine, &stage.agent).await), Code::Forbidden);
    let reader = token(&stage.engine, "reader", &[Scope::MetricsRead]).await;
    let told = report(&stage.engine, &reader).await.unwrap();
    assert_eq!(told.health.state, Health::Unknown, "without data nothing is calm");
    assert_eq!(told.windows.weekly.current.latency_seconds.p95, None);
    assert_eq!(told.incidents, []);
    assert_eq!(code(page(&stage.engine, &stage.ana, 8).await), Code::InvalidRequest);
}
