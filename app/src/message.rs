//! Every English text of the console, so that another language is another such module.

// Some texts only the server writes, some only the browser.
#![allow(dead_code)]

mod edit;

pub(crate) use edit::*;

use domain::action::{AttemptState, Decider};
use domain::health::Health;
use domain::identity::Role;
use domain::lifecycle::{ExecutionState, Status, Verb};
use domain::page::Sort;
use domain::problem::Problem;
use domain::risk::RiskTier;
use domain::time_text::{self, TimeLeft};
use domain::tool::Executor;
use domain::view::{ActionDetail, ActionRow, Decided};

#[cfg(feature = "ssr")]
pub(crate) mod alerts;
#[cfg(feature = "ssr")]
pub(crate) mod audit;
#[cfg(feature = "ssr")]
pub(crate) mod failed;
#[cfg(feature = "ssr")]
pub(crate) mod figures;
#[cfg(feature = "ssr")]
pub(crate) mod groups;
#[cfg(feature = "ssr")]
pub(crate) mod people;
#[cfg(feature = "ssr")]
pub(crate) mod reference;
#[cfg(feature = "ssr")]
pub(crate) mod retention;
#[cfg(feature = "ssr")]
pub(crate) mod rules;
#[cfg(feature = "ssr")]
pub(crate) mod settings;
#[cfg(feature = "ssr")]
pub(crate) mod tools;
#[cfg(feature = "ssr")]
pub(crate) mod upstreams;

pub(crate) const PRODUCT: &str = "Countersign";

// Around every page.
pub(crate) const SKIP: &str = "Skip to the content";
pub(crate) const MAIN_NAVIGATION: &str = "Main";
pub(crate) const APPROVALS: &str = "Approvals";
pub(crate) const RULES: &str = "Rules";
pub(crate) const METRICS: &str = "Metrics";
pub(crate) const AUDIT: &str = "Audit";
pub(crate) const TOOLS: &str = "Tools";
pub(crate) const SETTINGS: &str = "Settings";
pub(crate) const YOU: &str = "You";
pub(crate) const OPEN_ACTION: &str = "The open action";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const THEME: &str = "Theme";
pub(crate) const KEYS: &str = "Keyboard";
pub(crate) const CLOSE: &str = "Close";
pub(crate) const HEALTH: &str = "Health of the queue";
pub(crate) const READ_ONLY: &str = "You can look, not decide: your role is viewer.";
pub(crate) const FRAME_UNREAD: &str = "The counts could not be read.";
pub(crate) const SIGNED_OUT: &str = "You are signed out.";
pub(crate) const SIGN_IN_AGAIN: &str = "Sign in again";
pub(crate) const OUTDATED: &str = "A new version is running.";
pub(crate) const RELOAD: &str = "Reload";

/// The keys and what they do.
pub(crate) const KEY_HELP: [(&str, &str); 13] = [
    ("j", "next row"),
    ("k", "row before"),
    ("Enter", "open the row"),
    ("a", "approve"),
    ("r", "approve and create a rule"),
    ("x", "reject"),
    ("e", "extend the deadline"),
    ("s", "select the row"),
    ("u", "take an approval back, within 5 seconds"),
    ("/", "filter"),
    ("g", "then a, r, m, l, t or s: go to the queue, the rules, the metrics, the trail, the tools, the settings"),
    ("Esc", "close what is open"),
    ("?", "this list"),
];

pub(crate) const fn theme(theme: crate::theme::Theme) -> &'static str {
    match theme {
        crate::theme::Theme::System => "System",
        crate::theme::Theme::Light => "Light",
        crate::theme::Theme::Dark => "Dark",
    }
}

pub(crate) fn account(name: &str) -> String {
    format!("{name}: account and theme")
}

/// What the page at a path is called.
#[cfg(feature = "ssr")]
pub(crate) fn page_at(path: &str) -> &'static str {
    if path.starts_with("/approvals/rules") {
        return RULES;
    }
    if path.starts_with("/approvals/metrics") {
        return METRICS;
    }
    match path.split('/').nth(1) {
        Some("login") => SIGN_IN,
        Some("tools") => TOOLS,
        Some("audit") => AUDIT,
        Some("settings") => SETTINGS,
        #[cfg(feature = "ssr")]
        Some("api") => reference::TITLE,
        _ => APPROVALS,
    }
}

/// The browser tab's title with the number of actions that wait.
pub(crate) fn title(pending: Option<i64>, page: &str) -> String {
    match pending {
        Some(count @ 1..) => format!("({count}) {page} · {PRODUCT}"),
        _ => format!("{page} · {PRODUCT}"),
    }
}

pub(crate) fn overall_health(health: Health) -> String {
    format!("Queue: {}", health.words())
}

// Signing in.
pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const SIGN_IN_LEAD: &str = "Agents' risky calls wait here until a person countersigns them.";
pub(crate) const NAME: &str = "Name";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const SIGN_IN_FAILED: &str = "Not signed in.";
pub(crate) const SIGN_IN_FIRST: &str = "Sign in first.";
pub(crate) const LINK_LEAD: &str =
    "You opened a one-time sign-in link. It works once, and only when you press this button.";
pub(crate) const SIGN_IN_WITH_LINK: &str = "Sign in with this link";
pub(crate) const NO_ACCOUNT: &str = "No account? An administrator makes one with ";

// Errors that are nobody's answer.
pub(crate) const NO_ANSWER: &str = "The server did not answer. Trying again is safe: a decision counts once.";
pub(crate) const STRANGE_ANSWER: &str =
    "The server's answer could not be understood. Trying again is safe: a decision counts once.";
pub(crate) const SERVER_FAILED: &str = "The server failed. Trying again is safe: a decision counts once.";
pub(crate) const REFERENCE: &str = "In the log as";
pub(crate) const RETRY: &str = "Try again";

pub(crate) fn retry_after(seconds: u64) -> String {
    format!(" Try again in {}.", time_text::span(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// What went wrong, as a sentence: of wrong fields by their names, not by their places in a request.
pub(crate) fn problem(problem: &Problem) -> String {
    if problem.errors.is_empty() {
        return problem.detail.clone();
    }
    let name = |pointer: &str| pointer.rsplit('/').next().unwrap_or(pointer).replace('_', " ");
    let told = problem.errors.iter().map(|error| format!("The {} {}.", name(&error.pointer), error.message));
    told.collect::<Vec<_>>().join(" ")
}

pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Admin => "administrator",
    }
}

// No such page.
pub(crate) const NOT_FOUND: &str = "There is no such page";
pub(crate) const NOT_FOUND_LEAD: &str = "The address is mistyped, or the page is not there any more.";
pub(crate) const TO_THE_QUEUE: &str = "To the queue";

// The health strip.
pub(crate) const PENDING_FIGURE: &str = "pending";
pub(crate) const P95_FIGURE: &str = "P95 to decide";
pub(crate) const AUTO_FIGURE: &str = "auto-approved";
pub(crate) const FAILED_FIGURE: &str = "failed";
/// In place of a figure that is not known; the word beside it says so.
pub(crate) const NO_FIGURE: &str = "–";

/// A fraction as a percentage, with a decimal only where it says something. Whole numbers do it: the text of a
/// floating-point number would bring 10 kB of WebAssembly.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn percent(fraction: f64) -> String {
    let tenths = (fraction * 1_000.0).round() as i64;
    match (tenths / 10, tenths % 10) {
        (whole @ 0..10, tenth @ 1..) => format!("{whole}.{tenth} %"),
        _ => format!("{} %", (tenths + 5) / 10),
    }
}

// The list.
pub(crate) const FILTER: &str = "Filter by status";
pub(crate) const SORT: &str = "Order";
pub(crate) const LIST: &str = "Actions";
pub(crate) const NEXT_PAGE: &str = "Next page";
pub(crate) const FIRST_PAGE: &str = "First page";
pub(crate) const GONE: &str = "no longer in this list";
pub(crate) const DECEPTIVE: &str = "deceptive text";
pub(crate) const LIST_UNREAD: &str = "The list could not be read.";
pub(crate) const STALE: &str = "What you see may be out of date:";
pub(crate) const PAST_DEADLINE: &str = "expired";
pub(crate) const NO_DEADLINE: &str = "no deadline";
pub(crate) const CAME_OF_IT: &str = "What came of it";
pub(crate) const GROUPED: &str = "Grouped";

/// Of several, the nearest.
pub(crate) fn first_deadline(left: &str) -> String {
    format!("the first expires in {left}")
}
pub(crate) const WAITS_FOR_EXECUTOR: &str = "waiting for an executor";

pub(crate) fn status_filter(word: &str) -> &str {
    match word.parse::<Status>() {
        Ok(status) => self::status(status),
        Err(_) => "All",
    }
}

pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "Pending",
        Status::Approved => "Approved",
        Status::Rejected => "Rejected",
        Status::Expired => "Expired",
        Status::Executed => "Executed",
        Status::Abandoned => "Abandoned",
        Status::Withdrawn => "Withdrawn",
    }
}

pub(crate) const fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Oldest => "Oldest",
        Sort::Newest => "Newest",
        Sort::Urgency => "Urgent",
    }
}

pub(crate) const fn sort_hint(sort: Sort) -> &'static str {
    match sort {
        Sort::Oldest => "Oldest first",
        Sort::Newest => "Newest first",
        Sort::Urgency => "Nearest deadline first, then the higher tier",
    }
}

pub(crate) const fn tier(tier: RiskTier) -> &'static str {
    match tier {
        RiskTier::Low => "LOW",
        RiskTier::Medium => "MEDIUM",
        RiskTier::High => "HIGH",
        RiskTier::Critical => "CRITICAL",
    }
}

pub(crate) fn new_rows(count: usize) -> String {
    if count == 1 { "1 new action".to_owned() } else { format!("{count} new actions") }
}

/// `None`: nobody counted them to the end.
pub(crate) fn total(count: Option<i64>) -> String {
    match count {
        Some(1) => "1 action".to_owned(),
        Some(count) => format!("{count} actions"),
        None => "more than 10,000 actions".to_owned(),
    }
}

// Narrowing the list.
pub(crate) const FILTER_BUTTON: &str = "Filter";
pub(crate) const FILTER_TITLE: &str = "Show only actions";
pub(crate) const FILTER_APPLY: &str = "Show them";
pub(crate) const FILTER_CLEAR: &str = "Clear";
pub(crate) const NARROWED: &str = "Shown only:";
pub(crate) const ANY: &str = "any";
pub(crate) const FILTER_WORDS_HINT: &str = "Beginnings of words. What is masked is never found.";
pub(crate) const EXPIRING: [(&str, &str); 4] =
    [("", ANY), ("2", "in 2 hours"), ("4", "in 4 hours"), ("24", "in a day")];

/// What a parameter narrows the list by.
pub(crate) fn narrowing(name: &str) -> &'static str {
    match name {
        "q" => "with the words",
        "tool_name" => "of the tool",
        "risk_tier" => "of the tier",
        "session_id" => "of the session",
        "agent" => "of the agent",
        "since" => "requested since",
        "until" => "requested until",
        "rule_id" => "decided by the rule",
        "decided_since" => "decided since",
        "decided_until" => "decided until",
        "decided_by" => "decided by",
        "executed_since" => "run since",
        "executed_until" => "run until",
        "execution_state" => "whose run",
        "gated" => "that waited:",
        _ => "expiring within",
    }
}

pub(crate) fn narrowed(name: &str, value: &str) -> String {
    let unit = if name == "expiring_within_hours" { " h" } else { "" };
    format!("{} {value}{unit}", narrowing(name))
}

pub(crate) fn remove_narrowing(name: &str) -> String {
    format!("Show also what is not {}", narrowing(name))
}

pub(crate) const NOTHING_MATCHES: &str = "Nothing matches";
pub(crate) const NOTHING_MATCHES_LEAD: &str = "No action in this list is what the filter above asks for.";

pub(crate) fn disconnected(age: i64) -> String {
    format!("Not connected: this is as it was {}. Connecting again…", time_text::ago(age))
}

/// Why a list is empty: heading, what it means, and what to do.
pub(crate) fn empty(word: &str) -> (&'static str, &'static str) {
    match word.parse() {
        Ok(Status::Pending) => (
            "Nothing waits for you",
            "Every call has been decided. New ones appear here by themselves as agents park them.",
        ),
        Ok(Status::Approved) => (
            "Nothing is on its way",
            "Approved calls stand here until an executor has run them. All of them have an outcome.",
        ),
        Ok(Status::Rejected) => ("Nothing was rejected", "Calls that a person or a rule turned down would stand here."),
        Ok(Status::Expired) => {
            ("Nothing has expired", "Calls that nobody decided before their deadline would stand here.")
        }
        Ok(Status::Executed) => ("Nothing has run yet", "Approved calls stand here once their executor has reported."),
        Ok(Status::Abandoned) => ("Nothing was abandoned", "Calls that a person gave up on would stand here."),
        Ok(Status::Withdrawn) => ("Nothing was withdrawn", "Calls that their agent took back would stand here."),
        Err(_) => ("No agent has parked a call yet", "The first one appears here by itself."),
    }
}

pub(crate) const END_OF_LIST: &str = "Nothing more on this page";
pub(crate) const END_OF_LIST_LEAD: &str = "Rows that stood here have been decided meanwhile.";

/// The one word for where an action stands, as a row shows it.
pub(crate) const fn standing(row: &ActionRow) -> &'static str {
    match (row.status, row.execution_state) {
        (Status::Approved, _) if row.waits_for_executor => WAITS_FOR_EXECUTOR,
        (Status::Approved, Some(ExecutionState::Queued)) => "queued",
        (Status::Approved, Some(ExecutionState::Running)) => "running",
        (Status::Approved, Some(ExecutionState::Unknown)) => "outcome unknown",
        (Status::Executed, Some(ExecutionState::Failed)) => "failed",
        (Status::Executed, _) => "succeeded",
        (status, _) => match status {
            Status::Pending => "pending",
            Status::Approved => "approved",
            Status::Rejected => "rejected",
            Status::Expired => "expired",
            Status::Executed => "executed",
            Status::Abandoned => "abandoned",
            Status::Withdrawn => "withdrawn",
        },
    }
}

// Expire stale.
pub(crate) const EXPIRE_STALE: &str = "Expire stale";
pub(crate) const EXPIRE_TITLE: &str = "Expire stale actions";
pub(crate) const EXPIRE_LEAD: &str = "Marks every pending action whose deadline has passed as expired, with an entry in the trail for each. \
     Actions with time left stay as they are. This also happens by itself from time to time.";
pub(crate) const EXPIRE_NOW: &str = "Expire now";

/// How many would expire; `None`: it could not be counted.
pub(crate) fn stale(count: Option<i64>) -> String {
    match count {
        None => "How many that would be is not known now.".to_owned(),
        Some(0) => "None is past its deadline now.".to_owned(),
        Some(1) => "1 action would expire now.".to_owned(),
        Some(count) => format!("{count} actions would expire now."),
    }
}

pub(crate) fn expired(count: usize) -> String {
    match count {
        0 => "No action was past its deadline.".to_owned(),
        1 => "1 action expired.".to_owned(),
        count => format!("{count} actions expired."),
    }
}

// The open action.
pub(crate) const BACK_TO_LIST: &str = "All actions";
pub(crate) const NOTHING_OPEN: &str = "Choose an action";
pub(crate) const NOTHING_OPEN_LEAD: &str = "It opens here with everything its decision needs.";
pub(crate) const ACTION_UNREAD: &str = "The action could not be read.";
pub(crate) const NO_SUCH_ACTION: &str = "There is no such action.";
pub(crate) const PARKED: &str = "Parked ";
pub(crate) const BY: &str = " by ";
pub(crate) const IN_SESSION: &str = " in session ";
pub(crate) const DIGEST: &str = "digest ";
pub(crate) const WHY_IT_WAITS: &str = "Why it waits:";
pub(crate) const CLAIM: &str = "The agent says (unverified)";
pub(crate) const AGENT_WHY: &str = "Why, in the agent's words";
pub(crate) const EVIDENCE: &str = "Evidence the agent gave (unverified)";
pub(crate) const ARGUMENTS: &str = "Arguments";
pub(crate) const NO_ARGUMENTS: &str = "The call has no arguments.";
pub(crate) const CRITICAL: &str = "critical: decides what the call does";
pub(crate) const REDACTED: &str = "[REDACTED]";
pub(crate) const REDACTED_HINT: &str = "A secret: shown to nobody, sent only to the executor";
pub(crate) const WARNINGS: &str = "Look closely";
pub(crate) const HISTORY: &str = "This tool, 30 days";
pub(crate) const NO_HISTORY: &str = "No call of this tool was decided.";
pub(crate) const OUTCOME: &str = "Outcome";
pub(crate) const RESULT: &str = "Result";
pub(crate) const ERROR: &str = "Error";
pub(crate) const ATTEMPTS: &str = "Attempts";
pub(crate) const LATE_REPORT: &str = "The executor reported after it had been given up:";
pub(crate) const TIMELINE: &str = "Timeline";
pub(crate) const REASON: &str = "Reason:";
pub(crate) const ESCAPE_HINT: &str = "A character that does not show as what it is";

pub(crate) fn arguments_hint(count: usize) -> String {
    format!("{count} · exactly as they will run")
}

pub(crate) fn more_characters(count: usize) -> String {
    format!("{count} more characters")
}

pub(crate) fn more_rows(count: usize) -> String {
    format!("{count} more values")
}

pub(crate) fn list_of(count: usize) -> String {
    match count {
        0 => "empty list".to_owned(),
        1 => "list of 1".to_owned(),
        count => format!("list of {count}"),
    }
}

pub(crate) fn object_of(count: usize) -> String {
    match count {
        0 => "empty object".to_owned(),
        1 => "object with 1 member".to_owned(),
        count => format!("object with {count} members"),
    }
}

/// The time left, as the detail says it.
pub(crate) fn expires(seconds: i64) -> String {
    match TimeLeft::of(seconds) {
        TimeLeft::Past => "its deadline has passed".to_owned(),
        _ => format!("expires in {}", time_text::span(seconds)),
    }
}

// What is too long for the open action's card.
pub(crate) const BACK_TO_ACTION: &str = "The action";
pub(crate) const PART_UNREAD: &str = "This could not be read.";
pub(crate) const BEFORE: &str = "Before";
pub(crate) const AFTER: &str = "Go on";
pub(crate) const STRETCHES: &str = "Before and after";

pub(crate) fn part_of(part: &str, tool: &str) -> String {
    let what = match part {
        "evidence" => EVIDENCE,
        "result" => RESULT,
        _ => ARGUMENTS,
    };
    format!("{what} · {tool}")
}

pub(crate) fn shown_values(shown: &std::ops::Range<usize>, total: usize) -> String {
    format!("Values {} to {} of {total}", shown.start + 1, shown.end)
}

pub(crate) fn shown_characters(shown: &std::ops::Range<usize>, total: usize) -> String {
    format!("Characters {} to {} of {total}", shown.start + 1, shown.end)
}

/// Who decided, for people.
pub(crate) fn decider(decider: &Decider) -> String {
    match decider {
        Decider::Human(name) => name.clone(),
        Decider::Rule(id) => format!("rule {id}"),
        Decider::System(what) => system(what),
    }
}

/// An entry's actor, for people: `human:ana` is ana. What happens by itself has none.
pub(crate) fn actor(actor: &str) -> Option<String> {
    match actor.split_once(':') {
        Some(("human" | "agent", name)) => Some(name.to_owned()),
        Some(("rule", id)) => Some(format!("rule {id}")),
        Some(("system", _)) => None,
        _ => Some(actor.to_owned()),
    }
}

fn system(what: &str) -> String {
    match what {
        "expiry" => "its deadline".to_owned(),
        "bypass" => "an open bypass".to_owned(),
        "blocked_tool" => "the tool's block".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Where a decided action stands, as one sentence without its full stop.
pub(crate) fn decision(row: &ActionRow) -> String {
    match (&row.decided_by, row.status) {
        (_, Status::Expired) => "Expired: nobody decided before the deadline".to_owned(),
        (Some(by), status) => {
            let status = if matches!(status, Status::Executed | Status::Abandoned) { Status::Approved } else { status };
            format!("{} by {}", self::status(status), decider(by))
        }
        (None, status) => self::status(status).to_owned(),
    }
}

/// What came, or will come, of an approval, in plain words; `None` while there is nothing to say.
pub(crate) fn outcome(detail: &ActionDetail) -> Option<(Health, String)> {
    let row = &detail.row;
    let told = match (row.status, row.execution_state) {
        (Status::Approved, _) if row.waits_for_executor => (
            Health::Yellow,
            "Waiting for an executor. Nothing is set up to run this tool: it stays approved and does not run until \
             something is."
                .to_owned(),
        ),
        (Status::Approved, Some(ExecutionState::Queued)) => (
            Health::Unknown,
            match detail.executor {
                Some(Executor::Agent) => "Queued: the agent runs it itself once it has read the decision.".to_owned(),
                Some(Executor::Http) => "Queued: it is called next.".to_owned(),
                _ => "Queued: waiting for a worker to take it.".to_owned(),
            },
        ),
        (Status::Approved, Some(ExecutionState::Running)) => (Health::Unknown, "Running now.".to_owned()),
        (Status::Approved, Some(ExecutionState::Unknown)) => (
            Health::Red,
            "Outcome unknown. The executor went silent: the call may or may not have happened. It is never run again by \
             itself. Find out what happened, then say so here."
                .to_owned(),
        ),
        (Status::Executed, Some(ExecutionState::Succeeded)) => (Health::Green, "Succeeded.".to_owned()),
        (Status::Executed, Some(ExecutionState::Failed)) => (Health::Red, "Failed.".to_owned()),
        (Status::Abandoned, _) => (Health::Unknown, "Given up on by a person.".to_owned()),
        _ => return None,
    };
    Some(told)
}

pub(crate) const fn attempt(state: AttemptState) -> (Health, &'static str) {
    match state {
        AttemptState::Running => (Health::Unknown, "running"),
        AttemptState::Succeeded => (Health::Green, "succeeded"),
        AttemptState::Failed => (Health::Red, "failed"),
        AttemptState::Unknown => (Health::Red, "went silent"),
    }
}

pub(crate) fn attempt_of(number: i32, worker: &str) -> String {
    format!("Attempt {number} by {worker}")
}

// Deciding.
pub(crate) const APPROVE: &str = "Approve";
pub(crate) const APPROVE_AND_CREATE: &str = "Approve and create rule";
pub(crate) const CREATE_RULE: &str = "Create rule";
pub(crate) const THE_RULE: &str = "The rule";
pub(crate) const REJECT: &str = "Reject";
pub(crate) const EXTEND: &str = "Extend";
pub(crate) const RESOLVE: &str = "Settle";
pub(crate) const SENDING: &str = "Sending…";
pub(crate) const TOO_LATE: &str = "Its deadline has passed: it can no longer be decided.";
pub(crate) const REJECT_LEAD: &str = "Reject, and tell the agent why";
pub(crate) const REJECT_NOTE: &str = "In your words (the agent reads this)";
pub(crate) const REJECT_CHOICES: [(&str, &str); 4] = [
    ("Wrong recipient", "Wrong recipient"),
    ("Not now", "Not now"),
    ("Agent error", "Agent error"),
    ("Suspicious", "Suspicious"),
];
pub(crate) const RESOLVE_LEAD: &str = "What did you find out, or what now?";
pub(crate) const RESOLVE_NOTE: &str = "How you know, or why (for the trail)";
pub(crate) const EXTEND_LEAD: &str = "Give it more time";
pub(crate) const EXTEND_CHOICES: [(&str, &str); 4] =
    [("4", "4 hours"), ("24", "a day"), ("72", "3 days"), ("168", "a week")];
pub(crate) const NOT_EXTENDED: &str = "Deadline not moved.";

// An approval that can still be taken back.
pub(crate) const UNDO: &str = "Undo";
pub(crate) const BEING_APPROVED: &str = "being approved";

pub(crate) fn approving(tool: &str) -> String {
    format!("{tool} will be approved in 5 seconds.")
}

pub(crate) fn not_done(tool: &str, title: &str, why: &Problem) -> String {
    format!("{tool}: {title} {}", problem(why))
}

// One decision on many.
pub(crate) const TICKED: &str = "selected";

pub(crate) fn select(tool: &str) -> String {
    format!("Select {tool}")
}

/// What came of one decision on many.
pub(crate) fn came_of_many(done: usize, refused: usize) -> String {
    let did = if done == 1 { "1 action decided.".to_owned() } else { format!("{done} actions decided.") };
    if refused == 0 { did } else { format!("{did} {refused} not:") }
}

pub(crate) fn more_refused(count: usize) -> String {
    format!("and {count} more")
}

/// The word of a form for a way out of a failed or unknown run, and what it says.
pub(crate) const fn settling(verb: Verb) -> (&'static str, &'static str) {
    match verb {
        Verb::ResolveSucceeded => ("succeeded", "It happened"),
        Verb::ResolveFailed => ("failed", "It did not happen"),
        Verb::Retry => ("retry", "Try again"),
        _ => ("abandon", "Give up"),
    }
}
pub(crate) const NOT_APPROVED: &str = "Not approved.";
pub(crate) const NOT_REJECTED: &str = "Not rejected.";
pub(crate) const NOT_RESOLVED: &str = "Not settled.";
/// Nobody knows whether it happened: there was no answer that says so.
pub(crate) const UNSURE: &str = "Not confirmed.";
pub(crate) const NOT_DONE: &str = "Not done.";
pub(crate) const SHOW: &str = "Show";

pub(crate) fn confirm_lead(tool: &str) -> String {
    format!("Approve {tool} with exactly these arguments?")
}

pub(crate) fn approve_tool(tool: &str) -> String {
    format!("Approve {tool}")
}

pub(crate) fn type_name(tool: &str) -> String {
    format!("This is critical. Type {tool} to approve it")
}

/// What a decision came to, as far as is known now.
pub(crate) fn came_of(decided: &Decided) -> String {
    let tool = &decided.tool_name;
    let words = match (decided.status, decided.execution_state) {
        (Status::Approved, _) if decided.waits_for_executor => "approved; nothing is set up to run it yet",
        (Status::Approved, Some(ExecutionState::Running)) => "approved and running",
        (Status::Approved, Some(ExecutionState::Unknown)) => "approved and started; its outcome is unknown",
        (Status::Approved, _) => "approved and queued",
        (Status::Executed, Some(ExecutionState::Failed)) => "has failed",
        (Status::Executed, _) => "has succeeded",
        (Status::Rejected, _) => "rejected; the agent is told why",
        (Status::Expired, _) => "expired before the decision",
        (Status::Withdrawn, _) => "withdrawn by its agent",
        (Status::Abandoned, _) => "given up on",
        (Status::Pending, _) => "has more time",
    };
    let before = if decided.repeated { " You had decided so before." } else { "" };
    format!("{tool} {words}.{before}")
}

/// What somebody else decided in the meantime, after a refusal.
pub(crate) fn standing_decision(problem: &Problem, age: Option<i64>) -> Option<String> {
    let standing = problem.standing.as_ref()?;
    let by = standing.decided_by.as_ref().map(|by| format!(" by {}", decider(by))).unwrap_or_default();
    let ago = age.map(|age| format!(", {}", time_text::ago(age))).unwrap_or_default();
    Some(format!("{}{by}{ago}.", status(standing.current_status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_show_a_decimal_only_where_it_matters() {
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.004), "0.4 %");
        assert_eq!(percent(0.541), "54 %");
        assert_eq!(percent(1.0), "100 %");
    }

    #[test]
    fn wrong_fields_are_told_by_name() {
        let wrong = Problem::invalid("/reason", "is missing");
        assert_eq!(problem(&wrong), "The reason is missing.");
        assert_eq!(problem(&Problem::not_found("action")), "There is no action with this id.");
    }

    #[test]
    fn actors_are_named_as_people_know_them() {
        assert_eq!(actor("human:ana").as_deref(), Some("ana"));
        assert_eq!(actor("agent:mail-bot").as_deref(), Some("mail-bot"));
        assert_eq!(actor("system:expiry"), None);
    }
}
