//! Everybody who may sign in, and adding somebody.

use chrono::{DateTime, Utc};
use domain::people::{Listing, PersonInfo};
use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::parts::{administers, closed, key, page, pages, roles, select, unread};
use crate::api::people::list;
use crate::api::{Failure, Reading};
use crate::components::moment::Ago;
use crate::message::people as words;
use crate::once::Once;

#[component]
pub(crate) fn PeoplePage() -> impl IntoView {
    if !administers() {
        return page(words::PEOPLE, closed(words::PEOPLE_CLOSED));
    }
    let query = use_url().get_untracked().search().to_owned();
    let read = Reading::new_with_options(|| (), move |()| list(query.clone()), true);
    let people = move || {
        read.get().map(|people| match people {
            Ok(people) => table(people),
            Err(Failure(problem)) => unread(problem),
        })
    };
    page(words::PEOPLE, view! { <Suspense>{people}</Suspense> {add()} })
}

fn table(people: Listing<PersonInfo>) -> AnyView {
    let now = people.now;
    let heads = [words::NAME, words::ROLE, words::STANDING, words::LAST_SEEN, words::SESSIONS, words::TOKENS];
    view! {
        <div class="card">
            <table class="table">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{people.items.iter().map(|person| row(person, now)).collect_view()}</tbody>
            </table>
        </div>
        {people.items.is_empty().then(|| view! { <p class="lead">{words::NO_MORE_PEOPLE}</p> })}
        {pages("/settings/people", &[], people.total.map(words::people).unwrap_or_default(), people.next)}
    }
    .into_any()
}

fn row(person: &PersonInfo, now: DateTime<Utc>) -> AnyView {
    let (colour, standing) = words::standing(person);
    view! {
        <tr>
            <th scope="row"><a href=format!("/settings/people/{}", person.name)>{person.name.clone()}</a></th>
            <td data-is=words::ROLE>{words::role(person.role)}</td>
            <td data-is=words::STANDING><i class=format!("word {colour}")>{standing}</i></td>
            <td data-is=words::LAST_SEEN>{seen(person.last_seen_at, now)}</td>
            <td data-is=words::SESSIONS>{person.sessions}</td>
            <td data-is=words::TOKENS>{person.tokens}</td>
        </tr>
    }
    .into_any()
}

pub(super) fn seen(at: Option<DateTime<Utc>>, read_at: DateTime<Utc>) -> AnyView {
    match at {
        Some(at) => view! { <Ago at read_at/> }.into_any(),
        None => words::NEVER.into_any(),
    }
}

fn add() -> AnyView {
    let once = Once::here();
    let typed = |field: &str| Once::typed(once.as_ref(), field).pop().unwrap_or_default();
    view! {
        <section class="card">
            <h2>{words::ADD_PERSON}</h2>
            <form class="body stack" method="post" action="/settings/people">
                {key()}
                <p>{words::ADD_LEAD}</p>
                <label>
                    {words::NAME}
                    <input class="input" name="name" required maxlength="64" autocomplete="off" autocapitalize="none"
                        spellcheck="false" title=words::NAME_HINT value=typed("name")/>
                </label>
                <p class="aside">{words::NAME_HINT}</p>
                {select(words::ROLE, "role", roles(), &typed("role"))}
                <button class="btn main" name="via" value="form">{words::ADD_PERSON}</button>
            </form>
        </section>
    }
    .into_any()
}
