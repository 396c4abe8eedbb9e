//! A gated call: parked or found again, held until it has an outcome or the time is over.

use std::time::Duration;

use domain::action::Action;
use domain::id::ActionId;
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::problem::{Code, Problem};
use engine::actions::Until;
use engine::gate::ParkRequest;
use engine::gateway::Held;
use engine::upstreams::tool_name;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, CreateTaskResult, ProgressNotificationParam, Task};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Gateway, sent, tell_progress, with_note};
use crate::http::mcp::Sent;
use crate::upstreams::Fault;

/// Where a result says which action it is of.
const ACTION: &str = "countersign.dev/action";
/// Where a refusal says its code.
const PROBLEM: &str = "countersign.dev/problem";
/// How often an agent that wants to hear of progress is told that its call still waits.
const TELL: Duration = Duration::from_secs(5);

/// What an agent is told if the gateway itself fails at its call.
const FAILED: &str =
    "The gateway failed at this call. Call the tool again with the same arguments: it is the same call, and runs once.";

/// A call that is gated, and the number that its agent gave the request.
struct Call {
    request: ParkRequest,
    number: String,
}

/// The agent that waits for its call.
struct Agent<'a> {
    /// Told when it waits no longer.
    gone: CancellationToken,
    /// Where it hears of progress, if it wants to.
    hears: Option<&'a RequestContext<RoleServer>>,
}

impl<'a> Agent<'a> {
    fn of(context: &'a RequestContext<RoleServer>) -> Self {
        Self { gone: context.ct.clone(), hears: context.meta.get_progress_token().map(|_| context) }
    }

    /// One that does not want to hear before the end.
    const fn silent(gone: CancellationToken) -> Self {
        Self { gone, hears: None }
    }

    async fn hears_that_it_waits(&self, url: &str, since: Duration) {
        let Some((context, token)) = self.hears.and_then(|context| Some((context, context.meta.get_progress_token()?)))
        else {
            return;
        };
        let mut progress = ProgressNotificationParam::new(token, since.as_secs_f64());
        progress.message = Some(format!("Waiting for approval: {url}"));
        // An agent that has gone comes back, or does not.
        let _ = context.peer.notify_progress(progress).await;
    }
}

/// What a gated call comes to.
enum Gated {
    /// A result, be it that it still waits.
    Told(Json),
    /// It waits, and the agent asks for it.
    Task(Task),
}

/// Where a call stands.
pub(super) enum Stands {
    /// The agent is told, and the call is over for it.
    Over(Json),
    /// It is told, and may come back with the same call.
    Open(Json),
    /// It is to be made now.
    ToBeMade,
    /// Something is still to happen.
    Waits(Until),
}

impl Gateway {
    /// The answer to a gated call.
    pub(super) async fn gated(
        &self,
        name: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let sent = sent(context)?;
        let call = self.call(name, sent, context);
        let takes_tasks = context.client_capabilities().is_some_and(|own| own.supports_tasks());
        let agent = Agent::of(context);
        if takes_tasks || agent.hears.is_some() {
            let result = match self.on_the_way(call, takes_tasks, &agent).await {
                Ok(Gated::Task(task)) => return Ok(CallToolResponse::Task(CreateTaskResult::new(task))),
                Ok(Gated::Told(result)) => result,
                Err(error) => refused(&error.into_problem()),
            };
            return self.hand_on(sent, Ok(result)).map(CallToolResponse::Complete);
        }
        // The library's part ends with this: what it has for each request is large, and a call may wait for long.
        let gateway = self.clone();
        sent.answer_later(move |gone| gateway.in_the_end(call, gone));
        Ok(CallToolResponse::Complete(CallToolResult::error(vec![ContentBlock::text(FAILED)])))
    }

    fn call(&self, name: &str, sent: &Sent, context: &RequestContext<RoleServer>) -> Call {
        let arguments = sent.params.get("arguments").cloned();
        let request = ParkRequest {
            tool_name: tool_name(&self.upstream.config.name, name),
            tool_args: arguments.unwrap_or_else(|| Json::Object(Vec::new())),
            agent_summary: None,
            session_id: None,
            why: None,
            evidence: None,
            expires_in_hours: None,
            deduplication_key: None,
            id: None,
            under_attempt: None,
        };
        Call { request, number: serde_json::to_string(&context.id).unwrap_or_default() }
    }

    /// For an agent that hears of its call while it waits, or asks for it.
    async fn on_the_way(&self, call: Call, takes_tasks: bool, agent: &Agent<'_>) -> engine::Result<Gated> {
        let deadline = self.deadline();
        let action = self.submit(call).await?;
        if takes_tasks && action.status == Status::Pending {
            return Ok(Gated::Task(self.task(&action)));
        }
        Ok(Gated::Told(self.see_through(action, deadline, agent).await?))
    }

    /// For an agent that is told in the end.
    async fn in_the_end(self, call: Call, gone: CancellationToken) -> Json {
        let deadline = self.deadline();
        let told = async {
            let action = self.submit(call).await?;
            self.see_through(action, deadline, &Agent::silent(gone)).await
        };
        told.await.unwrap_or_else(|error| refused(&error.into_problem()))
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.upstream.config.hold
    }

    async fn submit(&self, call: Call) -> engine::Result<Action> {
        let held = Held { request: &call.number, seconds: self.upstream.config.hold.as_secs_f64() };
        Ok(engine::gateway::submit(self.engine(), &self.principal, call.request, held).await?.action)
    }

    async fn see_through(&self, mut action: Action, deadline: Instant, agent: &Agent<'_>) -> engine::Result<Json> {
        loop {
            let until = match self.stands(&action) {
                Stands::Over(result) => return self.over(action.id, result, agent).await,
                Stands::Open(result) => return Ok(result),
                Stands::Waits(until) => until,
                Stands::ToBeMade => {
                    let progress = agent.hears.and_then(tell_progress);
                    let made = self.state.upstreams.make(self.engine(), &self.upstream, action.id, progress).await?;
                    match made.map(|answer| self.told(action.id, answer)) {
                        Some(Stands::Over(result)) => return self.over(action.id, result, agent).await,
                        Some(Stands::Open(result)) => return Ok(result),
                        _ => Until::Executed,
                    }
                }
            };
            let left = deadline.saturating_duration_since(Instant::now());
            action = self.wait(action.id, until, left, agent).await?;
            let ends = agent.gone.is_cancelled() || self.state.stopping.is_cancelled();
            let over = Instant::now() >= deadline || ends;
            if over && matches!(self.stands(&action), Stands::Waits(_) | Stands::ToBeMade) {
                return Ok(self.pending(&action));
            }
        }
    }

    /// The agent is told, and calls anew from now on; one that has gone meanwhile finds what it was when it is back.
    async fn over(&self, id: ActionId, result: Json, agent: &Agent<'_>) -> engine::Result<Json> {
        if !agent.gone.is_cancelled() {
            engine::gateway::answered(self.engine(), id).await?;
        }
        Ok(result)
    }

    pub(super) fn stands(&self, action: &Action) -> Stands {
        match (action.status, action.execution_state) {
            (Status::Pending, _) => Stands::Waits(Until::Decided),
            (Status::Approved, Some(ExecutionState::Unknown)) => Stands::Open(self.unknown(action)),
            (Status::Approved, Some(ExecutionState::Queued)) => Stands::ToBeMade,
            (Status::Approved, _) => Stands::Waits(Until::Executed),
            (Status::Executed, _) => Stands::Over(self.stored(action)),
            (Status::Rejected | Status::Expired | Status::Withdrawn | Status::Abandoned, _) => {
                Stands::Over(self.turned_down(action))
            }
        }
    }

    /// Waits for a change, and tells an agent that wants to hear of it that it waits.
    async fn wait(&self, id: ActionId, until: Until, within: Duration, agent: &Agent<'_>) -> engine::Result<Action> {
        let begun = Instant::now();
        let waiting = engine::actions::wait(self.engine(), &self.principal, id, within, until);
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                full = &mut waiting => return Ok(full?.action),
                () = sleep(TELL) => agent.hears_that_it_waits(&self.url(id), begun.elapsed()).await,
                () = agent.gone.cancelled() => {
                    let now = engine::actions::get(self.engine(), &self.principal, id).await?;
                    return Ok(now.action);
                }
            }
        }
    }

    /// What the agent is told of a call that was made just now: the upstream's answer to the letter.
    fn told(&self, id: ActionId, answer: Result<Json, Fault>) -> Stands {
        match answer {
            Ok(result) => Stands::Over(with_action(result, id, "executed", &self.url(id))),
            Err(Fault::Lost(why)) => Stands::Open(self.error(id, "unknown", &unknown(&why))),
            Err(fault) => Stands::Over(self.error(id, "executed", fault.words())),
        }
    }

    /// The result as it was kept: the call was made by somebody who is not here.
    fn stored(&self, action: &Action) -> Json {
        let result = action.execution_result.as_ref();
        let kept = result.and_then(|result| result.result.clone()).filter(|kept| kept.get("content").is_some());
        match (kept, result) {
            (Some(kept), _) => with_action(kept, action.id, "executed", &self.url(action.id)),
            (None, Some(result)) if !result.success => {
                let error = result.error.as_deref().unwrap_or("The call failed without a word.");
                self.error(action.id, "executed", error)
            }
            (None, result) => {
                let kept = result.and_then(|result| result.result.as_ref()).map(Json::to_text);
                let words = format!("The call was approved and has run. {}", kept.unwrap_or_default());
                self.text(action.id, "executed", words.trim(), false)
            }
        }
    }

    fn turned_down(&self, action: &Action) -> Json {
        let id = action.id;
        let reason = action.decision_reason.as_deref().unwrap_or_default();
        let words = match action.status {
            Status::Rejected => format!("Rejected: {reason}"),
            Status::Expired => "Nobody decided on the call before its deadline. It did not run.".to_owned(),
            Status::Withdrawn => format!("The call was withdrawn. It did not run. {reason}"),
            _ => format!("The call was given up. {reason}"),
        };
        self.error(id, action.status.as_str(), words.trim())
    }

    fn unknown(&self, action: &Action) -> Json {
        self.error(action.id, "unknown", &unknown("The answer was lost."))
    }

    /// Success-shaped: nothing is wrong.
    fn pending(&self, action: &Action) -> Json {
        let url = self.url(action.id);
        let words = if action.status == Status::Pending {
            format!(
                "Waiting for approval: {url}\nNothing has run yet. Call the tool again with the same arguments to go on waiting: it is the same call, and runs once."
            )
        } else {
            format!(
                "The call is approved and has not run yet: {}. Call the tool again with the same arguments to hear of its outcome: it is the same call, and runs once.\n{url}",
                self.upstream.trouble()
            )
        };
        self.text(action.id, action.status.as_str(), &words, false)
    }

    fn error(&self, id: ActionId, status: &str, words: &str) -> Json {
        self.text(id, status, words, true)
    }

    fn text(&self, id: ActionId, status: &str, words: &str, is_error: bool) -> Json {
        with_action(result_of(words, is_error), id, status, &self.url(id))
    }

    /// How a call stands that has no outcome yet, in a line.
    pub(super) fn how_it_stands(&self, action: &Action) -> String {
        let url = self.url(action.id);
        match (action.status, action.execution_state) {
            (Status::Pending, _) => format!("Waiting for approval: {url}"),
            (Status::Approved, Some(ExecutionState::Unknown)) => unknown("The answer was lost."),
            (status, _) => format!("{}: {url}", status.as_str()),
        }
    }

    fn url(&self, id: ActionId) -> String {
        format!("{}/approvals/{id}", self.state.config.base_url())
    }
}

fn unknown(why: &str) -> String {
    format!("{why} Nobody knows whether the call has run: it is not made again by itself. A person finds out.")
}

/// The gate refused the call, or could not take it.
fn refused(problem: &Problem) -> Json {
    let mut words = problem.detail.clone();
    for error in problem.errors.iter().filter(|_| problem.code == Code::InvalidRequest) {
        words.push_str(&format!("\n{} {}", error.pointer.trim_start_matches("/tool_args"), error.message));
    }
    with_note(result_of(&words, true), PROBLEM, Json::object([("code", Json::from(problem.code.as_str()))]))
}

fn result_of(words: &str, is_error: bool) -> Json {
    let text = Json::object([("type", Json::from("text")), ("text", Json::from(words))]);
    Json::object([("content", Json::Array(vec![text])), ("isError", Json::from(is_error))])
}

/// The result, and which action it is of.
fn with_action(result: Json, id: ActionId, status: &str, url: &str) -> Json {
    let action =
        Json::object([("id", Json::from(id.to_string())), ("status", Json::from(status)), ("url", Json::from(url))]);
    let result = if result.is_object() { result } else { result_of("", false) };
    with_note(result, ACTION, action)
}
