//! What every page shows around its content.

use domain::view;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::Failure;
use super::protocol::Console;

/// The person, the counts and the health of the queue.
///
/// # Errors
/// Not signed in, or the database cannot be read.
#[server(prefix = "/api/console", endpoint = "frame/show", protocol = Console<GetUrl>)]
pub async fn frame() -> Result<view::Frame, Failure> {
    use super::{answer, engine, person};
    let version = use_context::<crate::shell::Assets>().unwrap_or_default().version;
    answer(engine::console::frame(&engine(), &person()?, &version).await)
}
