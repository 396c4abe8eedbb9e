//! `/approvals` and `/approvals/{id}`: the queue on the left, the open action on the right; on a phone one of them.
//! One route component for both, so that opening an action leaves the list as it is.

pub(crate) mod arguments;
mod bulk;
pub(crate) mod decide;
mod desk;
mod detail;
#[cfg(feature = "ssr")]
pub(crate) mod edit;
#[cfg(feature = "ssr")]
pub(crate) mod groups;
mod health;
mod held;
mod later;
mod list;
mod outcome;
pub(crate) mod query;
mod toolbar;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::dom::fill_filter;
use crate::live::Live;
use crate::message;
use crate::pages::frame::FrameData;
use desk::Desk;
use query::Query;

#[component]
pub(crate) fn ApprovalsPage() -> impl IntoView {
    let (params, search) = (use_params_map(), use_query_map());
    let query = Memo::new(move |_| Query::of(&search.read()));
    let open = Memo::new(move |_| params.read().get("id").filter(|id| !id.is_empty()));
    let desk = Desk::new(query, open, expect_context::<Live>());
    Effect::new(move || query.with(fill_filter));
    let frame = expect_context::<FrameData>();
    view! {
        <main id="main" class="queue" class:one=move || open.read().is_some()>
            <h1 class="hide">{message::APPROVALS}</h1>
            <health::HealthStrip frame/>
            <toolbar::Toolbar desk/>
            <div class="split">
                <list::List desk/>
                <detail::Detail desk/>
            </div>
        </main>
    }
}
