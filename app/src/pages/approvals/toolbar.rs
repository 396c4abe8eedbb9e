//! What the list shows, and in which order: links, so that every view has an address and works without wasm.

use domain::lifecycle::Status;
use domain::page::Sort;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::desk::Desk;
use super::query::{ALL, Query};
use crate::api::actions::ExpireStale;
use crate::components::icon::Icon;
use crate::message;
use crate::pages::frame::FrameData;

#[component]
pub(super) fn Toolbar(desk: Desk) -> impl IntoView {
    let words = Status::ALL.into_iter().map(Status::as_str).chain([ALL]);
    view! {
        <div class="bar">
            <b class="title" aria-hidden="true">{message::APPROVALS}</b>
            <nav class="tabs" aria-label=message::FILTER>
                {words.map(|word| status_link(desk, word)).collect_view()}
            </nav>
            <nav class="seg" aria-label=message::SORT>
                {Sort::ALL.into_iter().map(|sort| sort_link(desk, sort)).collect_view()}
            </nav>
            <button type="button" class="btn" popovertarget="filter" data-key="/">{message::FILTER_BUTTON} <kbd>"/"</kbd></button>
            <a class="btn" rel="external" href="/approvals/groups">{message::GROUPED}</a>
            <Expire/>
        </div>
        {move || {
            let query = desk.query.get();
            let narrowed = !query.narrowing().is_empty();
            narrowed.then(|| view! { <nav class="narrowed">{message::NARROWED} {narrowing_links(&query)}</nav> })
        }}
    }
}

/// One link for each parameter that narrows the list: it takes the parameter away.
fn narrowing_links(query: &Query) -> AnyView {
    query
        .narrowing()
        .iter()
        .map(|(name, value)| {
            view! {
                <a class="chip" href=query.without(name).href(None) aria-label=message::remove_narrowing(name) data-noscroll="">
                    {message::narrowed(name, value)}
                    <Icon name="#i-no"/>
                </a>
            }
        })
        .collect_view()
        .into_any()
}

fn status_link(desk: Desk, word: &'static str) -> AnyView {
    let current = move || (desk.query.read().status() == word).then_some("true");
    let href = move || desk.query.read().with_status(word).href(None);
    view! {
        <a href=href aria-current=current data-noscroll="">
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

/// For whoever may decide: the runbook's button, and what it would do.
#[component]
fn Expire() -> impl IntoView {
    let frame = expect_context::<FrameData>();
    let stale = move || frame.0.get().and_then(|frame| frame.ok()?.stale);
    let sheet = move || {
        view! {
            <button type="button" class="btn" popovertarget="expire">{message::EXPIRE_STALE}</button>
            <div id="expire" class="sheet" popover="auto" role="dialog" aria-labelledby="expire-title"
                on:toggle=move |_| frame.0.refetch()>
                <h2 id="expire-title">{message::EXPIRE_TITLE}</h2>
                <p><b>{move || message::stale(stale())}</b></p>
                <p>{message::EXPIRE_LEAD}</p>
                <form class="row-of" method="post" action=ExpireStale::PATH>
                    <button class="btn main" name="via" value="form" autofocus>{message::EXPIRE_NOW}</button>
                    <button type="button" class="btn" popovertarget="expire" popovertargetaction="hide">
                        {message::CLOSE}
                    </button>
                </form>
            </div>
        }
    };
    let decides = Memo::new(move |_| frame.decides());
    view! { <Transition>{move || decides.get().then(sheet)}</Transition> }
}
