//! `/tools`: what agents may call, how it is gated, and how it goes. Tables and forms, which stay the HTML they were
//! sent as.

mod detail;
mod forms;
mod list;
mod parts;
mod upstreams;

pub(crate) use detail::ToolPage;
pub(crate) use forms::gating_verbs;
pub(crate) use list::ToolsPage;
