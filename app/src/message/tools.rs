//! The words of the pages about tools.

use chrono::{DateTime, Utc};
use domain::time_text::{instant, span};
use domain::tool::{Executor, LONGEST_BYPASS, Runs};
use domain::tool_view::ToolLine;

pub(crate) const LEAD: &str = "Everything that agents have called, or that somebody has settled before.";
pub(crate) const NAME: &str = "Name";
pub(crate) const NAME_HAS: &str = "Name contains";
pub(crate) const TOOL: &str = "Tool";
pub(crate) const GATING: &str = "Gating";
pub(crate) const EXPIRY: &str = "Expires after";
pub(crate) const EXECUTOR: &str = "Run by";
pub(crate) const ARGUMENTS: &str = "Arguments";
pub(crate) const LAST_HOUR: &str = "Last hour";
pub(crate) const PENDING: &str = "Pending";
pub(crate) const REVIEWED: &str = "Reviewed";
pub(crate) const ANY: &str = "any";
pub(crate) const REVIEWED_YES: &str = "reviewed";
pub(crate) const REVIEWED_NO: &str = "nobody has looked at it";
pub(crate) const SHOW: &str = "Show";
pub(crate) const SHOW_ALL: &str = "Show all";
pub(crate) const NOTHING_MATCHES: &str = "No tool matches.";
pub(crate) const EMPTY: &str = "No tool has been called yet. The first call of each registers it here.";
pub(crate) const UNREAD: &str = "The tools could not be read.";
pub(crate) const UNREVIEWED: &str = "unreviewed";
pub(crate) const SCHEMA: &str = "schema";
pub(crate) const ALL_TOOLS: &str = "All tools";
pub(crate) const ITS_CALLS: &str = "What waits";
pub(crate) const ALL_ITS_CALLS: &str = "All its calls";
pub(crate) const RULES: &str = "Rules";
pub(crate) const ITS_RULES: &str = "Its rules";
pub(crate) const NEW_RULE: &str = "New rule";
pub(crate) const CONFIGURED: &str =
    "The configuration settles this tool: what it names is put back at the next start of the server.";
pub(crate) const ADMINISTRATOR_ONLY: &str = "Only an administrator changes tools. You can look.";
pub(crate) const FACTS: &str = "As it stands";
pub(crate) const CHANGE_GATING: &str = "Change the gating";
pub(crate) const SETTINGS: &str = "Settings";
pub(crate) const INPUT_SCHEMA: &str = "Schema of its arguments";
pub(crate) const NO_SCHEMA: &str = "None: arguments of any kind are taken.";
pub(crate) const TRAIL: &str = "Trail";
pub(crate) const PAUSE: &str = "Pause";
pub(crate) const PAUSE_LEAD: &str = "Every call waits for a person; no rule applies.";
pub(crate) const BLOCK: &str = "Block";
pub(crate) const BLOCK_LEAD: &str = "Every call is refused and recorded. What is approved already may still run.";
pub(crate) const BYPASS: &str = "Bypass";
pub(crate) const BYPASS_LEAD: &str = "Every call runs without a decision, recorded, until the bypass ends by itself.";
pub(crate) const RESUME: &str = "Resume";
pub(crate) const RESUME_LEAD: &str = "Back to normal: rules and people decide.";
pub(crate) const REASON: &str = "Reason";
pub(crate) const REASON_MAYBE: &str = "Reason, if there is one";
pub(crate) const ENDS_AFTER: &str = "Ends after";
pub(crate) const BYPASS_HOURS: [i64; 5] = [1, 2, 4, 8, LONGEST_BYPASS];
pub(crate) const TIER: &str = "Risk tier of calls parked from now on";
pub(crate) const EXPIRY_HOURS: &str = "Hours until a parked call expires (empty: the default)";
pub(crate) const RUN_BY: &str = "Who runs approved calls";
pub(crate) const NOBODY_YET: &str = "nobody yet";
pub(crate) const IDEMPOTENT: &str = "Running the same call twice is harmless: lost runs are tried again";
pub(crate) const LOOKED_AT: &str = "Somebody has looked at this tool";
pub(crate) const SENSITIVE: &str = "Critical arguments beyond the usual names, with commas between";
pub(crate) const SECRET: &str = "Secret arguments beyond the usual names, with commas between";
pub(crate) const NEW_SCHEMA: &str = "New JSON Schema (empty: as it is)";
pub(crate) const REMOVE_SCHEMA: &str = "Take the schema away";
pub(crate) const SAVE: &str = "Save";
pub(crate) const IDEMPOTENT_YES: &str = "Twice is harmless";
pub(crate) const REVISION: &str = "Revision";
pub(crate) const FIRST_SEEN: &str = "First seen";
pub(crate) const NO_EVENTS: &str = "Nothing is recorded about it yet.";
pub(crate) const FIRST_PAGE: &str = "First page";
pub(crate) const NEXT_PAGE: &str = "Next page";
pub(crate) const FILTER: &str = "Filter the tools";

/// The word for how calls are gated.
pub(crate) fn gating(word: &str) -> &'static str {
    match word {
        "open" => "open",
        "paused" => "paused",
        "blocked" => "blocked",
        "passes" => "not gated",
        _ => "gated",
    }
}

/// Until when the tool is open, or since when it is so no more.
pub(crate) fn gating_time(line: &ToolLine, now: DateTime<Utc>) -> Option<String> {
    let left = |until: DateTime<Utc>| span((until - now).num_seconds());
    match (line.open_until, line.bypass_ended) {
        (Some(until), _) => Some(format!("until {}, for {} more", instant(until), left(until))),
        (None, Some(ended)) => Some(format!("a bypass ended at {}", instant(ended))),
        (None, None) => None,
    }
}

pub(crate) fn executor(line: &ToolLine) -> String {
    match (line.executor, line.waiting_for_executor) {
        (Some(executor), _) => runs(executor).to_owned(),
        (None, 0) => NOBODY_YET.to_owned(),
        (None, 1) => "waiting for an executor: 1 approved call".to_owned(),
        (None, waiting) => format!("waiting for an executor: {waiting} approved calls"),
    }
}

pub(crate) const fn runs(executor: Executor) -> &'static str {
    match executor {
        Executor::Worker => "a worker",
        Executor::Agent => "the agent itself",
        Executor::Http => "its URL",
        Executor::Mcp => "its upstream",
    }
}

pub(crate) fn expiry(line: &ToolLine) -> String {
    span(i64::from(line.expiry_hours) * 3_600)
}

pub(crate) fn hours(hours: i64) -> String {
    if hours == 1 { "1 hour".to_owned() } else { format!("{hours} hours") }
}

/// How runs ended, worst last: nothing is left out but zeros.
pub(crate) fn last_hour(runs: Runs) -> String {
    let parts = [(runs.succeeded, "succeeded"), (runs.failed, "failed"), (runs.unknown, "unknown")];
    let told: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if told.is_empty() { "no run".to_owned() } else { told.join(", ") }
}

pub(crate) fn classes(line: &ToolLine) -> String {
    let named = |word: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{word}: {}", domain::text_safety::escaped(&names.join(", "))))
    };
    let told: Vec<String> =
        [named("secret", &line.secret_args), named("critical", &line.sensitive_args)].into_iter().flatten().collect();
    if told.is_empty() { "the usual names".to_owned() } else { told.join("; ") }
}

pub(crate) fn total(count: i64) -> String {
    if count == 1 { "1 tool".to_owned() } else { format!("{count} tools") }
}

pub(crate) fn paused(name: &str) -> String {
    format!("{name} is paused: its next calls wait for a person.")
}

pub(crate) fn blocked(name: &str) -> String {
    format!("{name} is blocked: its calls are refused.")
}

pub(crate) fn open(name: &str, until: Option<DateTime<Utc>>) -> String {
    let until = until.map(|until| format!(" until {}", instant(until))).unwrap_or_default();
    format!("{name} is open{until}: its calls run without a decision.")
}

pub(crate) fn resumed(name: &str) -> String {
    format!("{name} is gated: rules and people decide.")
}

pub(crate) fn saved(name: &str) -> String {
    format!("{name} is saved.")
}
