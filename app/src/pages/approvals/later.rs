//! The moment after an approval of low or medium risk in which it can be taken back. Nothing has been sent then: the
//! decision goes out when the moment is over, when the next decision is made, or when the page is left.

use std::sync::Arc;
use std::time::Duration;

use domain::id::ActionId;
use leptos::ev;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::desk::{Desk, Refusal};
use crate::api::Failure;
use crate::api::protocol::post;
use crate::dom::{Form, send_on_leaving};
use crate::message;
use crate::toast::{Told, Undo};

/// As the toast says it, see [`message::approving`].
const TIME_TO_UNDO: Duration = Duration::from_secs(5);

/// An approval that has not been sent.
#[derive(Clone, Debug)]
pub(super) struct Later {
    id: ActionId,
    tool: String,
    form: Form,
    timer: Option<TimeoutHandle>,
}

impl Desk {
    /// Approves the action a moment from now, and opens the next one.
    pub(super) fn approve_later(self, id: ActionId, tool: String, form: Form) {
        self.send_now();
        let next = self.next_after(id);
        self.approving.update(|approving| approving.push(id));
        let timer = set_timeout_with_handle(move || self.send_now(), TIME_TO_UNDO).ok();
        self.toast
            .undo
            .set(Some(Undo { words: message::approving(&tool), take_back: Arc::new(move || self.take_back()) }));
        self.later.set_value(Some(Later { id, tool, form, timer }));
        self.go_to(next);
    }

    /// Sends the approval that could still be taken back, if there is one.
    pub(super) fn send_now(self) {
        let Some(Later { id, tool, form, .. }) = self.no_longer_later() else { return };
        spawn_local(async move {
            match post(form).await {
                Ok(decided) => {
                    self.forget(id);
                    self.toast.told.set(Some(Told::Decided(decided)));
                }
                Err(Failure(problem)) => {
                    let refusal = Refusal::of(id, message::NOT_APPROVED, problem);
                    let words = message::not_done(&tool, refusal.title, &refusal.problem);
                    self.toast.told.set(Some(Told::NotDone { id, words }));
                    self.refusal.set(Some(refusal));
                }
            }
            self.approving.update(|approving| approving.retain(|other| *other != id));
            self.read_again();
        });
    }

    fn take_back(self) {
        let Some(Later { id, .. }) = self.no_longer_later() else { return };
        self.approving.update(|approving| approving.retain(|other| *other != id));
        self.go_to(Some(id));
    }

    fn no_longer_later(self) -> Option<Later> {
        let later = self.later.try_update_value(Option::take).flatten()?;
        if let Some(timer) = later.timer {
            timer.clear();
        }
        self.toast.undo.set(None);
        Some(later)
    }

    /// In the browser: a page that is left sends what it holds. Another answer than the server's own nobody sees.
    pub(super) fn send_when_left(self) {
        let send = move || {
            if let Some(Later { form, .. }) = self.no_longer_later() {
                send_on_leaving(&form);
            }
        };
        // The first comes before whatever leads away is asked for, the second also where the first never does.
        let listening = [
            window_event_listener(ev::beforeunload, move |_| send()),
            window_event_listener(ev::pagehide, move |_| send()),
        ];
        on_cleanup(move || listening.into_iter().for_each(|listener| listener.remove()));
    }
}
