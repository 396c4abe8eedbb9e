//! Icons, drawn once as symbols of one inline sprite and used by name. Decoration only: whatever an icon means
//! stands beside it in words.

use leptos::prelude::*;

/// The symbols. Part of the shell, which is never hydrated: the browser's WebAssembly does not carry them.
#[cfg(feature = "ssr")]
#[component]
pub(crate) fn Sprite() -> impl IntoView {
    view! {
        <svg class="sprite" aria-hidden="true">
            <symbol id="i-brand" viewBox="0 0 20 20"><path d="M3 10.5l4.2 4.2L17 5"/><path d="M3 17.5h14"/></symbol>
            <symbol id="i-inbox" viewBox="0 0 16 16"><path d="M2.5 9.5 4 3h8l1.5 6.5v3.5h-11zM2.5 9.5H6a2 2 0 0 0 4 0h3.5"/></symbol>
            <symbol id="i-rules" viewBox="0 0 16 16"><path d="M3 4h10M3 8h7M3 12h4"/></symbol>
            <symbol id="i-audit" viewBox="0 0 16 16"><path d="M4 2.5h8v11H4zM6.3 5.5h3.4M6.3 8h3.4M6.3 10.5h2"/></symbol>
            <symbol id="i-metrics" viewBox="0 0 16 16"><path d="M2.5 13V8M6.2 13V4M9.8 13V9.5M13.5 13V6"/></symbol>
            <symbol id="i-tools" viewBox="0 0 16 16"><path d="M13.3 4.6l-2.1 2.1-1.9-1.9 2.1-2.1a3.4 3.4 0 0 0-4.3 4.3l-4.6 4.6a1.3 1.3 0 0 0 1.9 1.9L9 8.9a3.4 3.4 0 0 0 4.3-4.3z"/></symbol>
            <symbol id="i-settings" viewBox="0 0 16 16"><path d="M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6"/><circle cx="10.2" cy="4.5" r="1.7"/><circle cx="5.8" cy="11.5" r="1.7"/></symbol>
            <symbol id="i-warn" viewBox="0 0 16 16"><path d="M8 2 14.5 13h-13zM8 6.5v3M8 11.3v.2"/></symbol>
            <symbol id="i-yes" viewBox="0 0 16 16"><path d="m3 8.5 3.2 3.2L13 5"/></symbol>
            <symbol id="i-no" viewBox="0 0 16 16"><path d="m4 4 8 8M12 4l-8 8"/></symbol>
            <symbol id="i-clock" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.8"/><path d="M8 4.6V8l2.3 1.5"/></symbol>
            <symbol id="i-unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.8"/><path d="M6.3 6.4a1.8 1.8 0 1 1 2.6 1.7c-.6.3-.9.6-.9 1.2M8 11.3v.2"/></symbol>
            <symbol id="i-back" viewBox="0 0 16 16"><path d="M10 3 5 8l5 5"/></symbol>
            <symbol id="i-help" viewBox="0 0 16 16"><path d="M5.6 5.8a2.4 2.4 0 1 1 3.5 2.2c-.8.4-1.1.8-1.1 1.6M8 12.4v.2"/></symbol>
            <symbol id="i-low" viewBox="0 0 10 10"><circle cx="5" cy="5" r="3.4"/></symbol>
            <symbol id="i-medium" viewBox="0 0 10 10"><rect x="1.6" y="1.6" width="6.8" height="6.8" rx="1"/></symbol>
            <symbol id="i-high" viewBox="0 0 10 10"><path d="M5 .8 9.6 9H.4z"/></symbol>
            <symbol id="i-critical" viewBox="0 0 10 10"><path d="M5 0l5 5-5 5-5-5z"/></symbol>
        </svg>
    }
}

/// One of the sprite's symbols: `#i-warn`.
#[component]
pub(crate) fn Icon(name: &'static str) -> impl IntoView {
    view! { <svg aria-hidden="true"><use href=name></use></svg> }
}
