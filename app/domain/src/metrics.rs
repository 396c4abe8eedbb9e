//! Numbers about the queue and what became of it.

mod percentile;
mod report;
mod tally;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use percentile::percentile;
pub use report::*;
pub use tally::{Figures, OperatorTally, Outcome, Tally, ratio};

/// One day's numbers. "Today" is `day`, as the calendar of `timezone` has it. Rates are fractions from 0 to 1; a missing one
/// means no data, never zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DailyMetrics {
    /// Waiting at `generated_at`.
    pub total_pending: i64,
    /// Approved by people and by rules, by decision time.
    pub total_approved_today: i64,
    /// Rejected by people and by rules, by decision time.
    pub total_rejected_today: i64,
    /// Neither a decision nor a failure.
    pub total_expired_today: i64,
    /// Runs with an outcome, good or bad.
    pub total_executed_today: i64,
    /// Runs whose outcome was a failure.
    pub total_failed_today: i64,
    /// Approved by rule / (approved by rule + approved and rejected by people).
    pub auto_approval_rate_today: Option<f64>,
    /// Median of `decided_at - requested_at` over people's decisions, in seconds.
    pub latency_p50_seconds: Option<f64>,
    /// 95th percentile of the same, in seconds.
    pub latency_p95_seconds: Option<f64>,
    /// Failed / (succeeded + failed), by execution time.
    pub failure_rate: Option<f64>,
    /// The zone the day is counted in, as an IANA name.
    pub timezone: String,
    /// `YYYY-MM-DD`.
    pub day: String,
    /// When the numbers were taken, by the database's clock.
    pub generated_at: DateTime<Utc>,
}

/// `part / whole` as a fraction from 0 to 1; `None` when there is nothing to divide by, or when the counts
/// contradict each other (a part below zero or above the whole).
pub fn rate(part: i64, whole: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
    let fraction = part as f64 / whole as f64;
    (whole > 0 && (0..=whole).contains(&part)).then_some(fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_data_is_not_zero() {
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(0, 1), Some(0.0));
        assert_eq!(rate(1, 1), Some(1.0));
        assert_eq!(rate(1, 2), Some(0.5));
        assert_eq!(rate(3, 2), None);
        assert_eq!(rate(-1, 2), None);
        assert_eq!(rate(1, -2), None);
    }

    proptest! {
        #[test]
        fn a_rate_is_a_fraction(part: i64, whole: i64) {
            if let Some(value) = rate(part, whole) {
                prop_assert!((0.0..=1.0).contains(&value));
            }
        }
    }
}
