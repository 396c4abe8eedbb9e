//! What programs present: the tokens there are, and making one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::identity::{Role, Scope};
use domain::people::{Listing, TokenInfo, TokenState};
use domain::query_string::QueryString;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_url;

use super::parts::{administers, behind, closed, hidden, key, me, page, pages, select, unread};
use super::people::seen;
use crate::api::people::{RevokeToken, tokens};
use crate::api::{Failure, Reading};
use crate::components::moment::Ago;
use crate::message::people as words;
use crate::once::Once;

#[component]
pub(crate) fn TokensPage() -> impl IntoView {
    let Some(person) = me() else { return page(words::TOKENS, ()) };
    let address = use_url().get_untracked().search().to_owned();
    let asked =
        |name: &str| QueryString::parse(Some(&address)).ok().and_then(|query| query.peek(name).map(str::to_owned));
    // Others' tokens are the administrators': everybody else looks at their own.
    let whose = if administers() { asked("user") } else { Some(person.name.clone()) };
    let state = asked("state").unwrap_or_else(|| "active".to_owned());
    let given = [("user", whose.clone()), ("state", Some(state.clone())), ("cursor", asked("cursor"))];
    let query = given
        .into_iter()
        .filter_map(|(name, value)| {
            value.filter(|value| !value.is_empty()).map(|value| format!("{name}={}", crate::local_path::escape(&value)))
        })
        .collect::<Vec<_>>()
        .join("&");
    let kept = vec![("user", whose.clone().unwrap_or_default()), ("state", state.clone())];
    let read = Reading::new_with_options(|| (), move |()| tokens(query.clone()), true);
    let content = move || {
        let kept = kept.clone();
        read.get().map(|read| match read {
            Ok(tokens) => table(tokens, &kept),
            Err(Failure(problem)) => unread(problem),
        })
    };
    let maker = if person.role == Role::Viewer {
        closed(words::TOKENS_CLOSED)
    } else {
        make(&person.name, person.role, whose.as_deref())
    };
    let lead = (!administers()).then(|| view! { <p class="lead">{words::OWN_TOKENS}</p> });
    page(words::TOKENS, view! { {lead} {filter(&state)} <Suspense>{content}</Suspense> {maker} })
}

fn filter(state: &str) -> AnyView {
    let links = words::STATES.map(|(value, name)| {
        let href = format!("/settings/tokens?state={value}");
        view! { <a href=href aria-current=(value == state).then_some("true")>{name}</a> }
    });
    view! { <nav class="seg" aria-label=words::FILTER>{links.collect_view()}</nav> }.into_any()
}

fn table(tokens: Listing<TokenInfo>, kept: &[(&str, String)]) -> AnyView {
    if tokens.items.is_empty() {
        return view! { <div class="empty"><h2>{words::NO_TOKENS}</h2><p>{words::NO_TOKENS_LEAD}</p></div> }.into_any();
    }
    let now = tokens.now;
    let heads = [words::NAME, words::OF, words::SCOPES, words::LAST_USED, words::EXPIRES, words::MADE, words::REVOKE];
    view! {
        <div class="card">
            <table class="table">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{tokens.items.iter().map(|token| row(token, now)).collect_view()}</tbody>
            </table>
        </div>
        {pages("/settings/tokens", kept, tokens.total.map(words::tokens).unwrap_or_default(), tokens.next)}
    }
    .into_any()
}

fn row(token: &TokenInfo, now: DateTime<Utc>) -> AnyView {
    let scopes = token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
    let state = words::token_state(token).map(|state| view! { " " <i class="word unknown">{state}</i> });
    let revoke = (token.state == TokenState::Active).then(|| {
        let sends = ("btn bad", words::revoke_now(&token.name));
        let lead = words::REVOKE_LEAD.to_owned();
        behind(words::REVOKE, lead, RevokeToken::PATH.to_owned(), hidden("token", token.id.to_string()), sends)
    });
    view! {
        <tr>
            <th scope="row" class="mono">{token.name.clone()} {state}</th>
            <td data-is=words::OF>{token.user.clone().unwrap_or_else(|| words::PROGRAM.to_owned())}</td>
            <td data-is=words::SCOPES>{scopes}</td>
            <td data-is=words::LAST_USED>{seen(token.last_used_at, now)}</td>
            <td data-is=words::EXPIRES>
                {token.expires_at.map_or_else(|| words::NEVER.to_owned(), |at| at.format("%Y-%m-%d").to_string())}
            </td>
            <td data-is=words::MADE><Ago at=token.created_at read_at=now/> " " {words::maker(&token.created_by)}</td>
            <td>{revoke}</td>
        </tr>
    }
    .into_any()
}

fn make(me: &str, role: Role, whose: Option<&str>) -> AnyView {
    let once = Once::here();
    let typed = |field: &str| Once::typed(once.as_ref(), field);
    let first = |field: &str| typed(field).pop();
    let ticked: BTreeSet<String> = typed("scope").into_iter().collect();
    let mut owners = vec![(me.to_owned(), words::persons(me, true))];
    if role == Role::Admin {
        owners.insert(0, (String::new(), words::A_PROGRAM.to_owned()));
        owners.extend(whose.filter(|name| *name != me).map(|name| (name.to_owned(), words::persons(name, false))));
    }
    let owner = first("user").or_else(|| whose.map(str::to_owned)).unwrap_or_else(|| owners[0].0.clone());
    let expiries = words::EXPIRIES.map(|(days, name)| (days.to_owned(), name.to_owned())).to_vec();
    let expiry = first("expires_in_days").unwrap_or_else(|| words::DEFAULT_EXPIRY.to_owned());
    let scopes = Scope::ALL.into_iter().filter(|scope| role == Role::Admin || role.grants(*scope)).map(|scope| {
        let word = scope.as_str();
        view! {
            <label class="chip">
                <input type="checkbox" name="scope" value=word checked=ticked.contains(word)/> <code>{word}</code> {words::scope(scope)}
            </label>
        }
    });
    view! {
        <section class="card" id="make">
            <h2>{words::MAKE}</h2>
            <form class="body stack" method="post" action="/settings/tokens">
                {key()}
                <p>{words::MAKE_LEAD}</p>
                <label>
                    {words::NAME}
                    <input class="input" name="name" required maxlength="64" autocomplete="off" value=first("name").unwrap_or_default()/>
                </label>
                <p class="aside">{words::TOKEN_NAME_HINT}</p>
                {select(words::WHOSE, "user", owners, &owner)}
                <fieldset class="chips"><legend>{words::SCOPES}</legend>{scopes.collect_view()}</fieldset>
                {select(words::EXPIRES, "expires_in_days", expiries, &expiry)}
                <button class="btn main" name="via" value="form">{words::MAKE}</button>
            </form>
        </section>
    }
    .into_any()
}
