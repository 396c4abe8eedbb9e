//! STUB, being written.
use leptos::prelude::*;
#[component]
pub fn FramePage() -> impl IntoView { view! { <p>"stub"</p> } }
