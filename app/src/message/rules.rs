//! The words of the pages about standing rules.

use chrono::{DateTime, Utc};
use domain::rule::{Effect, Hygiene, RuleState, Unlisted};
use domain::time_text::{instant, span};

pub(crate) const LEAD: &str =
    "What a person has decided once for all calls that fit. Every rule says what a call must be, and for how long.";
pub(crate) const SUMMARY: &str = "How many rules there are";
pub(crate) const RULE: &str = "Rule";
pub(crate) const TOOL: &str = "Tool";
pub(crate) const EFFECT: &str = "Effect";
pub(crate) const STATE: &str = "State";
pub(crate) const USES: &str = "Uses";
pub(crate) const ENDS: &str = "Ends";
pub(crate) const LAST_USED: &str = "Last used";
pub(crate) const WORTH_A_LOOK: &str = "Worth a look";
pub(crate) const TABS: &str = "Which rules";
pub(crate) const ACTIVE: &str = "Active";
pub(crate) const SHOW_INACTIVE: &str = "Show inactive";
pub(crate) const FILTER: &str = "Filter the rules";
pub(crate) const ANY: &str = "any";
pub(crate) const SHOW: &str = "Show";
pub(crate) const SHOW_ALL: &str = "Show all";
pub(crate) const UNREAD: &str = "The rules could not be read.";
pub(crate) const NOTHING_MATCHES: &str = "No rule matches";
pub(crate) const NOTHING_MATCHES_LEAD: &str = "No rule here is what the filter above asks for.";
pub(crate) const NONE_ACTIVE: &str = "No rule decides now";
pub(crate) const NONE_ACTIVE_LEAD: &str = "Every gated call waits for a person. Open a call that you would approve every time \
     and choose \"Approve and create rule\", or write a rule by hand.";
pub(crate) const NONE_INACTIVE: &str = "No rule has ended";
pub(crate) const NONE_INACTIVE_LEAD: &str = "Rules that were revoked, suspended, used up or whose time is over stand here.";
pub(crate) const NEW_RULE: &str = "New rule";
pub(crate) const EXPORT: &str = "Export:";
pub(crate) const EXPORT_LABEL: &str = "Export these rules";
pub(crate) const FIRST_PAGE: &str = "First page";
pub(crate) const NEXT_PAGE: &str = "Next page";
pub(crate) const NEVER: &str = "never";
pub(crate) const NO_END: &str = "no end";

// One rule.
pub(crate) const ALL_RULES: &str = "All rules";
pub(crate) const NO_SUCH_RULE: &str = "There is no such rule.";
pub(crate) const FITS: &str = "A call fits when";
pub(crate) const ANY_OTHER: &str = "any other argument";
pub(crate) const STANDS: &str = "As it stands";
pub(crate) const MADE: &str = "Made";
pub(crate) const MADE_FROM: &str = "Made from";
pub(crate) const THE_CALL: &str = "this call";
pub(crate) const BY_HAND: &str = "no call: written by hand";
pub(crate) const TIER: &str = "Tier of the tool";
pub(crate) const NOTES: &str = "Notes";
pub(crate) const REPLACES: &str = "In the place of";
pub(crate) const REPLACED_BY: &str = "Replaced by";
pub(crate) const THE_RULE_BEFORE: &str = "the rule before it";
pub(crate) const THE_RULE_AFTER: &str = "the rule after it";
pub(crate) const SUSPENDED: &str = "It decides nothing until somebody has looked:";
pub(crate) const DECIDED: &str = "What it decided";
pub(crate) const DECIDED_NOTHING: &str = "Nothing yet.";
pub(crate) const ALL_DECIDED: &str = "All of them";
pub(crate) const TRAIL: &str = "Trail";
pub(crate) const CHANGE: &str = "What can be done with it";
pub(crate) const READ_ONLY: &str = "Your role looks at rules and does not change them.";
pub(crate) const REVOKED: &str = "Revoked";
pub(crate) const REVOKE: &str = "Revoke";
pub(crate) const REVOKE_LEAD: &str =
    "It decides nothing from now on. What it approved stays approved, and its uses stay counted. It is not taken back.";
pub(crate) const REVOKE_NOW: &str = "Revoke this rule";
pub(crate) const RESUME: &str = "Take up again";
pub(crate) const RESUME_LEAD: &str = "You have looked: the rule fits the tool as it is now, and decides again.";
pub(crate) const REPLACE: &str = "Replace";
pub(crate) const REASON: &str = "Reason";
pub(crate) const REASON_MAYBE: &str = "Reason, if there is one";

// Trying.
pub(crate) const TRY: &str = "Try a call";
pub(crate) const TRY_LEAD: &str = "Would this call fit, and if not, why? Nothing is stored and no use is counted.";
pub(crate) const TRY_ARGS: &str = "Its arguments, as a JSON object";
pub(crate) const TRY_ACTION: &str = "Or the id of a call that was parked here";
pub(crate) const TRY_NOW: &str = "Try it";
pub(crate) const NOT_TRIED: &str = "It could not be tried.";
pub(crate) const FITS_YES: &str = "The call fits this rule.";
pub(crate) const FITS_NO: &str = "The call does not fit this rule.";
pub(crate) const TIER_ASKS: &str = "the tool’s tier";
pub(crate) const GATE_NOW: &str = "What the gate would do now:";
pub(crate) const OTHERS: &str = "The other rules of this tool";
pub(crate) const FITS_WORD: &str = "fits";
pub(crate) const HOLDS: &str = "holds";
pub(crate) const HOLDS_NOT: &str = "does not hold";

// Replaying.
pub(crate) const REPLAY: &str = "Replay 30 days";
pub(crate) const REPLAY_TITLE: &str = "This rule over the last 30 days";
pub(crate) const NOT_REPLAYED: &str = "It could not be replayed.";
pub(crate) const CUT_OFF: &str = "There were more calls than are looked at; these are the newest.";
pub(crate) const REJECTED_ONES: &str = "Calls that were rejected and that it would let pass";

// Calls that wait.
pub(crate) const APPLY_TITLE: &str = "Calls that wait";
pub(crate) const APPLIED: &str = "What came of it";

/// What is worth a look.
pub(crate) const fn hygiene(what: Hygiene) -> &'static str {
    match what {
        Hygiene::Unused => "unused for 7 days",
        Hygiene::NearLimit => "near its limit",
        Hygiene::Broad => "broad",
        Hygiene::Expiring => "ends within 7 days",
    }
}

pub(crate) const HYGIENE: [Hygiene; 4] = [Hygiene::Unused, Hygiene::NearLimit, Hygiene::Broad, Hygiene::Expiring];

pub(crate) const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "lets run",
        Effect::Deny => "refuses",
        Effect::Hold => "holds",
    }
}

/// The word, and the colour that says how far from normal it is.
pub(crate) const fn state(state: RuleState) -> (&'static str, &'static str) {
    match state {
        RuleState::Active => ("active", "green"),
        RuleState::Suspended => ("suspended", "yellow"),
        RuleState::Expired => ("expired", "unknown"),
        RuleState::Exhausted => ("used up", "unknown"),
        RuleState::Revoked => ("revoked", "unknown"),
    }
}

pub(crate) const fn unlisted(unlisted: Unlisted) -> &'static str {
    match unlisted {
        Unlisted::Forbid => "is not there: a call that has one does not fit",
        Unlisted::Ignore => "does not matter, unless it decides what the call does",
    }
}

pub(crate) fn permanent(count: i64) -> String {
    format!("{count} without an end")
}

pub(crate) fn bounded(count: i64) -> String {
    format!("{count} bounded")
}

pub(crate) fn inactive(count: i64) -> String {
    format!("{count} inactive")
}

pub(crate) fn uses(count: i64, most: Option<i64>) -> String {
    match most {
        Some(most) => format!("{count} of {most}"),
        None => count.to_string(),
    }
}

/// When it ends, counted from `now`.
pub(crate) fn ends(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = (at - now).num_seconds();
    if left > 0 { format!("in {}", span(left)) } else { format!("{} ago", span(-left)) }
}

pub(crate) fn ends_at(at: DateTime<Utc>) -> String {
    instant(at)
}

pub(crate) fn no_rule_applies(gating: &str) -> String {
    format!("The tool is {gating}: no rule applies to its calls until that ends.")
}

pub(crate) fn revoked(name: &str) -> String {
    format!("\"{name}\" is revoked.")
}

pub(crate) fn resumed(name: &str) -> String {
    format!("\"{name}\" decides again.")
}

pub(crate) fn waiting(count: i64) -> String {
    if count == 1 { "1 call waits that this rule fits.".to_owned() } else { format!("{count} calls wait that this rule fits.") }
}

pub(crate) fn apply(count: usize) -> String {
    if count == 1 { "Apply to 1 waiting call".to_owned() } else { format!("Apply to {count} waiting calls") }
}

pub(crate) const APPLY_LEAD: &str = "Each is asked for anew, takes a use of the rule, and runs. What does not fit goes on waiting.";

/// After the number of calls that would have passed.
pub(crate) fn replayed_of(all: i64) -> String {
    if all == 1 { "of 1 call in 30 days".to_owned() } else { format!("of {all} calls in 30 days") }
}

pub(crate) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

pub(crate) fn approved_by_people(count: i64) -> String {
    format!("{count} of them were approved by people")
}

pub(crate) fn rejected_by_people(count: i64) -> String {
    if count == 1 { "1 of them was rejected".to_owned() } else { format!("{count} of them were rejected") }
}

pub(crate) fn decided_by_rules(count: i64) -> String {
    format!("{count} of them were decided by rules")
}

pub(crate) fn otherwise(count: i64) -> String {
    format!("{count} of them ended without a decision")
}

pub(crate) fn would_still_wait(count: i64) -> String {
    format!("{count} others that people decided would still wait")
}

pub(crate) fn waiting_matched(matched: i64, of: i64) -> String {
    format!("{matched} of {of} waiting would match")
}

/// A rule that fits too, and why another decides.
pub(crate) fn lost_by(step: &str) -> String {
    match step {
        "deny" => "fits, and a rule that refuses wins".to_owned(),
        "hold" => "fits, and a rule that holds wins".to_owned(),
        step => format!("fits, and another comes first ({})", step.replace('_', " ")),
    }
}
