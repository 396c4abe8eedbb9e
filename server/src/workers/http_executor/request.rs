//! What a tool's URL gets. `server/README.md` documents it: a member is never renamed and never changes its meaning.

use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, Utc};
use domain::action::Decider;
use domain::digest::Digest;
use domain::id::{ActionId, AttemptId};
use domain::json::Json;
use engine::http_executor::Call;
use serde::Serialize;

use crate::outbound::signature;

#[derive(Serialize)]
struct Execute<'a> {
    r#type: &'static str,
    action_id: ActionId,
    attempt_id: AttemptId,
    /// 1 for the first attempt of the action.
    number: i32,
    tool_name: &'a str,
    /// As they were approved, digit for digit.
    arguments: &'a Json,
    args_sha256: Digest,
    agent_id: &'a str,
    session_id: Option<&'a str>,
    approved_by: Option<&'a Decider>,
    approved_at: Option<DateTime<Utc>>,
}

/// The body of the request.
pub(super) fn body(call: &Call) -> String {
    let action = &call.action;
    serde_json::to_string(&Execute {
        r#type: "action.execute",
        action_id: action.id,
        attempt_id: call.attempt,
        number: call.number,
        tool_name: &action.tool_name,
        arguments: &action.tool_args,
        args_sha256: action.args_sha256,
        agent_id: &action.agent_id,
        session_id: action.session_id.as_deref(),
        approved_by: action.decided_by.as_ref(),
        approved_at: action.decided_at,
    })
    .expect("a call is plain data")
}

/// Its headers: what it is, who sent it, and under which key it is the same call as before.
pub(super) fn headers(call: &Call, body: &str) -> HeaderMap {
    let attempt = call.attempt.to_string();
    let mut headers = signature::headers(&call.secrets, &attempt, call.claimed_at.timestamp(), body);
    let key = HeaderValue::from_str(&call.action.id.to_string()).expect("an id is fit for a header");
    headers.insert("idempotency-key", key);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("accept", HeaderValue::from_static("application/json"));
    headers
}
