//! The console's pages and server functions, rendered by Leptos with what they need as contexts.

mod once;
mod rules;

use app::shell::shell;
use app::visitor::{SecureCookies, Visitor};
use app::{App, PostedForm};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use domain::problem::Problem;
use leptos::prelude::{Env, LeptosOptions, provide_context, use_context};
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};

use super::{AppState, BODY_LIMIT, openapi};

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
    let render = move || shell(options.clone(), assets.clone());
    Router::new()
        .leptos_routes_with_context(state, generate_route_list(App), contexts(state), render)
        .route("/approvals/{id}/edit", post(preview))
        .route("/approvals/rules/{id}", post(preview))
        .route("/approvals/rules/new", post(rules::sheet))
        .route("/approvals/rules/{id}/replace", post(rules::sheet))
        .route("/approvals/{id}/rule", post(rules::sheet))
        .route("/settings/people", post(once::invite))
        .route("/settings/people/{name}", post(once::link))
        .route("/settings/tokens", post(once::token))
        .route("/settings/alerts", post(once::place))
        .layer(from_fn(tell_the_true_status))
        .layer(from_fn(say_only_what_is_said))
}

/// What was typed into a page's form, shown by the same page: nothing is stored of it.
async fn preview(State(state): State<AppState>, request: Request) -> Response {
    match read_form(&state, request).await {
        Ok((parts, pairs)) => render_with(&state, parts, PostedForm(pairs)).await,
        Err(rejection) => rejection,
    }
}

/// A form's fields in its order, and the rest of the request.
async fn read_form(state: &AppState, request: Request) -> Result<(Parts, Vec<(String, String)>), Response> {
    let (parts, body) = request.into_parts();
    let Form(pairs) = Form::from_request(Request::from_parts(parts.clone(), body), state)
        .await
        .map_err(IntoResponse::into_response)?;
    Ok((parts, pairs))
}

/// The page at the request's address, with one thing more that it may ask for.
async fn render_with<T: Clone + Send + Sync + 'static>(state: &AppState, parts: Parts, more: T) -> Response {
    let provide = contexts(state);
    let context = move || {
        provide();
        provide_context(more.clone());
    };
    let (options, assets) = (state.leptos_options.clone(), state.assets.clone());
    let render = render_app_async_with_context(context, move || shell(options.clone(), assets.clone()));
    render(Request::from_parts(parts, Body::empty())).await.into_response()
}

/// Middleware: Leptos answers 500 to a server function's arguments that cannot be read, before the function could
/// say better. The body knows the code, and the code knows the status.
async fn tell_the_true_status(request: Request, next: Next) -> Response {
    let console = request.uri().path().starts_with("/api/console/");
    let response = next.run(request).await;
    if !console || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if let Ok(problem) = serde_json::from_slice::<Problem>(&body)
        && let Ok(status) = StatusCode::from_u16(problem.code.http_status())
    {
        parts.status = status;
    }
    Response::from_parts(parts, Body::from(body))
}

/// Middleware: a form sends its empty fields, too. The address that stays, to be kept and passed on, is one without.
async fn say_only_what_is_said(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // An address that begins with two slashes would lead to another site.
    let page = request.method() == Method::GET && !path.starts_with("/api/") && !path.starts_with("//");
    match request.uri().query().and_then(without_empty).filter(|_| page) {
        Some(rest) if rest.is_empty() => Redirect::to(path).into_response(),
        Some(rest) => Redirect::to(&format!("{path}?{rest}")).into_response(),
        None => next.run(request).await,
    }
}

/// The parameters without the empty ones, as they were written; `None` where there is no empty one.
fn without_empty(query: &str) -> Option<String> {
    let said: Vec<_> = query.split('&').filter(|pair| !pair.ends_with('=')).collect();
    let rest = said.join("&");
    (rest != query).then_some(rest)
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
    let reference = openapi::reference();
    move || {
        let visitor = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Visitor>().cloned());
        provide_context(visitor.unwrap_or_default());
        provide_context(engine.clone());
        provide_context(assets.clone());
        provide_context(secure);
        provide_context(reference.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::without_empty;

    #[test]
    fn empty_parameters_go_and_the_others_stay_as_they_were_written() {
        assert_eq!(without_empty("q=a+b%20c&tool_name=&status="), Some("q=a+b%20c".to_owned()));
        assert_eq!(without_empty("q="), Some(String::new()));
        assert_eq!(without_empty("q=a&x"), None);
        assert_eq!(without_empty(""), None);
    }
}
