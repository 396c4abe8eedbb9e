//! What the list shows, and in which order: links, so that every view has an address and works without wasm.

use domain::lifecycle::Status;
use domain::page::Sort;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos::task::spawn_local;

use super::desk::Desk;
use super::query::ALL;
use crate::api::actions::{ExpireStale, expire_stale};
use crate::dom::hide_sheet;
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
            <Expire desk/>
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

/// For whoever may decide: the runbook's button.
#[component]
fn Expire(desk: Desk) -> impl IntoView {
    let frame = expect_context::<FrameData>();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        // The sheet closes at once; the toast tells the rest.
        hide_sheet("expire");
        spawn_local(async move { desk.expired(expire_stale(String::new()).await) });
    };
    view! {
        <Transition>
            {move || {
                frame.decides().then(|| {
                    view! {
                        <button type="button" class="btn" popovertarget="expire">{message::EXPIRE_STALE}</button>
                        <div id="expire" class="sheet middle" popover="auto" role="dialog" aria-labelledby="expire-title">
                            <h2 id="expire-title">{message::EXPIRE_TITLE}</h2>
                            <p>{message::EXPIRE_LEAD}</p>
                            <form class="row-of" method="post" action=ExpireStale::PATH on:submit=send>
                                <input type="hidden" name="back" value=move || desk.query.read().href(None)/>
                                <button class="btn main" name="via" value="form" autofocus>{message::EXPIRE_NOW}</button>
                                <button type="button" class="btn" popovertarget="expire" popovertargetaction="hide">
                                    {message::CLOSE}
                                </button>
                            </form>
                        </div>
                    }
                })
            }}
        </Transition>
    }
}
