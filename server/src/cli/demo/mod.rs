//! placeholder
use clap::Args;
use crate::failure::Outcome;
#[derive(Args, Debug)]
pub(super) struct DemoFlags {}
pub(super) async fn run(_flags: DemoFlags) -> Outcome { Ok(()) }
