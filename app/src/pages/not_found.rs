//! An address that leads nowhere.

use leptos::prelude::*;

use crate::components::icon::Icon;
use crate::message;

#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <main id="main" class="door">
            <div class="doorway">
                <p class="brand"><Icon name="#i-brand"/><span>{message::PRODUCT}</span></p>
                <h1>{message::NOT_FOUND}</h1>
                <p class="lead">{message::NOT_FOUND_LEAD}</p>
                <a class="btn main big" href="/approvals">{message::TO_THE_QUEUE}</a>
            </div>
        </main>
    }
}
