//! The arguments as a typed tree: every value with its type to be seen, what decides the call marked, secrets
//! masked, nothing that could deceive the eye left invisible. What is long comes folded; what is longer still has a
//! page of its own, and is led to.

use domain::argument::{ArgumentClass, ArgumentRow, ArgumentValue};
use domain::text_safety::Piece;
use leptos::prelude::*;

use crate::components::icon::Icon;
use crate::components::pieces::Pieces;
use crate::message;

/// Where a tree is shown whole: the address that a value's place is added to, and the place of the first row here.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub address: String,
    pub from: usize,
}

impl Whole {
    /// `part`: `arguments`, `evidence` or `result`.
    pub(crate) fn of(action: &str, part: &str) -> Self {
        Self { address: format!("/approvals/{action}/full?of={part}"), from: 0 }
    }
}

/// A tree of values. Without a page that shows it whole, what is folded only says how much there is.
pub(crate) fn values(rows: Vec<ArgumentRow>, whole: Option<Whole>) -> AnyView {
    let row = |(place, row): (usize, ArgumentRow)| {
        let address = whole.as_ref().map(|whole| match row.value {
            ArgumentValue::Folded { .. } => whole.address.clone(),
            _ => format!("{}&place={}", whole.address, whole.from + place),
        });
        argument(row, address)
    };
    view! { <dl class="args">{rows.into_iter().enumerate().map(row).collect_view()}</dl> }.into_any()
}

fn argument(row: ArgumentRow, address: Option<String>) -> AnyView {
    let critical = row.class == ArgumentClass::Critical;
    let depth = format!("d{}", row.depth.min(5));
    let word = |class: &'static str, text: String| view! { <span class=class>{text}</span> }.into_any();
    let value = match row.value {
        ArgumentValue::Null => word("word-value", "null".to_owned()),
        ArgumentValue::Bool(value) => word("word-value", value.to_string()),
        ArgumentValue::Number(digits) => word("number", digits),
        ArgumentValue::Text { pieces, rest, rest_chars, hidden_chars, deceptive, .. } => {
            let goes_on = rest_chars + hidden_chars > 0;
            let flag =
                deceptive.then(|| view! { <span class="flag" title=message::DECEPTIVE><Icon name="#i-warn"/></span> });
            let rest = (rest_chars > 0).then(|| {
                view! {
                    <details class="rest">
                        <summary class="more">{message::more_characters(rest_chars)}</summary>
                        <span class="text"><Pieces pieces=rest/></span>
                    </details>
                }
            });
            let hidden = (hidden_chars > 0).then(|| more(message::more_characters(hidden_chars), address));
            view! { {flag} {quoted(pieces, goes_on)} {rest} {hidden} }.into_any()
        }
        ArgumentValue::List { len } => word("kind", message::list_of(len)),
        ArgumentValue::Object { len } => word("kind", message::object_of(len)),
        ArgumentValue::Redacted => {
            view! { <span class="mask" title=message::REDACTED_HINT>{message::REDACTED}</span> }.into_any()
        }
        ArgumentValue::Folded { hidden_rows } => more(message::more_rows(hidden_rows), address),
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

/// So much more there is, and where, if anywhere.
fn more(words: String, address: Option<String>) -> AnyView {
    match address {
        Some(address) => view! { <a class="more" href=address rel="external">{words}</a> }.into_any(),
        None => view! { <span class="kind">{words}</span> }.into_any(),
    }
}

pub(crate) fn quoted(pieces: Vec<Piece>, goes_on: bool) -> AnyView {
    // An empty text node would be written as a space: nothing is written instead.
    let end = goes_on.then_some("…");
    view! {
        <span class="text"><q aria-hidden="true">"\""</q><Pieces pieces/>{end}<q aria-hidden="true">"\""</q></span>
    }
    .into_any()
}
