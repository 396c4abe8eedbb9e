//! The figures as they are told: of a day, a week and a month, each with the window it is counted in and with the one before.
//! Rates are fractions from 0 to 1 and `None` without data; times are seconds.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{DailyMetrics, Figures, OperatorTally, Tally, percentile, ratio};
use crate::health::{self, Health};
use crate::id::RuleId;
use crate::incident::Incident;

/// A calendar day of the configured time zone: 23 or 25 hours where the clock is put forward or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    pub date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    /// Exclusive.
    pub ends_at: DateTime<Utc>,
}

/// What was counted on one day.
pub type Counted = (Day, std::sync::Arc<Figures>);

/// A stretch of time, from `start` and before `end`. The present one ends with the day that is not over yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

impl Window {
    /// The days together; `None` of no day.
    pub fn of(days: &[Counted]) -> Option<Self> {
        Some(Self { start: days.first()?.0.starts_at, end: days.last()?.0.ends_at })
    }
}

/// Everything that happened on several days.
pub fn total(days: &[Counted]) -> Figures {
    let mut total = Figures::default();
    for (_, figures) in days {
        total.add_counts(figures);
        total.latencies.extend_from_slice(&figures.latencies);
    }
    total.latencies.sort_by(f64::total_cmp);
    total
}

/// Decisions of people per person and day, over the days on which a person decided anything.
pub fn manual_burden(days: &[Counted]) -> Option<f64> {
    let decisions = days.iter().map(|(_, figures)| figures.total.by_people()).sum();
    let person_days: usize = days.iter().map(|(_, figures)| figures.operators.len()).sum();
    ratio(decisions, i64::try_from(person_days).ok()?)
}

/// 50th, 95th and 99th percentile of how long people's decisions took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Latency {
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
}

impl Latency {
    /// Of samples in order.
    pub fn of(sorted: &[f64]) -> Self {
        Self { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), p99: percentile(sorted, 0.99) }
    }
}

/// The numbers of a window of any length.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Totals {
    #[serde(flatten)]
    pub window: Window,
    /// By whomever.
    pub approved: i64,
    /// By whomever.
    pub rejected: i64,
    /// Undecided at their deadline.
    pub expired: i64,
    /// Taken back by their agents.
    pub withdrawn: i64,
    /// Approved and rejected.
    pub decided_by_people: i64,
    /// Approved and rejected.
    pub decided_by_rule: i64,
    /// Approved by rule / (approved by rule + approved and rejected by people).
    pub auto_approval_rate: Option<f64>,
    pub latency_seconds: Latency,
    /// Runs with an outcome, good or bad.
    pub executed: i64,
    /// Those whose outcome was a failure.
    pub failed: i64,
    /// Failed / (succeeded + failed).
    pub failure_rate: Option<f64>,
    /// Tries at running that ended, whatever came of them.
    pub attempts: i64,
    /// Those that were not the first of their action.
    pub retries: i64,
    /// Rules that were made.
    pub rules_created: i64,
    /// Rules that people ended.
    pub rules_revoked: i64,
    /// Decisions per person and day.
    pub manual_burden: Option<f64>,
    /// Approvals per hour in which a person decided anything.
    pub operator_productivity: Option<f64>,
    /// People who decided anything.
    pub operators: usize,
}

/// How many rules a window made and ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleChanges {
    pub created: i64,
    pub revoked: i64,
}

impl Totals {
    /// Of days that have a first and a last.
    pub fn of(days: &[Counted], window: Window, rules: RuleChanges) -> Self {
        let Figures { total, operators, latencies, .. } = total(days);
        let mut people = OperatorTally::default();
        operators.values().for_each(|operator| people.add(operator));
        Self {
            window,
            approved: total.approved(),
            rejected: total.rejected(),
            expired: total.expired,
            withdrawn: total.withdrawn,
            decided_by_people: total.by_people(),
            decided_by_rule: total.approved_by_rule + total.rejected_by_rule,
            auto_approval_rate: total.auto_rate(),
            latency_seconds: Latency::of(&latencies),
            executed: total.executed(),
            failed: total.failed,
            failure_rate: total.failure_rate(),
            attempts: total.attempts,
            retries: total.retries,
            rules_created: rules.created,
            rules_revoked: rules.revoked,
            manual_burden: manual_burden(days),
            operator_productivity: people.productivity(),
            operators: operators.len(),
        }
    }
}

/// A window and the one before it, as long.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Compared {
    #[serde(flatten)]
    pub current: Totals,
    pub previous: Totals,
}

/// A month also tells its days, and who and what made them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Monthly {
    #[serde(flatten)]
    pub totals: Compared,
    pub auto_approval_trend: Vec<TrendDay>,
    pub most_used_rules: Vec<RuleUse>,
    pub most_gated_tools: Vec<ToolLoad>,
    pub operator_figures: Vec<OperatorFigures>,
}

/// The auto-approval rate of a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendDay {
    pub day: NaiveDate,
    pub auto_approval_rate: Option<f64>,
}

/// How often a rule decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleUse {
    pub id: RuleId,
    /// Missing where the rule could not be read.
    pub description: Option<String>,
    pub decisions: i64,
    /// Over its whole life.
    pub use_count: Option<i64>,
    pub max_uses: Option<i64>,
    pub active: Option<bool>,
}

/// What a tool asked of people, against what rules did for it: where a rule is missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToolLoad {
    pub tool_name: String,
    /// Calls that had to wait.
    pub gated: i64,
    pub auto_approval_rate: Option<f64>,
    pub failed: i64,
    /// Missing where it could not be read.
    pub pending: Option<i64>,
    pub active_rules: Option<i64>,
}

/// What one person did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OperatorFigures {
    pub name: String,
    #[serde(flatten)]
    pub tally: OperatorTally,
    pub approvals_per_active_hour: Option<f64>,
}

/// The tools whose calls waited most often, with their tallies.
pub fn most_gated(figures: &Figures, waiting: &[(String, i64)], most: usize) -> Vec<(String, Tally)> {
    let mut names: BTreeSet<&str> = waiting.iter().map(|(tool, _)| tool.as_str()).collect();
    names.extend(figures.tools.iter().filter(|(_, tally)| tally.gated > 0).map(|(tool, _)| tool.as_str()));
    let pending = |name: &str| waiting.iter().find(|(tool, _)| tool == name).map_or(0, |(_, count)| *count);
    let mut tools: Vec<(String, Tally)> =
        names.into_iter().map(|name| (name.to_owned(), figures.tools.get(name).copied().unwrap_or_default())).collect();
    tools.sort_by_cached_key(|(name, tally)| (-tally.gated, -pending(name), name.clone()));
    tools.truncate(most);
    tools
}

/// How a figure stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judged {
    pub state: Health,
    pub value: Option<f64>,
    /// The same of the window before, if there is one.
    pub previous: Option<f64>,
    pub bounds: Bounds,
}

/// Where yellow begins and ends; both ends are yellow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bounds {
    pub green: f64,
    pub red: f64,
}

/// Health: the four figures that it is judged by, over the week (what waits: now).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthReport {
    pub state: Health,
    pub pending: Judged,
    pub latency_p95_hours: Judged,
    pub auto_approval_rate: Judged,
    pub failure_rate: Judged,
}

impl HealthReport {
    /// Nothing is known of the past; what waits may be.
    pub fn unknown(pending: Option<i64>) -> Self {
        let silent =
            |green, red| Judged { state: Health::Unknown, value: None, previous: None, bounds: Bounds { green, red } };
        #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
        let value = pending.map(|count| count as f64);
        let pending = Judged { state: health::pending(pending), value, ..silent(20.0, 50.0) };
        Self {
            state: health::overall(&[pending.state, Health::Unknown]),
            pending,
            latency_p95_hours: silent(12.0, 24.0),
            auto_approval_rate: silent(0.60, 0.40),
            failure_rate: silent(0.02, 0.05),
        }
    }
}

/// Day, week and month.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Windows {
    /// Today, and yesterday.
    pub daily: Compared,
    /// The seven days that end with today, and the seven before.
    pub weekly: Compared,
    /// Likewise thirty.
    pub monthly: Monthly,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Metrics {
    #[serde(flatten)]
    pub day: DailyMetrics,
    pub windows: Windows,
    pub health: HealthReport,
    pub incidents: Vec<Incident>,
}
