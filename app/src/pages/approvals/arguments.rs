//! The arguments as a typed tree: every value with its type to be seen, what decides the call marked, secrets
//! masked, nothing that could deceive the eye left invisible.

use domain::argument::{ArgumentClass, ArgumentRow, ArgumentValue};
use domain::id::ActionId;
use domain::text_safety::Piece;
use leptos::prelude::*;

use super::desk::{Desk, FullText};
use crate::components::icon::Icon;
use crate::components::pieces::Pieces;
use crate::message;

/// The tree of the open action's arguments, whose long values can be unfolded.
pub(super) fn arguments(desk: Desk, id: ActionId, rows: Vec<ArgumentRow>) -> AnyView {
    view! {
        <dl class="args">
            {rows.into_iter().map(|row| argument(row, Some((desk, id)))).collect_view()}
        </dl>
    }
    .into_any()
}

/// A tree that stays as it is: a result, or an agent's evidence.
pub(super) fn values(rows: Vec<ArgumentRow>) -> AnyView {
    view! { <dl class="args">{rows.into_iter().map(|row| argument(row, None)).collect_view()}</dl> }.into_any()
}

fn argument(row: ArgumentRow, unfolds: Option<(Desk, ActionId)>) -> AnyView {
    let critical = row.class == ArgumentClass::Critical;
    let depth = format!("d{}", row.depth.min(5));
    let value = match row.value {
        ArgumentValue::Null => view! { <span class="word-value">"null"</span> }.into_any(),
        ArgumentValue::Bool(value) => {
            view! { <span class="word-value">{if value { "true" } else { "false" }}</span> }.into_any()
        }
        ArgumentValue::Number(digits) => view! { <span class="number">{digits}</span> }.into_any(),
        ArgumentValue::Text { pieces, hidden_chars, deceptive, .. } => {
            text(row.path, pieces, hidden_chars, deceptive, unfolds).into_any()
        }
        ArgumentValue::List { len } => view! { <span class="kind">{message::list_of(len)}</span> }.into_any(),
        ArgumentValue::Object { len } => view! { <span class="kind">{message::object_of(len)}</span> }.into_any(),
        ArgumentValue::Redacted => {
            view! { <span class="mask" title=message::REDACTED_HINT>{message::REDACTED}</span> }.into_any()
        }
        ArgumentValue::Folded { hidden_rows } => {
            view! { <span class="kind">{message::more_rows(hidden_rows)}</span> }.into_any()
        }
    };
    view! {
        <div class=depth class:crit=critical>
            <dt>
                <Pieces pieces=row.name/>
                {critical.then(|| view! { <span class="hide">{message::CRITICAL}</span> })}
            </dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}

fn text(
    path: String,
    pieces: Vec<Piece>,
    hidden: usize,
    deceptive: bool,
    unfolds: Option<(Desk, ActionId)>,
) -> impl IntoView {
    let flag = deceptive.then(|| view! { <span class="flag" title=message::DECEPTIVE><Icon name="#i-warn"/></span> });
    let body = match unfolds {
        Some((desk, id)) if hidden > 0 => foldable(desk, id, path, pieces, hidden).into_any(),
        _ => view! { {quoted(pieces, hidden)} {(hidden > 0).then(|| more(hidden))} }.into_any(),
    };
    view! { {flag} {body} }
}

fn foldable(desk: Desk, id: ActionId, path: String, pieces: Vec<Piece>, hidden: usize) -> impl IntoView {
    move || {
        let whole = desk.full.get().flatten().filter(|(of, _): &FullText| *of == path);
        let query = desk.query.get();
        match whole {
            Some((_, Ok(whole))) => view! {
                {quoted(whole, 0)}
                <a class="more" href=query.href(Some(id)) data-noscroll="">{message::SHOW_LESS}</a>
            }
            .into_any(),
            failed_or_folded => {
                let problem = failed_or_folded.and_then(|(_, text)| text.err()).map(|failure| failure.0.detail);
                view! {
                    {quoted(pieces.clone(), hidden)}
                    <a class="more" href=query.href_full(id, &path) data-noscroll="">
                        {message::more_characters(hidden)}
                    </a>
                    {problem.map(|detail| view! { <span class="bad-words" role="alert">{detail}</span> })}
                }
                .into_any()
            }
        }
    }
}

fn quoted(pieces: Vec<Piece>, hidden: usize) -> AnyView {
    // An empty text node would be written as a space: nothing is written instead.
    let end = (hidden > 0).then_some("…");
    view! {
        <span class="text"><q aria-hidden="true">"\""</q><Pieces pieces/>{end}<q aria-hidden="true">"\""</q></span>
    }
    .into_any()
}

fn more(hidden: usize) -> impl IntoView {
    view! { <span class="kind">{message::more_characters(hidden)}</span> }
}
