//! What came of one decision on many, on pages that stay the HTML they were sent as.

use domain::view::{DecidedMany, RefusedOne};
use leptos::prelude::*;

use crate::flash::Flash;
use crate::message;
use crate::pages::approvals::query::Query;

/// A card with what was done and what was refused, if that is what the page is told.
pub(crate) fn came_of(flash: Option<Flash>) -> Option<AnyView> {
    let Some(Flash::Many(DecidedMany { done, refused, more_refused })) = flash else { return None };
    let told = message::came_of_many(done, refused.len() + more_refused);
    let one = |RefusedOne { id, why, .. }: RefusedOne| {
        let href = Query::default().href(Some(id));
        view! { <li><span><a class="more" href=href>{id.to_string()}</a> " " {why}</span></li> }
    };
    let more = (more_refused > 0).then(|| view! { <li>{message::more_refused(more_refused)}</li> });
    let card = view! {
        <section class="card" role="status">
            <h2>{message::CAME_OF_IT}</h2>
            <div class="body"><p><b>{told}</b></p><ul class="plain">{refused.into_iter().map(one).collect_view()} {more}</ul></div>
        </section>
    };
    Some(card.into_any())
}
