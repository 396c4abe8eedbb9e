//! Whether the queue is well: green, yellow, red, or unknown. No data and a failed source are unknown, never a
//! calm zero.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a number stands against its thresholds. The bounds themselves are yellow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Green,
    Yellow,
    Red,
    /// No data, a failed source, or a number that cannot be.
    Unknown,
}

impl Health {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Green, Self::Yellow, Self::Red, Self::Unknown];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::Unknown => "unknown",
        }
    }

    /// The word for people: colour is never the only sign.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Green => "Healthy",
            Self::Yellow => "Watch",
            Self::Red => "Act now",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Actions that wait: green below 20, red above 50.
pub fn pending(count: Option<i64>) -> Health {
    match count {
        Some(0..20) => Health::Green,
        Some(20..=50) => Health::Yellow,
        Some(51..) => Health::Red,
        Some(..0) | None => Health::Unknown,
    }
}

/// Auto-approval rate, a fraction: green above 0.60, red below 0.40.
pub fn auto_rate(fraction: Option<f64>) -> Health {
    match fraction.filter(|value| (0.0..=1.0).contains(value)) {
        None => Health::Unknown,
        Some(value) if value > 0.60 => Health::Green,
        Some(value) if value < 0.40 => Health::Red,
        Some(_) => Health::Yellow,
    }
}

/// 95th percentile of the decision latency, in hours: green below 12, red above 24.
pub fn p95_hours(hours: Option<f64>) -> Health {
    low_is_good(hours.filter(|value| value.is_finite()), 12.0, 24.0)
}

/// Failed runs, a fraction: green below 0.02, red above 0.05.
pub fn failure_rate(fraction: Option<f64>) -> Health {
    low_is_good(fraction.filter(|value| *value <= 1.0), 0.02, 0.05)
}

fn low_is_good(value: Option<f64>, green_below: f64, red_above: f64) -> Health {
    match value.filter(|value| *value >= 0.0) {
        None => Health::Unknown,
        Some(value) if value < green_below => Health::Green,
        Some(value) if value > red_above => Health::Red,
        Some(_) => Health::Yellow,
    }
}

/// One word for all of them: red if anything is red (a known fire outranks a blind spot), else unknown if
/// anything is unknown or there is nothing to judge by (so it is never green while a source is silent), else
/// the worse of yellow and green.
pub fn overall(parts: &[Health]) -> Health {
    let any = |wanted| parts.contains(&wanted);
    if any(Health::Red) {
        Health::Red
    } else if any(Health::Unknown) || parts.is_empty() {
        Health::Unknown
    } else if any(Health::Yellow) {
        Health::Yellow
    } else {
        Health::Green
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bounds_are_yellow() {
        use Health::{Green, Red, Unknown, Yellow};
        let counts = [(0, Green), (19, Green), (20, Yellow), (50, Yellow), (51, Red), (i64::MAX, Red), (-1, Unknown)];
        for (count, expected) in counts {
            assert_eq!(pending(Some(count)), expected, "{count}");
        }
        for (rate, expected) in [(1.0, Green), (0.601, Green), (0.6, Yellow), (0.4, Yellow), (0.399, Red), (0.0, Red)] {
            assert_eq!(auto_rate(Some(rate)), expected, "{rate}");
        }
        for (hours, expected) in
            [(0.0, Green), (11.99, Green), (12.0, Yellow), (24.0, Yellow), (24.01, Red), (1e9, Red)]
        {
            assert_eq!(p95_hours(Some(hours)), expected, "{hours}");
        }
        for (rate, expected) in [(0.0, Green), (0.019, Green), (0.02, Yellow), (0.05, Yellow), (0.051, Red), (1.0, Red)]
        {
            assert_eq!(failure_rate(Some(rate)), expected, "{rate}");
        }
    }

    #[test]
    fn a_rate_of_counts_that_is_the_bound_is_yellow() {
        use crate::metrics::rate;
        assert_eq!(auto_rate(rate(3, 5)), Health::Yellow);
        assert_eq!(auto_rate(rate(2, 5)), Health::Yellow);
        assert_eq!(failure_rate(rate(1, 50)), Health::Yellow);
        assert_eq!(failure_rate(rate(1, 20)), Health::Yellow);
        assert_eq!(auto_rate(rate(0, 0)), Health::Unknown);
    }

    #[test]
    fn what_cannot_be_is_unknown() {
        assert_eq!(pending(None), Health::Unknown);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1] {
            assert_eq!(auto_rate(Some(value)), Health::Unknown, "{value}");
            assert_eq!(p95_hours(Some(value)), Health::Unknown, "{value}");
            assert_eq!(failure_rate(Some(value)), Health::Unknown, "{value}");
        }
        assert_eq!(failure_rate(Some(1.1)), Health::Unknown);
    }

    proptest! {
        #[test]
        fn never_green_while_a_source_is_silent(parts in prop::collection::vec(prop::sample::select(&Health::ALL[..]), 0..6)) {
            let has = |wanted| parts.contains(&wanted);
            let overall = overall(&parts);
            prop_assert_eq!(overall == Health::Red, has(Health::Red));
            prop_assert_eq!(overall == Health::Green, !parts.is_empty() && parts.iter().all(|part| *part == Health::Green));
            prop_assert_eq!(overall == Health::Unknown, !has(Health::Red) && (parts.is_empty() || has(Health::Unknown)));
        }
    }
}
