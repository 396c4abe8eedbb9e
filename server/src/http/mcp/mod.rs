//! The Model Context Protocol (revision 2026-07-28, and older clients by negotiation), without sessions: any server
//! answers any request.
//!
//! The library reads numbers as machine numbers, and an approval is for exact digits. So each message is read here first,
//! strictly; its parameters travel beside it as [`Sent`], and the library's copy of them is not used. An answer that is to
//! arrive to the letter travels back the same way.

mod exact;
mod gateway;
mod operator;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::json::{Json, JsonError};
use domain::problem::Problem;
use rmcp::ServerHandler;
use rmcp::model::ErrorCode;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;

use super::AppState;
use super::problem::ApiResult;
use super::session::Caller;
use exact::Sent;

/// The code of an error that is the gateway's own: the upstream could not be asked.
const UPSTREAM_DOWN: ErrorCode = ErrorCode(-32_000);

/// The endpoints.
pub fn routes(state: &AppState) -> Router<AppState> {
    let operator = service(operator::Operator::new(state));
    Router::new()
        .route("/mcp/operator", any(move |_: Caller, request: Request| serve(operator.clone(), request)))
        .route("/mcp/{upstream}", any(gate))
}

/// A request of an agent to an MCP server behind the gateway.
async fn gate(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(name): Path<String>,
    request: Request,
) -> ApiResult<Response> {
    engine::gateway::may_call(&principal)?;
    let upstream = state.upstreams.get(&name).ok_or_else(|| Problem::not_found("upstream"))?.clone();
    let Some(met) = upstream.met() else {
        let message = format!("The upstream {name} is not up: {}. It is tried again.", upstream.trouble());
        return Ok(failed(StatusCode::SERVICE_UNAVAILABLE, UPSTREAM_DOWN, &message));
    };
    let (parts, bytes, message) = match read(request).await {
        Ok(read) => read,
        Err(response) => return Ok(response),
    };
    if let Some(number) = cancelled(&message) {
        engine::gateway::cancel(&state.engine, &principal, &number).await?;
    }
    let gateway = gateway::Gateway::new(&state, principal, upstream, met);
    Ok(answer(service(gateway), parts, bytes, &message).await)
}

/// Which request the agent does not want any more, as it numbers them.
fn cancelled(message: &Json) -> Option<String> {
    let cancels = message.get("method").and_then(Json::as_str) == Some("notifications/cancelled");
    cancels.then(|| message.get("params")?.get("requestId").map(Json::to_text)).flatten()
}

/// Whoever may ask at all is settled before, by [`Caller`]; where requests come from, by the middleware of every route. Requests end by
/// themselves when the server stops, each with an answer.
fn service<S: ServerHandler + Clone>(handler: S) -> StreamableHttpService<S, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_legacy_session_mode(false)
        .with_json_response(true);
    StreamableHttpService::new(move || Ok(handler.clone()), Arc::new(NeverSessionManager::default()), config)
}

async fn serve<S: ServerHandler + Clone>(
    service: StreamableHttpService<S, NeverSessionManager>,
    request: Request,
) -> Response {
    match read(request).await {
        Ok((parts, bytes, message)) => answer(service, parts, bytes, &message).await,
        Err(response) => response,
    }
}

/// A message, strictly read; a request that carries none has a null. `Err`: the answer to one that cannot be read.
async fn read(request: Request) -> Result<(Parts, Bytes, Json), Response> {
    let (parts, body) = request.into_parts();
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let bytes = bytes.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    if parts.method != Method::POST {
        return Ok((parts, bytes, Json::Null));
    }
    let message = Json::parse(&bytes).map_err(|error| unreadable(&error))?;
    Ok((parts, bytes, message))
}

async fn answer<S: ServerHandler + Clone>(
    service: StreamableHttpService<S, NeverSessionManager>,
    mut parts: Parts,
    bytes: Bytes,
    message: &Json,
) -> Response {
    let sent = Sent::of(message);
    parts.extensions.insert(sent.clone());
    let response = service.handle(Request::from_parts(parts, Body::from(bytes))).await.map(Body::new);
    exact::restore(response, sent).await
}

fn unreadable(error: &JsonError) -> Response {
    failed(StatusCode::BAD_REQUEST, ErrorCode::PARSE_ERROR, &error.to_string())
}

fn failed(status: StatusCode, code: ErrorCode, message: &str) -> Response {
    let error = json!({"code": code, "message": message});
    (status, axum::Json(json!({"jsonrpc": "2.0", "id": null, "error": error}))).into_response()
}
