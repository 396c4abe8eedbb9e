//! What is done with many actions from pages that stay the HTML they were sent as. The forms lead back to the page.

use domain::id::ActionId;
use domain::view::DecidedMany;
use engine::bulk::{Bulk, Item};
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use super::bulk::came_of;
use super::protocol::Console;
use super::{Failure, answer, came_from, engine, finish, person};
use crate::flash::Flash;
use crate::message::{failed as words, figures};

/// Has exactly the named runs tried again, each for itself.
///
/// # Errors
/// No or too many ids, no permission. What is wrong with one action stands in the answer.
#[server(prefix = "/api/console", endpoint = "actions/retry-many", protocol = Console<PostUrl>)]
pub async fn retry_many(
    #[server(default)] ids: Vec<ActionId>,
    #[server(default)] note: String,
) -> Result<DecidedMany, Failure> {
    let note = Some(note).filter(|note| !note.trim().is_empty());
    let tried = async { answer(engine::bulk::decide(&engine(), &person()?, &ids, &Bulk::Retry { note }).await) };
    told(tried.await, words::tried_again)
}

/// Moves the deadline of every waiting call of a list on.
///
/// # Errors
/// No permission, a list that is none, or too many calls in it. What is wrong with one action stands in the answer.
#[server(prefix = "/api/console", endpoint = "actions/extend-list", protocol = Console<PostUrl>)]
pub async fn extend_list(list: String, hours: i32) -> Result<DecidedMany, Failure> {
    let extended = async { answer(engine::bulk::extend_list(&engine(), &person()?, &list, hours).await) };
    told(extended.await, figures::extended)
}

fn told(items: Result<Vec<Item>, Failure>, all_done: fn(usize) -> String) -> Result<DecidedMany, Failure> {
    let flash = |told: &Result<DecidedMany, Failure>| {
        Some(match told {
            Ok(many) if many.refused.is_empty() => Flash::Done(all_done(many.done)),
            Ok(many) => Flash::Many(many.clone()),
            Err(why) => Flash::Refused { action: None, why: why.clone() },
        })
    };
    finish(items.map(came_of), flash, |_| came_from())
}
