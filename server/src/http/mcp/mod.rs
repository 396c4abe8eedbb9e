//! The Model Context Protocol (revision 2026-07-28, and older clients by negotiation), without sessions: any server
//! answers any request.
//!
//! The library reads numbers as machine numbers, and an approval is for exact digits. So each message is read here first,
//! strictly; its arguments travel beside it as [`Arguments`], and the library's copy of them is not used.

mod operator;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::json::{Json, JsonError};
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;

use super::AppState;
use super::problem::ApiResult;
use super::session::Caller;

/// The code of a message that cannot be read (JSON-RPC 2.0, section 5.1).
const PARSE_ERROR: i64 = -32_700;

/// `params.arguments` of a message as it was sent: every digit, every member once.
#[derive(Clone)]
struct Arguments(Json);

/// The endpoints.
pub fn routes(state: &AppState) -> Router<AppState> {
    let operator = service(operator::Operator::new(state), state);
    Router::new().route("/mcp/operator", any(move |_: Caller, request: Request| serve(operator.clone(), request)))
}

/// Whoever may ask at all is settled before, by [`Caller`]; where requests come from, by the middleware of every route.
fn service<S: ServerHandler + Clone>(handler: S, state: &AppState) -> StreamableHttpService<S, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_cancellation_token(state.stopping.child_token());
    StreamableHttpService::new(move || Ok(handler.clone()), Arc::new(NeverSessionManager::default()), config)
}

async fn serve<S: ServerHandler + Clone>(
    service: StreamableHttpService<S, NeverSessionManager>,
    request: Request,
) -> ApiResult<Response> {
    if request.method() != Method::POST {
        return Ok(service.handle(request).await.map(Body::new));
    }
    let (mut parts, body) = request.into_parts();
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let Ok(bytes) = bytes.map_err(IntoResponse::into_response) else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let message = match Json::parse(&bytes) {
        Ok(message) => message,
        Err(error) => return Ok(unreadable(&error)),
    };
    if let Some(arguments) = message.get("params").and_then(|params| params.get("arguments")) {
        parts.extensions.insert(Arguments(arguments.clone()));
    }
    Ok(service.handle(Request::from_parts(parts, Body::from(bytes))).await.map(Body::new))
}

fn unreadable(error: &JsonError) -> Response {
    let error = json!({"code": PARSE_ERROR, "message": error.to_string()});
    (StatusCode::BAD_REQUEST, axum::Json(json!({"jsonrpc": "2.0", "id": null, "error": error}))).into_response()
}
