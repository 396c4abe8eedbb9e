//! The words of the page about alerts.

use domain::alert::{Format, Says, Severity};

pub(crate) const ALERTS: &str = "Alerts";
pub(crate) const ALERTS_ABOUT: &str = "Who hears when something is wrong.";
pub(crate) const LEAD: &str = "When too much waits, too little is decided by rules, too many runs fail, or the trail does not fit its \
     seals, a signed message goes to each of these endpoints, and another when it is over. A message links to the console and decides nothing.";
pub(crate) const CLOSED: &str = "Administrators settle where alerts go.";
pub(crate) const PLACES: &str = "Endpoints";
pub(crate) const NO_PLACES: &str = "Nobody hears of anything yet. Add an endpoint below.";
pub(crate) const NAME: &str = "Name";
pub(crate) const URL: &str = "URL";
pub(crate) const FORMAT: &str = "Message";
pub(crate) const MADE: &str = "Added";
pub(crate) const TEST: &str = "Send a test";
pub(crate) const REMOVE: &str = "Remove";
pub(crate) const ADD: &str = "Add an endpoint";
pub(crate) const ADD_LEAD: &str = "https:// with a public address, or what the configuration's outbound_allow opens.";
pub(crate) const NEWEST: &str = "Alerts";
pub(crate) const NO_ALERTS: &str = "Nothing has been wrong so far.";
pub(crate) const WHAT: &str = "What";
pub(crate) const SINCE: &str = "Since";
pub(crate) const OVER: &str = "Over";
pub(crate) const STILL: &str = "still on";
pub(crate) const MESSAGES: &str = "Messages";
pub(crate) const NO_MESSAGES: &str = "None was sent.";
pub(crate) const TO: &str = "To";
pub(crate) const TRIES: &str = "Tries";
pub(crate) const STATE: &str = "State";
pub(crate) const AGAIN: &str = "Send again";
pub(crate) const ARRIVED: &str = "arrived";
pub(crate) const GIVEN_UP: &str = "given up";
pub(crate) const WAITS: &str = "on its way";
pub(crate) const REMOVED: &str = "Nothing is sent there any more.";
pub(crate) const TEST_SENT: &str = "A test is on its way; whether it arrived is told below.";
pub(crate) const SENT_AGAIN: &str = "The message is on its way again.";
pub(crate) const SECRET_HINT: &str = "The secret that its messages are signed with";

pub(crate) const fn format(format: Format) -> &'static str {
    match format {
        Format::Standard => "JSON, as Standard Webhooks has it",
        Format::Slack => "a text, for Slack and its like",
    }
}

pub(crate) const fn says(says: Says) -> &'static str {
    match says {
        Says::Opened => "it began",
        Says::Closed => "it is over",
    }
}

/// The colour that says how much it matters.
pub(crate) const fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "red",
        Severity::High | Severity::Medium => "yellow",
        Severity::Info => "unknown",
    }
}

pub(crate) fn added(name: &str) -> String {
    format!("Alerts go to {name}.")
}
