//! What the settings' pages share.

use domain::identity::{Person, Role};
use domain::problem::Problem;
use leptos::prelude::*;
use leptos_router::hooks::use_url;
use uuid::Uuid;

use crate::components::problem_note::ProblemNote;
use crate::local_path::escape;
use crate::message::{alerts, people as words, retention, settings};
use crate::once::Once;
use crate::visitor::Visitor;

/// Address, name, and what is there.
pub(super) const SECTIONS: [(&str, &str, &str); 8] = [
    ("/settings/policy", settings::POLICY, settings::POLICY_ABOUT),
    ("/settings/alerts", alerts::ALERTS, alerts::ALERTS_ABOUT),
    ("/settings/people", words::PEOPLE, words::PEOPLE_ABOUT),
    ("/settings/tokens", words::TOKENS, words::TOKENS_ABOUT),
    ("/settings/retention", retention::TITLE, retention::ABOUT),
    ("/settings/sessions", words::SESSIONS, words::SESSIONS_ABOUT),
    ("/settings/password", words::PASSWORD, words::PASSWORD_ABOUT),
    ("/settings/database", settings::DATABASE, settings::DATABASE_ABOUT),
];

/// Who looks at the page.
pub(super) fn me() -> Option<Person> {
    use_context::<Visitor>()?.principal?.person().cloned()
}

pub(super) fn administers() -> bool {
    me().is_some_and(|person| person.role == Role::Admin)
}

/// A page of the settings, with the way to the others.
pub(super) fn page(title: &str, content: impl IntoView) -> AnyView {
    let here = use_url().get_untracked().path().to_owned();
    let links = SECTIONS.map(|(href, name, _)| {
        let current = here.starts_with(href).then_some("page");
        view! { <a href=href aria-current=current>{name}</a> }
    });
    view! {
        <main id="main" class="page">
            <nav class="pages sections" aria-label=words::SECTIONS>{links.collect_view()}</nav>
            <h1>{title.to_owned()}</h1>
            {once()}
            {content}
        </main>
    }
    .into_any()
}

/// What the form that was posted to this very page came to.
fn once() -> Option<AnyView> {
    let shown = match Once::here()? {
        Once::Link { person, url } => secret(&words::link_made(&person), url, words::LINK_HINT),
        Once::Token { name, secret: token } => {
            secret(&words::token_made(&name), token, &format!("{} COUNTERSIGN_TOKEN", words::TOKEN_HINT))
        }
        Once::Place { name, secret: signing } => secret(&alerts::added(&name), signing, alerts::SECRET_HINT),
        Once::Before => view! {
            <p class="warned" role="alert"><span><b>{words::BEFORE}</b> " " {words::BEFORE_LEAD}</span></p>
        }
        .into_any(),
        Once::Refused { problem, .. } => refused(problem),
    };
    Some(shown)
}

fn secret(title: &str, secret: String, hint: &str) -> AnyView {
    view! {
        <section class="card" role="status">
            <h2>{title.to_owned()}</h2>
            <div class="body stack">
                <p><b>{words::ONCE}</b></p>
                <label>{hint.to_owned()} <input class="input mono" readonly autofocus value=secret/></label>
            </div>
        </section>
    }
    .into_any()
}

pub(super) fn refused(problem: Problem) -> AnyView {
    view! { <div class="trouble"><ProblemNote problem title=words::NOT_DONE/></div> }.into_any()
}

pub(super) fn unread(problem: Problem) -> AnyView {
    view! { <div class="trouble"><ProblemNote problem title=words::UNREAD/></div> }.into_any()
}

/// So that a form that is sent twice makes one thing.
pub(super) fn key() -> AnyView {
    view! { <input type="hidden" name="key" value=Uuid::new_v4().to_string()/> }.into_any()
}

/// A form behind a button: whatever is dangerous says first what it does.
pub(super) fn behind(
    word: &'static str,
    lead: String,
    path: String,
    fields: AnyView,
    sends: (&'static str, String),
) -> AnyView {
    let (class, says) = sends;
    view! {
        <details>
            <summary class="btn">{word}</summary>
            <form class="stack" method="post" action=path>
                <p>{lead}</p>
                {fields}
                <button class=class name="via" value="form">{says}</button>
            </form>
        </details>
    }
    .into_any()
}

pub(super) fn hidden(name: &'static str, value: String) -> AnyView {
    view! { <input type="hidden" name=name value=value/> }.into_any()
}

/// The end of a list: how many, and the next page.
pub(super) fn pages(path: &str, kept: &[(&str, String)], count: String, next: Option<String>) -> AnyView {
    let address = |cursor: Option<&str>| {
        let all =
            kept.iter().map(|(name, value)| (*name, value.as_str())).chain(cursor.map(|cursor| ("cursor", cursor)));
        let parts: Vec<_> = all
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    };
    let further = use_url().get_untracked().search().contains("cursor=");
    let first = further.then(|| view! { <a href=address(None)>{words::FIRST_PAGE}</a> });
    let goes_on = next.map(|next| view! { <a href=address(Some(&next))>{words::NEXT_PAGE}</a> });
    view! {
        <footer class="pages"><span>{count}</span> {first} {goes_on}</footer>
    }
    .into_any()
}

/// A choice of words, one of them chosen.
pub(super) fn select(label: &'static str, name: &'static str, options: Vec<(String, String)>, chosen: &str) -> AnyView {
    let options = options.into_iter().map(|(value, words)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{words}</option> }
    });
    view! { <label>{label} " " <select class="input" name=name>{options.collect_view()}</select></label> }.into_any()
}

pub(super) fn roles() -> Vec<(String, String)> {
    Role::ALL.into_iter().map(|role| (role.as_str().to_owned(), words::role_means(role).to_owned())).collect()
}

/// What is not for this person, and why.
pub(super) fn closed(why: &'static str) -> AnyView {
    view! { <p class="why">{why}</p> }.into_any()
}
