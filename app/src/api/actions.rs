//! Looking at actions and deciding them.

use domain::digest::Digest;
use domain::id::ActionId;
use domain::view::{ActionDetail, Decided, QueuePage};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, PostUrl};
use serde::{Deserialize, Serialize};

use super::Failure;
use super::protocol::Console;

/// A page of the list, as the page's address asks for it: an unknown word is refused by name, never an empty page.
///
/// # Errors
/// Not signed in, an unknown word, or the database cannot be read.
#[server(prefix = "/api/console", endpoint = "actions/list", protocol = Console<GetUrl>)]
pub async fn list(query: String) -> Result<QueuePage, Failure> {
    use super::{answer, engine, person};
    answer(engine::console::queue(&engine(), &person()?, &query).await)
}

/// One action with all that a decision needs.
///
/// # Errors
/// Not signed in, no such action, or the database cannot be read.
#[server(prefix = "/api/console", endpoint = "actions/show", protocol = Console<GetUrl>)]
pub async fn show(id: ActionId) -> Result<ActionDetail, Failure> {
    use super::{answer, engine, person};
    answer(engine::console::detail(&engine(), &person()?, id).await)
}

/// Approves the action, if its arguments are still those of the digest.
///
/// # Errors
/// What the engine refuses: too late, decided before, other arguments, no permission.
#[server(prefix = "/api/console", endpoint = "actions/approve", protocol = Console<PostUrl>)]
pub async fn approve(id: ActionId, args_sha256: Digest) -> Result<Decided, Failure> {
    let decision = on_server::approve(id, args_sha256).await;
    decided(id, decision).await
}

/// Rejects the action. The reason, chip and words together, goes back to the agent.
///
/// # Errors
/// As [`approve`]; or there is no reason.
#[server(prefix = "/api/console", endpoint = "actions/reject", protocol = Console<PostUrl>)]
pub async fn reject(
    id: ActionId,
    #[server(default)] reason: String,
    #[server(default)] note: String,
) -> Result<Decided, Failure> {
    let decision = on_server::reject(id, &one_reason(&reason, &note)).await;
    decided(id, decision).await
}

/// What a person found out about a run that failed or went silent, or what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settling {
    /// An unknown outcome was a success.
    Succeeded,
    /// An unknown outcome was a failure.
    Failed,
    /// The executor is to try again.
    Retry,
    /// Nobody is to try again.
    Abandon,
}

/// Settles a failed or unknown run.
///
/// # Errors
/// As [`approve`]; or the run is in no such state, or there is no note.
#[server(prefix = "/api/console", endpoint = "actions/resolve", protocol = Console<PostUrl>)]
pub async fn resolve(id: ActionId, outcome: Settling, #[server(default)] note: String) -> Result<Decided, Failure> {
    let decision = on_server::resolve(id, outcome, note).await;
    decided(id, decision).await
}

/// Moves the action's deadline on.
///
/// # Errors
/// As [`approve`]; or there is no deadline, or the hours are too many.
#[server(prefix = "/api/console", endpoint = "actions/extend", protocol = Console<PostUrl>)]
pub async fn extend(id: ActionId, hours: i32) -> Result<Decided, Failure> {
    let decision = on_server::extend(id, hours).await;
    on_server::stay(id, decision)
}

/// Expires every pending action whose deadline has passed, and says how many those were.
///
/// # Errors
/// No permission, or the database cannot be written.
#[server(prefix = "/api/console", endpoint = "actions/expire_stale", protocol = Console<PostUrl>)]
pub async fn expire_stale() -> Result<usize, Failure> {
    let expired = on_server::expire_stale().await;
    super::finish(expired, on_server::expired_flash, |_| super::came_from())
}

/// A chip and a note as one reason.
#[cfg_attr(not(any(feature = "ssr", test)), allow(dead_code))]
pub(super) fn one_reason(chip: &str, note: &str) -> String {
    match (chip.trim(), note.trim()) {
        (chip, "") => chip.to_owned(),
        ("", note) => note.to_owned(),
        (chip, note) => format!("{chip}: {note}"),
    }
}

#[cfg(feature = "ssr")]
pub(super) use on_server::decided;

#[cfg(feature = "ssr")]
mod on_server {
    use domain::digest::Digest;
    use domain::id::ActionId;
    use domain::lifecycle::Status;
    use domain::view::Decided;
    use engine::decisions::{Approve, Decision};
    use engine::settlement::Settle;

    use super::Settling;
    use crate::api::{Failure, answer, came_from, engine, finish, person};
    use crate::flash::Flash;
    use crate::pages::approvals::query::Query;

    pub(super) async fn approve(id: ActionId, digest: Digest) -> Result<Decision, Failure> {
        let approval = Approve { args_sha256: Some(digest), ..Approve::default() };
        answer(engine::decisions::approve(&engine(), &person()?, id, approval).await)
    }

    pub(super) async fn reject(id: ActionId, reason: &str) -> Result<Decision, Failure> {
        answer(engine::decisions::reject(&engine(), &person()?, id, reason).await)
    }

    pub(super) async fn resolve(id: ActionId, outcome: Settling, note: String) -> Result<Decision, Failure> {
        use engine::settlement::{abandon, resolve, retry};
        let (engine, person) = (engine(), person()?);
        answer(match outcome {
            Settling::Succeeded => resolve(&engine, &person, id, Settle { succeeded: true, note }).await,
            Settling::Failed => resolve(&engine, &person, id, Settle { succeeded: false, note }).await,
            Settling::Retry => retry(&engine, &person, id, Some(&note)).await,
            Settling::Abandon => abandon(&engine, &person, id, &note).await,
        })
    }

    pub(super) async fn extend(id: ActionId, hours: i32) -> Result<Decision, Failure> {
        answer(engine::expiry::extend(&engine(), &person()?, id, hours).await)
    }

    pub(super) async fn expire_stale() -> Result<usize, Failure> {
        answer(engine::expiry::expire_stale(&engine(), &person()?).await).map(|expired| expired.len())
    }

    pub(super) fn expired_flash(expired: &Result<usize, Failure>) -> Option<Flash> {
        Some(match expired {
            Ok(count) => Flash::Expired(*count),
            Err(failure) => Flash::Refused { action: None, why: failure.clone() },
        })
    }

    /// Tells the person what came of it, and opens the next action of the list they came from.
    pub(in crate::api) async fn decided(id: ActionId, decision: Result<Decision, Failure>) -> Result<Decided, Failure> {
        let list = Query::of_url(&came_from());
        let decided = match decision {
            Ok(decision) => Ok(told(decision, next_in(&list, id).await)),
            Err(failure) => Err(failure),
        };
        end(id, &list, decided)
    }

    /// Tells the person what came of it; the action stays open.
    pub(super) fn stay(id: ActionId, decision: Result<Decision, Failure>) -> Result<Decided, Failure> {
        end(id, &Query::of_url(&came_from()), decision.map(|decision| told(decision, Some(id))))
    }

    fn end(id: ActionId, list: &Query, decided: Result<Decided, Failure>) -> Result<Decided, Failure> {
        finish(
            decided,
            |decided| {
                Some(match decided {
                    Ok(decided) => Flash::Decided(decided.clone()),
                    Err(failure) => Flash::Refused { action: Some(id), why: failure.clone() },
                })
            },
            |decided| match decided {
                Ok(decided) => list.href(decided.next),
                Err(_) => list.href(Some(id)),
            },
        )
    }

    /// Whatever goes wrong here, the decision stands: then there is no next action to open.
    async fn next_in(list: &Query, decided: ActionId) -> Option<ActionId> {
        let principal = person().ok()?;
        let page = engine::console::queue(&engine(), &principal, &list.at(None).parameters()).await.ok()?;
        page.rows.into_iter().map(|row| row.id).find(|id| *id != decided)
    }

    fn told(decision: Decision, next: Option<ActionId>) -> Decided {
        let action = decision.action;
        Decided {
            id: action.id,
            tool_name: domain::text_safety::escaped(&action.tool_name),
            status: action.status,
            execution_state: action.execution_state,
            waits_for_executor: action.status == Status::Approved && !action.has_executor,
            repeated: decision.repeated,
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::one_reason;

    #[test]
    fn a_reason_is_the_chip_the_note_or_both() {
        assert_eq!(one_reason("Not now", " "), "Not now");
        assert_eq!(one_reason("", " ask Ana first "), "ask Ana first");
        assert_eq!(one_reason("Not now", "ask Ana first"), "Not now: ask Ana first");
        assert_eq!(one_reason("", ""), "");
    }
}
