//! The texts of the page of figures.

use domain::failure::FailureKind;
use domain::health::Health;
use domain::incident::{IncidentKind, Severity};
use domain::time_text;

pub(crate) const LEAD: &str = "What was decided and run, day by day. Every number leads to the rows it counts.";
pub(crate) const UNREAD: &str = "The figures could not be read";
pub(crate) const RANGE: &str = "Range";
pub(crate) const TODAY: &str = "Today";
pub(crate) const CARDS: &str = "Health";
pub(crate) const UNKNOWN: &str = "unknown";
pub(crate) const NONE: &str = "–";
pub(crate) const SOURCE_FAILED: &str =
    "The source of these figures could not be read. They are unknown, not zero; the log says why.";
pub(crate) const TRY_AGAIN: &str = "Try again";
pub(crate) const EMPTY: &str = "Nothing was decided yet";
pub(crate) const EMPTY_LEAD: &str =
    "As soon as agents park calls and somebody decides on them, this page says how it goes.";

pub(crate) const PENDING: &str = "Pending";
pub(crate) const P95: &str = "P95 to decide";
pub(crate) const AUTO: &str = "Auto-approved";
pub(crate) const FAILED: &str = "Failed runs";
pub(crate) const PENDING_BOUNDS: &str = "green under 20, red over 50";
pub(crate) const P95_BOUNDS: &str = "7 days; green under 12 h, red over 24 h";
pub(crate) const AUTO_BOUNDS: &str = "7 days; green over 60 %, red under 40 %";
pub(crate) const FAILED_BOUNDS: &str = "7 days; green under 2 %, red over 5 %";
pub(crate) const NOW_BEFORE: &str = "when today began";
pub(crate) const WEEK_BEFORE: &str = "in the 7 days before";

pub(crate) const DECISIONS: &str = "Decisions per day";
pub(crate) const AUTO_RATE: &str = "Auto-approval rate";
pub(crate) const LATENCY: &str = "Time to decide";
pub(crate) const FAILURE_RATE: &str = "Failure rate";
pub(crate) const WAITING: &str = "Pending at the end of the day";
pub(crate) const AUTO_MARKS: &str = "dashed: green over 60 %, red under 40 %";
pub(crate) const LATENCY_MARKS: &str = "dashed: P95 green under 12 h, red over 24 h";
pub(crate) const FAILURE_MARKS: &str = "dashed: green under 2 %, red over 5 %";
pub(crate) const WAITING_MARKS: &str = "dashed: green under 20, red over 50";
pub(crate) const BY_RULE: &str = "by rule";
pub(crate) const BY_PEOPLE: &str = "by people";
pub(crate) const REJECTED: &str = "rejected";
pub(crate) const UNGATED: &str = "not gated";
pub(crate) const EXACT: &str = "Exact values";
pub(crate) const DAY: &str = "Day";
pub(crate) const DECISIONS_SHORT: [&str; 5] = ["By rule", "By people", "Not gated", "Rejected", "Expired"];

pub(crate) const NUMBERS: &str = "In numbers";
pub(crate) const FIGURE: &str = "Figure";
pub(crate) const THIS_RANGE: &str = "This range";
pub(crate) const BEFORE: &str = "The one before";
pub(crate) const APPROVED: &str = "Approved";
pub(crate) const REJECTED_ALL: &str = "Rejected";
pub(crate) const EXPIRED: &str = "Expired";
pub(crate) const WITHDRAWN: &str = "Withdrawn by the agent";
pub(crate) const DECIDED_BY_PEOPLE: &str = "Decided by people";
pub(crate) const DECIDED_BY_RULE: &str = "Decided by rules";
pub(crate) const LATENCY_P50: &str = "P50 to decide (target: under 2 h)";
pub(crate) const LATENCY_P95: &str = "P95 to decide";
pub(crate) const LATENCY_P99: &str = "P99 to decide";
pub(crate) const EXECUTED: &str = "Runs with an outcome";
pub(crate) const FAILED_RUNS: &str = "Failed runs";
pub(crate) const ATTEMPTS: &str = "Attempts (of them retries)";
pub(crate) const RULES_CREATED: &str = "Rules made";
pub(crate) const RULES_REVOKED: &str = "Rules revoked";
pub(crate) const BURDEN: &str = "Decisions per person and day";
pub(crate) const PRODUCTIVITY: &str = "Approvals per active hour";

pub(crate) const GATED: &str = "Where people still decide";
pub(crate) const GATED_LEAD: &str = "the tools whose calls waited most";
pub(crate) const TOOL: &str = "Tool";
pub(crate) const WAITED: &str = "Waited";
pub(crate) const RULES: &str = "Rules";
pub(crate) const FAILED_SHORT: &str = "Failed";
pub(crate) const NEW_RULE: &str = "New rule";
pub(crate) const NOTHING_WAITED: &str = "No call had to wait in this range.";
pub(crate) const MOST_USED: &str = "Most-used rules";
pub(crate) const RULE: &str = "Rule";
pub(crate) const DECIDED: &str = "Decided";
pub(crate) const USES: &str = "Uses in all";
pub(crate) const ENDED: &str = "ended";
pub(crate) const NO_RULE_USED: &str = "No rule decided anything in this range.";
pub(crate) const A_RULE: &str = "a rule that is gone";
pub(crate) const FAILURES: &str = "Failures by tool and error";
pub(crate) const ERROR: &str = "Error";
pub(crate) const KIND: &str = "Kind";
pub(crate) const COUNT: &str = "Times";
pub(crate) const LATEST: &str = "Latest";
pub(crate) const ARCHIVED: &str = "The retention has archived rows of these days";
pub(crate) const NO_ERROR: &str = "without a word";
pub(crate) const NOTHING_FAILED: &str = "Nothing failed in this range.";
pub(crate) const OPERATORS: &str = "Operators";
pub(crate) const OPERATORS_LEAD: &str = "an active hour: a clock hour with a decision in it";
pub(crate) const PERSON: &str = "Person";
pub(crate) const ACTIVE_HOURS: &str = "Active hours";
pub(crate) const PER_HOUR: &str = "Approvals per hour";
pub(crate) const NOBODY: &str = "Nobody decided anything in this range.";

pub(crate) const INCIDENTS: &str = "Incidents";
pub(crate) const PLAYBOOK: &str = "Playbook";
pub(crate) const OLDEST_FIRST: &str = "Oldest first";
pub(crate) const WORST_FIRST: &str = "Critical and high first";
pub(crate) const BULK_LOW: &str = "Approve low risk in bulk";
pub(crate) const NEAR: &str = "What is due within 4 hours";
pub(crate) const EXTEND: &str = "Extend all that is due within 4 hours";
pub(crate) const BY_HOURS: &str = "By how long";
pub(crate) const MORE_TIME: &str = "Give new calls more time";
pub(crate) const COVERAGE: &str = "Tools without a rule";
pub(crate) const ENDED_RULES: &str = "Rules that ended";
pub(crate) const SPENT_RULES: &str = "Rules near their limit";
pub(crate) const CAUSES: &str = "Failures by error";
pub(crate) const RETRY: &str = "Retry what failed in the last hour";
pub(crate) const FAILED_LATELY: &str = "Failed in the last hour";

pub(crate) fn days(range: usize) -> String {
    if range == 1 { TODAY.to_owned() } else { format!("{range} days") }
}

pub(crate) fn span(first: &str, last: &str, timezone: &str) -> String {
    if first == last { format!("{first}, {timezone}") } else { format!("{first} to {last}, {timezone}") }
}

pub(crate) fn before(value: &str, when: &str) -> String {
    format!("{value} {when}")
}

pub(crate) fn duration(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation)]
    time_text::span(seconds.round() as i64)
}

/// A number that is no count, to one decimal.
pub(crate) fn decimal(value: f64) -> String {
    format!("{value:.1}")
}

pub(crate) fn attempts(attempts: i64, retries: i64) -> String {
    format!("{attempts} ({retries})")
}

pub(crate) fn uses(count: i64, most: Option<i64>) -> String {
    most.map_or_else(|| count.to_string(), |most| format!("{count} of {most}"))
}

pub(crate) const fn state(health: Health) -> &'static str {
    health.words()
}

pub(crate) const fn kind(kind: FailureKind) -> (&'static str, &'static str) {
    match kind {
        FailureKind::Transient => ("transient", "Away for a moment: try again"),
        FailureKind::Arguments => ("arguments", "The call itself was wrong"),
        FailureKind::Permission => ("permission", "The tool was not allowed to"),
        FailureKind::Bug => ("tool bug", "The tool itself is to be looked at"),
    }
}

pub(crate) const fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Critical => ("Critical", "red"),
        Severity::High => ("High", "red"),
        Severity::Medium => ("Medium", "yellow"),
    }
}

pub(crate) fn unknown_incidents(kinds: &[IncidentKind]) -> String {
    let names = kinds.iter().map(|kind| match kind {
        IncidentKind::Backlog => "a backlog",
        IncidentKind::AutoRateDrop => "a drop of auto-approval",
        IncidentKind::FailureSpike => "failing runs",
    });
    format!("Nobody knows whether there is {}: its figures could not be read", names.collect::<Vec<_>>().join(", or "))
}

pub(crate) fn rule_for(tool: &str) -> String {
    format!("Make a rule for {tool}")
}

/// A failing tool, and how its calls are treated.
pub(crate) fn fails(failed: i64, gating: &str) -> String {
    let treated = match gating {
        "paused" => ", paused",
        "blocked" => ", blocked",
        "open" => ", bypassed",
        _ => "",
    };
    format!("{failed} failed{treated}")
}

pub(crate) fn extended(count: usize) -> String {
    match count {
        0 => "Nothing is due within 4 hours.".to_owned(),
        1 => "1 deadline was moved on.".to_owned(),
        _ => format!("{count} deadlines were moved on."),
    }
}

pub(crate) fn decide_by_hand(waiting: i64) -> String {
    format!("{waiting} of its calls wait")
}

pub(crate) fn chart(name: &str, range: usize) -> String {
    format!("{name}, {}", days(range).to_lowercase())
}
