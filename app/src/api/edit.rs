//! Approving with edits. Only plain forms call it: the browser's WebAssembly knows nothing of it.

use domain::digest::Digest;
use domain::editing::Change;
use domain::id::ActionId;
use domain::json::Json;
use domain::problem::Problem;
use domain::view::Decided;
use engine::decisions::Approve;
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use super::protocol::Console;
use super::{Failure, answer, engine, person};

/// Approves the action with changed arguments, if those of the digest are the ones that were shown. `edits`: a list like
/// `[{"path": "/to", "value": "ana@partner.example"}, {"path": "/bcc", "remove": true}]`, by JSON pointer.
///
/// # Errors
/// As [`super::actions::approve`]; or a change cannot be made, or the gate has something against the call that it makes.
#[server(prefix = "/api/console", endpoint = "actions/approve_edited", protocol = Console<PostUrl>)]
pub async fn approve_edited(id: ActionId, args_sha256: Digest, edits: String) -> Result<Decided, Failure> {
    let decision = match changes(&edits) {
        Ok(edit) => {
            let with = Approve { args_sha256: Some(args_sha256), edit, note: None, rule: None };
            match person() {
                Ok(person) => answer(engine::decisions::approve(&engine(), &person, id, with).await),
                Err(failure) => Err(failure),
            }
        }
        Err(problem) => answer(Err(problem.into())),
    };
    super::actions::decided(id, decision).await
}

#[allow(clippy::result_large_err, reason = "a problem is made once per refused form")]
fn changes(text: &str) -> Result<Vec<Change>, Problem> {
    let below = |errors: Vec<domain::problem::FieldError>| {
        let moved = errors.into_iter().map(|mut error| {
            error.pointer.insert_str(0, "/edits");
            error
        });
        Problem::invalid_fields(moved.collect())
    };
    Change::from_json(&Json::parse_str(text)?).map_err(below)
}
