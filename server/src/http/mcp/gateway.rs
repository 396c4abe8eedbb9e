//! `/mcp/{upstream}`: an MCP server with the gate before its tools. What is not gated goes through to the letter; a call that is
//! gated is parked and held for a while, and whoever repeats it finds it again.
#![expect(deprecated, reason = "older clients still set the level of the log")]

mod call;
mod offer;
mod task;

use std::sync::Arc;

use axum::http::request::Parts;
use domain::identity::Principal;
use domain::json::Json;
use engine::Engine;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult, CustomRequest,
    CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, GetTaskParams, GetTaskResult, Implementation,
    JsonObject, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, SetLevelRequestParams, TASKS_EXTENSION_ID,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::{Sent, UPSTREAM_DOWN};
use crate::http::AppState;
use crate::upstreams::{Answer, Fault, Met, Upstream};

/// One request of an agent to an upstream.
#[derive(Clone)]
pub(super) struct Gateway {
    state: AppState,
    principal: Principal,
    upstream: Arc<Upstream>,
    met: Arc<Met>,
}

impl Gateway {
    pub(super) fn new(state: &AppState, principal: Principal, upstream: Arc<Upstream>, met: Arc<Met>) -> Self {
        Self { state: state.clone(), principal, upstream, met }
    }

    fn engine(&self) -> &Engine {
        &self.state.engine
    }

    /// Asks the upstream what the agent asks, and hands its answer on to the letter.
    async fn relay<T: DeserializeOwned>(
        &self,
        method: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<T, ErrorData> {
        let sent = sent(context)?;
        let progress = tell_progress(context);
        let answer = self.upstream.request(method, &sent.params, progress, self.upstream.config.timeout).await;
        self.hand_on(sent, answer)
    }

    fn hand_on<T: DeserializeOwned>(&self, sent: &Sent, answer: Answer) -> Result<T, ErrorData> {
        let result = answer.map_err(|fault| self.refusal(fault))?;
        let read = serde_json::from_str(&complete(&result).to_text()).map_err(|error| {
            ErrorData::internal_error(format!("The upstream answered with something that is no result: {error}"), None)
        });
        sent.answer_exactly(result);
        read
    }

    fn refusal(&self, fault: Fault) -> ErrorData {
        match fault {
            Fault::Refused { code, message, data } => {
                let code = ErrorCode(i32::try_from(code).unwrap_or(-32_603));
                ErrorData::new(code, message, data.and_then(|data| serde_json::from_str(&data.to_text()).ok()))
            }
            Fault::NotSent(why) | Fault::Lost(why) => {
                let name = &self.upstream.config.name;
                ErrorData::new(UPSTREAM_DOWN, format!("The upstream {name} cannot be asked: {why}"), None)
            }
        }
    }
}

/// The same as an upstream of the newest revision says it; the library takes that back for an older agent.
fn complete(result: &Json) -> Json {
    let mut members = result.as_object().unwrap_or_default().to_vec();
    if result.get("resultType").is_none() {
        members.push(("resultType".to_owned(), Json::from("complete")));
    }
    Json::Object(members)
}

/// The same object with a note of ours in its `_meta`.
fn with_note(object: Json, name: &str, note: Json) -> Json {
    let Json::Object(mut members) = object else { return object };
    match members.iter_mut().find(|(name, _)| name == "_meta") {
        Some((_, Json::Object(meta))) => meta.push((name.to_owned(), note)),
        _ => members.push(("_meta".to_owned(), Json::object([(name, note)]))),
    }
    Json::Object(members)
}

fn internal(error: engine::Error) -> ErrorData {
    ErrorData::internal_error(error.into_problem().detail, None)
}

/// What the agent sent, beside the library's copy of it.
fn sent(context: &RequestContext<RoleServer>) -> Result<&Sent, ErrorData> {
    let sent = context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Sent>());
    sent.ok_or_else(|| ErrorData::internal_error("the request came without its head", None))
}

/// Hands the upstream's progress on, if the agent wants to hear of it.
fn tell_progress(context: &RequestContext<RoleServer>) -> Option<mpsc::UnboundedSender<Json>> {
    let token = context.meta.get_progress_token()?;
    let (sender, mut told) = mpsc::unbounded_channel::<Json>();
    let peer = context.peer.clone();
    tokio::spawn(async move {
        while let Some(params) = told.recv().await {
            let number = |name: &str| params.get(name).and_then(|own| own.to_text().parse::<f64>().ok());
            let mut progress = ProgressNotificationParam::new(token.clone(), number("progress").unwrap_or_default());
            progress.total = number("total");
            progress.message = params.get("message").and_then(Json::as_str).map(str::to_owned);
            // An agent that has gone hears nothing.
            if peer.notify_progress(progress).await.is_err() {
                return;
            }
        }
    });
    Some(sender)
}

impl ServerHandler for Gateway {
    /// What the upstream said of itself, but for what needs a stream of its own.
    fn get_info(&self) -> ServerConfig {
        let hello = &self.met.hello;
        let read = |name: &str| hello.get(name).map(Json::to_text);
        let capabilities = read("capabilities").and_then(|text| serde_json::from_str::<ServerCapabilities>(&text).ok());
        let mut capabilities = capabilities.unwrap_or_default();
        if let Some(tools) = &mut capabilities.tools {
            tools.list_changed = None;
        }
        if let Some(prompts) = &mut capabilities.prompts {
            prompts.list_changed = None;
        }
        if let Some(resources) = &mut capabilities.resources {
            resources.list_changed = None;
            resources.subscribe = None;
        }
        let extensions = capabilities.extensions.get_or_insert_default();
        extensions.insert(TASKS_EXTENSION_ID.to_owned(), JsonObject::new());
        let info = read("serverInfo").and_then(|text| serde_json::from_str(&text).ok());
        let config = ServerConfig::new(capabilities)
            .with_server_info(info.unwrap_or_else(|| Implementation::new(&self.upstream.config.name, "unknown")));
        match hello.get("instructions").and_then(Json::as_str) {
            Some(instructions) => config.with_instructions(instructions),
            None => config,
        }
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let listed = self.offer().await?;
        self.hand_on(sent(&context)?, Ok(listed))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.check_offered(&call.name).await?;
        if self.gate_of(&call.name).await?.is_none() {
            return self.relay("tools/call", &context).await.map(CallToolResponse::Complete);
        }
        self.gated(&call.name, &context).await
    }

    async fn get_task(
        &self,
        asked: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.look_at_task(&asked.task_id, sent(&context)?).await
    }

    async fn cancel_task(&self, asked: CancelTaskParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.drop_task(&asked.task_id).await
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.relay("resources/list", &context).await
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.relay("resources/templates/list", &context).await
    }

    async fn read_resource(
        &self,
        _: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.relay("resources/read", &context).await.map(ReadResourceResponse::Complete)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.relay("prompts/list", &context).await
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.relay("prompts/get", &context).await.map(GetPromptResponse::Complete)
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.relay("completion/complete", &context).await
    }

    async fn set_level(&self, _: SetLevelRequestParams, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.relay::<serde_json::Value>("logging/setLevel", &context).await.map(drop)
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        self.relay(&request.method, &context).await.map(CustomResult)
    }
}
