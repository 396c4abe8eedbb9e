//! Every error this server answers with is an RFC 9457 document with a stable code. A handler returns an
//! [`ApiError`] by `?`; [`finish`] then adds what only the request knows, and turns the plain refusals of axum
//! itself (wrong method, no such route, body too large) into documents of the same form.

use axum::extract::{OriginalUri, Request};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::action::Decider;
use domain::lifecycle::Status;
use domain::problem::{Code, FieldError, Problem};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem document.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A problem on its way to the client.
#[derive(Clone, Debug)]
pub struct ApiError(pub Problem);

/// The result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<engine::Error> for ApiError {
    fn from(error: engine::Error) -> Self {
        Self(error.into_problem())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = document(&self.0, None);
        response.extensions_mut().insert(self.0);
        response
    }
}

/// What every refusal is answered with (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = ProblemDocument)]
pub(super) struct Document<'a> {
    /// Names the kind of problem, as `code` does.
    r#type: String,
    /// What kind of problem it is, in words.
    title: &'static str,
    /// The status of the answer (HTTP).
    status: u16,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// Names the kind of problem; programs branch on it.
    code: Code,
    /// What happened this time, in words that say what to do.
    detail: &'a str,
    /// What is wrong with the request, each with its place.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// Whoever decides too late is told what was decided, by whom, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_status: Option<Status>,
    /// Likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Decider>)]
    decided_by: Option<Option<&'a Decider>>,
    /// Likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    decided_at: Option<Option<DateTime<Utc>>>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Under which an internal error is in the log of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

fn document(problem: &Problem, instance: Option<&str>) -> Response {
    let status = problem.code.http_status();
    let body = Document {
        r#type: format!("/problems/{}", problem.code.as_str()),
        title: problem.code.title(),
        status,
        instance,
        code: problem.code,
        detail: &problem.detail,
        errors: &problem.errors,
        current_status: problem.standing.as_ref().map(|standing| standing.current_status),
        decided_by: problem.standing.as_ref().map(|standing| standing.decided_by.as_ref()),
        decided_at: problem.standing.as_ref().map(|standing| standing.decided_at),
        retry_after: problem.retry_after,
        correlation_id: problem.correlation_id.as_deref(),
    };
    let body = serde_json::to_vec(&body).expect("a problem is plain data");
    let status = StatusCode::from_u16(status).expect("every code has a real status");
    let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// Middleware, outside all API routes: problems get their `instance`, axum's own refusals become problems.
pub async fn finish(OriginalUri(uri): OriginalUri, request: Request, next: Next) -> Response {
    let api = uri.path() == "/api" || uri.path().starts_with("/api/");
    let browser = !api && request.headers().get(ACCEPT).is_some_and(|kinds| kinds.as_bytes().starts_with(b"text/html"));
    let mut response = next.run(request).await;
    let told = response.extensions_mut().remove::<Problem>();
    match told.or_else(|| if api { refusal_of_axum(&response) } else { None }) {
        Some(problem) if browser => replace_body(response, page(&problem)),
        Some(problem) => replace_body(response, document(&problem, Some(uri.path()))),
        None => response,
    }
}

/// For a person whose page could not even be begun: no console, no style, only what there is to say.
fn page(problem: &Problem) -> Response {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (title, detail) = (escape(problem.code.title()), escape(&problem.detail));
    let id = problem.correlation_id.as_deref().map(|id| format!("<p>{}</p>", escape(id))).unwrap_or_default();
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title} · Countersign</title>\
         <main><h1>{title}</h1><p>{detail}</p>{id}</main></html>"
    );
    let mut response = document(problem, None).map(|_| html.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().remove(CONTENT_LENGTH);
    response
}

/// The new document with the headers that inner layers had put on the old answer.
fn replace_body(old: Response, mut new: Response) -> Response {
    for (name, value) in old.headers() {
        if name != CONTENT_LENGTH && !new.headers().contains_key(name) {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    new
}

/// What axum and tower refuse by themselves, they refuse in plain text.
fn refusal_of_axum(response: &Response) -> Option<Problem> {
    let plain = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_none_or(|kind| kind.starts_with("text/plain"));
    if !plain {
        return None;
    }
    let (code, detail) = match response.status() {
        StatusCode::NOT_FOUND => (Code::NotFound, "There is no such route. /api/docs and server/README.md list them."),
        StatusCode::METHOD_NOT_ALLOWED => {
            (Code::MethodNotAllowed, "The route exists, but not with this method; the header Allow names those it has.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (Code::TooLarge, "A request body holds at most 1 MiB."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (Code::UnsupportedMediaType, "Send the body with the header Content-Type: application/json.")
        }
        StatusCode::BAD_REQUEST => (Code::MalformedJson, "The request could not be read."),
        StatusCode::UNPROCESSABLE_ENTITY => (Code::InvalidRequest, "The request could not be understood."),
        StatusCode::REQUEST_TIMEOUT => (Code::Unavailable, "The request took too long to arrive."),
        status if status.is_server_error() => (Code::Internal, "The cause is in the server's log."),
        _ => return None,
    };
    Some(Problem::new(code, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::routing::post;
    use axum::{Router, middleware};
    use tower::ServiceExt;

    async fn answer(method: &str, path: &str) -> (StatusCode, Response, serde_json::Value) {
        let app = Router::new()
            .route("/api/late", post(|| async { Err::<(), _>(ApiError(late())) }))
            .layer(middleware::from_fn(finish));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        let response = app.oneshot(request).await.expect("a router cannot fail");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let json = serde_json::from_slice(&body).unwrap_or_default();
        (parts.status, Response::from_parts(parts, Body::empty()), json)
    }

    fn late() -> Problem {
        Problem { retry_after: Some(7), ..Problem::new(Code::RateLimited, "Wait.") }
    }

    #[tokio::test]
    async fn a_problem_says_where_it_happened_and_when_to_come_back() {
        let (status, response, json) = answer("POST", "/api/late").await;
        assert_eq!(status, 429);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "7");
        assert_eq!(json["type"], "/problems/rate_limited");
        assert_eq!(json["instance"], "/api/late");
        assert_eq!(json["status"], 429);
        assert_eq!(json["code"], "rate_limited");
    }

    #[tokio::test]
    async fn a_route_that_is_not_there_and_a_wrong_method_are_problems_too() {
        let (status, _, json) = answer("GET", "/api/nothing").await;
        assert_eq!((status.as_u16(), &json["code"]), (404, &"not_found".into()));
        let (status, response, json) = answer("GET", "/api/late").await;
        assert_eq!((status.as_u16(), &json["code"]), (405, &"method_not_allowed".into()));
        assert_eq!(response.headers()["allow"], "POST");
    }

    #[tokio::test]
    async fn outside_the_api_an_answer_is_left_alone() {
        let (status, _, json) = answer("GET", "/elsewhere").await;
        assert_eq!((status.as_u16(), json), (404, serde_json::Value::Null));
    }
}
