//! Who runs a tool. Not run through [`super::idempotent`], which keeps answers: a signing secret is told once.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::problem::{FieldError, Problem};
use domain::tool::Executor;
use engine::executors::{ExecutorSetting, SetExecutor, SetHttp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, Strict};
use super::{One, object};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// Who runs the calls of a tool.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecutorBody {
    /// `null` says that nobody runs it, so leaving it out says nothing.
    #[serde(default, deserialize_with = "body::there")]
    #[schema(required = true, value_type = Option<Executor>)]
    executor: Option<Option<Executor>>,
    /// Where approved calls are posted. For `http` alone, and needed there: public, or allowed by `outbound_allow`.
    url: Option<String>,
    /// How long an answer may take. For `http` alone.
    timeout_seconds: Option<u32>,
    /// Whether a new secret signs the calls from now on. For `http` alone; the old one signs beside it for a day.
    #[serde(default)]
    rotate_secret: bool,
}

impl ExecutorBody {
    fn read(self) -> Result<SetExecutor, Problem> {
        let executor = self.executor.ok_or_else(|| Problem::invalid("/executor", "is missing"))?;
        if executor == Some(Executor::Http) {
            let url = self.url.ok_or_else(|| Problem::invalid("/url", "is missing: the executor http calls a URL"))?;
            let (timeout_seconds, rotate_secret) = (self.timeout_seconds, self.rotate_secret);
            return Ok(SetExecutor::Http(SetHttp { url, timeout_seconds, rotate_secret }));
        }
        let extra = [
            ("/url", self.url.is_some()),
            ("/timeout_seconds", self.timeout_seconds.is_some()),
            ("/rotate_secret", self.rotate_secret),
        ];
        let errors: Vec<FieldError> = extra
            .into_iter()
            .filter(|(_, there)| *there)
            .map(|(pointer, _)| FieldError { pointer: pointer.to_owned(), message: "is for http alone".to_owned() })
            .collect();
        if errors.is_empty() { Ok(SetExecutor::Other(executor)) } else { Err(Problem::invalid_fields(errors)) }
    }
}

/// Who runs the calls of a tool.
#[derive(Serialize, ToSchema)]
struct ExecutorRecord {
    /// The tool.
    tool_name: String,
    /// `null`: nobody yet.
    executor: Option<Executor>,
    /// Where approved calls are posted.
    url: Option<String>,
    /// How long an answer may take.
    timeout_seconds: Option<u32>,
    /// So long does the secret before this one sign, too.
    previous_secret_until: Option<DateTime<Utc>>,
    /// What signs the calls (Standard Webhooks). Shown in the answer that made it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<String>,
}

impl From<ExecutorSetting> for ExecutorRecord {
    fn from(setting: ExecutorSetting) -> Self {
        Self {
            tool_name: setting.tool_name,
            executor: setting.executor,
            url: setting.url,
            timeout_seconds: setting.timeout_seconds,
            previous_secret_until: setting.previous_secret_until,
            signing_secret: setting.signing_secret.map(|secret| secret.reveal().to_owned()),
        }
    }
}

/// Shows who runs a tool.
#[utoipa::path(
    get, path = "/tools/{name}/executor", tag = "Tools", operation_id = "get_executor",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too")),
    responses((status = 200, description = "Done", body = One<ExecutorRecord>))
)]
pub(super) async fn get(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(tool): Path<String>,
) -> ApiResult<Response> {
    let setting = engine::executors::find(&state.engine, &principal, &tool).await?;
    Ok(object(StatusCode::OK, &ExecutorRecord::from(setting)))
}

/// Says who runs a tool.
///
/// A signing secret that this makes is in this answer and in no other.
#[utoipa::path(
    put, path = "/tools/{name}/executor", tag = "Tools", operation_id = "set_executor",
    params(("name" = String, Path, description = "The tool, percent-encoded, a slash too")),
    request_body = ExecutorBody,
    responses((status = 200, description = "Done", body = One<ExecutorRecord>))
)]
pub(super) async fn put(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(tool): Path<String>,
    Strict { value, .. }: Strict<ExecutorBody>,
) -> ApiResult<Response> {
    let setting = engine::executors::set(&state.engine, &principal, &tool, value.read()?).await?;
    Ok(object(StatusCode::OK, &ExecutorRecord::from(setting)))
}
