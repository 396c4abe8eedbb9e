//! The one short message about what has just been done. It says what really happened, and goes on saying it: while
//! it stands, news about its action change its words.

use std::sync::Arc;
use std::time::Duration;

use domain::id::ActionId;
use domain::problem::Problem;
use domain::view::Decided;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::actions::show;
use crate::components::icon::Icon;
use crate::flash::Flash;
use crate::live::Live;
use crate::message;
use crate::pages::approvals::query::Query;

/// How long a message stands after its last word, unless the page is not awake: then it stays.
const STANDS: Duration = Duration::from_secs(12);

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Decided(Decided),
    Expired(usize),
    Done(String),
    Failed(Problem),
    /// What somebody thought done was not; it stands until it is closed.
    NotDone {
        id: ActionId,
        words: String,
    },
}

/// Something that is about to be done.
#[derive(Clone)]
pub(crate) struct Undo {
    pub words: String,
    /// Not one of the reactive tree's: the card whose button made it is gone by then.
    pub take_back: Arc<dyn Fn() + Send + Sync>,
}

/// Where the message stands; a context of the frame.
#[derive(Clone, Copy)]
pub(crate) struct Toast {
    pub told: RwSignal<Option<Told>>,
    pub undo: RwSignal<Option<Undo>>,
}

impl Toast {
    /// Begins with what a plain form came to before this page was rendered.
    pub(crate) fn new() -> Self {
        let told = match use_context::<Option<Flash>>().flatten() {
            Some(Flash::Decided(decided)) => Some(Told::Decided(decided)),
            Some(Flash::Expired(count)) => Some(Told::Expired(count)),
            Some(Flash::Done(words)) => Some(Told::Done(words)),
            Some(Flash::Refused { action: None, why }) => Some(Told::Failed(why.0)),
            Some(Flash::Many(_) | Flash::Refused { action: Some(_), .. }) | None => None,
        };
        Self { told: RwSignal::new(told), undo: RwSignal::new(None) }
    }

    fn keep_current(self) {
        let live = expect_context::<Live>();
        Effect::new(move || {
            let told = self.told.get();
            if told.as_ref().is_some_and(|told| !matches!(told, Told::NotDone { .. })) {
                let forget = move || {
                    if self.told.try_get_untracked().flatten() == told {
                        self.told.set(None);
                    }
                };
                set_timeout(forget, STANDS);
            }
        });
        Effect::new(move || {
            let news = live.news.get();
            let Some(Told::Decided(decided)) = self.told.get_untracked() else { return };
            if news.touches(&decided.id.to_string()) {
                spawn_local(self.read_again(decided));
            }
        });
    }

    async fn read_again(self, told: Decided) {
        let Ok(detail) = show(told.id).await else { return };
        let decided = Decided {
            status: detail.row.status,
            execution_state: detail.row.execution_state,
            waits_for_executor: detail.row.waits_for_executor,
            ..told.clone()
        };
        if self.told.try_get_untracked().flatten() == Some(Told::Decided(told)) {
            self.told.set(Some(Told::Decided(decided)));
        }
    }
}

/// The place on the screen.
#[component]
pub(crate) fn Toaster() -> impl IntoView {
    let toast = expect_context::<Toast>();
    toast.keep_current();
    view! {
        <div class="toasts" role="status">
            {move || toast.told.get().map(|told| message_view(toast, told))}
            {move || toast.undo.get().map(undo_view)}
        </div>
    }
}

fn message_view(toast: Toast, told: Told) -> impl IntoView {
    let (bad, words, link) = match told {
        Told::Decided(decided) => (false, message::came_of(&decided), Some(Query::default().href(Some(decided.id)))),
        Told::Expired(count) => (false, message::expired(count), None),
        Told::Done(words) => (false, words, None),
        Told::Failed(problem) => (true, message::problem(&problem), None),
        Told::NotDone { id, words } => (true, words, Some(Query::default().href(Some(id)))),
    };
    view! {
        <div class="toast" class:bad=bad>
            <span>{words}</span>
            {link.map(|href| view! { <a href=href data-noscroll="">{message::SHOW}</a> })}
            <button type="button" class="icon" aria-label=message::CLOSE on:click=move |_| toast.told.set(None)>
                <Icon name="#i-no"/>
            </button>
        </div>
    }
}

fn undo_view(undo: Undo) -> impl IntoView {
    view! {
        <div class="toast">
            <span>{undo.words}</span>
            <button type="button" class="btn" data-key="u" on:click=move |_| (undo.take_back)()>
                {message::UNDO} <kbd>"u"</kbd>
            </button>
        </div>
    }
}
