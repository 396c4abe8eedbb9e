//! One entry: what happened, what changed, and what proves that it still says what it said.

use domain::time_text::instant;
use domain::tool_view::Changed;
use engine::trail_pages::TrailEntry;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::list::subject;
use super::{PATH, may_read, unread};
use crate::api::{Failure, answer, engine, person};
use crate::components::moment::Ago;
use crate::components::pieces::Pieces;
use crate::message::{self, audit as words};

#[component]
pub(crate) fn EntryPage() -> impl IntoView {
    let named = use_params_map().get_untracked().get("seq").unwrap_or_default();
    let reads = may_read();
    let content = Suspend::new(async move {
        if !reads {
            return view! { <h1>{message::AUDIT}</h1> <p class="why">{words::CLOSED}</p> }.into_any();
        }
        match read(&named).await {
            Ok(entry) => page(entry),
            Err(Failure(problem)) => view! { <h1>{message::AUDIT}</h1> {unread(problem)} }.into_any(),
        }
    });
    view! {
        <main id="main" class="page">
            <p class="pages"><a href=PATH>{words::ALL_ENTRIES}</a></p>
            <Suspense>{content}</Suspense>
        </main>
    }
}

async fn read(named: &str) -> Result<TrailEntry, Failure> {
    answer(engine::trail_pages::entry(&engine(), &person()?, named).await)
}

fn fact(name: String, value: AnyView) -> AnyView {
    view! { <div class="d0"><dt>{name}</dt><dd>{value}</dd></div> }.into_any()
}

fn page(entry: TrailEntry) -> AnyView {
    let named = |name: &str, value: AnyView| fact(name.to_owned(), value);
    let line = &entry.line;
    let (seq, at) = (line.entry.seq, line.entry.occurred_at);
    let subject = subject(line, entry.has_action);
    let about_anything = line.tool.is_some() || line.action_id.is_some() || line.rule_id.is_some();
    let mine = line.action_id.map(|id| {
        view! { " " <a class="more" href=format!("{PATH}?action_id={id}&sort=seq")>{words::ITS_ENTRIES}</a> }
    });
    let facts = entry
        .facts
        .clone()
        .into_iter()
        .map(|(name, value)| fact(name, view! { <span class="text"><Pieces pieces=value/></span> }.into_any()));
    view! {
        <h1 class="row-of">{line.entry.said.clone()} " " <span class="mono">{words::place(seq)}</span></h1>
        <section class="card">
            <h2>{words::FACTS} <small><code>{line.event_type}</code></small></h2>
            <dl class="args">
                {named(words::WHO, line.entry.actor.clone().into_any())}
                {named(words::WHEN, view! { {instant(at)} ", " <Ago at=at read_at=entry.now/> }.into_any())}
                {about_anything.then(|| named(words::ABOUT, view! { {subject} {mine} }.into_any()))}
                {line
                    .entry
                    .reason
                    .clone()
                    .map(|reason| named(words::REASON, view! { <span class="text"><Pieces pieces=reason/></span> }.into_any()))}
                {facts.collect_view()}
            </dl>
        </section>
        {(!entry.changes.is_empty()).then(|| changes(entry.changes.clone()))}
        {proof(&entry)}
        <nav class="pages" aria-label=words::ALL_ENTRIES>
            {(seq > 1).then(|| view! { <a href=format!("{PATH}/{}", seq - 1)>{words::OLDER}</a> })}
            <a href=format!("{PATH}/{}", seq + 1)>{words::NEWER}</a>
        </nav>
    }
    .into_any()
}

fn changes(changes: Vec<Changed>) -> AnyView {
    let heads = [words::WHAT, words::BEFORE, words::AFTER];
    let row = |Changed { what, before, after }: Changed| {
        view! {
            <tr>
                <th scope="row">{what}</th>
                <td data-is=words::BEFORE><code>{before}</code></td>
                <td data-is=words::AFTER><code>{after}</code></td>
            </tr>
        }
    };
    view! {
        <section class="card">
            <h2>{words::CHANGED}</h2>
            <table class="table">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{changes.into_iter().map(row).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn proof(entry: &TrailEntry) -> AnyView {
    let named = |name: &str, value: AnyView| fact(name.to_owned(), value);
    let (colour, word) = if entry.intact { ("green", words::HASH_GOOD) } else { ("red", words::HASH_BAD) };
    let hash = view! { <code>{entry.content_hash.to_string()}</code> " " <b class=format!("word {colour}")>{word}</b> };
    let seal = entry.seal.map_or_else(|| words::NOT_SEALED.to_owned(), |(number, at)| words::sealed(number, at));
    view! {
        <section class="card">
            <h2>{words::PROOF}</h2>
            <dl class="args">
                {named(words::HASH, hash.into_any())} {named(words::SEALED, seal.into_any())}
                {named(words::ID, view! { <code>{entry.event_id.to_string()}</code> }.into_any())}
            </dl>
        </section>
    }
    .into_any()
}
