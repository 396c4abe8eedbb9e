//! The sheet of a rule, posted: shown again with what there is to say, or made into a rule. The rule is made before a page
//! is rendered, once; what was typed comes back with whatever stands against it.

use app::visitor::Visitor;
use app::{PostedSheet, after_sheet, sheet_from};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::problem::{Code, Problem};
use engine::rule_pages::{Made, Posted, make};

use super::{read_form, render_with};
use crate::http::AppState;

/// `POST /approvals/rules/new`, `/approvals/rules/{id}/replace`, `/approvals/{id}/rule`.
pub(super) async fn sheet(State(state): State<AppState>, request: Request) -> Response {
    let (parts, pairs) = match read_form(&state, request).await {
        Ok(read) => read,
        Err(rejection) => return rejection,
    };
    if !pairs.iter().any(|(name, _)| name == "make") {
        return render_with(&state, parts, PostedSheet(Posted { pairs, refused: None })).await;
    }
    let visitor = parts.extensions.get::<Visitor>().cloned().unwrap_or_default();
    let problem = match made(&state, &visitor, &parts.uri, &pairs).await {
        Ok(made) => return led_on(&state, &made),
        Err(problem) => problem,
    };
    let status = StatusCode::from_u16(problem.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = render_with(&state, parts, PostedSheet(Posted { pairs, refused: Some(problem) })).await;
    // Whoever is not signed in is led to the sign-in page.
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

async fn made(state: &AppState, visitor: &Visitor, uri: &Uri, pairs: &[(String, String)]) -> Result<Made, Problem> {
    let principal = visitor.principal.as_ref().ok_or_else(|| Problem::new(Code::Unauthenticated, "Sign in first."))?;
    let from = sheet_from(uri.path(), uri.query().unwrap_or_default()).ok_or_else(|| Problem::not_found("rule"))?;
    make(&state.engine, principal, &from, pairs).await.map_err(engine::Error::into_problem)
}

fn led_on(state: &AppState, made: &Made) -> Response {
    let (page, told) = after_sheet(made, state.config.secure_cookies());
    let mut response = StatusCode::SEE_OTHER.into_response();
    let page = HeaderValue::from_str(&page).expect("an address of ours is visible ASCII");
    response.headers_mut().insert(header::LOCATION, page);
    if let Some(told) = told {
        response.headers_mut().append(header::SET_COOKIE, told);
    }
    response
}
