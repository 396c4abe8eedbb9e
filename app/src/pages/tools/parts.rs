//! What the list and a tool's own page both show.

use chrono::{DateTime, Utc};
use domain::tool_view::ToolLine;
use leptos::prelude::*;

use crate::components::icon::Icon;
use crate::components::pieces::Pieces;
use crate::message::tools as words;

/// How calls are gated: the word, until when, and why.
pub(super) fn gating(line: &ToolLine, now: DateTime<Utc>) -> AnyView {
    // The colour says how far from normal it is; the word says what it is.
    let colour = match line.gating.as_str() {
        "open" | "passes" => "red",
        "paused" | "blocked" => "yellow",
        _ => "unknown",
    };
    view! {
        <span class=format!("word {colour}")>{words::gating(&line.gating)}</span>
        {words::gating_time(line, now).map(|time| view! { " " <small>{time}</small> })}
        {line.reason.clone().map(|reason| view! { " · " <span class="text"><Pieces pieces=reason/></span> })}
    }
    .into_any()
}

pub(super) fn unreviewed(line: &ToolLine) -> AnyView {
    let mark = || view! { " " <span class="flag"><Icon name="#i-warn"/>{words::UNREVIEWED}</span> };
    (!line.reviewed).then(mark).into_any()
}

/// How the runs of the last hour ended, failures where one sees them.
pub(super) fn last_hour(line: &ToolLine) -> AnyView {
    let bad = line.last_hour.failed + line.last_hour.unknown > 0;
    view! { <span class:bad-words=bad>{words::last_hour(line.last_hour)}</span> }.into_any()
}
