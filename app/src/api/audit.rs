//! Verification of the trail by button. Its pages stay the HTML they were sent as, so none of this is in the browser's
//! WebAssembly: the form is posted, and leads back to the page, which says what came of it.

use engine::audit::{Ask, Verification, verify as look};
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;
use serde::{Deserialize, Serialize};

use super::protocol::Console;
use super::{Failure, answer, came_from, engine, finish, person};
use crate::flash::Flash;
use crate::message::audit as words;

/// What came of a verification, for whoever calls this as a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    pub whole: bool,
    /// In words.
    pub told: String,
}

/// Computes every hash of the trail again.
///
/// # Errors
/// No permission, or the database cannot be read.
#[server(prefix = "/api/console", endpoint = "audit/verify", protocol = Console<PostUrl>)]
pub async fn verify() -> Result<Verified, Failure> {
    let found = match person() {
        Ok(person) => answer(look(&engine(), &person, &Ask::default(), |_| {}).await),
        Err(failure) => Err(failure),
    };
    let told = found.map(|found: Verification| Verified { whole: found.is_whole(), told: words::came_to(&found) });
    finish(
        told,
        |told| {
            Some(match told {
                Ok(verified) => Flash::Done(verified.told.clone()),
                Err(why) => Flash::Refused { action: None, why: why.clone() },
            })
        },
        |_| came_from(),
    )
}
