//! What holds for every request: it has an identifier and a line in the log, it never takes the server down, it
//! is not too large, it did not come from another site, and its answer carries the protective headers.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::RequestExt;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::problem::{Code, Problem};
use futures::{FutureExt, StreamExt};
use tracing::{Instrument, debug, error, error_span, info, warn};

use super::problem::ApiError;
use super::session::session_cookie;
use super::{AppState, BODY_LIMIT, prometheus};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Outermost: names the request, logs it once when it is answered, and turns a panic into a problem document.
pub async fn observe(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let header = HeaderValue::from_str(&id).expect("an identifier is visible ASCII");
    request.headers_mut().insert(REQUEST_ID, header.clone());
    // The query stays out of the log: a one-time link carries its secret there.
    // At the highest level, so that no filter takes the identifier from the lines it lets through.
    let span = error_span!("request", id, method = %request.method(), path = request.uri().path());
    let asset = request.uri().path().starts_with("/pkg/") || matches!(request.uri().path(), "/healthz" | "/readyz");
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    async move {
        let started = Instant::now();
        let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            Err(panic) => after_panic(&*panic, &id),
        };
        let (status, seconds) = (response.status().as_u16(), started.elapsed().as_secs_f64());
        prometheus::answered(&method, route.as_ref().map(MatchedPath::as_str), status, seconds);
        let ms = (seconds * 10_000.0).round() / 10.0;
        if status >= 500 {
            warn!(status, ms, "answered");
        } else if asset {
            debug!(status, ms, "answered");
        } else {
            info!(status, ms, "answered");
        }
        response.headers_mut().insert(REQUEST_ID, header);
        response
    }
    .instrument(span)
    .await
}

/// The client's identifier where it is harmless, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    given.filter(harmless).map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned)
}

fn after_panic(panic: &(dyn std::any::Any + Send), id: &str) -> Response {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    error!(correlation_id = id, panic = said.unwrap_or("without a message"), "a handler panicked");
    let mut problem = Problem::new(Code::Internal, "The cause is in the server's log, under the correlation id.");
    problem.correlation_id = Some(id.to_owned());
    ApiError(problem).into_response()
}

/// Headers that protect whoever reads the answer. A page's own content policy, with its nonce, is the console's.
pub async fn secure_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let always = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: with that, browsers send `Origin: null` with the console's own forms.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let otherwise = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ];
    for (name, value) in otherwise {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if state.config.secure_cookies() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// So much of a body that is too large is read and thrown away, so that a client that sends before it listens
/// hears the refusal instead of a broken connection.
const DRAIN_LIMIT: usize = 16 << 20;
/// And for so long.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// Refuses a body that is too large: at once where its length is announced, else when it gets there.
pub async fn limit_body(request: Request, next: Next) -> Response {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_LIMIT as u64) {
        // Not draining in time is the client's loss alone.
        let _ = tokio::time::timeout(DRAIN_WITHIN, drain(request.into_body())).await;
        return ApiError(Problem::new(Code::TooLarge, "A request body holds at most 1 MiB.")).into_response();
    }
    next.run(request.with_limited_body()).await
}

async fn drain(body: Body) {
    let mut pieces = body.into_data_stream();
    let mut read = 0;
    while read < DRAIN_LIMIT
        && let Some(Ok(piece)) = pieces.next().await
    {
        read += piece.len();
    }
}

/// For the JSON API: what is sent must say that it is JSON. Forms of other sites cannot.
pub async fn require_json(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let has_body =
        headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if reads_only(request.method()) || !has_body || kind.eq_ignore_ascii_case("application/json") {
        return next.run(request).await;
    }
    let detail = "Send the body with the header Content-Type: application/json.";
    ApiError(Problem::new(Code::UnsupportedMediaType, detail)).into_response()
}

/// Refuses what another site made a browser send.
pub async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if reads_only(request.method()) || may_have_come_from_here(&request, state.config.public_origin().as_deref()) {
        return next.run(request).await;
    }
    let detail = "A request that changes something must come from the console itself (headers Origin and Sec-Fetch-Site), or carry a \
                  bearer token. Behind a proxy, set public_url to the address people use.";
    ApiError(Problem::new(Code::CrossSiteRequest, detail)).into_response()
}

const fn reads_only(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn may_have_come_from_here(request: &Request, public_origin: Option<&str>) -> bool {
    let headers = request.headers();
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (origin, site) = (text(&ORIGIN), text(&SEC_FETCH_SITE));
    if site == Some("cross-site") {
        return false;
    }
    let cookie = session_cookie(headers).is_some();
    if headers.contains_key(AUTHORIZATION) && !cookie {
        // A browser never adds a token by itself.
        return true;
    }
    match (origin, site) {
        (Some(origin), _) => {
            let host = text(&HOST).or_else(|| request.uri().authority().map(|authority| authority.as_str()));
            is_ours(origin, host, public_origin)
        }
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        // No browser, no cookie, no token: nobody's rights can be abused, and the API answers 401.
        (None, None) => !cookie && ["/api/approvals/", "/mcp/"].iter().any(|of| request.uri().path().starts_with(of)),
    }
}

fn is_ours(origin: &str, host: Option<&str>, public_origin: Option<&str>) -> bool {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let same_host = matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host));
    same_host || public_origin.is_some_and(|public| public.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn post(path: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = Request::builder().method("POST").uri(path).header("host", "console.example:3000");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Body::empty()).expect("a request")
    }

    fn passes(path: &str, headers: &[(&str, &str)]) -> bool {
        may_have_come_from_here(&post(path, headers), Some("https://public.example"))
    }

    const COOKIE: (&str, &str) = ("cookie", "cs_session=abc");
    const DECIDE: &str = "/api/console/actions/approve";

    #[test]
    fn the_consoles_own_requests_pass() {
        assert!(passes(DECIDE, &[COOKIE, ("origin", "http://console.example:3000")]));
        assert!(passes(DECIDE, &[COOKIE, ("origin", "https://public.example")]));
        assert!(passes(DECIDE, &[COOKIE, ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn another_sites_requests_do_not_pass() {
        assert!(!passes(DECIDE, &[COOKIE, ("origin", "https://evil.example")]));
        assert!(!passes(DECIDE, &[COOKIE, ("origin", "null")]));
        assert!(!passes(DECIDE, &[COOKIE, ("origin", "http://console.example:3000.evil.example")]));
        assert!(!passes(DECIDE, &[COOKIE, ("sec-fetch-site", "cross-site")]));
        assert!(!passes(DECIDE, &[COOKIE, ("sec-fetch-site", "same-site")]));
        assert!(!passes("/api/console/session/sign-in", &[("origin", "https://evil.example")]));
    }

    #[test]
    fn a_cookie_without_any_word_of_the_browser_does_not_pass() {
        assert!(!passes(DECIDE, &[COOKIE]));
        assert!(!passes("/api/approvals/actions", &[COOKIE]));
        assert!(!passes("/api/console/session/sign-in", &[]));
    }

    #[test]
    fn a_token_is_its_own_proof_unless_a_browser_says_where_it_comes_from() {
        let token = ("authorization", "Bearer cs_agent_x_y");
        assert!(passes("/api/approvals/actions", &[token]));
        assert!(!passes("/api/approvals/actions", &[token, ("sec-fetch-site", "cross-site")]));
        assert!(!passes("/api/approvals/actions", &[token, COOKIE]));
    }

    #[test]
    fn a_program_without_a_token_is_told_so_by_the_api_itself() {
        assert!(passes("/api/approvals/actions", &[]));
        assert!(passes("/mcp/operator", &[]));
    }

    #[test]
    fn an_identifier_of_the_client_is_kept_only_when_it_is_harmless() {
        let with = |value: &'static str| HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(value))]);
        assert_eq!(request_id(&with("trace-0123.abc_D")), "trace-0123.abc_D");
        assert_ne!(request_id(&with("short")), "short");
        assert_ne!(request_id(&with("a b c d e f g")), "a b c d e f g");
        assert_eq!(request_id(&HeaderMap::new()).len(), 32);
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_leaves_nothing_of_its_message_in_the_answer() {
        use axum::routing::get;
        use tower::ServiceExt;
        async fn broken() -> &'static str {
            panic!("the secret of the cause")
        }
        let app = axum::Router::new().route("/api/broken", get(broken)).layer(axum::middleware::from_fn(observe));
        let request = Request::builder().uri("/api/broken").body(Body::empty()).expect("a request");
        let response = app.oneshot(request).await.expect("a router cannot fail");
        assert_eq!(response.status(), 500);
        let id = response.headers()[REQUEST_ID].to_str().expect("text").to_owned();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        let told: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!((&told["code"], &told["correlation_id"]), (&"internal".into(), &id.into()));
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }
}
