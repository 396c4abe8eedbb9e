//! What came of one decision on many.

use domain::view::{DecidedMany, RefusedOne};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::flash::Flash;
use crate::message;
use crate::pages::approvals::query::Query;

/// For pages that stay the HTML they were sent as: a card with what was done and what was refused, if that is what the page is told.
#[cfg(feature = "ssr")]
pub(crate) fn came_of(flash: Option<Flash>) -> Option<AnyView> {
    let Some(Flash::Many(many)) = flash else { return None };
    let card = view! {
        <section class="card" role="status">
            <h2>{message::CAME_OF_IT}</h2>
            <div class="body">{decided(many)}</div>
        </section>
    };
    Some(card.into_any())
}

/// How many were decided, and what was refused.
pub(crate) fn decided(DecidedMany { done, refused, more_refused }: DecidedMany) -> AnyView {
    let words = message::came_of_many(done, refused.len() + more_refused);
    let more = (more_refused > 0).then(|| view! { <li>{message::more_refused(more_refused)}</li> });
    view! { <p><b>{words}</b></p> <ul class="plain">{refused.into_iter().map(one).collect_view()} {more}</ul> }
        .into_any()
}

fn one(RefusedOne { id, tool_name, why }: RefusedOne) -> AnyView {
    let name = tool_name.unwrap_or_else(|| id.to_string());
    view! { <li><span><a class="more" href=Query::default().href(Some(id))>{name}</a> " " {why}</span></li> }.into_any()
}
