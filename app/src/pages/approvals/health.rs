//! The four figures above the queue: a number, what it is, and how it stands in a word and a colour.

use domain::health::Health;
use domain::time_text;
use domain::view::HealthStrip as Figures;
use leptos::prelude::*;

use crate::message;
use crate::pages::frame::FrameData;

#[component]
pub(super) fn HealthStrip(frame: FrameData) -> impl IntoView {
    view! {
        <Transition fallback=|| view! { <div class="health" aria-hidden="true"></div> }>
            {move || frame.0.get().map(|frame| strip(frame.ok().map(|frame| frame.health)))}
        </Transition>
    }
}

/// `None`: nothing could be read, so everything is unknown.
fn strip(figures: Option<Figures>) -> AnyView {
    let unknown = (None, Health::Unknown);
    let (pending, p95, auto, failed) = match figures {
        Some(figures) => {
            let seconds = |(seconds, health): (Option<f64>, Health)| (seconds.map(duration), health);
            let rate = |(rate, health): (Option<f64>, Health)| (rate.map(message::percent), health);
            let (pending, health) = figures.pending;
            (
                (pending.map(|count| count.to_string()), health),
                seconds(figures.p95_seconds),
                rate(figures.auto_rate),
                rate(figures.failure_rate),
            )
        }
        None => (unknown.clone(), unknown.clone(), unknown.clone(), unknown),
    };
    view! {
        <ul class="health" aria-label=message::HEALTH>
            {figure(pending, message::PENDING_FIGURE, Some("/approvals"))}
            {figure(p95, message::P95_FIGURE, None)}
            {figure(auto, message::AUTO_FIGURE, None)}
            {figure(failed, message::FAILED_FIGURE, Some("/approvals?status=executed"))}
        </ul>
    }
    .into_any()
}

#[allow(clippy::cast_possible_truncation)]
fn duration(seconds: f64) -> String {
    time_text::span(seconds as i64)
}

fn figure((value, health): (Option<String>, Health), name: &'static str, cause: Option<&'static str>) -> AnyView {
    let value = value.unwrap_or_else(|| message::NO_FIGURE.to_owned());
    let inside = view! {
        <b>{value}</b>
        <span>{name}</span>
        <i class=format!("word {}", health.as_str())>{health.words()}</i>
    };
    view! {
        <li>
            {match cause {
                Some(href) => view! { <a href=href>{inside}</a> }.into_any(),
                None => view! { <div>{inside}</div> }.into_any(),
            }}
        </li>
    }
    .into_any()
}
