//! Where alerts go, what there was, and how the messages fared.

use chrono::{DateTime, Utc};
use domain::alert::Format;
use engine::alerts::{Alert, Alerts, Delivery, Endpoint, show};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::parts::{administers, closed, hidden, key, page, select, unread};
use crate::api::alerts::{RemovePlace, Replay, TestPlace};
use crate::api::{Failure, answer, engine, person};
use crate::components::moment::Ago;
use crate::message::alerts as words;
use crate::once::Once;

#[component]
pub(crate) fn AlertsPage() -> impl IntoView {
    let content = Suspend::new(async move {
        if !administers() {
            return closed(words::CLOSED);
        }
        match read().await {
            Ok(alerts) => shown(&alerts),
            Err(Failure(problem)) => unread(problem),
        }
    });
    page(words::ALERTS, view! { <p class="lead">{words::LEAD}</p> <Suspense>{content}</Suspense> })
}

async fn read() -> Result<Alerts, Failure> {
    answer(show(&engine(), &person()?).await)
}

fn shown(alerts: &Alerts) -> AnyView {
    let now = alerts.now;
    let places = alerts.endpoints.iter().map(|own| place(own, now)).collect();
    let newest = alerts.alerts.iter().map(|own| alert(own, now)).collect();
    let messages = alerts.deliveries.iter().map(|own| message(own, now)).collect();
    view! {
        {table(words::PLACES, words::NO_PLACES, &[words::NAME, words::URL, words::FORMAT, words::MADE, ""], places)}
        {add()}
        {table(words::NEWEST, words::NO_ALERTS, &[words::WHAT, words::SINCE, words::OVER], newest)}
        {table(words::MESSAGES, words::NO_MESSAGES, &[words::WHAT, words::TO, words::TRIES, words::STATE, ""], messages)}
    }
    .into_any()
}

fn table(title: &'static str, none: &'static str, heads: &[&'static str], rows: Vec<AnyView>) -> AnyView {
    let content = if rows.is_empty() {
        view! { <p class="body aside">{none}</p> }.into_any()
    } else {
        let head = |head: &&'static str| match *head {
            // Over buttons, which say themselves what they are.
            "" => view! { <td></td> }.into_any(),
            head => view! { <th scope="col">{head}</th> }.into_any(),
        };
        let heads = heads.iter().map(head).collect_view();
        view! { <table class="table lines"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }.into_any()
    };
    view! { <section class="card"><h2>{title}</h2>{content}</section> }.into_any()
}

/// A button that posts an id.
fn button(path: &'static str, id: String, word: &'static str, of: &str) -> AnyView {
    let label = format!("{word}: {of}");
    view! {
        <form method="post" action=path>
            {hidden("id", id)} <button class="btn" name="via" value="form" aria-label=label>{word}</button>
        </form>
    }
    .into_any()
}

fn place(own: &Endpoint, now: DateTime<Utc>) -> AnyView {
    let id = own.id.to_string();
    view! {
        <tr>
            <th scope="row">{own.name.clone()}</th>
            <td data-is=words::URL class="mono">{own.url.clone()}</td>
            <td data-is=words::FORMAT>{words::format(own.format)}</td>
            <td data-is=words::MADE><Ago at=own.created_at read_at=now/></td>
            <td>
                <div class="row-of">
                    {button(TestPlace::PATH, id.clone(), words::TEST, &own.name)}
                    {button(RemovePlace::PATH, id, words::REMOVE, &own.name)}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

fn alert(own: &Alert, now: DateTime<Utc>) -> AnyView {
    let over = match own.closed_at {
        Some(at) => view! { <Ago at read_at=now/> }.into_any(),
        None => view! { <b>{words::STILL}</b> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <span class=format!("word {}", words::colour(own.severity))>{own.severity.as_str()}</span> " " {own.title.clone()}
                <p class="aside">{own.detail.clone()}</p>
            </th>
            <td data-is=words::SINCE><Ago at=own.opened_at read_at=now/></td>
            <td data-is=words::OVER>{over}</td>
        </tr>
    }
    .into_any()
}

fn message(own: &Delivery, now: DateTime<Utc>) -> AnyView {
    let (word, colour) = match (own.delivered_at, own.next_at) {
        (Some(_), _) => (words::ARRIVED, "green"),
        (None, Some(_)) => (words::WAITS, "yellow"),
        (None, None) => (words::GIVEN_UP, "red"),
    };
    let again = own.next_at.is_none().then(|| button(Replay::PATH, own.id.to_string(), words::AGAIN, &own.title));
    view! {
        <tr>
            <th scope="row">
                {own.title.clone()} ", " {words::says(own.says)} " " <span class="aside"><Ago at=own.created_at read_at=now/></span>
                {own.last_error.clone().map(|why| view! { <p class="aside">{why}</p> })}
            </th>
            <td data-is=words::TO>{own.endpoint.clone()}</td>
            <td data-is=words::TRIES>{own.attempts}</td>
            <td data-is=words::STATE><span class=format!("word {colour}")>{word}</span></td>
            <td>{again}</td>
        </tr>
    }
    .into_any()
}

fn add() -> AnyView {
    let once = Once::here();
    let typed = |field: &str| Once::typed(once.as_ref(), field).pop().unwrap_or_default();
    let formats = Format::ALL.map(|own| (own.as_str().to_owned(), words::format(own).to_owned())).to_vec();
    view! {
        <section class="card" id="add">
            <h2>{words::ADD}</h2>
            <form class="body stack" method="post" action="/settings/alerts">
                {key()}
                <label>{words::NAME} <input class="input" name="name" required maxlength="64" autocomplete="off" value=typed("name")/></label>
                <label>{words::URL} <input class="input mono" name="url" type="url" required maxlength="2000" autocomplete="off" value=typed("url")/></label>
                <p class="aside">{words::ADD_LEAD}</p>
                {select(words::FORMAT, "format", formats, &typed("format"))}
                <button class="btn main" name="via" value="form">{words::ADD}</button>
            </form>
        </section>
    }
    .into_any()
}
