//! The runbook's three incidents: when one is on.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IncidentSeverity))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Medium,
    High,
    Critical,
}

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// More than [`BACKLOG`] actions wait.
    Backlog,
    /// Less than [`AUTO_RATE`] of the decisions of today and yesterday were a rule's.
    AutoRateDrop,
    /// More than [`FAILURE_RATE`] of the last hour's runs failed.
    FailureSpike,
}

/// One that is on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    pub kind: IncidentKind,
    pub severity: Severity,
    /// A count, or a fraction from 0 to 1.
    pub value: f64,
    /// What the value went past.
    pub bound: f64,
}

impl Incident {
    /// What is on, in one line.
    pub fn words(&self) -> String {
        let Self { value, bound, .. } = *self;
        let percent = |rate: f64| match rate * 100.0 {
            low if low < 10.0 => format!("{low:.1} %"),
            high => format!("{high:.0} %"),
        };
        match self.kind {
            IncidentKind::Backlog => format!("Backlog: {value:.0} actions wait, more than {bound:.0}"),
            IncidentKind::AutoRateDrop => {
                format!("Auto-approval dropped: {} of yesterday and today, below {}", percent(value), percent(bound))
            }
            IncidentKind::FailureSpike => {
                format!("Runs fail: {} of the last hour, more than {}", percent(value), percent(bound))
            }
        }
    }
}

/// More actions than this waiting is an incident.
pub const BACKLOG: i64 = 100;
/// A lower auto-approval rate is one.
pub const AUTO_RATE: f64 = 0.30;
/// A higher failure rate within an hour is one.
pub const FAILURE_RATE: f64 = 0.10;

/// What is known of incidents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// Those that are on, the worst first.
    pub on: Vec<Incident>,
    /// Those of which nobody knows: their source failed.
    pub unknown: Vec<IncidentKind>,
}

/// Each judged by its own source, so that one that fails hides no other. Outer `None`: the source failed; inner: it has no data.
pub fn watched(pending: Option<i64>, auto_rate: Option<Option<f64>>, failures: Option<Option<f64>>) -> Watched {
    let sources = [
        (IncidentKind::Backlog, pending.is_some()),
        (IncidentKind::AutoRateDrop, auto_rate.is_some()),
        (IncidentKind::FailureSpike, failures.is_some()),
    ];
    Watched {
        on: incidents(pending, auto_rate.flatten(), failures.flatten()),
        unknown: sources.into_iter().filter(|(_, known)| !known).map(|(kind, _)| kind).collect(),
    }
}

/// Those that are on, the worst first. What is not known is none: health says that it is unknown.
pub fn incidents(pending: Option<i64>, auto_rate: Option<f64>, failures_last_hour: Option<f64>) -> Vec<Incident> {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
    let backlog = pending.filter(|count| *count > BACKLOG).map(|count| Incident {
        kind: IncidentKind::Backlog,
        severity: Severity::Critical,
        value: count as f64,
        bound: BACKLOG as f64,
    });
    let drop = auto_rate.filter(|rate| *rate < AUTO_RATE).map(|value| Incident {
        kind: IncidentKind::AutoRateDrop,
        severity: Severity::High,
        value,
        bound: AUTO_RATE,
    });
    let spike = failures_last_hour.filter(|rate| *rate > FAILURE_RATE).map(|value| Incident {
        kind: IncidentKind::FailureSpike,
        severity: Severity::Medium,
        value,
        bound: FAILURE_RATE,
    });
    [backlog, drop, spike].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_says_what_went_past_which_bound() {
        let words: Vec<String> = incidents(Some(121), Some(0.034), Some(0.25)).iter().map(Incident::words).collect();
        assert_eq!(
            words,
            [
                "Backlog: 121 actions wait, more than 100",
                "Auto-approval dropped: 3.4 % of yesterday and today, below 30 %",
                "Runs fail: 25 % of the last hour, more than 10 %",
            ]
        );
    }

    #[test]
    fn a_source_that_fails_hides_no_other_incident() {
        let found = watched(Some(500), None, Some(None));
        assert_eq!(found.on.iter().map(|incident| incident.kind).collect::<Vec<_>>(), [IncidentKind::Backlog]);
        assert_eq!(found.unknown, [IncidentKind::AutoRateDrop]);
        assert_eq!(watched(Some(0), Some(None), Some(None)), Watched::default());
        assert_eq!(watched(None, None, None).unknown.len(), 3);
    }

    #[test]
    fn the_bounds_themselves_are_no_incident() {
        assert_eq!(incidents(Some(BACKLOG), Some(AUTO_RATE), Some(FAILURE_RATE)), []);
        assert_eq!(incidents(None, None, None), []);
        let on = incidents(Some(101), Some(0.29), Some(0.11));
        assert_eq!(
            on.iter().map(|incident| (incident.kind, incident.severity)).collect::<Vec<_>>(),
            [
                (IncidentKind::Backlog, Severity::Critical),
                (IncidentKind::AutoRateDrop, Severity::High),
                (IncidentKind::FailureSpike, Severity::Medium),
            ]
        );
    }
}
