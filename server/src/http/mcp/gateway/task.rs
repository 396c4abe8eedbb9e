//! A gated call as a task, for agents that know tasks: they get its id at once, and ask how it stands when they like. A task's id
//! is its action's.

use chrono::{SecondsFormat, Utc};
use domain::action::Action;
use domain::id::ActionId;
use domain::json::Json;
use domain::lifecycle::Status;
use engine::upstreams::tool_name;
use rmcp::ErrorData;
use rmcp::model::{DetailedTask, GetTaskResult, Task, TaskPayload, TaskStatus};

use super::call::Stands;
use super::{Gateway, internal};
use crate::http::mcp::Sent;

/// How often to ask, in milliseconds.
const POLL_MS: u64 = 2_000;

impl Gateway {
    /// A call that waits, as its task.
    pub(super) fn task(&self, action: &Action) -> Task {
        let time = |at: chrono::DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let changed = action.executed_at.or(action.decided_at).unwrap_or(action.requested_at);
        let task = Task::new(action.id.to_string(), TaskStatus::Working, time(action.requested_at), time(changed));
        task.with_poll_interval_ms(POLL_MS).with_status_message(self.how_it_stands(action))
    }

    /// How a task stands; what came of it, to the letter.
    pub(super) async fn look_at_task(&self, id: &str, sent: &Sent) -> Result<GetTaskResult, ErrorData> {
        let action = self.own_action(id).await?;
        let task = self.task(&action);
        let result = match self.stands(&action) {
            _ if action.status == Status::Withdrawn => return Ok(done(task, TaskPayload::Cancelled)),
            Stands::Over(result) => result,
            Stands::Open(_) | Stands::ToBeMade | Stands::Waits(_) => return Ok(done(task, TaskPayload::Working)),
        };
        engine::gateway::answered(self.engine(), action.id).await.map_err(internal)?;
        let typed = serde_json::from_str(&result.to_text()).unwrap_or_default();
        let told = done(task, TaskPayload::Completed { result: typed });
        if let Ok(Json::Object(mut members)) = Json::parse_str(&serde_json::to_string(&told).unwrap_or_default()) {
            members.retain(|(name, _)| name != "result");
            members.push(("result".to_owned(), result));
            sent.answer_exactly(Json::Object(members));
        }
        Ok(told)
    }

    /// The agent does not want it any more: what waits is withdrawn, what was approved stands.
    pub(super) async fn drop_task(&self, id: &str) -> Result<(), ErrorData> {
        let action = self.own_action(id).await?;
        let why = "The agent cancelled its task.";
        engine::gateway::give_up(self.engine(), &self.principal, action.id, why).await.map_err(internal)
    }

    /// A call of this upstream that the agent may see.
    async fn own_action(&self, id: &str) -> Result<Action, ErrorData> {
        let unknown = || ErrorData::invalid_params(format!("There is no task {id:?}."), None);
        let id: ActionId = id.parse().map_err(|_| unknown())?;
        let full = match engine::actions::get(self.engine(), &self.principal, id).await {
            Ok(full) => full,
            Err(engine::Error::Problem(_)) => return Err(unknown()),
            Err(error) => return Err(internal(error)),
        };
        let ours = full.action.tool_name.starts_with(&tool_name(&self.upstream.config.name, ""));
        ours.then_some(full.action).ok_or_else(unknown)
    }
}

fn done(task: Task, payload: TaskPayload) -> GetTaskResult {
    GetTaskResult::new(DetailedTask::new(task, payload))
}
