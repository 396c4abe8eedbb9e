//! The console: what a person sees and does. Rendered on the server, taken over by the browser once the
//! WebAssembly has arrived; everything a decision needs works before that, and without it.

// Leptos' component macro writes `pub` whatever the component's own visibility is.
#![allow(unreachable_pub)]

#[cfg(not(erase_components))]
compile_error!("built without the flags of .cargo/config.toml: repeat `--cfg erase_components` in your RUSTFLAGS");

pub mod api;
mod app;
mod components;
mod dom;
mod flash;
mod live;
mod local_path;
mod message;
#[cfg(feature = "ssr")]
pub mod once;
mod pages;
#[cfg(feature = "ssr")]
pub mod reference;
#[cfg(feature = "ssr")]
mod sheets;
#[cfg(feature = "ssr")]
pub mod shell;
mod theme;
mod toast;
#[cfg(feature = "ssr")]
pub mod visitor;

pub use app::App;
#[cfg(feature = "ssr")]
pub use local_path::tool_page;
#[cfg(feature = "ssr")]
pub use pages::approvals::edit::PostedForm;
#[cfg(feature = "ssr")]
pub use pages::rules::{PostedSheet, after_sheet, sheet_from};
