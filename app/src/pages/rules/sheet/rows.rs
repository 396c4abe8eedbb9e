//! One row for each argument: its name, what is asked of it, the text beside that, and why it is suggested.

use domain::rule::form::Kind;
use engine::rule_pages::{SheetPage, SheetRow};
use leptos::prelude::*;

use super::fields::{bad, errors_at};
use crate::components::text_area::TextArea;
use crate::local_path::escape;
use crate::message::rules as words;

pub(super) fn rows(page: &SheetPage) -> AnyView {
    let shown = page.rows.iter().enumerate().map(|(at, row)| {
        let errors = errors_at(&page.errors, &row.row.place());
        row_view(at, row, errors, page.action.is_some() && page.replaces.is_none())
    });
    view! {
        <section class="card">
            <h2>{words::ARGUMENTS_MUST}</h2>
            {bad("e-rows", errors_at(&page.errors, "/arg_constraints"))}
            {shown.collect_view()}
        </section>
    }
    .into_any()
}

fn row_view(at: usize, row: &SheetRow, errors: Vec<String>, from_call: bool) -> AnyView {
    let value = format!("value{at}");
    let told = format!("e{at}");
    let hints: Vec<String> = [
        row.reason.map(str::to_owned),
        // What stands in the field need not be said again.
        row.of_call
            .as_ref()
            .filter(|_| !matches!(row.row.kind, Kind::Text | Kind::Json))
            .map(|shown| words::of_call(shown)),
        row.wider.as_ref().map(|wider| words::wider(wider)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let wrong = !errors.is_empty();
    view! {
        <div class="field d0" class:touched=wrong>
            {name(at, row)}
            {kinds(at, row, from_call)}
            <div class="said-as">
                <label class="hide" for=value.clone()>{words::value_of(&row.row.path)}</label>
                <TextArea id=value.clone() name=format!("value.{at}") text=row.row.text.clone() described_by=told.clone()/>
                {(!hints.is_empty()).then(|| view! { <p class="aside">{hints.join(" ")}</p> })}
                {bad(&told, errors)}
            </div>
        </div>
    }
    .into_any()
}

fn name(at: usize, row: &SheetRow) -> AnyView {
    let path = &row.row.path;
    if row.known {
        let shown = domain::text_safety::escaped(path);
        return view! {
            <label id=format!("l{at}") for=format!("kind{at}")>{shown} <input type="hidden" name=format!("name.{at}") value=escape(path)/></label>
        }
        .into_any();
    }
    view! {
        <label id=format!("l{at}")>
            {words::ANOTHER}
            <input class="input mono" name=format!("path.{at}") value=path.clone() autocomplete="off" autocapitalize="none"
                spellcheck="false" placeholder=words::ANOTHER_LIKE/>
        </label>
    }
    .into_any()
}

fn kinds(at: usize, row: &SheetRow, from_call: bool) -> AnyView {
    let offered = |kind: &Kind| match kind {
        Kind::FromAction => from_call && row.known,
        Kind::Kept => row.kept,
        Kind::Wider => row.wider.is_some(),
        Kind::Any | Kind::Absent | Kind::Unnamed => true,
        _ => !row.secret,
    };
    let options = Kind::ALL.into_iter().filter(offered).map(|kind| {
        let bare = (!kind.takes_text()).then_some("");
        let words = words::kind(kind);
        view! { <option value=kind.as_str() selected=kind == row.row.kind data-bare=bare>{words}</option> }
    });
    view! {
        <select class="input" name=format!("kind.{at}") id=format!("kind{at}") aria-label=words::ASKS
            aria-describedby=format!("l{at}")>
            {options.collect_view()}
        </select>
    }
    .into_any()
}
