//! What alerts are of: the incidents that are on, and what the newest verification of the trail found.

use domain::alert::{AlertKind, Found, Severity};
use domain::incident::{self, IncidentKind, Watched};

use crate::{Engine, Result, metrics, store};

/// Looks, and opens or closes alerts by what it finds. How many changed.
///
/// # Errors
/// When what was found cannot be written down. A source that cannot be read opens and closes nothing.
pub async fn watch(engine: &Engine) -> Result<u64> {
    let mut found = incidents(&metrics::incidents_now(engine).await);
    found.push((AlertKind::TrailFault, trail(engine).await));
    super::observe(engine, &found).await
}

const INCIDENTS: [(IncidentKind, AlertKind, &str); 3] = [
    (
        IncidentKind::Backlog,
        AlertKind::Backlog,
        "Approve what is low risk in bulk; make a rule for the tool that asks most.",
    ),
    (IncidentKind::AutoRateDrop, AlertKind::AutoRate, "A rule may have ended, been used up or been suspended."),
    (IncidentKind::FailureSpike, AlertKind::Failures, "See which tool fails and why; pause it while it is mended."),
];

fn incidents(watched: &Watched) -> Vec<(AlertKind, Found)> {
    let found = |kind| match watched.on.iter().find(|incident| incident.kind == kind) {
        None if watched.unknown.contains(&kind) => Found::Unknown,
        None => Found::Off,
        Some(incident) => Found::On {
            severity: severity(incident.severity),
            title: incident.words(),
            detail: INCIDENTS.iter().find(|(own, ..)| *own == kind).map_or("", |(.., detail)| detail).to_owned(),
        },
    };
    INCIDENTS.map(|(incident, alert, _)| (alert, found(incident))).into()
}

const fn severity(of: incident::Severity) -> Severity {
    match of {
        incident::Severity::Critical => Severity::Critical,
        incident::Severity::High => Severity::High,
        incident::Severity::Medium => Severity::Medium,
    }
}

async fn trail(engine: &Engine) -> Found {
    match store::trail::last_check(&engine.pool).await {
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the checks of the trail could not be read");
            Found::Unknown
        }
        Ok(Some(check)) if check.faults > 0 => Found::On {
            severity: Severity::Critical,
            title: format!("The trail does not verify: {} faults", check.faults),
            detail: check.first_fault.unwrap_or_default(),
        },
        Ok(_) => Found::Off,
    }
}
