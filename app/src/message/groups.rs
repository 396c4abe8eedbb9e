//! The words of the page that shows what waits by groups.

pub(crate) const TITLE: &str = "Waiting calls that do the same";
pub(crate) const LEAD: &str = "One tool, one tier, the same arguments where they decide what a call does. Decide them as one, or \
     once for all by a rule. The rest of their arguments may differ: open a call to see all of it.";
pub(crate) const QUEUE: &str = "The queue, one by one";
pub(crate) const NONE: &str = "No two calls that wait do the same";
pub(crate) const NONE_LEAD: &str = "Whatever waits, waits for a reason of its own.";
pub(crate) const MORE: &str =
    "There are more groups than fit on this page. Decide some of these, and the next take their place.";
pub(crate) const UNREAD: &str = "What waits could not be read.";
pub(crate) const MAKE_RULE: &str = "Make a rule of these";
pub(crate) const OLDEST: &str = "the oldest";
pub(crate) const CALLS: &str = "The calls";
pub(crate) const ONE_BY_ONE: &str = "Calls of this tier are approved one by one.";
pub(crate) const APPROVE: &str = "Approve what is ticked";
pub(crate) const REJECT: &str = "Reject what is ticked";
pub(crate) const EXTEND: &str = "Extend what is ticked";

pub(crate) fn wait(count: i64) -> String {
    format!("{count} wait")
}

/// Where not all of a group are on the page.
pub(crate) fn oldest_of(shown: usize, count: i64) -> String {
    format!("The oldest {shown} of {count}.")
}
