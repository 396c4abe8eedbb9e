//! The way in: by name and password, or with a one-time link. Plain forms only, posted by the browser itself.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_query_map;

use crate::api::session::{RedeemLink, SignIn};
use crate::components::icon::Icon;
use crate::components::problem_note::ProblemNote;
use crate::flash::Flash;
use crate::local_path::local_path;
use crate::message;

#[component]
pub(crate) fn LoginPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let next = local_path(&query.get("next").unwrap_or_default()).to_owned();
    let link = query.get("link").filter(|link| !link.is_empty());
    let refused = match use_context::<Option<Flash>>().flatten() {
        Some(Flash::Refused { why, .. }) => Some(why.0),
        _ => None,
    };
    view! {
        <main id="main" class="door">
            <div class="doorway">
                <p class="brand"><Icon name="#i-brand"/><span>{message::PRODUCT}</span></p>
                <h1>{message::SIGN_IN}</h1>
                <p class="lead">{message::SIGN_IN_LEAD}</p>
                {refused.map(|problem| view! { <ProblemNote problem title=message::SIGN_IN_FAILED/> })}
                {match link {
                    Some(link) => by_link(link, next).into_any(),
                    None => by_password(next).into_any(),
                }}
            </div>
        </main>
    }
}

fn by_link(link: String, next: String) -> impl IntoView {
    view! {
        <form class="stack" method="post" action=RedeemLink::PATH>
            <input type="hidden" name="link" value=link/>
            <input type="hidden" name="next" value=next/>
            <p>{message::LINK_LEAD}</p>
            <button class="btn main big" name="via" value="form" autofocus>{message::SIGN_IN_WITH_LINK}</button>
        </form>
    }
}

fn by_password(next: String) -> AnyView {
    view! {
        <form class="stack" method="post" action=SignIn::PATH>
            <input type="hidden" name="next" value=next/>
            <label>
                {message::NAME}
                <input class="input" name="name" autocomplete="username" autocapitalize="none" spellcheck="false"
                    required autofocus/>
            </label>
            <label>
                {message::PASSWORD}
                <input class="input" type="password" name="password" autocomplete="current-password" required/>
            </label>
            <button class="btn main big" name="via" value="form">{message::SIGN_IN}</button>
            <p class="aside">{message::NO_ACCOUNT} <code>"countersign user add"</code> "."</p>
        </form>
    }
    .into_any()
}
