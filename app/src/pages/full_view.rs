//! `/approvals/{id}/full`: what is too long for the open action's card. Plain HTML, so that nine hundred kilobytes of
//! arguments are the browser's own business, a page at a time.

use domain::id::ActionId;
use domain::problem::Problem;
use engine::full_view::{PAGE, PART, Text, Tree, Values, text, values};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::approvals::arguments::{Whole, quoted, values as tree_view};
use crate::api::{Failure, answer, engine, person};
use crate::components::icon::Icon;
use crate::components::problem_note::ProblemNote;
use crate::message;

/// What the address asks for.
#[derive(Clone, Debug)]
struct Asked {
    id: String,
    part: String,
    place: Option<usize>,
    from: usize,
}

enum Found {
    Values(Values),
    Text(Text),
}

#[component]
pub(crate) fn FullViewPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    let number = |name: &str| query.get(name).and_then(|text| text.parse().ok());
    let asked = Asked {
        id: params.get("id").unwrap_or_default(),
        part: query.get("of").unwrap_or_default(),
        place: number("place"),
        from: number("from").unwrap_or_default(),
    };
    view! {
        <main id="main" class="page" tabindex="-1">
            <Suspense>
                {move || {
                    let asked = asked.clone();
                    Suspend::new(async move {
                        let found = find(&asked).await;
                        page(&asked, found)
                    })
                }}
            </Suspense>
        </main>
    }
}

async fn find(asked: &Asked) -> Result<Found, Failure> {
    let missing = || answer(Err(Problem::not_found("such part of this action").into()));
    let Ok(id) = asked.id.parse::<ActionId>() else { return missing() };
    let tree = match asked.part.as_str() {
        "arguments" => Tree::Arguments,
        "evidence" => Tree::Evidence,
        "result" => Tree::Result,
        _ => return missing(),
    };
    let (engine, person) = (engine(), person()?);
    Ok(match asked.place {
        None => Found::Values(answer(values(&engine, &person, id, tree, asked.from).await)?),
        Some(place) => Found::Text(answer(text(&engine, &person, id, tree, place, asked.from).await)?),
    })
}

fn page(asked: &Asked, found: Result<Found, Failure>) -> AnyView {
    let back = format!("/approvals/{}", asked.id);
    let content = match found {
        Err(Failure(problem)) => view! { <ProblemNote problem title=message::PART_UNREAD/> }.into_any(),
        Ok(Found::Values(values)) => all_values(asked, values),
        Ok(Found::Text(text)) => long_text(asked, text),
    };
    view! {
        <a class="back" href=back><Icon name="#i-back"/>{message::BACK_TO_ACTION}</a>
        {content}
    }
    .into_any()
}

fn all_values(asked: &Asked, Values { tool_name, rows, from, total }: Values) -> AnyView {
    let shown = from..from.saturating_add(rows.len());
    let whole = Whole { from, ..Whole::of(&asked.id, &asked.part) };
    let steps = steps(&whole.address, from, PAGE, shown.end, total);
    view! {
        <h1>{message::part_of(&asked.part, &tool_name)}</h1>
        <p class="sub">{message::shown_values(&shown, total)}</p>
        <section class="card">{tree_view(rows, Some(whole))}</section>
        {steps}
    }
    .into_any()
}

fn long_text(asked: &Asked, Text { tool_name, path, pieces, from, to, total }: Text) -> AnyView {
    let shown = from..to;
    let address = format!("{}&place={}", Whole::of(&asked.id, &asked.part).address, asked.place.unwrap_or_default());
    view! {
        <h1>{message::part_of(&asked.part, &tool_name)} " · " <code>{path}</code></h1>
        <p class="sub">{message::shown_characters(&shown, total)}</p>
        <section class="card"><div class="body args">{quoted(pieces, shown.end < total)}</div></section>
        {steps(&address, from, PART, shown.end, total)}
    }
    .into_any()
}

/// The way to the stretch before and the one after.
fn steps(address: &str, from: usize, step: usize, to: usize, total: usize) -> AnyView {
    let link = |from: usize, words: &'static str| view! { <a href=format!("{address}&from={from}")>{words}</a> };
    let before = (from > 0).then(|| link(from.saturating_sub(step), message::BEFORE));
    let after = (to < total).then(|| link(to, message::AFTER));
    view! { <nav class="pages" aria-label=message::STRETCHES>{before} {after}</nav> }.into_any()
}
