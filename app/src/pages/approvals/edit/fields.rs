//! The form: one typed control for each value, what decides the call first and marked. What was typed stays when
//! something else has to be mended.

use domain::argument::ArgumentClass;
use domain::digest::Digest;
use domain::editing::{Field, Form, Kept, Kind, Posted, Refused};
use leptos::prelude::*;

use super::Place;
use crate::components::pieces::Pieces;
use crate::components::text_area::TextArea;
use crate::message;

/// A longer text is folded away, in characters or in lines.
const FOLDED: (usize, usize) = (600, 12);

pub(super) fn edit_form(place: &Place, shown: Digest, form: Form, posted: &Posted, refused: &[Refused]) -> AnyView {
    let error = |key: &str| {
        let mine: Vec<&str> = refused.iter().filter(|one| one.key == key).map(|one| one.message.as_str()).collect();
        (!mine.is_empty()).then(|| mine.join("; "))
    };
    let empty = form.fields.is_empty();
    let fields = form.fields.into_iter().map(|field| {
        let key = field.key.to_string();
        field_view(field, posted, error(&key))
    });
    let new: Vec<AnyView> = (0..Posted::NEW)
        .map(|at| format!("new{at}"))
        .map(|key| {
            let error = error(&key);
            new_argument(key, posted, error)
        })
        .collect();
    let adding = (0..Posted::NEW).any(|at| posted.name(&format!("new{at}")).is_some_and(|name| !name.is_empty()));
    let adding = adding || refused.iter().any(|one| one.key.starts_with("new"));
    view! {
        <form method="post" action=place.here.clone()>
            <input type="hidden" name="args_sha256" value=shown.to_string()/>
            <section class="card">
                <h2 class="hide">{message::ARGUMENTS}</h2>
                {empty.then(|| view! { <p class="body">{message::NO_ARGUMENTS}</p> })}
                {fields.collect_view()}
                {(form.left_out > 0).then(|| view! { <p class="body aside">{message::left_out(form.left_out)}</p> })}
                <details class="adding" open=adding>
                    <summary class="more">{message::ADD_ARGUMENT}</summary>
                    {new}
                </details>
            </section>
            <p class="row-of done">
                <button class="btn main big" name="via" value="form">{message::SHOW_CHANGES}</button>
                <a class="btn big" href=place.action.clone()>{message::CANCEL}</a>
            </p>
        </form>
    }
    .into_any()
}

fn field_view(field: Field, posted: &Posted, error: Option<String>) -> AnyView {
    let key = field.key.to_string();
    let critical = field.class == ArgumentClass::Critical;
    let chosen = posted.kind(&key).and_then(Kind::of).unwrap_or(field.kind);
    let text = posted.text(&key).unwrap_or_else(|| field.text.clone());
    let touched = chosen != field.kind || text != field.text;
    let choices: Vec<(Kind, &'static str)> =
        field.choices().iter().map(|kind| (*kind, message::edit_kind(*kind, field.kept))).collect();
    let name =
        if field.adds { vec![domain::text_safety::Piece::Plain(message::ADD_ELEMENT.to_owned())] } else { field.name };
    let hint = message::edit_hint(field.kind, field.kept, critical);
    let control = match field.kept {
        Some(Kept::Parts) => ().into_any(),
        Some(Kept::Secret) => secret(&key, &text),
        _ => text_control(&key, text, field.kind == Kind::Number, touched || error.is_some()),
    };
    let labelled = field.kept != Some(Kept::Parts);
    let label = labelled.then(|| format!("v{key}"));
    view! {
        <div class=format!("field d{}", field.depth.min(5)) class:crit=critical class:touched=touched>
            <label id=format!("l{key}") for=label>
                <Pieces pieces=name/>
                {critical.then(|| view! { <span class="hide">{message::CRITICAL}</span> })}
            </label>
            {kinds(&key, choices, chosen)}
            <div class="said-as">
                {control}
                {hint.map(|hint| view! { <p class="aside">{hint}</p> })}
                {error.map(|error| view! { <p class="bad-words" id=format!("e{key}")>{error}</p> })}
            </div>
        </div>
    }
    .into_any()
}

fn kinds(key: &str, choices: Vec<(Kind, &'static str)>, chosen: Kind) -> AnyView {
    let options = choices
        .into_iter()
        .map(|(kind, words)| {
            // What these say needs no text: the control beside them goes.
            let bare = matches!(kind, Kind::True | Kind::False | Kind::Null | Kind::Remove).then_some("");
            view! { <option value=kind.as_str() selected=kind == chosen data-bare=bare>{words}</option> }
        })
        .collect_view();
    view! {
        <select class="input" name=format!("k.{key}") id=format!("k{key}") aria-label=message::BECOMES
            aria-describedby=format!("l{key}")>
            {options}
        </select>
    }
    .into_any()
}

fn secret(key: &str, typed: &str) -> AnyView {
    view! {
        <input class="input mono" type="password" id=format!("v{key}") name=format!("v.{key}") value=typed.to_owned()
            autocomplete="new-password" aria-describedby=format!("e{key}")/>
    }
    .into_any()
}

fn text_control(key: &str, text: String, number: bool, open: bool) -> AnyView {
    let (id, name) = (format!("v{key}"), format!("v.{key}"));
    if number {
        return view! {
            <input class="input mono" id=id name=name value=text inputmode="decimal" autocomplete="off"
                aria-describedby=format!("e{key}")/>
        }
        .into_any();
    }
    let (chars, lines) = (text.chars().count(), text.split('\n').count());
    let area = view! { <TextArea id name text described_by=format!("e{key}")/> };
    if chars <= FOLDED.0 && lines <= FOLDED.1 {
        return area.into_any();
    }
    view! {
        <details open=open>
            <summary class="more">{message::long_text(chars)}</summary>
            {area}
        </details>
    }
    .into_any()
}

fn new_argument(key: String, posted: &Posted, error: Option<String>) -> AnyView {
    let choices = [Kind::Text, Kind::Number, Kind::True, Kind::False, Kind::Null, Kind::Json];
    let choices = choices.map(|kind| (kind, message::edit_kind(kind, None))).to_vec();
    let chosen = posted.kind(&key).and_then(Kind::of).unwrap_or(Kind::Text);
    let name = posted.name(&key).unwrap_or_default().to_owned();
    let text = posted.text(&key).unwrap_or_default();
    view! {
        <div class="field d0">
            <label id=format!("l{key}")>
                {message::NEW_NAME}
                <input class="input mono" name=format!("n.{key}") value=name autocomplete="off" autocapitalize="none"/>
            </label>
            {kinds(&key, choices, chosen)}
            <div class="said-as">
                <label class="hide" for=format!("v{key}")>{message::NEW_VALUE}</label>
                <TextArea id=format!("v{key}") name=format!("v.{key}") text described_by=format!("e{key}")/>
                {error.map(|error| view! { <p class="bad-words" id=format!("e{key}")>{error}</p> })}
            </div>
        </div>
    }
    .into_any()
}
