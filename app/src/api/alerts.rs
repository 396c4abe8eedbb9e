//! Where alerts go, and their messages. A place is added by the page's own post, because its secret is shown once.

use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;
use uuid::Uuid;

use super::protocol::Console;
use super::{Failure, answer, end, engine, person};
use crate::message::alerts as words;

/// Ends a place.
///
/// # Errors
/// No administrator, or there is none.
#[server(prefix = "/api/console", endpoint = "alerts/remove", protocol = Console<PostUrl>)]
pub async fn remove_place(id: Uuid) -> Result<(), Failure> {
    let removed = engine::alerts::remove(&engine(), &person()?, id).await;
    end(answer(removed), |()| words::REMOVED.to_owned())
}

/// Sends a message to see whether it arrives.
///
/// # Errors
/// As [`remove_place`].
#[server(prefix = "/api/console", endpoint = "alerts/test", protocol = Console<PostUrl>)]
pub async fn test_place(id: Uuid) -> Result<(), Failure> {
    let sent = engine::alerts::test(&engine(), &person()?, id).await;
    end(answer(sent), |()| words::TEST_SENT.to_owned())
}

/// Sends a message again.
///
/// # Errors
/// No administrator, there is none, or its place has ended.
#[server(prefix = "/api/console", endpoint = "alerts/replay", protocol = Console<PostUrl>)]
pub async fn replay(id: Uuid) -> Result<(), Failure> {
    let again = engine::alerts::replay(&engine(), &person()?, id).await;
    end(answer(again), |()| words::SENT_AGAIN.to_owned())
}
