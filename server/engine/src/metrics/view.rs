//! What the page of figures shows: escaped, ready to be put on a screen. Each source may be missing by itself: then its figures
//! are unknown, and the others stand.

use chrono::{DateTime, NaiveDate, Utc};
use domain::failure::FailureKind;
use domain::id::RuleId;
use domain::incident::Watched;
use domain::metrics::{Compared, Day, HealthReport, Latency, OperatorFigures, Tally};

/// The page, over its range.
#[derive(Clone, Debug)]
pub struct MetricsPage {
    /// How many days the range has, today included.
    pub range: usize,
    pub timezone: String,
    pub now: DateTime<Utc>,
    /// Judged by a week, whatever the range is.
    pub health: HealthReport,
    /// The first and the last day of that week.
    pub week: Option<(Day, Day)>,
    /// The oldest first. `None`: could not be read.
    pub days: Option<Vec<DayFigures>>,
    /// The range and the one before it.
    pub totals: Option<Compared>,
    pub today: Option<Tally>,
    pub incidents: Watched,
    /// The tools whose runs failed within the hour, the worst first.
    pub failing: Option<Vec<FailingTool>>,
    /// The first day of which every row is still there: the retention takes them, and leaves the figures.
    pub rows_since: Option<NaiveDate>,
    pub rules: Option<Vec<RuleLine>>,
    pub tools: Option<Vec<ToolLoadLine>>,
    pub failures: Option<Vec<FailureLine>>,
    pub operators: Option<Vec<OperatorFigures>>,
}

/// A tool whose runs fail, and how its calls are treated meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingTool {
    pub name: String,
    pub shown_name: String,
    /// Within the hour.
    pub failed: i64,
    pub gating: String,
    /// Calls that wait for a decision.
    pub waiting: i64,
}

/// One day in the charts.
#[derive(Clone, Debug)]
pub struct DayFigures {
    pub day: Day,
    pub tally: Tally,
    pub latency: Latency,
    /// How many waited at its end, or wait now.
    pub pending: Option<i64>,
}

/// A rule and how often it decided.
#[derive(Clone, Debug)]
pub struct RuleLine {
    pub id: RuleId,
    /// `None`: there is no such rule any more, or it could not be read.
    pub description: Option<String>,
    pub decisions: i64,
    pub uses: Option<(i64, Option<i64>)>,
    pub active: Option<bool>,
}

/// A tool and what it asked of people.
#[derive(Clone, Debug)]
pub struct ToolLoadLine {
    /// As agents call it: for addresses.
    pub name: String,
    pub shown_name: String,
    pub gated: i64,
    pub pending: Option<i64>,
    pub active_rules: Option<i64>,
    pub auto_rate: Option<f64>,
    pub failed: i64,
}

/// Runs of a tool that failed in the same way.
#[derive(Clone, Debug)]
pub struct FailureLine {
    pub name: String,
    pub shown_name: String,
    /// As the executor said it: for addresses.
    pub error: String,
    /// Empty: it said nothing.
    pub shown_error: String,
    pub kind: FailureKind,
    pub count: i64,
    pub latest: DateTime<Utc>,
}
