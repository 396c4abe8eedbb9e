//! The words about MCP servers behind the gateway.

pub(crate) const UPSTREAMS: &str = "Upstreams";
pub(crate) const LEAD: &str = "MCP servers behind the gateway";
pub(crate) const UNREAD: &str = "Where the upstreams stand could not be read.";
pub(crate) const UPSTREAM: &str = "Upstream";
pub(crate) const STATE: &str = "State";
pub(crate) const OFFERS: &str = "Offers";
pub(crate) const NOT_GATED: &str = "Not gated, leaves no row";
pub(crate) const ALL_GATED: &str = "every call is gated";
pub(crate) const UP: &str = "up";
pub(crate) const DOWN: &str = "down";

pub(crate) fn server(name: Option<String>, protocol: Option<String>) -> String {
    let known: Vec<String> = [name, protocol].into_iter().flatten().collect();
    known.join(", ")
}

pub(crate) fn tools(count: i64) -> String {
    if count == 1 { "1 tool".to_owned() } else { format!("{count} tools") }
}

/// New, or with another schema than before.
pub(crate) fn to_look_at(count: i64) -> String {
    format!("{count} new or changed, to be looked at")
}
