//! The browsers that are signed in.

use chrono::{DateTime, Utc};
use domain::people::{Listing, SessionInfo};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_url;

use super::parts::{behind, hidden, me, page, pages, unread};
use crate::api::people::{EndSession, EndSessions, sessions};
use crate::api::{Failure, Reading};
use crate::components::moment::Ago;
use crate::message::people as words;

#[component]
pub(crate) fn SessionsPage() -> impl IntoView {
    let name = me().map(|person| person.name).unwrap_or_default();
    let (of, query) = (name.clone(), use_url().get_untracked().search().to_owned());
    let read = Reading::new_with_options(|| (), move |()| sessions(of.clone(), query.clone()), true);
    let content = move || {
        let name = name.clone();
        read.get().map(|read| match read {
            Ok(sessions) => {
                let others = sessions.items.iter().any(|session| !session.current);
                let next = sessions.next.clone();
                view! {
                    <section class="card">{session_list(sessions)}</section>
                    {pages("/settings/sessions", &[], String::new(), next)}
                    {others.then(|| end_others(name))}
                }
                .into_any()
            }
            Err(Failure(problem)) => unread(problem),
        })
    };
    page(words::SESSIONS, view! { <p class="lead">{words::SESSION_LEAD}</p> <Suspense>{content}</Suspense> })
}

fn end_others(name: String) -> AnyView {
    let sends = ("btn bad", words::END_OTHERS.to_owned());
    let lead = words::END_OTHERS_LEAD.to_owned();
    let form = behind(words::END_OTHERS, lead, EndSessions::PATH.to_owned(), hidden("name", name), sends);
    view! { <div class="row-of">{form}</div> }.into_any()
}

/// The sessions with a way to end each.
pub(super) fn session_list(sessions: Listing<SessionInfo>) -> AnyView {
    let now = sessions.now;
    if sessions.items.is_empty() {
        return view! { <p class="body">{words::NO_SESSIONS}</p> }.into_any();
    }
    let heads = [words::BROWSER, words::SINCE, words::LAST_SEEN, words::END];
    view! {
        <table class="table">
            <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
            <tbody>{sessions.items.into_iter().map(|session| row(session, now)).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(session: SessionInfo, now: DateTime<Utc>) -> AnyView {
    let name = words::end_session(&session.browser);
    view! {
        <tr>
            <th scope="row">{session.browser} {session.current.then(|| view! { " " <i class="word green">{words::THIS_ONE}</i> })}</th>
            <td data-is=words::SINCE><Ago at=session.created_at read_at=now/></td>
            <td data-is=words::LAST_SEEN><Ago at=session.last_seen_at read_at=now/></td>
            <td>
                <form method="post" action=EndSession::PATH>
                    {hidden("session", session.id.to_string())}
                    <button class="btn" name="via" value="form" aria-label=name>{words::END}</button>
                </form>
            </td>
        </tr>
    }
    .into_any()
}
