//! Where Countersign may send something: pure decisions about addresses and URLs. What sends (the server's one client)
//! asks here before it connects, and whoever configures a URL is refused here already.
//!
//! A URL is written by a person, a name is answered by somebody else's server: neither may lead Countersign into the
//! network that it stands in, unless the person who runs it has said so in `outbound_allow`.

mod address;
mod allow;
mod target;

pub use address::not_public;
pub use allow::OutboundAllow;
pub use target::{Reach, Target};
