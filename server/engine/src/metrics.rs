//! The figures, and the health they add up to. A figure that cannot be read is unknown, never zero.
//!
//! Every figure is made here, from days of the configured time zone: the answer for programs, the console's page and the
//! four figures above the queue say the same.

mod closing;
mod history;
mod page;
mod view;

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::health::{self, Health};
use domain::identity::{Principal, Scope};
use domain::incident::{Incident, incidents};
use domain::metrics::{
    Bounds, Compared, Counted, DailyMetrics, Figures, HealthReport, Judged, Latency, Metrics, Monthly, Totals,
    TrendDay, Window, Windows, rate, total,
};
use domain::problem::{Code, Problem};
use domain::view::HealthStrip;
use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::store::metric_spans::Depth::{Everything, Outcomes};
use crate::{Engine, Result, require, store};

pub use closing::close;
pub(crate) use closing::reopen;
pub use history::LONGEST_DAYS;
pub(crate) use history::SpanCache;
use history::{History, read};
pub(crate) use page::incidents_now;
pub use page::page;
pub use view::{DayFigures, FailingTool, FailureLine, MetricsPage, RuleLine, ToolLoadLine};

/// Days of a week and of a month.
const WEEK: usize = 7;
const MONTH: usize = 30;

/// How old the figures above the queue may be. Every page shows them, and a hundred pages a second need not
/// count a hundred times. Shorter than an open page waits after it has heard of a change (`GATHER` in the app's
/// `live/stream.rs`): otherwise it would read the figures of before, and show them until the next change.
const FRESH: Duration = Duration::from_millis(100);

/// The newest figures of this instance.
#[derive(Clone, Default)]
pub(crate) struct HealthCache(Arc<Mutex<Option<(Instant, HealthStrip)>>>);

pub(crate) async fn require_timezone(pool: &PgPool, timezone: &str) -> Result<()> {
    if store::metrics::knows_timezone(pool, timezone).await? {
        return Ok(());
    }
    Err(Problem::new(
        Code::InvalidRequest,
        format!("The time zone {timezone:?} is unknown. Give an IANA name, such as Europe/Berlin or UTC."),
    )
    .into())
}

/// All figures: of the day as flat members, of day, week and month with the one before, health and incidents.
///
/// # Errors
/// `forbidden` without `metrics:read`; when one of them cannot be read: an answer is whole, or none.
pub async fn report(engine: &Engine, principal: &Principal) -> Result<Metrics> {
    require(principal, Scope::MetricsRead)?;
    let history = read(engine, 2 * MONTH as i32 - 1, Everything).await?;
    let now = Now::read(engine).await?;
    let daily = compared(engine, &history, 1).await?;
    let weekly = compared(engine, &history, WEEK).await?;
    let monthly = monthly(engine, &history, &now).await?;
    let day = flat(engine, &history, &now, &weekly);
    Ok(Metrics {
        day,
        health: judge(&history, Some(now.pending), now.rules_allow),
        incidents: now.incidents(&history),
        windows: Windows { daily, weekly, monthly },
    })
}

/// What stands now, beside what happened.
struct Now {
    pending: i64,
    by_tool: Vec<(String, i64)>,
    last_hour: (i64, i64),
    rules_allow: bool,
}

impl Now {
    async fn read(engine: &Engine) -> Result<Self> {
        let by_tool = store::metrics::pending_by_tool(&engine.pool).await?;
        Ok(Self {
            pending: by_tool.iter().map(|(_, count)| count).sum(),
            by_tool,
            last_hour: store::metrics::last_hour(&engine.pool).await?,
            rules_allow: store::metrics::rules_allow(&engine.pool).await?,
        })
    }

    fn incidents(&self, history: &History) -> Vec<Incident> {
        let auto = auto_rate(&sum(history.last(2)), self.rules_allow);
        let (succeeded, failed) = self.last_hour;
        incidents(Some(self.pending), auto, rate(failed, succeeded + failed))
    }
}

/// The auto-approval rate, once there is something to say about it: before anybody has made a rule that lets calls pass, every
/// decision is a person's, and that is not a matter of health.
fn auto_rate(figures: &Figures, rules_allow: bool) -> Option<f64> {
    figures.total.auto_rate().filter(|_| rules_allow || figures.total.approved_by_rule > 0)
}

/// The counts of some days, without their latencies.
fn sum(days: &[Counted]) -> Figures {
    let mut sum = Figures::default();
    days.iter().for_each(|(_, figures)| sum.add_counts(figures));
    sum
}

fn flat(engine: &Engine, history: &History, now: &Now, weekly: &Compared) -> DailyMetrics {
    let today = sum(history.last(1)).total;
    let week = &weekly.current;
    DailyMetrics {
        total_pending: now.pending,
        total_approved_today: today.approved(),
        total_rejected_today: today.rejected(),
        total_expired_today: today.expired,
        total_executed_today: today.executed(),
        total_failed_today: today.failed,
        auto_approval_rate_today: today.auto_rate(),
        latency_p50_seconds: week.latency_seconds.p50,
        latency_p95_seconds: week.latency_seconds.p95,
        failure_rate: week.failure_rate,
        timezone: engine.policy.timezone.clone(),
        day: history.last(1).first().map(|(day, _)| day.date.to_string()).unwrap_or_default(),
        generated_at: history.now,
    }
}

async fn compared(engine: &Engine, history: &History, length: usize) -> Result<Compared> {
    Ok(Compared {
        current: totals(engine, history.last(length)).await?,
        previous: totals(engine, history.before(length)).await?,
    })
}

async fn totals(engine: &Engine, days: &[Counted]) -> Result<Totals> {
    let window = Window::of(days).ok_or_else(|| crate::Error::Corrupt("a window without a day".to_owned()))?;
    Ok(Totals::of(days, window, store::metrics::rule_changes(&engine.pool, window).await?))
}

async fn monthly(engine: &Engine, history: &History, now: &Now) -> Result<Monthly> {
    let days = history.last(MONTH);
    let figures = sum(days);
    let trend = |(day, figures): &Counted| TrendDay { day: day.date, auto_approval_rate: figures.total.auto_rate() };
    Ok(Monthly {
        totals: compared(engine, history, MONTH).await?,
        auto_approval_trend: days.iter().map(trend).collect(),
        most_used_rules: page::most_used_rules(engine, &figures).await?,
        most_gated_tools: page::most_gated_tools(engine, &figures, &now.by_tool).await?,
        operator_figures: page::operators(&figures),
    })
}

/// How the four figures stand: what waits now, the others over the week that ends with today.
fn judge(history: &History, pending: Option<i64>, rules_allow: bool) -> HealthReport {
    let (week, before) = (total(history.last(WEEK)), total(history.before(WEEK)));
    let hours = |figures: &Figures| Latency::of(&figures.latencies).p95.map(|seconds| seconds / 3_600.0);
    let (p95, auto, failure) = (hours(&week), auto_rate(&week, rules_allow), week.total.failure_rate());
    let judged = |state, value, previous, green, red| Judged { state, value, previous, bounds: Bounds { green, red } };
    let yesterday = pending_before(history, pending, 1);
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
    let as_number = |count: Option<i64>| count.map(|count| count as f64);
    let report = HealthReport {
        state: Health::Unknown,
        pending: judged(health::pending(pending), as_number(pending), as_number(yesterday), 20.0, 50.0),
        latency_p95_hours: judged(health::p95_hours(p95), p95, hours(&before), 12.0, 24.0),
        auto_approval_rate: judged(health::auto_rate(auto), auto, auto_rate(&before, rules_allow), 0.60, 0.40),
        failure_rate: judged(health::failure_rate(failure), failure, before.total.failure_rate(), 0.02, 0.05),
    };
    let mut parts = vec![report.pending.state, report.latency_p95_hours.state, report.failure_rate.state];
    // Unknown figures count: the whole is never green while one of them is silent. But see [`auto_rate`].
    if rules_allow || week.total.approved_by_rule > 0 {
        parts.push(report.auto_approval_rate.state);
    }
    HealthReport { state: health::overall(&parts), ..report }
}

/// How many waited when the last `days` days began: those that wait now, less what has come since, plus what was settled.
fn pending_before(history: &History, pending: Option<i64>, days: usize) -> Option<i64> {
    let since = sum(history.last(days)).total;
    pending.map(|pending| pending - since.parked + since.settled())
}

/// The four figures above the queue. What cannot be read is unknown, and the page stands.
pub async fn health(engine: &Engine) -> HealthStrip {
    let mut cached = engine.health.0.lock().await;
    if let Some((at, strip)) = cached.as_ref()
        && at.elapsed() < FRESH
    {
        return strip.clone();
    }
    match strip(engine).await {
        Ok(strip) => {
            *cached = Some((Instant::now(), strip.clone()));
            strip
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the figures could not be read");
            *cached = None;
            unknown()
        }
    }
}

async fn strip(engine: &Engine) -> Result<HealthStrip> {
    let history = read(engine, WEEK as i32 - 1, Outcomes).await?;
    let pending = store::metrics::pending(&engine.pool).await?;
    let rules_allow = store::metrics::rules_allow(&engine.pool).await?;
    let report = judge(&history, Some(pending), rules_allow);
    Ok(HealthStrip {
        pending: (Some(pending), report.pending.state),
        p95_seconds: (report.latency_p95_hours.value.map(|hours| hours * 3_600.0), report.latency_p95_hours.state),
        auto_rate: (report.auto_approval_rate.value, report.auto_approval_rate.state),
        failure_rate: (report.failure_rate.value, report.failure_rate.state),
        overall: report.state,
    })
}

const fn unknown() -> HealthStrip {
    use health::Health::Unknown;
    HealthStrip {
        pending: (None, Unknown),
        p95_seconds: (None, Unknown),
        auto_rate: (None, Unknown),
        failure_rate: (None, Unknown),
        overall: Unknown,
    }
}
