//! Figures of stretches of time that are over, and the counting of those that are not: see [`crate::metrics`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::action::Decider;
use domain::metrics::{Day, Figures, Outcome, Tally};
use sqlx::PgConnection;

use super::{corrupt, word};

/// From, and before.
pub(crate) type Stretch = (DateTime<Utc>, DateTime<Utc>);

/// Today and so many days before it, the oldest first, and the database's clock.
pub(crate) async fn calendar(
    connection: &mut PgConnection,
    timezone: &str,
    back: i32,
) -> sqlx::Result<(Vec<Day>, DateTime<Utc>)> {
    let rows = sqlx::query!(
        r#"SELECT day::date AS "date!", day AT TIME ZONE $1 AS "starts_at!",
               (day + interval '1 day') AT TIME ZONE $1 AS "ends_at!", now() AS "now!"
           FROM generate_series(date_trunc('day', now() AT TIME ZONE $1) - make_interval(days => $2),
               date_trunc('day', now() AT TIME ZONE $1), interval '1 day') AS day"#,
        timezone,
        back
    )
    .fetch_all(connection)
    .await?;
    let now = rows.last().map(|row| row.now).ok_or_else(|| corrupt("calendar", timezone))?;
    Ok((
        rows.into_iter().map(|row| Day { date: row.date, starts_at: row.starts_at, ends_at: row.ends_at }).collect(),
        now,
    ))
}

/// A span that is closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) id: i64,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
}

/// The spans that begin at `from` or later, in order.
pub(crate) async fn spans(
    connection: &mut PgConnection,
    timezone: &str,
    from: DateTime<Utc>,
) -> sqlx::Result<Vec<Span>> {
    sqlx::query_as!(
        Span,
        "SELECT id, starts_at, ends_at FROM metric_spans WHERE timezone = $1 AND starts_at >= $2 ORDER BY starts_at",
        timezone,
        from
    )
    .fetch_all(connection)
    .await
}

/// What was counted in the spans of these ids.
pub(crate) async fn read(connection: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<(i64, Figures)>> {
    let rows =
        sqlx::query!(r#"SELECT id, figures::text AS "figures!", latencies FROM metric_spans WHERE id = ANY($1)"#, ids)
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|row| {
            let figures: Figures = serde_json::from_str(&row.figures).map_err(|error| corrupt("figures", error))?;
            Ok((row.id, Figures { latencies: row.latencies, ..figures }))
        })
        .collect()
}

/// Closes a span, unless another server has.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    timezone: &str,
    (from, to): Stretch,
    figures: &Figures,
) -> sqlx::Result<bool> {
    let text = serde_json::to_string(figures).expect("figures are plain data");
    let done = sqlx::query!(
        "INSERT INTO metric_spans (timezone, starts_at, ends_at, figures, latencies)
         VALUES ($1, $2, $3, $4::text::jsonb, $5) ON CONFLICT DO NOTHING",
        timezone,
        from,
        to,
        text,
        &figures.latencies
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Opens the spans within a stretch again.
pub(crate) async fn forget(connection: &mut PgConnection, timezone: &str, (from, to): Stretch) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM metric_spans WHERE timezone = $1 AND starts_at >= $2 AND ends_at <= $3",
        timezone,
        from,
        to
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens the spans of every zone that hold an instant: something that was counted there has changed. What the retention may
/// have taken rows of stays as it was counted: there is not everything left to count.
pub(crate) async fn reopen(connection: &mut PgConnection, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM metric_spans WHERE starts_at <= $1 AND ends_at > $1 AND starts_at >= (
            SELECT coalesce(max(greatest(decided_before, executed_before)), '-infinity') FROM retention_runs)",
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Since when the oldest transaction runs that is under way in this database; now, without one. A transaction that begins
/// later writes later times.
pub(crate) async fn oldest_transaction(connection: &mut PgConnection) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(min(xact_start), now()) AS "at!" FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"#
    )
    .fetch_one(connection)
    .await
}

/// When the first action came.
pub(crate) async fn first_action(connection: &mut PgConnection) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("SELECT min(requested_at) FROM pending_actions").fetch_one(connection).await
}

/// How much is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    Everything,
    /// Decisions and runs: what health is judged by. Every page asks for it, and calls may come by the thousand.
    Outcomes,
}

/// What happened in a stretch of time, by day of the zone, counted from the actions themselves.
pub(crate) async fn count(
    connection: &mut PgConnection,
    timezone: &str,
    stretch: Stretch,
    depth: Depth,
) -> sqlx::Result<BTreeMap<NaiveDate, Figures>> {
    let mut days = BTreeMap::new();
    count_decisions(connection, timezone, stretch, &mut days).await?;
    count_runs(connection, timezone, stretch, &mut days).await?;
    if depth == Depth::Everything {
        count_parks(connection, timezone, stretch, &mut days).await?;
        count_attempts(connection, timezone, stretch, &mut days).await?;
    }
    for figures in days.values_mut() {
        figures.latencies.sort_by(f64::total_cmp);
    }
    Ok(days)
}

type Days = BTreeMap<NaiveDate, Figures>;

fn tally<'a>(days: &'a mut Days, day: NaiveDate, tool: &str) -> [&'a mut Tally; 2] {
    let figures = days.entry(day).or_default();
    [&mut figures.total, figures.tools.entry(tool.to_owned()).or_default()]
}

async fn count_decisions(
    connection: &mut PgConnection,
    timezone: &str,
    (from, to): Stretch,
    days: &mut Days,
) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"WITH decided AS (
            SELECT tool_name, decided_by, decided_at AT TIME ZONE $1 AS local, decided_at,
                CASE WHEN status IN ('approved', 'executed', 'abandoned') THEN 'approved' ELSE status END AS outcome,
                extract(epoch FROM decided_at - requested_at)::float8 AS seconds
            FROM pending_actions WHERE decided_at >= $2 AND decided_at < $3
        )
        SELECT local::date AS "day!", tool_name, outcome AS "outcome!", decided_by AS "decided_by!", count(*) AS "count!",
            array_agg(seconds) FILTER (WHERE decided_by LIKE 'human:%' AND outcome IN ('approved', 'rejected')) AS "seconds?",
            array_agg(DISTINCT floor(extract(epoch FROM decided_at - (local::date::timestamp AT TIME ZONE $1)) / 3600)::int)
                FILTER (WHERE decided_by LIKE 'human:%' AND outcome IN ('approved', 'rejected')) AS "hours?"
        FROM decided GROUP BY 1, 2, 3, 4"#,
        timezone,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    let mut hours: BTreeMap<(NaiveDate, String), BTreeSet<i32>> = BTreeMap::new();
    for row in rows {
        let outcome: Outcome = row.outcome.parse().map_err(|()| corrupt("outcome", &row.outcome))?;
        let by: Decider = word("decider", &row.decided_by)?;
        tally(days, row.day, &row.tool_name).into_iter().for_each(|tally| tally.decided(outcome, &by, row.count));
        let figures = days.entry(row.day).or_default();
        match (&by, outcome) {
            (Decider::Human(name), Outcome::Approved | Outcome::Rejected) => {
                let operator = figures.operators.entry(name.clone()).or_default();
                if outcome == Outcome::Approved {
                    operator.approved += row.count;
                } else {
                    operator.rejected += row.count;
                }
                figures.latencies.extend(row.seconds.unwrap_or_default());
                hours.entry((row.day, name.clone())).or_default().extend(row.hours.unwrap_or_default());
            }
            (Decider::Rule(id), _) => *figures.rules.entry(id.to_string()).or_default() += row.count,
            _ => {}
        }
    }
    for ((day, name), hours) in hours {
        let active = i64::try_from(hours.len()).unwrap_or(i64::MAX);
        days.entry(day).or_default().operators.entry(name).or_default().active_hours = active;
    }
    Ok(())
}

async fn count_runs(
    connection: &mut PgConnection,
    timezone: &str,
    (from, to): Stretch,
    days: &mut Days,
) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"SELECT (executed_at AT TIME ZONE $1)::date AS "day!", tool_name,
               count(*) FILTER (WHERE execution_state = 'succeeded') AS "succeeded!",
               count(*) FILTER (WHERE execution_state = 'failed') AS "failed!"
           FROM pending_actions WHERE executed_at >= $2 AND executed_at < $3 GROUP BY 1, 2"#,
        timezone,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        for tally in tally(days, row.day, &row.tool_name) {
            tally.succeeded += row.succeeded;
            tally.failed += row.failed;
        }
    }
    Ok(())
}

async fn count_parks(
    connection: &mut PgConnection,
    timezone: &str,
    (from, to): Stretch,
    days: &mut Days,
) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"SELECT (requested_at AT TIME ZONE $1)::date AS "day!", tool_name, count(*) AS "parked!",
               count(*) FILTER (WHERE decided_at IS NULL OR decided_at > requested_at) AS "gated!"
           FROM pending_actions WHERE requested_at >= $2 AND requested_at < $3 GROUP BY 1, 2"#,
        timezone,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        for tally in tally(days, row.day, &row.tool_name) {
            tally.parked += row.parked;
            tally.gated += row.gated;
        }
    }
    Ok(())
}

async fn count_attempts(
    connection: &mut PgConnection,
    timezone: &str,
    (from, to): Stretch,
    days: &mut Days,
) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"SELECT (finished_at AT TIME ZONE $1)::date AS "day!", count(*) AS "attempts!",
               count(*) FILTER (WHERE number > 1) AS "retries!", count(*) FILTER (WHERE state = 'unknown') AS "lost!"
           FROM execution_attempts WHERE finished_at >= $2 AND finished_at < $3 GROUP BY 1"#,
        timezone,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let total = &mut days.entry(row.day).or_default().total;
        total.attempts += row.attempts;
        total.retries += row.retries;
        total.lost_attempts += row.lost;
    }
    Ok(())
}
