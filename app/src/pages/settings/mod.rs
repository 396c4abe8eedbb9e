//! `/settings`: people, tokens, what is kept and what goes, sessions and one's own password. Tables and forms, which stay the HTML they were sent as.

mod alerts;
mod database;
mod parts;
mod password;
mod people;
mod person;
mod policy;
mod retention;
mod sessions;
mod tokens;

pub(crate) use alerts::AlertsPage;
pub(crate) use database::DatabasePage;
pub(crate) use password::PasswordPage;
pub(crate) use people::PeoplePage;
pub(crate) use person::PersonPage;
pub(crate) use policy::PolicyPage;
pub(crate) use retention::RetentionPage;
pub(crate) use sessions::SessionsPage;
pub(crate) use tokens::TokensPage;

use leptos::prelude::*;

use crate::message::{PRODUCT, people as words, reference, settings};
use crate::shell::Assets;
use parts::{SECTIONS, me};

#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    let sections = SECTIONS.map(|(href, name, about)| {
        view! { <li><span><a class="more" href=href>{name}</a> " " {about}</span></li> }
    });
    view! {
        <main id="main" class="page">
            <h1>{words::SECTIONS}</h1>
            {me().map(|person| view! { <p class="lead">{words::you_are(person.role)}</p> })}
            <section class="card"><ul class="plain body">{sections.collect_view()}</ul></section>
            {about()}
        </main>
    }
}

fn about() -> AnyView {
    let build = use_context::<Assets>().map(|assets| assets.version);
    view! {
        <section class="card">
            <h2>{settings::ABOUT}</h2>
            <dl class="args">
                <div><dt>{settings::VERSION}</dt><dd>{PRODUCT} " " {env!("CARGO_PKG_VERSION")}</dd></div>
                <div><dt>{settings::BUILD}</dt><dd class="mono">{build}</dd></div>
                <div><dt>{settings::API}</dt><dd><a class="more" href="/api/docs">{reference::TITLE}</a> " " {reference::ABOUT}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}
