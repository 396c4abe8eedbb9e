//! The words of the pages about the trail.

use domain::time_text::{instant, span};
use engine::audit::{Check, Verification};

pub(crate) const LEAD: &str =
    "Everything that happened, by whom. Nothing in it can be changed; whoever could, would be found out.";
pub(crate) const CLOSED: &str = "Your role does not read the trail. Ask an administrator for the role of an operator.";
pub(crate) const UNREAD: &str = "The trail could not be read.";
pub(crate) const NO_SUCH_ENTRY: &str = "The entry is not in the trail.";
pub(crate) const SHOW_ALL: &str = "Show all";
pub(crate) const ALL_ENTRIES: &str = "The trail";
pub(crate) const FILTER: &str = "Filter the trail";
pub(crate) const WHAT: &str = "What";
pub(crate) const WHO: &str = "Who";
pub(crate) const WHO_HINT: &str = "human:ana, agent:mailer, rule:ID or system:expiry";
pub(crate) const TOOL: &str = "Tool";
pub(crate) const SINCE: &str = "From";
pub(crate) const UNTIL: &str = "To";
pub(crate) const ORDER: &str = "Order";
pub(crate) const NEWEST: &str = "newest first";
pub(crate) const OLDEST: &str = "oldest first";
pub(crate) const ANY: &str = "anything";
pub(crate) const SHOW: &str = "Show";
pub(crate) const EXPORT: &str = "Export";
pub(crate) const EXPORT_LABEL: &str = "Export what the filter holds";
pub(crate) const ONLY: &str = "Shown only: entries about";
pub(crate) const ACTION: &str = "Action";
pub(crate) const RULE: &str = "Rule";
pub(crate) const WHEN: &str = "When";
pub(crate) const PLACE: &str = "Entry";
pub(crate) const ABOUT: &str = "About";
pub(crate) const FIRST_PAGE: &str = "First page";
pub(crate) const NEXT_PAGE: &str = "Next page";
pub(crate) const NOTHING: &str = "The trail is empty";
pub(crate) const NOTHING_LEAD: &str = "Its first entry appears with the first thing that happens here.";
pub(crate) const NOTHING_MATCHES: &str = "Nothing matches";
pub(crate) const NOTHING_MATCHES_LEAD: &str = "No entry of the trail is what the filter asks for.";
pub(crate) const CHAIN: &str = "The chain";
pub(crate) const CHAIN_UNREAD: &str = "How the chain stands is not known.";
pub(crate) const NEVER: &str = "Never verified";
pub(crate) const NEVER_LEAD: &str = "Nobody has computed the hashes of this trail again yet.";
pub(crate) const WHOLE: &str = "Verified";
pub(crate) const BROKEN: &str = "Not whole";
pub(crate) const VERIFY: &str = "Verify now";
pub(crate) const SEAL: &str = "Newest seal, to keep elsewhere";
pub(crate) const PROOF: &str = "Proof";
pub(crate) const FACTS: &str = "What it says";
pub(crate) const CHANGED: &str = "What changed";
pub(crate) const BEFORE: &str = "Before";
pub(crate) const AFTER: &str = "After";
pub(crate) const HASH: &str = "Content hash";
pub(crate) const HASH_GOOD: &str = "is that of what it says";
pub(crate) const HASH_BAD: &str = "is not that of what it says: the entry was changed";
pub(crate) const SEALED: &str = "Seal";
pub(crate) const NOT_SEALED: &str = "none yet: it is on its way into one";
pub(crate) const ID: &str = "Id";
pub(crate) const REASON: &str = "Reason";
pub(crate) const NO_FACTS: &str = "Nothing more.";
pub(crate) const PURGED_ACTION: &str = "(archived and purged)";
pub(crate) const OLDER: &str = "Entry before";
pub(crate) const NEWER: &str = "Entry after";
pub(crate) const ITS_ENTRIES: &str = "its entries";

/// A number with a comma between thousands.
pub(crate) fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut told = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

pub(crate) fn place(seq: i64) -> String {
    format!("#{}", number(seq))
}

/// How far the chain is verified, and how long that took.
pub(crate) fn verified(check: &Check) -> String {
    let took = match check.milliseconds {
        short @ ..1_000 => format!("{short} ms"),
        long => span(long / 1_000),
    };
    let entries = format!("{} entries in {} seals, in {took}", number(check.events), number(check.seals));
    match check.purged {
        0 => entries,
        purged => format!("{entries}; {} more were archived and purged before", number(purged)),
    }
}

pub(crate) fn faults(check: &Check) -> String {
    let first = check.first_fault.as_deref().unwrap_or_default();
    match check.faults {
        1 => format!("1 fault: {first}."),
        faults => format!("{} faults, the first: {first}.", number(faults)),
    }
}

/// What verifying just now came to.
pub(crate) fn came_to(found: &Verification) -> String {
    if found.is_whole() {
        return format!("The trail is whole: {} entries in {} seals.", number(found.events), number(found.seals));
    }
    let first = found.faults.first().map(String::as_str).unwrap_or_default();
    format!("The trail is NOT whole: {} faults, the first: {first}.", number(found.fault_count))
}

pub(crate) fn since_then(entries: i64) -> String {
    match entries {
        0 => "Nothing was written since.".to_owned(),
        1 => "1 entry was written since.".to_owned(),
        entries => format!("{} entries were written since.", number(entries)),
    }
}

pub(crate) fn sealed(number: i64, at: chrono::DateTime<chrono::Utc>) -> String {
    format!("{}, set {}", place(number), instant(at))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn thousands_are_told_apart() {
        for (value, told) in [(0, "0"), (999, "999"), (1_000, "1,000"), (10_482, "10,482"), (-1_234_567, "-1,234,567")]
        {
            assert_eq!(number(value), told);
        }
    }
}
