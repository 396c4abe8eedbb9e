//! The page around the application: what the browser must know before the first paint. Written by hand rather
//! than with Leptos' own scripts component, because file names carry content hashes and the script a nonce.

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use crate::App;
use crate::components::icon::Sprite;
use crate::message;
use crate::sheets::Sheets;
use crate::theme::Theme;

/// Where the page's files are: URL paths, hashes included.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    pub js: String,
    pub wasm: String,
    /// The stylesheet of pages that the browser takes over, and of those that stay HTML.
    pub queue_css: String,
    pub still_css: String,
    /// And of those with figures, of the trail, and of the REST interface.
    pub figures_css: String,
    /// Identifies the build; an open tab compares it with what the live stream says.
    pub version: String,
}

/// The policy but for the nonce, which goes where `{nonce}` stands. Nothing is loaded from another host, no
/// inline style or script runs, nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'; object-src 'none'";

/// The document.
pub fn shell(_options: LeptosOptions, assets: Assets) -> impl IntoView {
    send_security_policy();
    let css = match path().as_str() {
        path if is_awake(path) => assets.queue_css,
        path if shows_figures(path) => assets.figures_css,
        _ => assets.still_css,
    };
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=Theme::current().attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="application-name" content=message::PRODUCT/>
                <meta name="version" content=assets.version/>
                <meta name="robots" content="noindex"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="theme-color" content="#f7f8fa" media="(prefers-color-scheme: light)"/>
                <meta name="theme-color" content="#101419" media="(prefers-color-scheme: dark)"/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <link rel="stylesheet" href=css/>
                {wakes_up().then(|| start(assets.js, assets.wasm))}
                <title>{title()}</title>
            </head>
            <body>
                // First in the body: hydration starts at the first child.
                <App/>
                <Sprite/>
                <Sheets/>
            </body>
        </html>
    }
}

/// The title before the page is awake; then it carries the number of actions that wait.
fn title() -> String {
    message::title(None, message::page_at(&path()))
}

fn send_security_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = CONTENT_SECURITY_POLICY.replace("{nonce}", &nonce);
    let policy = HeaderValue::from_str(&policy).expect("the policy and a base64 nonce are visible ASCII");
    response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
}

/// Whether there is anything on the page for the browser to take over. The sign-in page and the one for mistyped
/// addresses are plain HTML: they need no WebAssembly, and it carries nothing of them.
pub(crate) fn wakes_up() -> bool {
    is_awake(&path())
}

/// The paths that the browser's own routes know.
fn is_awake(path: &str) -> bool {
    match path.strip_prefix("/approvals") {
        Some("") => true,
        // These stand where an action's id would.
        Some("/rules" | "/groups" | "/metrics") => false,
        Some(below) => below.strip_prefix('/').is_some_and(|id| !id.contains('/')),
        None => false,
    }
}

/// The pages of figures, of the trail and of the REST interface have a stylesheet of their own.
fn shows_figures(path: &str) -> bool {
    path == "/approvals/metrics" || path.starts_with("/audit") || path == "/api/docs"
}

/// Asks for the files early, and starts them. The paths are ours, made of hexadecimal digits and known names:
/// nothing in them needs escaping.
fn start(js: String, wasm: String) -> impl IntoView {
    let script = format!("import('{js}').then(m=>m.default({{module_or_path:'{wasm}'}}).then(()=>m.hydrate()))");
    view! {
        <link rel="modulepreload" href=js/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
        <script type="module" nonce=use_nonce()>{script}</script>
    }
}

fn path() -> String {
    use_context::<Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_awake;

    #[test]
    fn only_pages_that_the_browser_has_a_route_for_are_taken_over() {
        for path in ["/approvals", "/approvals/", "/approvals/0198"] {
            assert!(is_awake(path), "{path}");
        }
        for path in [
            "/",
            "/login",
            "/approvalsx",
            "/approvals/a/b",
            "/approvals/rules",
            "/approvals/rules/0198",
            "/approvals/groups",
            "/approvals/metrics",
            "/approvals/metrics/failed",
            "/nothing",
        ] {
            assert!(!is_awake(path), "{path}");
        }
    }
}
