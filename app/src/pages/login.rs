//! STUB, being written.
use leptos::prelude::*;
#[component]
pub fn LoginPage() -> impl IntoView { view! { <p>"stub"</p> } }
