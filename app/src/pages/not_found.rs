//! STUB, being written.
use leptos::prelude::*;
#[component]
pub fn NotFoundPage() -> impl IntoView { view! { <p>"stub"</p> } }
