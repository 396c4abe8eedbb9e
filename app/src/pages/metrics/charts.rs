//! The five charts, from the same days as the tables.

use chrono::NaiveDate;
use domain::metrics::Day;
use engine::metrics::{DayFigures, MetricsPage};
use leptos::prelude::*;

use super::chart::{Chart, Series, Shape};
use super::links::{APPROVED, Between};
use super::{counted, missing};
use crate::message::{self, figures as words};

pub(super) fn all(figures: &MetricsPage) -> AnyView {
    let Some(days) = figures.days.as_deref() else { return missing() };
    let since = figures.rows_since;
    [decisions(days, since), auto_rate(days, since), latency(days, since), failure_rate(days, since), waiting(days)]
        .map(Chart::view)
        .collect_view()
        .into_any()
}

fn on(day: &Day, since: Option<NaiveDate>) -> Between {
    Between::of(day, day, since)
}

fn names(days: &[DayFigures]) -> Vec<String> {
    days.iter().map(|figures| figures.day.date.format("%-d %b").to_string()).collect()
}

fn series(
    name: &'static str,
    class: &'static str,
    days: &[DayFigures],
    value: impl Fn(&DayFigures) -> Option<f64>,
) -> Series {
    Series { name, class, values: days.iter().map(value).collect() }
}

#[allow(clippy::cast_precision_loss)]
fn whole(count: i64) -> Option<f64> {
    Some(count as f64)
}

fn count(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn rate(value: Option<f64>) -> AnyView {
    value.map_or_else(|| words::NONE.to_owned(), message::percent).into_any()
}

fn decisions(days: &[DayFigures], since: Option<NaiveDate>) -> Chart {
    let cells = |figures: &DayFigures| {
        let (tally, day) = (&figures.tally, on(&figures.day, since));
        vec![
            counted(tally.approved_by_rule, day.decided(APPROVED, Some("rule"))),
            counted(tally.approved_by_people, day.decided(APPROVED, Some("human"))),
            counted(tally.approved_otherwise, day.decided(APPROVED, Some("system"))),
            counted(tally.rejected(), day.decided("rejected", None)),
            counted(tally.expired, day.decided("expired", None)),
        ]
    };
    Chart {
        name: words::DECISIONS,
        note: "",
        days: names(days),
        series: vec![
            series(words::BY_RULE, "s-rule", days, |day| whole(day.tally.approved_by_rule)),
            series(words::BY_PEOPLE, "s-people", days, |day| whole(day.tally.approved_by_people)),
            series(words::UNGATED, "s-open", days, |day| whole(day.tally.approved_otherwise)),
            series(words::REJECTED, "s-no", days, |day| whole(day.tally.rejected())),
        ],
        shape: Shape::Stacked,
        marks: Vec::new(),
        at_least: 4.0,
        told: count,
        table: (words::DECISIONS_SHORT.to_vec(), days.iter().map(cells).collect()),
    }
}

fn auto_rate(days: &[DayFigures], since: Option<NaiveDate>) -> Chart {
    Chart {
        name: words::AUTO_RATE,
        note: words::AUTO_MARKS,
        days: names(days),
        series: vec![series(words::AUTO_RATE, "l-main", days, |day| day.tally.auto_rate())],
        shape: Shape::Lines,
        marks: vec![0.6, 0.4],
        at_least: 1.0,
        told: message::percent,
        table: (
            vec![words::AUTO_RATE, words::BY_RULE, words::DECIDED_BY_PEOPLE],
            days.iter()
                .map(|figures| {
                    let (tally, day) = (&figures.tally, on(&figures.day, since));
                    vec![
                        rate(tally.auto_rate()),
                        counted(tally.approved_by_rule, day.decided(APPROVED, Some("rule"))),
                        counted(tally.by_people(), day.decided("all", Some("human"))),
                    ]
                })
                .collect(),
        ),
    }
}

fn latency(days: &[DayFigures], since: Option<NaiveDate>) -> Chart {
    let told = |value: Option<f64>| value.map_or_else(|| words::NONE.to_owned(), words::duration).into_any();
    Chart {
        name: words::LATENCY,
        note: words::LATENCY_MARKS,
        days: names(days),
        series: vec![
            series("P50", "l-main", days, |day| day.latency.p50.map(in_hours)),
            series("P95", "l-second", days, |day| day.latency.p95.map(in_hours)),
            series("P99", "l-third", days, |day| day.latency.p99.map(in_hours)),
        ],
        shape: Shape::Lines,
        marks: vec![12.0, 24.0],
        at_least: 0.1,
        told: |hours| words::duration(hours * 3_600.0),
        table: (
            vec!["P50", "P95", "P99", words::DECIDED_BY_PEOPLE],
            days.iter()
                .map(|figures| {
                    let people = on(&figures.day, since).decided("all", Some("human"));
                    vec![
                        told(figures.latency.p50),
                        told(figures.latency.p95),
                        told(figures.latency.p99),
                        counted(figures.tally.by_people(), people),
                    ]
                })
                .collect(),
        ),
    }
}

fn in_hours(seconds: f64) -> f64 {
    seconds / 3_600.0
}

fn failure_rate(days: &[DayFigures], since: Option<NaiveDate>) -> Chart {
    Chart {
        name: words::FAILURE_RATE,
        note: words::FAILURE_MARKS,
        days: names(days),
        series: vec![series(words::FAILURE_RATE, "l-bad", days, |day| day.tally.failure_rate())],
        shape: Shape::Lines,
        marks: vec![0.02, 0.05],
        at_least: 0.08,
        told: message::percent,
        table: (
            vec![words::FAILURE_RATE, words::FAILED_RUNS, words::EXECUTED],
            days.iter()
                .map(|figures| {
                    let (tally, day) = (&figures.tally, on(&figures.day, since));
                    vec![
                        rate(tally.failure_rate()),
                        counted(tally.failed, day.ran(Some("failed"), None)),
                        counted(tally.executed(), day.ran(None, None)),
                    ]
                })
                .collect(),
        ),
    }
}

fn waiting(days: &[DayFigures]) -> Chart {
    Chart {
        name: words::WAITING,
        note: words::WAITING_MARKS,
        days: names(days),
        series: vec![series(words::WAITING, "l-main", days, |day| day.pending.and_then(whole))],
        shape: Shape::Lines,
        marks: vec![20.0, 50.0],
        at_least: 10.0,
        told: count,
        table: (
            vec![words::PENDING],
            days.iter()
                .map(|figures| {
                    let pending = figures.pending.map_or_else(|| words::UNKNOWN.to_owned(), |count| count.to_string());
                    vec![pending.into_any()]
                })
                .collect(),
        ),
    }
}
