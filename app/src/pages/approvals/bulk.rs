//! One decision on all that is ticked: the bar under the list. It is there while something is ticked, which CSS knows by
//! itself, and counts it too; so it works before the page is awake.

use domain::view::DecidedMany;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::decide::{choices, note};
use super::desk::Desk;
use crate::api::Failure;
use crate::api::bulk::Bulk;
use crate::components::came_of::decided;
use crate::dom::{focus_first, form};
use crate::message;

/// The form that the ticks in the list belong to.
pub(super) const FORM: &str = "bulk";

#[component]
pub(super) fn BulkBar(desk: Desk) -> impl IntoView {
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(form) = form(&event) {
            desk.send_many(form);
        }
    };
    let said = move || desk.many.get().map(came_of);
    let off = move || desk.sending.get();
    let button = move |class: &'static str, value: &'static str, words: &'static str| {
        view! { <button class=class name="decision" value=value disabled=off>{words}</button> }.into_any()
    };
    view! {
        <div class="many" role="status">{said}</div>
        <form id=FORM class="acts bulk" method="post" action=Bulk::PATH on:submit=send>
            // Enter in a field presses a form's first button: none of those that decide.
            <button hidden disabled></button>
            <b class="count">{message::TICKED}</b>
            {button("btn main light", "approve", message::APPROVE)}
            <details class="act" name="act" on:toggle=focus_first>
                <summary class="btn bad">{message::REJECT}</summary>
                <div class="panel stack">
                    {choices("reason", message::REJECT_LEAD, message::REJECT_CHOICES.to_vec(), false)}
                    {note(message::REJECT_NOTE, true)}
                    {button("btn bad", "reject", message::REJECT)}
                </div>
            </details>
            <details class="act" name="act" on:toggle=focus_first>
                <summary class="btn">{message::EXTEND}</summary>
                <div class="panel stack">
                    {choices("hours", message::EXTEND_LEAD, message::EXTEND_CHOICES.to_vec(), false)}
                    {button("btn", "extend", message::EXTEND)}
                </div>
            </details>
        </form>
    }
}

fn came_of(many: Result<DecidedMany, Failure>) -> AnyView {
    match many {
        Err(Failure(problem)) => view! { <p class="note bad">{message::problem(&problem)}</p> }.into_any(),
        Ok(many) => decided(many),
    }
}
