//! What is on the operator's desk: the list, the open action, and what is being done with it. All resources of
//! the page are made here, by the route component, so that no view ever waits inside another's waiting.

use domain::id::ActionId;
use domain::problem::Problem;
use domain::view::{ActionDetail, ActionRow, Decided, DecidedMany, QueuePage};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::held::{self, Shown};
use super::later::Later;
use super::query::Query;
use crate::api::actions::{list, show};
use crate::api::protocol::post;
use crate::api::{Failure, Reading};
use crate::dom::{Form, clear_card, ticked_boxes};
use crate::flash::Flash;
use crate::live::Live;
use crate::message;
use crate::toast::{Toast, Told};

/// A list together with the query it answers: a late answer is never taken for another query's.
pub(super) type ReadList = (Query, Result<QueuePage, Failure>);

/// Something that was tried and did not happen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub id: ActionId,
    /// What did not happen, in words.
    pub title: &'static str,
    pub problem: Problem,
}

impl Refusal {
    /// What did not happen, as far as that is known: without an answer it may have.
    pub(super) fn of(id: ActionId, title: &'static str, problem: Problem) -> Self {
        Self { id, title: if problem.may_pass() { message::UNSURE } else { title }, problem }
    }
}

/// What there is to show of the open action; and, where that could not be read again and is as it was, why.
pub(super) type Card = (Result<ActionDetail, Failure>, Option<Problem>);

/// The desk. Cheap to hand around.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub query: Memo<Query>,
    /// The open action's id as the URL has it.
    pub open: Memo<Option<String>>,
    pub list: Reading<ReadList>,
    pub detail: Reading<Option<Result<ActionDetail, Failure>>>,
    /// The rows under the hand, and the query they answer.
    held: RwSignal<Option<(Query, Vec<ActionRow>)>>,
    /// The last good answer, for what happens outside of any view.
    latest: StoredValue<Option<(Query, QueuePage)>>,
    /// The action that was read last, for when it cannot be read again.
    known: StoredValue<Option<ActionDetail>>,
    /// Something is on its way to the server.
    pub sending: RwSignal<bool>,
    pub refusal: RwSignal<Option<Refusal>>,
    /// What is ticked in the list.
    pub ticked: RwSignal<Vec<ActionId>>,
    /// What the last decision on many came to.
    pub many: RwSignal<Option<Result<DecidedMany, Failure>>>,
    /// Approved by the person at this desk, and not yet by the server.
    pub approving: RwSignal<Vec<ActionId>>,
    pub(super) later: StoredValue<Option<Later>>,
    pub(super) toast: Toast,
    list_reads: RwSignal<u32>,
    detail_reads: RwSignal<u32>,
    go: Callback<(String,)>,
}

impl Desk {
    pub(super) fn new(query: Memo<Query>, open: Memo<Option<String>>, live: Live) -> Self {
        let (list_reads, detail_reads) = (RwSignal::new(0), RwSignal::new(0));
        let list = Reading::new_with_options(
            move || (query.get(), live.news.with(|news| news.number), list_reads.get()),
            |(query, ..)| async move {
                let page = list(query.parameters()).await;
                (query, page)
            },
            false,
        );
        let detail =
            Reading::new_with_options(move || (open.get(), detail_reads.get()), |(open, _)| read_detail(open), false);
        let navigate = use_navigate();
        let go = Callback::new(move |(url,): (String,)| {
            navigate(&url, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        });
        let (refusal, many) = match use_context::<Option<Flash>>().flatten() {
            Some(Flash::Refused { action: Some(id), why: Failure(problem) }) => {
                (Some(Refusal { id, title: message::NOT_DONE, problem }), None)
            }
            Some(Flash::Many(many)) => (None, Some(Ok(many))),
            _ => (None, None),
        };
        let ticked = many.as_ref().map_or_else(ticked_before_waking, still_ticked);
        let desk = Self {
            query,
            open,
            list,
            detail,
            held: RwSignal::new(None),
            latest: StoredValue::new(None),
            known: StoredValue::new(None),
            sending: RwSignal::new(false),
            refusal: RwSignal::new(refusal),
            ticked: RwSignal::new(ticked),
            many: RwSignal::new(many),
            approving: RwSignal::new(Vec::new()),
            later: StoredValue::new(None),
            toast: expect_context(),
            list_reads,
            detail_reads,
            go,
        };
        desk.keep_current(live);
        desk
    }

    /// In the browser: holds the rows that are shown, and reads the open action again when it has changed.
    fn keep_current(self, live: Live) {
        // After a gap nobody knows what was missed: the next answer replaces whatever is held.
        let after_a_gap = StoredValue::new(false);
        Effect::new(move || {
            if live.news.read().everything {
                after_a_gap.set_value(true);
            }
        });
        Effect::new(move || {
            let Some((query, Ok(page))) = self.list.get() else { return };
            let adopt = after_a_gap.get_value()
                || self.held.with_untracked(|held| match held {
                    Some((of, rows)) => {
                        let shared = |row: &ActionRow| page.rows.iter().any(|fresh| fresh.id == row.id);
                        *of != query || !rows.iter().any(shared)
                    }
                    None => true,
                });
            self.latest.set_value(Some((query, page)));
            if adopt {
                after_a_gap.set_value(false);
                self.adopt();
            }
        });
        Effect::new(move || {
            let news = live.news.read();
            let open = self.open.read_untracked();
            if news.number > 0 && open.as_ref().is_some_and(|id| news.touches(id)) {
                self.detail_reads.update(|reads| *reads += 1);
            }
        });
        Effect::new(move || self.send_when_left());
        Effect::new(move |before: Option<Option<String>>| {
            let open = self.open.get();
            if let Some(before) = before.filter(|before| *before != open) {
                // It was read where it stood. About another action it is still news.
                self.refusal.update(|refusal| {
                    refusal.take_if(|refusal| before.as_deref() == Some(&*refusal.id.to_string()));
                });
                clear_card();
            }
            open
        });
    }

    /// What the list shows now: the query it answers, the rows, and when and how they were read. `None` before the
    /// first answer.
    pub(super) fn shown(self) -> Option<(Query, Shown, Result<QueuePage, Failure>)> {
        let (query, page) = self.list.get()?;
        let held = self.held.read();
        let held = held.as_ref().filter(|(of, _)| *of == query).map(|(_, rows)| rows.as_slice());
        let shown = match (&page, held) {
            (Ok(page), Some(held)) => held::merge(held, page),
            (Ok(page), None) => held::as_read(page),
            // The old rows stay, and are marked as what they are.
            (Err(_), held) => held::as_held(held.unwrap_or_default()),
        };
        Some((query, shown, page))
    }

    /// The open action's card, if one is open; `None` before the first answer.
    pub(super) fn card(self) -> Option<Option<Card>> {
        let read = self.detail.get()?;
        Some(read.map(|read| match read {
            Ok(detail) => {
                self.known.set_value(Some(detail.clone()));
                (Ok(detail), None)
            }
            Err(Failure(problem)) => {
                let open = self.open.read_untracked();
                let is_open =
                    |known: &ActionDetail| open.as_ref().is_some_and(|open| *open == known.row.id.to_string());
                match self.known.get_value().filter(|known| problem.may_pass() && is_open(known)) {
                    Some(known) => (Ok(known), Some(problem)),
                    None => (Err(Failure(problem)), None),
                }
            }
        }))
    }

    /// Shows the list as the server has it.
    pub(super) fn adopt(self) {
        self.held.set(self.latest.get_value().map(|(query, page)| (query, page.rows)));
    }

    /// Reads the list and the open action again.
    pub(super) fn read_again(self) {
        self.list_reads.update(|reads| *reads += 1);
        self.detail_reads.update(|reads| *reads += 1);
    }

    /// Sends a decision and tells how it went. The card stays as it is until there is an answer.
    pub(super) fn send(self, id: ActionId, title: &'static str, form: Form) {
        if self.sending.get_untracked() {
            return;
        }
        self.send_now();
        self.sending.set(true);
        self.refusal.set(None);
        spawn_local(async move {
            let answer = post(form).await;
            self.sending.set(false);
            match answer {
                Ok(decided) => self.decided(decided),
                Err(Failure(problem)) => self.refusal.set(Some(Refusal::of(id, title, problem))),
            }
            self.read_again();
        });
    }

    fn decided(self, decided: Decided) {
        let id = decided.id;
        let stays = decided.next == Some(id);
        // Whoever looks at the queue goes on with the next; whoever looks at something else stays there.
        let goes_on = !stays && self.query.read_untracked().shows_pending();
        let next = goes_on.then(|| self.next_after(id).or(decided.next));
        if !stays {
            self.forget(id);
        }
        clear_card();
        self.toast.told.set(Some(Told::Decided(decided)));
        if let Some(next) = next {
            self.go_to(next);
        }
    }

    /// The action to open after this one, out of those that are shown.
    pub(super) fn next_after(self, id: ActionId) -> Option<ActionId> {
        let held = self.held.get_untracked()?.1;
        let mut shown = held::merge(&held, &self.latest.get_value()?.1).rows;
        let approving = self.approving.read_untracked();
        shown.retain(|held| held.row.id == id || !approving.contains(&held.row.id));
        held::next_after(&shown, id)
    }

    /// Opens an action, or none.
    pub(super) fn go_to(self, id: Option<ActionId>) {
        self.go.run((self.query.read_untracked().href(id),));
    }

    /// Takes an action out of the list.
    pub(super) fn forget(self, id: ActionId) {
        self.ticked.update(|ticked| ticked.retain(|other| *other != id));
        self.held.update(|held| {
            if let Some((_, rows)) = held {
                rows.retain(|row| row.id != id);
            }
        });
    }

    /// Sends one decision on all that is ticked. What was refused stays ticked.
    pub(super) fn send_many(self, form: Form) {
        if self.sending.get_untracked() {
            return;
        }
        self.send_now();
        self.sending.set(true);
        spawn_local(async move {
            let answer = post::<DecidedMany>(form).await;
            self.sending.set(false);
            self.ticked.update(|ticked| {
                if let Ok(many) = &answer {
                    *ticked = many.refused.iter().map(|refused| refused.id).collect();
                }
            });
            self.many.set(Some(answer));
            self.read_again();
        });
    }
}

fn still_ticked(many: &Result<DecidedMany, Failure>) -> Vec<ActionId> {
    many.iter().flat_map(|many| &many.refused).map(|refused| refused.id).collect()
}

/// A person may be quicker than the WebAssembly.
fn ticked_before_waking() -> Vec<ActionId> {
    ticked_boxes().iter().filter_map(|id| id.parse().ok()).collect()
}

async fn read_detail(open: Option<String>) -> Option<Result<ActionDetail, Failure>> {
    Some(match open?.parse::<ActionId>() {
        Ok(id) => show(id).await,
        Err(_) => Err(Failure(Problem::not_found("action"))),
    })
}
