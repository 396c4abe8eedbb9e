//! `countersign hook`: the gate for a harness that runs its tools itself and asks a program before each. It reads what the harness
//! says on standard input, in the shape of Claude Code's hooks, and answers whether the call may run.
//!
//! Every request is made under a key of the very call (session and `tool_use_id`), so the run of the program that comes after
//! the call finds what the one before it did by asking the same again, and reports what came of it.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use domain::action::limit;
use domain::digest::Digest;
use domain::json::Json;
use serde_json::json;
use uuid::Uuid;

use super::actions::read;
use super::remote::{Remote, RemoteFlags};
use super::terminal::print_json;
use crate::failure::{Failure, Outcome};

/// How long a call may run, in seconds, before nobody knows what came of it.
const LEASE_SECONDS: i64 = 3_600;
/// How long one request is held, in seconds.
const HELD: u64 = 50;

#[derive(Args, Debug)]
pub(super) struct Hook {
    /// Seconds to wait for a decision: less than the harness waits for its hook
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    wait_seconds: u64,
    /// What a call comes to that nobody has decided by then
    #[arg(long, value_enum, default_value = "deny")]
    undecided: Undecided,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Undecided {
    /// It does not run; the model is told to come back with it
    Deny,
    /// Whoever sits at the harness decides there: the gate is left
    Ask,
}

/// What the harness says.
struct Event {
    name: String,
    session: Option<String>,
    tool: String,
    arguments: Json,
    /// Which call of the session it is; without it what came of a call cannot be reported.
    call: Option<String>,
    /// After the call: what came of it.
    response: Option<Json>,
}

/// What the harness is told.
enum Verdict {
    Allow { reason: String, changed: Option<Json> },
    Deny(String),
    Ask(String),
}

pub(super) async fn run(hook: Hook) -> Outcome {
    let event = Event::read(&read("-")?)?;
    match event.name.as_str() {
        "PreToolUse" => {
            // Whatever goes wrong, the call does not run.
            let verdict = match gate(&hook, &event).await {
                Ok(verdict) => verdict,
                Err(failure) => {
                    Verdict::Deny(format!("Countersign cannot be asked, so the call does not run: {failure}"))
                }
            };
            print_json(&verdict.text());
            Ok(())
        }
        "PostToolUse" => report(&hook, &event, true).await,
        "PostToolUseFailure" => report(&hook, &event, false).await,
        other => Err(Failure::misuse(format!(
            "{other:?} is no event of this hook: it is for PreToolUse, PostToolUse and PostToolUseFailure"
        ))),
    }
}

impl Event {
    fn read(bytes: &[u8]) -> Outcome<Self> {
        let event = Json::parse(bytes)
            .map_err(|error| Failure::misuse(format!("standard input holds no event of a harness: {error}")))?;
        let text = |name: &str| event.get(name).and_then(Json::as_str).map(str::to_owned);
        let needed = |name: &str| text(name).ok_or_else(|| Failure::misuse(format!("the event has no {name}")));
        Ok(Self {
            name: needed("hook_event_name")?,
            tool: needed("tool_name")?,
            arguments: event.get("tool_input").cloned().unwrap_or_else(|| Json::Object(Vec::new())),
            session: text("session_id"),
            call: text("tool_use_id"),
            response: event.get("tool_response").or_else(|| event.get("error")).cloned(),
        })
    }

    /// The key of a request about this very call.
    fn key(&self, verb: &str) -> String {
        match &self.call {
            Some(call) => {
                let named = [verb, self.session.as_deref().unwrap_or_default(), call].map(Json::from);
                Digest::of(&Json::Array(named.to_vec())).to_string()
            }
            None => Uuid::new_v4().to_string(),
        }
    }

    async fn park(&self, remote: &Remote) -> Outcome<Json> {
        let same = [self.session.as_deref().unwrap_or_default(), self.tool.as_str()].map(Json::from);
        let same = Json::Array(same.into_iter().chain([self.arguments.clone()]).collect());
        let call = Json::object([
            ("tool_name", Json::from(self.tool.as_str())),
            ("tool_args", self.arguments.clone()),
            ("session_id", Json::from(self.session.clone())),
            ("deduplication_key", Json::from(Digest::of(&same).to_string())),
        ]);
        data(remote.post_under(&self.key("park"), "/actions", call.to_text()).await?.success()?)
    }

    /// The attempt under which the call runs. `None`: it is not to be run.
    async fn claim(&self, remote: &Remote, action: &str) -> Outcome<Option<String>> {
        let body = json!({"action_id": action, "lease_seconds": LEASE_SECONDS}).to_string();
        let text = remote.post_under(&self.key("claim"), "/executions/claim", body).await?.success()?;
        if text.is_empty() {
            return Ok(None);
        }
        Ok(data(text)?.get("attempt").and_then(Json::as_str).map(str::to_owned))
    }
}

async fn gate(hook: &Hook, event: &Event) -> Outcome<Verdict> {
    let remote = Remote::new(&hook.remote)?;
    let deadline = Instant::now() + Duration::from_secs(hook.wait_seconds);
    let mut action = event.park(&remote).await?;
    let id = word(&action, "id").to_owned();
    while word(&action, "status") == "pending" {
        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        if left == 0 {
            return Ok(undecided(hook.undecided, &action));
        }
        action = data(remote.get(&format!("/actions/{id}?wait={}", left.min(HELD))).await?.success()?)?;
    }
    let reason = word(&action, "decision_reason");
    Ok(match word(&action, "status") {
        "approved" => match event.claim(&remote, &id).await? {
            Some(_) => allow(&action),
            None => Verdict::Deny(format!(
                "Approved, and not to be run from here: it runs or has run already, or the executor of {} is not `agent` ({}).",
                event.tool,
                word(&action, "url")
            )),
        },
        "rejected" => Verdict::Deny(format!("Rejected: {reason}")),
        "expired" => Verdict::Deny("Nobody decided on the call before its deadline.".to_owned()),
        other => Verdict::Deny(format!("The call is {other}. {reason}").trim().to_owned()),
    })
}

fn allow(action: &Json) -> Verdict {
    let edited = action.get("edited").and_then(Json::as_bool) == Some(true);
    let by = word(action, "decided_by");
    let changed = action.get("edited_args").filter(|_| edited).cloned();
    Verdict::Allow { reason: format!("Approved by {by} ({}).", word(action, "url")), changed }
}

fn undecided(undecided: Undecided, action: &Json) -> Verdict {
    let url = word(action, "url");
    match undecided {
        Undecided::Deny => Verdict::Deny(format!(
            "Waiting for approval: {url}\nNothing has run. Make the same call again later: it goes on waiting, and runs once."
        )),
        Undecided::Ask => Verdict::Ask(format!("Nobody has decided on it in Countersign yet: {url}")),
    }
}

/// What came of a call that was allowed here. Of others there is nothing to say.
async fn report(hook: &Hook, event: &Event, success: bool) -> Outcome {
    if event.call.is_none() {
        return Ok(());
    }
    let remote = Remote::new(&hook.remote)?;
    let action = event.park(&remote).await?;
    let Some(attempt) = event.claim(&remote, word(&action, "id")).await? else { return Ok(()) };
    let said = event.response.clone().unwrap_or(Json::Null);
    let fits = said.to_text().len() <= limit::RESULT;
    let said = if fits { said } else { Json::from("It was too long to be kept.") };
    let report = if success {
        Json::object([("success", Json::from(true)), ("result", said)])
    } else {
        let error = said.as_str().map_or_else(|| said.to_text(), str::to_owned);
        Json::object([("success", Json::from(false)), ("error", Json::from(error))])
    };
    let path = format!("/executions/{attempt}/result");
    remote.post_under(&event.key("report"), &path, report.to_text()).await?.success()?;
    Ok(())
}

impl Verdict {
    /// As the harness reads it.
    fn text(&self) -> String {
        let (decision, reason) = match self {
            Self::Allow { reason, .. } => ("allow", reason),
            Self::Deny(reason) => ("deny", reason),
            Self::Ask(reason) => ("ask", reason),
        };
        let mut told = vec![
            ("hookEventName".to_owned(), Json::from("PreToolUse")),
            ("permissionDecision".to_owned(), Json::from(decision)),
            ("permissionDecisionReason".to_owned(), Json::from(reason.as_str())),
        ];
        if let Self::Allow { changed: Some(changed), .. } = self {
            told.push(("updatedInput".to_owned(), changed.clone()));
        }
        Json::object([("hookSpecificOutput", Json::Object(told))]).to_text()
    }
}

/// `data` of an answer.
fn data(text: String) -> Outcome<Json> {
    let answer = Json::parse_str(&text).ok();
    let data = answer.as_ref().and_then(|answer| answer.get("data")).cloned();
    data.ok_or_else(|| Failure::new("the server answered with something that is no answer"))
}

fn word<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        Event::read(text.as_bytes()).expect("an event")
    }

    #[test]
    fn a_request_is_named_after_the_very_call_or_after_nothing() {
        let one = r#"{"hook_event_name":"PreToolUse","session_id":"s","tool_name":"Bash","tool_input":{"command":"ls"},"tool_use_id":"t1"}"#;
        assert_eq!(event(one).key("park"), event(one).key("park"));
        assert_ne!(event(one).key("park"), event(one).key("claim"));
        assert_ne!(event(one).key("park"), event(&one.replace("t1", "t2")).key("park"));
        let unnamed = r#"{"hook_event_name":"PreToolUse","tool_name":"Bash"}"#;
        assert_ne!(event(unnamed).key("park"), event(unnamed).key("park"), "two calls are never taken for one");
        assert!(Event::read(b"{}").is_err() && Event::read(b"nonsense").is_err());
    }

    #[test]
    fn what_a_person_changed_is_what_runs_to_the_digit() {
        let changed = Json::parse_str(r#"{"amount":1.50}"#).expect("JSON");
        let verdict = Verdict::Allow { reason: "Approved by human:ana.".to_owned(), changed: Some(changed) };
        assert_eq!(
            verdict.text(),
            r#"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","permissionDecisionReason":"Approved by human:ana.","updatedInput":{"amount":1.50}}}"#
        );
    }
}
