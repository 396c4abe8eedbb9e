//! One person: what they may do, a new link, in and out.

use chrono::{DateTime, Utc};
use domain::people::PersonInfo;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_params_map;

use super::parts::{administers, behind, closed, hidden, key, page, roles, select, unread};
use super::people::seen;
use super::sessions::session_list;
use crate::api::people::{Disable, Enable, EndSessions, SetRole, sessions, show};
use crate::api::{Failure, Reading};
use crate::components::moment::Ago;
use crate::message::people as words;

#[component]
pub(crate) fn PersonPage() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    if !administers() {
        return page(words::PEOPLE, closed(words::PEOPLE_CLOSED));
    }
    let (of, title) = (name.clone(), name.clone());
    let read = Reading::new_with_options(
        || (),
        move |()| {
            let name = of.clone();
            async move { Ok((show(name.clone()).await?, sessions(name, String::new()).await?)) }
        },
        true,
    );
    let content = move || {
        read.get().map(|read: Result<_, Failure>| match read {
            Ok((person, sessions)) => {
                let now = sessions.now;
                let open = !sessions.items.is_empty();
                let list = session_list(sessions);
                view! { {facts(&person, now)} {verbs(&person, open)} <section class="card"><h2>{words::SESSIONS}</h2>{list}</section> }
                    .into_any()
            }
            Err(Failure(problem)) => unread(problem),
        })
    };
    let back = view! { <p class="sub"><a class="more" href="/settings/people">{words::TO_THE_LIST}</a></p> };
    page(&title, view! { {back} <Suspense>{content}</Suspense> })
}

fn facts(person: &PersonInfo, now: DateTime<Utc>) -> AnyView {
    let (colour, standing) = words::standing(person);
    view! {
        <section class="card">
            <dl class="keys body">
                <dt>{words::STANDING}</dt> <dd><i class=format!("word {colour}")>{standing}</i></dd>
                <dt>{words::ROLE}</dt> <dd>{words::role_means(person.role)}</dd>
                <dt>{words::SIGNS_IN}</dt> <dd>{words::sign_in(person)}</dd>
                <dt>{words::LAST_SEEN}</dt> <dd>{seen(person.last_seen_at, now)}</dd>
                <dt>{words::ADDED}</dt> <dd><Ago at=person.created_at read_at=now/></dd>
                <dt>{words::TOKENS}</dt>
                <dd><a class="more" href=format!("/settings/tokens?user={}", person.name)>{words::tokens(person.tokens)}</a></dd>
            </dl>
        </section>
    }
    .into_any()
}

fn verbs(person: &PersonInfo, signed_in: bool) -> AnyView {
    let name = || hidden("name", person.name.clone());
    let own_page = format!("/settings/people/{}", person.name);
    let main = "btn main";
    let link = || {
        behind(
            words::NEW_LINK,
            words::NEW_LINK_LEAD.to_owned(),
            own_page.clone(),
            key(),
            (main, words::NEW_LINK.to_owned()),
        )
    };
    let role = || {
        let fields = view! { {name()} {select(words::ROLE, "role", roles(), person.role.as_str())} }.into_any();
        let sends = (main, words::CHANGE_ROLE.to_owned());
        behind(words::CHANGE_ROLE, words::CHANGE_ROLE_LEAD.to_owned(), SetRole::PATH.to_owned(), fields, sends)
    };
    let end = || {
        let sends = ("btn bad", words::END_ALL.to_owned());
        behind(words::END_ALL, words::END_ALL_LEAD.to_owned(), EndSessions::PATH.to_owned(), name(), sends)
    };
    let out = || {
        let sends = ("btn bad", words::disable_now(&person.name));
        behind(words::DISABLE, words::disable_lead(&person.name), Disable::PATH.to_owned(), name(), sends)
    };
    let back_in = || {
        let sends = (main, words::ENABLE.to_owned());
        behind(words::ENABLE, words::ENABLE_LEAD.to_owned(), Enable::PATH.to_owned(), name(), sends)
    };
    let shut_out = person.disabled_at.is_some();
    view! {
        <div class="row-of card body">
            {(!shut_out).then(link)} {role()} {signed_in.then(end)} {if shut_out { back_in() } else { out() }}
        </div>
    }
    .into_any()
}
