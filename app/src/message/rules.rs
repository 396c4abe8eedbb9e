//! The words of the pages about standing rules.

use chrono::{DateTime, Utc};
use domain::risk::RiskTier;
use domain::rule::form::Kind;
use domain::rule::lint::{Flag, Warning};
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
pub(crate) const NONE_INACTIVE_LEAD: &str =
    "Rules that were revoked, suspended, used up or whose time is over stand here.";
pub(crate) const NEW_RULE: &str = "New rule";
pub(crate) const EXPORT: &str = "Export:";
pub(crate) const EXPORT_LABEL: &str = "Export these rules";
pub(crate) const FIRST_PAGE: &str = "First page";
pub(crate) const NEXT_PAGE: &str = "Next page";
pub(crate) const NEVER: &str = "never";
pub(crate) const NO_END: &str = "no end";

// What could be decided once.
pub(crate) const PROMOTIONS: &str = "Approved again and again";
pub(crate) const PROMOTIONS_LEAD: &str =
    "People approved these calls five times or more in 30 days and never rejected one, and no rule decides them.";
pub(crate) const MAKE_THIS: &str = "Make this a rule";

pub(crate) const CALL: &str = "Call";
pub(crate) const APPROVED: &str = "Approved";
pub(crate) const LAST_APPROVED: &str = "Last approved";

pub(crate) fn times(count: i64) -> String {
    format!("{count} times")
}

pub(crate) fn offers(count: usize) -> String {
    format!("{count} could be made")
}

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
pub(crate) const REPLACE: &str = "Replace or extend";
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
pub(crate) const REJECTED_ONES: &str = "Show what was rejected";

// Calls that wait.
pub(crate) const APPLY_TITLE: &str = "Calls that wait";

/// What stands out about a rule.
pub(crate) const fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::Unused => hygiene(Hygiene::Unused),
        Flag::NearlySpent => hygiene(Hygiene::NearLimit),
        Flag::Broad => hygiene(Hygiene::Broad),
        Flag::ExpiresSoon => hygiene(Hygiene::Expiring),
        Flag::StaleSchema => "the tool has changed",
        Flag::Shadowed(_) => "never decides",
    }
}

/// What a rule's maker may not have meant. The other rule that it is about stands beside it.
pub(crate) fn warning(warning: &Warning) -> String {
    warning.words_with("another rule")
}

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
    format!("{count} permanent")
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
    if count == 1 {
        "1 call waits that this rule fits.".to_owned()
    } else {
        format!("{count} calls wait that this rule fits.")
    }
}

pub(crate) fn apply(count: usize) -> String {
    if count == 1 { "Apply to 1 waiting call".to_owned() } else { format!("Apply to {count} waiting calls") }
}

pub(crate) const APPLY_LEAD: &str =
    "Each is asked for anew, takes a use of the rule, and runs. What does not fit goes on waiting.";

/// After the number of calls that would have passed.
pub(crate) fn replayed_of(all: i64) -> String {
    if all == 1 { "of 1 call would have passed".to_owned() } else { format!("of {all} calls would have passed") }
}

pub(crate) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

pub(crate) fn approved_by_people(count: i64) -> String {
    format!("{count} of them approved by people")
}

pub(crate) fn rejected_by_people(count: i64) -> String {
    format!("{count} of them rejected by people")
}

pub(crate) fn decided_by_rules(count: i64) -> String {
    format!("{count} of them decided by rules")
}

pub(crate) fn otherwise(count: i64) -> String {
    format!("{count} of them without a decision")
}

pub(crate) fn would_still_wait(count: i64) -> String {
    format!("{count} others that people decided would still wait")
}

pub(crate) fn waiting_matched(matched: i64, of: i64) -> String {
    format!("{matched} of {of} waiting would match")
}

/// What a rule would do, in a breath.
pub(crate) fn in_short(passed: (i64, i64), rejected: i64, waiting: (i64, i64), unmet: usize) -> String {
    let passed = format!("{} {}", passed.0, replayed_of(passed.1));
    let rejected = if rejected > 0 { format!(", {}", rejected_by_people(rejected)) } else { String::new() };
    let demands = match unmet {
        0 => String::new(),
        1 => " One demand is not met.".to_owned(),
        unmet => format!(" {unmet} demands are not met."),
    };
    format!("{passed}{rejected}; {}.{demands}", waiting_matched(waiting.0, waiting.1))
}

/// A rule that fits too, and why another decides.
pub(crate) fn lost_by(step: &str) -> String {
    match step {
        "deny" => "fits, and a rule that refuses wins".to_owned(),
        "hold" => "fits, and a rule that holds wins".to_owned(),
        step => format!("fits, and another comes first ({})", step.replace('_', " ")),
    }
}

// The sheet.
pub(crate) const APPROVE_ONLY: &str = "Approve only";
pub(crate) const REPLACE_TITLE: &str = "Replace this rule";
pub(crate) const REPLACE_NOW: &str = "Replace it";
pub(crate) const REPLACE_REASON: &str = "Why it is replaced";
pub(crate) const CHECK: &str = "Check";
pub(crate) const NOT_MADE: &str = "No rule was made.";
pub(crate) const NO_TOOLS: &str = "No tool has been called yet. A rule is for one tool.";
pub(crate) const CHOOSE_LEAD: &str = "A rule is for one tool. Which one?";
pub(crate) const GO_ON: &str = "Go on";
pub(crate) const CALLS_THAT_FIT: &str = "What it does with calls that fit";
pub(crate) const DESCRIPTION: &str = "Description";
pub(crate) const NOTES_MAYBE: &str = "Notes, if there are any";
pub(crate) const ARGUMENTS_MUST: &str = "Arguments must be";
pub(crate) const ANOTHER: &str = "Another argument";
pub(crate) const ANOTHER_LIKE: &str = "to, list[*].name";
pub(crate) const ASKS: &str = "What is asked of it";
pub(crate) const ANY_OTHER_ARGUMENT: &str = "Any other argument";
pub(crate) const UNLISTED_HINT: &str = "What decides what a call does is never ignored.";
pub(crate) const NO_LIMIT: &str = "No limit";
pub(crate) const OTHER: &str = "Other:";
pub(crate) const OTHER_USES: &str = "Another number of uses";
pub(crate) const UNTIL: &str = "Until";
pub(crate) const NO_END_CHOICE: &str = "No end";
pub(crate) const A_DAY: &str = "The end of:";
pub(crate) const LAST_DAY: &str = "Its last day";
pub(crate) const WHAT_IT_WOULD_DO: &str = "What it would do";
pub(crate) const NOT_CHECKED: &str =
    "\"Check\" shows here what the rule would have done with the calls of the last 30 days, and what its tier demands.";
pub(crate) const NOT_CHECKED_NOW: &str =
    "It could not be checked just now, so nothing here is up to date. \"Check\" tries again; what you typed stays.";
pub(crate) const MEND_FIRST: &str = "What it would do is shown once the fields can be read.";
pub(crate) const PASSES_REJECTED: &str = "Would have passed a call that was rejected.";
pub(crate) const NARROW: &str = "Narrow an argument, or be sure.";
pub(crate) const CONFIRM_BROAD: &str = "It narrows nothing, and I have seen what would pass";
pub(crate) const LOOK_AT: &str = "Look at this";
pub(crate) const THAT_RULE: &str = "That rule";
pub(crate) const CALL_FITS: &str = "This call fits it.";
pub(crate) const CALL_FITS_NOT: &str = "This call does not fit it.";
pub(crate) const IT_READS: &str = "It reads";
pub(crate) const SENT_BEFORE: &str = "This sheet was sent before; this is the rule that it made.";
pub(crate) const APPROVED_BEFORE: &str = "You had approved this call before; no rule was made now.";

pub(crate) const fn back_to(action: bool, rule: bool) -> &'static str {
    match (action, rule) {
        (true, _) => "Back to the call",
        (_, true) => "Back to the rule",
        _ => ALL_RULES,
    }
}

pub(crate) const fn tier_wants(tier: RiskTier) -> &'static str {
    match tier {
        RiskTier::Low | RiskTier::Medium => "",
        RiskTier::High => "The tier asks for a narrow, bounded rule.",
        RiskTier::Critical => "The tier asks for a narrow rule of at most 5 uses.",
    }
}

pub(crate) fn demands(tier: RiskTier) -> String {
    format!("What {} demands", super::tier(tier))
}

pub(crate) fn replay_title(days: i32) -> String {
    format!("The last {days} days")
}

pub(crate) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::FromAction => "exactly this call’s",
        Kind::Kept => "exactly as before",
        Kind::Wider => "the wider choice",
        Kind::Text => "exactly (text)",
        Kind::Json => "exactly (JSON)",
        Kind::OneOf => "one of (lines)",
        Kind::OneOfJson => "one of (JSON)",
        Kind::Pattern => "like (* and ?)",
        Kind::Email => "an address at",
        Kind::Url => "a URL at",
        Kind::Path => "a path below",
        Kind::Range => "a number a..b",
        Kind::Length => "at most so long",
        Kind::Regex => "this expression",
        Kind::Any => "anything",
        Kind::Absent => "not there",
        Kind::Unnamed => "not named",
    }
}

pub(crate) const fn effect_does(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "Lets them run",
        Effect::Deny => "Refuses them",
        Effect::Hold => "Holds them for a person",
    }
}

pub(crate) const fn unlisted_does(unlisted: Unlisted) -> &'static str {
    match unlisted {
        Unlisted::Forbid => "makes it wait",
        Unlisted::Ignore => "is ignored",
    }
}

pub(crate) fn most_uses(most: i64) -> String {
    most.to_string()
}

pub(crate) fn lasts(hours: i64) -> String {
    span(hours * 3_600)
}

pub(crate) fn as_before(until: &str) -> String {
    let at = until.parse::<DateTime<Utc>>();
    at.map_or_else(|_| until.to_owned(), |at| format!("As before: {}", instant(at)))
}

pub(crate) fn of_call(shown: &str) -> String {
    format!("This call: {shown}.")
}

pub(crate) fn wider(words: &str) -> String {
    format!("Wider: {words}.")
}

pub(crate) fn value_of(path: &str) -> String {
    if path.is_empty() { "Its value".to_owned() } else { format!("Value of {}", domain::text_safety::escaped(path)) }
}

/// What is wrong with a field, as a sentence.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

pub(crate) fn not_yet(count: usize) -> String {
    if count == 1 { "One thing needs mending.".to_owned() } else { format!("{count} things need mending.") }
}

pub(crate) fn made(name: &str) -> String {
    format!("The rule \"{name}\" is made.")
}

pub(crate) fn replaced(name: &str) -> String {
    format!("\"{name}\" stands in its place.")
}

pub(crate) fn approved_and_made(tool: &str, name: &str) -> String {
    format!("{tool} is approved, and the rule \"{name}\" is made.")
}
