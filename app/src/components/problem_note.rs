//! What went wrong, told where it went wrong.

use domain::problem::Problem;
use leptos::prelude::*;

use super::icon::Icon;
use crate::message;

#[component]
pub(crate) fn ProblemNote(
    problem: Problem,
    /// What did not happen.
    #[prop(into)]
    title: String,
) -> impl IntoView {
    let reference = problem.correlation_id.clone();
    view! {
        <div class="note bad" role="alert">
            <Icon name="#i-warn"/>
            <div>
                <b>{title}</b>
                " "
                {message::problem(&problem)}
                {problem.retry_after.map(message::retry_after)}
                {reference.map(|id| view! { <small>{message::REFERENCE} " " <code>{id}</code></small> })}
            </div>
        </div>
    }
}
