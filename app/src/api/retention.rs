//! The retention by button. The form is posted, and leads back to the page, which shows how far the run is.

use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use super::protocol::Console;
use super::{Failure, answer, engine, finish, person};
use crate::flash::Flash;
use crate::message::retention as words;

/// Where the runs are shown.
pub(crate) const PAGE: &str = "/settings/retention";

/// Begins a run, or finds the one that is not done; it goes on by itself. Answers its id.
///
/// # Errors
/// No permission, no folder for archives, or the database cannot be written.
#[server(prefix = "/api/console", endpoint = "retention/run", protocol = Console<PostUrl>)]
pub async fn run() -> Result<String, Failure> {
    let begun = match person() {
        Ok(person) => answer(engine::retention::start(&engine(), &person).await),
        Err(failure) => Err(failure),
    };
    finish(
        begun.map(|run| run.id.to_string()),
        |told| {
            Some(match told {
                Ok(_) => Flash::Done(words::BEGUN.to_owned()),
                Err(why) => Flash::Refused { action: None, why: why.clone() },
            })
        },
        |_| PAGE.to_owned(),
    )
}
