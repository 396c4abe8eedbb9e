//! STUB, being written.
pub(crate) mod query;
use leptos::prelude::*;
#[component]
pub fn ApprovalsPage() -> impl IntoView { view! { <p>"stub"</p> } }
