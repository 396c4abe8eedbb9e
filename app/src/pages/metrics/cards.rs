//! Health: four figures, each with its state in a word and a colour, its bounds, and what it was before.

use domain::metrics::Judged;
use engine::metrics::MetricsPage;
use leptos::prelude::*;

use super::links::{APPROVED, Between};
use crate::message::{self, figures as words};

pub(super) fn row(figures: &MetricsPage) -> AnyView {
    let health = &figures.health;
    let week = figures.week.map(|(first, last)| Between::of(&first, &last, figures.rows_since));
    let count = |value: f64| format!("{value:.0}");
    let hours = |value: f64| words::duration(value * 3_600.0);
    view! {
        <ul class="cards" aria-label=words::CARDS>
            {card(words::PENDING, health.pending, &count, (words::PENDING_BOUNDS, words::NOW_BEFORE), Some("/approvals".to_owned()))}
            {card(
                words::P95,
                health.latency_p95_hours,
                &hours,
                (words::P95_BOUNDS, words::WEEK_BEFORE),
                week.and_then(|week| week.decided("all", Some("human"))),
            )}
            {card(
                words::AUTO,
                health.auto_approval_rate,
                &message::percent,
                (words::AUTO_BOUNDS, words::WEEK_BEFORE),
                week.and_then(|week| week.decided(APPROVED, Some("rule"))),
            )}
            {card(
                words::FAILED,
                health.failure_rate,
                &message::percent,
                (words::FAILED_BOUNDS, words::WEEK_BEFORE),
                week.and_then(|week| week.ran(Some("failed"), None)),
            )}
        </ul>
    }
    .into_any()
}

fn card(
    name: &'static str,
    figure: Judged,
    told: &dyn Fn(f64) -> String,
    (bounds, when): (&'static str, &'static str),
    href: Option<String>,
) -> AnyView {
    let value = figure.value.map_or_else(|| words::NONE.to_owned(), told);
    let previous = figure.previous.map(|previous| words::before(&told(previous), when));
    let inside = view! {
        <span class="k">{name} <i class=format!("word {}", figure.state.as_str())>{words::state(figure.state)}</i></span>
        <b>{value}</b>
        <span class="d">{bounds}</span>
        <span class="d">{previous.unwrap_or_default()}</span>
    };
    view! {
        <li class="card">
            {match href {
                Some(href) => view! { <a href=href>{inside}</a> }.into_any(),
                None => view! { <div>{inside}</div> }.into_any(),
            }}
        </li>
    }
    .into_any()
}
