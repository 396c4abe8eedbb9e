//! The browser's entry point: takes over the page that the server rendered.

/// Called by the page's module script once the WebAssembly is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_body(app::App);
}
