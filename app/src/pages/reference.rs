//! `/api/docs`: the REST interface for people. Plain HTML: what is folded in opens by itself.

use std::sync::Arc;

use leptos::prelude::*;

use crate::message::reference as words;
use crate::reference::{Answer, Field, Group, Operation, Piece, Reference, Shape, Type};

#[component]
pub(crate) fn ReferencePage() -> impl IntoView {
    let reference = use_context::<Arc<Reference>>().unwrap_or_default();
    let groups = reference.groups.iter().map(|group| {
        let (anchor, name) = (format!("#{}", slug(&group.name)), group.name.clone());
        view! { <a href=anchor>{name}</a> }
    });
    view! {
        <main id="main" class="page reference" tabindex="-1">
            <nav class="pages sections" aria-label=words::GROUPS>
                {groups.collect_view()} <a href="#types">{words::TYPES}</a>
            </nav>
            <h1>{words::TITLE}</h1>
            <p class="lead">{prose(words::LEAD)}</p>
            <p>{words::FOR_PROGRAMS} " " <a class="more" href="/api/openapi.json">"OpenAPI 3.1"</a></p>
            {reference.groups.iter().map(group).collect_view()}
            <section class="card" id="types">
                <h2>{words::TYPES} <small>{words::TYPES_ABOUT}</small></h2>
                {reference.types.iter().map(named_type).collect_view()}
            </section>
        </main>
    }
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn group(group: &Group) -> AnyView {
    view! {
        <section class="card" id=slug(&group.name)>
            <h2>{group.name.clone()} <small>{group.about.clone()}</small></h2>
            {group.operations.iter().map(operation).collect_view()}
        </section>
    }
    .into_any()
}

fn operation(operation: &Operation) -> AnyView {
    let about = operation.about.split("\n\n").filter(|text| !text.is_empty());
    view! {
        <details>
            <summary>
                <b class="mono">{operation.method}</b>
                " "
                <span class="mono">{breakable(&operation.path)}</span>
                "  "
                <span class="aside">{operation.summary.clone()}</span>
            </summary>
            // Here, so that an address that leads to it unfolds it.
            <div class="body stack" id=operation.id.clone()>
                {about.map(|text| view! { <p>{prose(text)}</p> }).collect_view()}
                {(!operation.parameters.is_empty()).then(|| fields(words::PARAMETERS, &operation.parameters))}
                {operation.body.as_ref().map(|body| view! { <p><b>{words::BODY}</b> " " {shape(body)}</p> })}
                {answers(&operation.answers)}
            </div>
        </details>
    }
    .into_any()
}

/// A path may be broken after each slash.
fn breakable(path: &str) -> AnyView {
    path.split_inclusive('/').map(|part| view! { {part.to_owned()} <wbr/> }).collect_view().into_any()
}

fn fields(caption: &'static str, fields: &[Field]) -> AnyView {
    let row = |field: &Field| {
        let place = field.place.map(|place| format!("{}. ", words::place(place)));
        let meaning = (place.is_some() || !field.about.is_empty()).then_some(words::MEANING);
        let required = field.required.then(|| view! { <span class="word yellow">{words::REQUIRED}</span> });
        view! {
            <tr>
                <th scope="row"><span class="mono">{field.name.clone()}</span> " " {required}</th>
                <td data-is=words::VALUE>{shape(&field.shape)}</td>
                <td data-is=meaning>{place} {prose(&field.about)}</td>
            </tr>
        }
    };
    view! {
        <table class="table lines">
            <caption class="hide">{caption}</caption>
            <thead><tr>{[words::NAME, words::VALUE, words::MEANING].map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
            <tbody>{fields.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn answers(answers: &[Answer]) -> AnyView {
    let row = |answer: &Answer| {
        view! {
            <tr>
                <th scope="row" class="mono">{answer.status.clone()}</th>
                <td data-is=words::VALUE>{answer.shape.as_ref().map(shape)}</td>
                <td data-is=words::MEANING>{prose(&answer.about)}</td>
            </tr>
        }
    };
    view! {
        <table class="table lines">
            <caption class="hide">{words::ANSWERS}</caption>
            <thead><tr>{[words::STATUS, words::VALUE, words::MEANING].map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
            <tbody>{answers.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn named_type(named: &Type) -> AnyView {
    view! {
        <details>
            <summary><span class="mono">{named.name.clone()}</span> "  " <span class="aside">{prose(&named.about)}</span></summary>
            <div class="body stack" id=format!("type-{}", named.name)>
                {named.shape.as_ref().map(|own| view! { <p>{shape(own)}</p> })}
                {(!named.fields.is_empty()).then(|| fields(words::VALUE, &named.fields))}
            </div>
        </details>
    }
    .into_any()
}

fn shape(shape: &Shape) -> AnyView {
    let piece = |piece: &Piece| match piece {
        Piece::Words(words) => prose(words),
        Piece::Type(name) => view! { <a class="mono" href=format!("#type-{name}")>{name.clone()}</a> }.into_any(),
    };
    shape.0.iter().map(piece).collect_view().into_any()
}

/// Text in which what stands between back-ticks is code.
fn prose(text: &str) -> AnyView {
    let part = |(place, part): (usize, &str)| match (place % 2, part.to_owned()) {
        (0, words) => words.into_any(),
        (_, code) => view! { <code>{code}</code> }.into_any(),
    };
    text.split('`').enumerate().map(part).collect_view().into_any()
}
