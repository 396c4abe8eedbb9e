//! What the list shows, and in which order: links, so that every view has an address and works without wasm.

use domain::lifecycle::Status;
use domain::page::Sort;
use leptos::prelude::*;

use super::desk::Desk;
use super::query::ALL;
use crate::message;
use crate::pages::frame::FrameData;

#[component]
pub(super) fn Toolbar(desk: Desk) -> impl IntoView {
    let words = Status::ALL.into_iter().map(Status::as_str).chain([ALL]);
    view! {
        <div class="bar">
            <b class="title" aria-hidden="true">{message::APPROVALS}</b>
            <nav class="tabs" aria-label=message::FILTER>
                {words.enumerate().map(|(place, word)| status_link(desk, word, place == 0)).collect_view()}
            </nav>
            <nav class="seg" aria-label=message::SORT>
                {Sort::ALL.into_iter().map(|sort| sort_link(desk, sort)).collect_view()}
            </nav>
            <Expire/>
        </div>
    }
}

fn status_link(desk: Desk, word: &'static str, first: bool) -> AnyView {
    let current = move || (desk.query.read().status() == word).then_some("true");
    let href = move || desk.query.read().with_status(word).href(None);
    view! {
        <a href=href aria-current=current data-key=first.then_some("/") data-noscroll="">
            {message::status_filter(word)}
        </a>
    }
    .into_any()
}

fn sort_link(desk: Desk, sort: Sort) -> AnyView {
    let current = move || (desk.query.read().sort() == sort.as_str()).then_some("true");
    let href = move || desk.query.read().with_sort(sort).href(None);
    view! {
        <a href=href aria-current=current title=message::sort_hint(sort) data-noscroll="">{message::sort(sort)}</a>
    }
    .into_any()
}

/// For whoever may decide: the runbook's button. What it opens is in [`crate::sheets`].
#[component]
fn Expire() -> impl IntoView {
    let frame = expect_context::<FrameData>();
    let button = || {
        view! { <button type="button" class="btn" popovertarget="expire">{message::EXPIRE_STALE}</button> }
    };
    view! { <Transition>{move || frame.decides().then(button)}</Transition> }
}
