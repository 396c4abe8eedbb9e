//! One's own password.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::parts::{me, page, unread};
use crate::api::people::{SetPassword, show};
use crate::api::{Failure, Reading};
use crate::message::people as words;

#[component]
pub(crate) fn PasswordPage() -> impl IntoView {
    let name = me().map(|person| person.name).unwrap_or_default();
    let read = Reading::new_with_options(|| (), move |()| show(name.clone()), true);
    let content = move || {
        read.get().map(|read| match read {
            Ok(person) => form(person.has_password),
            Err(Failure(problem)) => unread(problem),
        })
    };
    page(words::PASSWORD, view! { <p class="lead">{words::PASSWORD_LEAD}</p> <Suspense>{content}</Suspense> })
}

fn form(has_one: bool) -> AnyView {
    let field = |label: &'static str, name: &'static str, kind: &'static str| {
        view! { <label>{label} <input class="input" type="password" name=name autocomplete=kind required/></label> }
    };
    view! {
        <section class="card">
            <form class="body stack" method="post" action=SetPassword::PATH>
                {(!has_one).then(|| view! { <p>{words::NO_PASSWORD_YET}</p> })}
                {has_one.then(|| field(words::PRESENT, "present_password", "current-password"))}
                {field(words::NEW, "new_password", "new-password")}
                {field(words::REPEATED, "repeated_password", "new-password")}
                <button class="btn main" name="via" value="form">{words::SET_PASSWORD}</button>
            </form>
        </section>
    }
    .into_any()
}
