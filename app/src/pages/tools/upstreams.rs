//! The MCP servers behind the gateway: where they stand, what of them is to be looked at, and what is not gated.

use chrono::{DateTime, Utc};
use domain::text_safety::escaped;
use engine::upstreams::{Standing, standing};
use leptos::prelude::*;

use crate::api::{Failure, answer, engine, person};
use crate::components::moment::Ago;
use crate::components::problem_note::ProblemNote;
use crate::local_path::{escape, tool_page};
use crate::message::upstreams as words;

/// Nothing where there is no gateway.
pub(super) async fn upstreams() -> Option<AnyView> {
    match read().await {
        Ok((standing, _)) if standing.is_empty() => None,
        Ok((standing, now)) => Some(card(&standing, now)),
        Err(Failure(problem)) => {
            Some(view! { <div class="trouble"><ProblemNote problem title=words::UNREAD/></div> }.into_any())
        }
    }
}

async fn read() -> Result<(Vec<Standing>, DateTime<Utc>), Failure> {
    answer(standing(&engine(), &person()?).await)
}

fn card(upstreams: &[Standing], now: DateTime<Utc>) -> AnyView {
    let heads = [words::UPSTREAM, words::STATE, words::OFFERS, words::NOT_GATED];
    view! {
        <section class="card" id="upstreams">
            <h2>{words::UPSTREAMS} <small>{words::LEAD}</small></h2>
            <table class="table">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{upstreams.iter().map(|upstream| row(upstream, now)).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn row(upstream: &Standing, now: DateTime<Utc>) -> AnyView {
    let of_it = format!("/tools?name={}", escape(&format!("{}/", upstream.name)));
    let (colour, state) = if upstream.down.is_some() { ("red", words::DOWN) } else { ("green", words::UP) };
    let why = upstream.down.as_deref().map(|why| view! { " " <span class="text">{escaped(why)}</span> });
    let calls_itself =
        words::server(upstream.server.as_deref().map(escaped), upstream.protocol.as_deref().map(escaped));
    let look = (upstream.unreviewed > 0).then(|| {
        view! { " · " <a href=format!("{of_it}&reviewed=false")>{words::to_look_at(upstream.unreviewed)}</a> }
    });
    let passing = upstream.passing.iter().map(|name| {
        view! { <a class="mono" href=tool_page(name)>{escaped(name)}</a> " " }
    });
    view! {
        <tr>
            <th scope="row"><span class="mono">{upstream.name.clone()}</span> " " <small>{calls_itself}</small></th>
            <td data-is=words::STATE>
                <span class=format!("word {colour}")>{state}</span> " " <small><Ago at=upstream.since read_at=now/></small> {why}
            </td>
            <td data-is=words::OFFERS><a href=of_it.clone()>{words::tools(upstream.offered)}</a> {look}</td>
            <td data-is=words::NOT_GATED>
                {if upstream.passing.is_empty() { words::ALL_GATED.into_any() } else { passing.collect_view().into_any() }}
            </td>
        </tr>
    }
    .into_any()
}
