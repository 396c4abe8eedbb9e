//! What is done with a standing rule on its page. The pages stay the HTML they were sent as, so none of this is in the
//! browser's WebAssembly: forms are posted, and lead back to the rule's page.

use domain::id::{ActionId, RuleId};
use domain::problem::Problem;
use domain::rule::Rule;
use domain::text_safety::escaped;
use domain::view::{DecidedMany, RefusedOne};
use engine::rules::Applied;
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use super::protocol::Console;
use super::{Failure, answer, engine, finish, person, tell};
use crate::flash::Flash;
use crate::local_path::rule_page;
use crate::message::rules as words;

/// Ends a rule.
///
/// # Errors
/// No permission, no reason, ended before, or the database cannot be written.
#[server(prefix = "/api/console", endpoint = "rules/revoke", protocol = Console<PostUrl>)]
pub async fn revoke(id: RuleId, #[server(default)] reason: String) -> Result<(), Failure> {
    let revoked = match person() {
        Ok(person) => answer(engine::rules::revoke(&engine(), &person, id, &reason).await),
        Err(failure) => Err(failure),
    };
    done(id, revoked, words::revoked)
}

/// Takes a suspended rule up again.
///
/// # Errors
/// As [`revoke`], but that no reason is needed; or the rule does not fit the tool as it is now.
#[server(prefix = "/api/console", endpoint = "rules/resume", protocol = Console<PostUrl>)]
pub async fn resume(id: RuleId, #[server(default)] reason: String) -> Result<(), Failure> {
    let resumed = match person() {
        Ok(person) => answer(engine::rules::resume(&engine(), &person, id, Some(&reason)).await),
        Err(failure) => Err(failure),
    };
    done(id, resumed, words::resumed)
}

/// Lets the rule decide calls that wait. `ids`: those that were offered, with commas between.
///
/// # Errors
/// No permission, or the rule stops calls. What is wrong with a single call is told in the answer.
#[server(prefix = "/api/console", endpoint = "rules/apply", protocol = Console<PostUrl>)]
pub async fn apply(id: RuleId, ids: String) -> Result<DecidedMany, Failure> {
    let applied = match (person(), named(&ids)) {
        (Ok(person), Ok(ids)) => answer(engine::rules::apply(&engine(), &person, id, &ids).await).map(many),
        (Err(failure), _) => Err(failure),
        (_, Err(problem)) => answer(Err(problem.into())),
    };
    let told = |applied: &Result<DecidedMany, Failure>| {
        Some(match applied {
            Ok(many) => Flash::Many(many.clone()),
            Err(why) => Flash::Refused { action: None, why: why.clone() },
        })
    };
    finish(applied, told, |_| rule_page(id))
}

#[allow(clippy::result_large_err, reason = "a problem is made once per refused form")]
fn named(ids: &str) -> Result<Vec<ActionId>, Problem> {
    ids.split(',').map(|id| id.parse().map_err(|_| Problem::invalid("/ids", "holds what is no action's id"))).collect()
}

fn many(applied: Vec<Applied>) -> DecidedMany {
    let mut many = DecidedMany::default();
    for Applied { id, outcome } in applied {
        match outcome {
            Ok(_) => many.done += 1,
            Err(problem) => many.refused.push(RefusedOne { id, tool_name: None, why: problem.detail }),
        }
    }
    many
}

/// Leads back to the rule, where it says what was done.
fn done(id: RuleId, changed: Result<Rule, Failure>, words: impl FnOnce(&str) -> String) -> Result<(), Failure> {
    tell(changed.map(|rule| words(&escaped(&rule.description))), || rule_page(id))
}
