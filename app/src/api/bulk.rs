//! One decision on the actions that were ticked.

use domain::id::ActionId;
use domain::view::DecidedMany;
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;
use serde::{Deserialize, Serialize};

use super::Failure;
use super::protocol::Console;

/// What is done with each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    Approve,
    Reject,
    Extend,
}

/// Decides exactly the actions named, each for itself; low and medium risk only where they are approved.
///
/// # Errors
/// No or too many ids, no reason for a rejection, no permission. What is wrong with one action stands in the answer.
#[server(prefix = "/api/console", endpoint = "actions/bulk", protocol = Console<PostUrl>)]
pub async fn bulk(
    #[server(default)] ids: Vec<ActionId>,
    decision: Choice,
    #[server(default)] reason: String,
    #[server(default)] note: String,
    #[server(default)] hours: i32,
) -> Result<DecidedMany, Failure> {
    let reason = super::actions::one_reason(&reason, &note);
    super::finish(on_server::decide(&ids, decision, reason, hours).await, on_server::flash, |_| super::came_from())
}

#[cfg(feature = "ssr")]
pub(crate) use on_server::came_of;

#[cfg(feature = "ssr")]
mod on_server {
    use domain::id::ActionId;
    use domain::text_safety::escaped;
    use domain::view::{DecidedMany, RefusedOne};
    use engine::bulk::{Bulk, Item, decide as decide_all};

    use super::Choice;
    use crate::api::{Failure, answer, engine, person};
    use crate::flash::Flash;
    use crate::message;

    pub(super) async fn decide(
        ids: &[ActionId],
        choice: Choice,
        reason: String,
        hours: i32,
    ) -> Result<DecidedMany, Failure> {
        let bulk = match choice {
            Choice::Approve => Bulk::Approve,
            Choice::Reject => Bulk::Reject { reason },
            Choice::Extend => Bulk::Extend { hours },
        };
        answer(decide_all(&engine(), &person()?, ids, &bulk).await).map(came_of)
    }

    /// How many were done, and what was refused.
    pub(crate) fn came_of(items: Vec<Item>) -> DecidedMany {
        let done = items.iter().filter(|item| item.outcome.is_ok()).count();
        DecidedMany { done, refused: items.into_iter().filter_map(refused).collect(), more_refused: 0 }
    }

    fn refused(item: Item) -> Option<RefusedOne> {
        let why = message::problem(&item.outcome.err()?);
        Some(RefusedOne { id: item.id, tool_name: item.tool_name.as_deref().map(escaped), why })
    }

    pub(super) fn flash(decided: &Result<DecidedMany, Failure>) -> Option<Flash> {
        Some(match decided {
            Ok(decided) => Flash::Many(decided.clone()),
            Err(failure) => Flash::Refused { action: None, why: failure.clone() },
        })
    }
}
