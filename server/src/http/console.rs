//! The console's pages and server functions, rendered by Leptos with what they need as contexts.

use app::App;
use app::shell::shell;
use app::visitor::{SecureCookies, Visitor};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use leptos::prelude::{Env, LeptosOptions, provide_context, use_context};
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};

use super::AppState;

/// Leptos' options, settled here: nothing is read from files or the environment at run time.
pub fn leptos_options() -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("countersign")
        .site_root("site")
        .site_pkg_dir("pkg")
        .env(if cfg!(debug_assertions) { Env::DEV } else { Env::PROD })
        .build()
}

/// The pages, and the server functions at their own endpoints.
pub fn routes(state: &AppState) -> Router<AppState> {
    let (options, assets) = (state.leptos_options.clone(), state.assets.clone());
    Router::new().leptos_routes_with_context(state, generate_route_list(App), contexts(state), move || {
        shell(options.clone(), assets.clone())
    })
}

/// What stands nowhere: a page that says so to a browser, a bare 404 (which becomes a problem document) to a program.
pub async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let page = matches!(*request.method(), Method::GET | Method::HEAD) && !request.uri().path().starts_with("/api");
    if !page {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (options, assets) = (state.leptos_options.clone(), state.assets.clone());
    let render = render_app_async_with_context(contexts(&state), move || shell(options.clone(), assets.clone()));
    let mut response = render(request).await.into_response();
    // The application may have redirected, for instance to the login page.
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// What pages and server functions may ask for. Runs once per request, after Leptos has provided its parts.
fn contexts(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let engine = state.engine.clone();
    let assets = state.assets.clone();
    let secure = SecureCookies(state.config.secure_cookies());
    move || {
        let visitor = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Visitor>().cloned());
        provide_context(visitor.unwrap_or_default());
        provide_context(engine.clone());
        provide_context(assets.clone());
        provide_context(secure);
    }
}
