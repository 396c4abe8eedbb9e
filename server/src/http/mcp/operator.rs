//! `/mcp/operator`: what an operator does, as tools. Each tool is one request to the interface for programs, asked in the
//! name of whoever calls the tool: what holds there (who may, what is masked, what an error says) holds here.

mod tools;

use app::visitor::Visitor;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use domain::json::Json;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tower::ServiceExt;

use super::Sent;
use crate::http::problem::ApiError;
use crate::http::{AppState, rest};
use tools::Tool;

const INSTRUCTIONS: &str = "Risky tool calls of agents wait here until a person, or a standing rule a person made, \
    approves them. Anybody with a token may look as far as it lets them; deciding and making rules needs a person's token. \
    Every answer is a JSON document: `data`, and `meta` with the paging of a list; an error has a stable `code`.";

/// The tools, asked of the interface for programs.
#[derive(Clone)]
pub(super) struct Operator {
    rest: Router,
}

impl Operator {
    pub(super) fn new(state: &AppState) -> Self {
        Self { rest: Router::from(rest::router()).with_state(state.clone()) }
    }

    /// What the interface answers, and whether that is an error.
    async fn ask(&self, tool: &Tool, arguments: &Json, parts: &Parts) -> Result<(String, bool), ErrorData> {
        let response = match tool.request(arguments) {
            Ok(mut request) => {
                speak_for(parts, &mut request);
                self.rest.clone().oneshot(request).await.into_response()
            }
            Err(problem) => ApiError(problem).into_response(),
        };
        let failed = !response.status().is_success();
        let unreadable = |error: String| ErrorData::internal_error(error, None);
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(body.into()).map_err(|error| unreadable(error.to_string()))?;
        Ok(if failed { (text, true) } else { (tool.answer(text), false) })
    }
}

/// The request is that of whoever called the tool.
fn speak_for(parts: &Parts, request: &mut Request) {
    for name in [AUTHORIZATION, COOKIE] {
        if let Some(value) = parts.headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(visitor) = parts.extensions.get::<Visitor>() {
        request.extensions_mut().insert(visitor.clone());
    }
}

impl ServerHandler for Operator {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("countersign-operator", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::definitions().to_vec()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = Tool::named(&call.name)
            .ok_or_else(|| ErrorData::invalid_params(format!("There is no tool {:?} here.", call.name), None))?;
        let parts = context
            .extensions
            .get::<Parts>()
            .ok_or_else(|| ErrorData::internal_error("the request came without its head", None))?;
        let none = Json::Object(Vec::new());
        let arguments = parts.extensions.get::<Sent>().and_then(|sent| sent.params.get("arguments")).unwrap_or(&none);
        let (text, failed) = self.ask(tool, arguments, parts).await?;
        Ok(told(text, failed).into())
    }
}

/// The text is the answer to the letter. The structured copy goes with it where machine numbers hold it exactly.
fn told(text: String, failed: bool) -> CallToolResult {
    let exact = Json::parse_str(&text).is_ok_and(|json| holds_in_machine_numbers(&json));
    let structured = exact.then(|| serde_json::from_str(&text).ok()).flatten();
    let content = vec![ContentBlock::text(text)];
    let mut result = if failed { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = structured;
    result
}

fn holds_in_machine_numbers(json: &Json) -> bool {
    match json {
        Json::Number(number) => {
            number.as_str().parse::<serde_json::Number>().is_ok_and(|kept| kept.to_string() == number.as_str())
        }
        Json::Array(items) => items.iter().all(holds_in_machine_numbers),
        Json::Object(members) => members.iter().all(|(_, value)| holds_in_machine_numbers(value)),
        Json::Null | Json::Bool(_) | Json::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_machine_numbers_would_change_is_told_as_text_alone() {
        let changed = told(r#"{"data":{"amount":12345678901234567890123}}"#.to_owned(), false);
        assert_eq!(changed.structured_content, None);
        assert_eq!(told(r#"{"data":{"amount":1.50}}"#.to_owned(), false).structured_content, None);
        let kept = told(r#"{"data":{"amount":1.5,"n":7}}"#.to_owned(), false);
        assert_eq!(kept.structured_content, Some(serde_json::json!({"data": {"amount": 1.5, "n": 7}})));
    }
}
