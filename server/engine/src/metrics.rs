//! The figures of the day, and the health they add up to. A figure that cannot be read is unknown, never zero.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::health;
use domain::identity::{Principal, Scope};
use domain::metrics::{DailyMetrics, rate};
use domain::problem::{Code, Problem};
use domain::view::HealthStrip;
use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::{Engine, Result, require, store};

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

/// The figures of the day.
///
/// # Errors
/// `forbidden` without `metrics:read`; when the database cannot be read.
pub async fn daily(engine: &Engine, principal: &Principal) -> Result<DailyMetrics> {
    require(principal, Scope::MetricsRead)?;
    let timezone = &engine.policy.timezone;
    let today = store::metrics::today(&engine.pool, timezone).await?;
    let week = store::metrics::week(&engine.pool).await?;
    Ok(DailyMetrics {
        total_pending: today.pending,
        total_approved_today: today.approved,
        total_rejected_today: today.rejected,
        total_expired_today: today.expired,
        total_executed_today: today.succeeded + today.failed,
        total_failed_today: today.failed,
        auto_approval_rate_today: rate(
            today.approved_by_rule,
            today.approved_by_rule + today.approved_by_people + today.rejected_by_people,
        ),
        latency_p50_seconds: week.p50_seconds,
        latency_p95_seconds: week.p95_seconds,
        failure_rate: rate(week.failed, week.succeeded + week.failed),
        timezone: timezone.clone(),
        day: today.day,
        generated_at: today.now,
    })
}

/// The four figures above the queue. What cannot be read is unknown, and the page stands.
pub async fn health(engine: &Engine) -> HealthStrip {
    let mut cached = engine.health.0.lock().await;
    if let Some((at, strip)) = cached.as_ref()
        && at.elapsed() < FRESH
    {
        return strip.clone();
    }
    match store::metrics::week(&engine.pool).await {
        Ok(week) => {
            let strip = strip(&week);
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

fn strip(week: &store::metrics::Week) -> HealthStrip {
    let auto = rate(week.by_rule, week.by_rule + week.by_people);
    let failed = rate(week.failed, week.succeeded + week.failed);
    let pending = health::pending(Some(week.pending));
    let p95 = health::p95_hours(week.p95_seconds.map(|seconds| seconds / 3_600.0));
    // Until standing rules exist nothing can be approved by one: the rate says nothing about health then.
    let auto_health = health::auto_rate(auto.filter(|_| week.by_rule > 0));
    let failure = health::failure_rate(failed);
    // Unknown figures count: the whole is never green while one of them is silent.
    let mut judged = vec![pending, p95, failure];
    if week.by_rule > 0 {
        judged.push(auto_health);
    }
    HealthStrip {
        pending: (Some(week.pending), pending),
        p95_seconds: (week.p95_seconds, p95),
        auto_rate: (auto.filter(|_| week.by_rule > 0), auto_health),
        failure_rate: (failed, failure),
        overall: health::overall(&judged),
    }
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
