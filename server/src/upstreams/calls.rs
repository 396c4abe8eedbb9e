//! Approved calls to an upstream: claimed before, made once, written down after, whoever waits for them or goes.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use domain::action::limit;
use domain::id::ActionId;
use domain::json::Json;
use engine::Engine;
use engine::execution::Report;
use engine::mcp_executor::{Call, Outcome, claim, settle};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{error, info};

use super::message::{Answer, Fault};
use super::{Connection, Upstream, Upstreams};

/// How often an outcome is written down again while the database is away, before its lease ends and it is unknown.
const TRIES: u32 = 8;

impl Upstreams {
    /// Makes an approved call, if nobody else has it and the upstream is up. It goes on when whoever asked has gone.
    ///
    /// # Errors
    /// When the database cannot be reached before the call is made.
    pub async fn make(
        &self,
        engine: &Engine,
        upstream: &Arc<Upstream>,
        id: ActionId,
        progress: Option<mpsc::UnboundedSender<Json>>,
    ) -> engine::Result<Option<Answer>> {
        if upstream.link().is_err() {
            return Ok(None);
        }
        let (engine, upstream) = (engine.clone(), upstream.clone());
        let made = self.calls.spawn(async move {
            let Some(call) = claim(&engine, id, upstream.config.timeout).await? else { return Ok(None) };
            let answer = upstream.call(&call, progress).await;
            write_down(&engine, &call, outcome(&answer)).await;
            Ok(Some(answer))
        });
        match made.await {
            Ok(made) => made,
            // It panicked: the lease ends, and the outcome is unknown.
            Err(_) => Ok(None),
        }
    }
}

impl Upstream {
    async fn call(&self, call: &Call, progress: Option<mpsc::UnboundedSender<Json>>) -> Answer {
        let arguments = call.action.effective_args().clone();
        let params = Json::object([("name", Json::from(call.name.as_str())), ("arguments", arguments)]);
        self.link()?.request("tools/call", &params, Connection::Own, progress, self.config.timeout).await
    }
}

/// What is known of a call by what the upstream answered.
fn outcome(answer: &Answer) -> Outcome {
    match answer {
        Ok(result) if result.get("isError").and_then(Json::as_bool) == Some(true) => {
            let said = texts(result);
            let error = if said.is_empty() { "The tool failed without a word.".to_owned() } else { said };
            Outcome::Known(Report { success: false, result: Some(kept(result)), error: Some(kept_text(error)) })
        }
        // It wants something of its client before it does anything.
        Ok(result) if result.get("resultType").and_then(Json::as_str).is_some_and(|kind| kind != "complete") => {
            let error = "The upstream asked for more instead of answering.".to_owned();
            Outcome::Known(Report { success: false, result: Some(kept(result)), error: Some(error) })
        }
        Ok(result) => Outcome::Known(Report { success: true, result: Some(kept(result)), error: None }),
        Err(Fault::Lost(why)) => Outcome::Unknown(why.clone()),
        Err(fault) => {
            let error = kept_text(fault.words().to_owned());
            Outcome::Known(Report { success: false, result: None, error: Some(error) })
        }
    }
}

/// What a result says in words.
fn texts(result: &Json) -> String {
    let content = result.get("content").and_then(Json::as_array).unwrap_or_default();
    let texts = content.iter().filter_map(|block| block.get("text").and_then(Json::as_str));
    texts.collect::<Vec<_>>().join("\n")
}

/// A result as it is kept: whole or not at all, since a secret that is cut in half is masked no more.
fn kept(result: &Json) -> Json {
    let length = result.to_text().len();
    if length <= limit::RESULT {
        return result.clone();
    }
    let words = format!("The result has {length} bytes; at most {} are kept.", limit::RESULT);
    Json::object([("left_out", Json::from(words))])
}

fn kept_text(error: String) -> String {
    let error = error.replace('\0', "\u{fffd}");
    if error.len() <= limit::RESULT { error } else { format!("The error has {} bytes and was left out.", error.len()) }
}

/// Again and again while the database is away: nobody else knows it.
async fn write_down(engine: &Engine, call: &Call, outcome: Outcome) {
    for failures in 1..=TRIES {
        let Err(error) = settle(engine, call, outcome.clone()).await else {
            info!(action = %call.action.id, attempt = %call.attempt, number = call.number, "called");
            return;
        };
        let (action, attempt) = (call.action.id, call.attempt);
        error!(%action, %attempt, error = &error as &dyn Error, failures, "an outcome was not written down");
        sleep(Duration::from_millis(250) * 2_u32.pow(failures.min(5))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(result: &str) -> (bool, Option<String>) {
        match outcome(&Ok(Json::parse_str(result).expect("it is JSON"))) {
            Outcome::Known(report) => (report.success, report.error),
            Outcome::Unknown(why) => panic!("{why}"),
        }
    }

    #[test]
    fn an_error_of_the_tool_is_a_failure_whatever_else_it_says() {
        assert_eq!(known(r#"{"content":[]}"#), (true, None));
        assert_eq!(known(r#"{"content":[],"isError":false}"#), (true, None));
        let failed = known(r#"{"content":[{"type":"text","text":"no"},{"type":"text","text":"way"}],"isError":true}"#);
        assert_eq!(failed, (false, Some("no\nway".to_owned())));
        assert!(!known(r#"{"resultType":"input_required"}"#).0);
    }

    #[test]
    fn only_a_lost_answer_is_unknown() {
        assert!(matches!(outcome(&Err(Fault::Lost("gone".to_owned()))), Outcome::Unknown(_)));
        for certain in [
            Fault::NotSent("down".to_owned()),
            Fault::Refused { code: -32_602, message: "no such file".to_owned(), data: None },
        ] {
            assert!(matches!(outcome(&Err(certain)), Outcome::Known(Report { success: false, .. })));
        }
    }

    #[test]
    fn a_result_is_kept_whole_or_not_at_all() {
        let long = Json::object([("text", Json::from("a".repeat(limit::RESULT)))]);
        assert!(kept(&long).get("left_out").is_some());
        assert!(kept_text("a".repeat(limit::RESULT + 1)).ends_with("was left out."));
    }
}
