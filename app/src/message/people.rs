//! The words of the settings' pages about people, their sessions and tokens.

use domain::identity::{Role, Scope};
use domain::people::{PersonInfo, TokenInfo, TokenState};

pub(crate) const SECTIONS: &str = "Settings";
pub(crate) const PEOPLE: &str = "People";
pub(crate) const TOKENS: &str = "Tokens";
pub(crate) const SESSIONS: &str = "Sessions";
pub(crate) const PASSWORD: &str = "Password";

pub(crate) const PEOPLE_ABOUT: &str = "Who may sign in, and what they may do: add, change, shut out.";
pub(crate) const TOKENS_ABOUT: &str = "What programs present: agents, workers, and people's own scripts.";
pub(crate) const SESSIONS_ABOUT: &str = "The browsers in which you are signed in.";
pub(crate) const PASSWORD_ABOUT: &str = "Set or change your own password.";

pub(crate) const UNREAD: &str = "This could not be read.";
pub(crate) const NOT_DONE: &str = "Nothing was changed.";
pub(crate) const NEXT_PAGE: &str = "Next page";
pub(crate) const FIRST_PAGE: &str = "First page";
pub(crate) const NEVER: &str = "never";
pub(crate) const TO_THE_LIST: &str = "All people";

pub(crate) fn you_are(role: Role) -> String {
    format!("You are signed in as {}.", a_role(role))
}

const fn a_role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer: you look, and decide nothing",
        Role::Operator => "an operator: you look and decide",
        Role::Admin => "an administrator: you look, decide and administer",
    }
}

pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Operator => "Operator",
        Role::Admin => "Administrator",
    }
}

pub(crate) const fn role_means(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer: looks, and decides nothing",
        Role::Operator => "Operator: looks and decides",
        Role::Admin => "Administrator: looks, decides, and administers people, tokens and tools",
    }
}

// People.
pub(crate) const PEOPLE_CLOSED: &str = "Only administrators see and change the people here. Ask one of them to add or help somebody. Your own \
     sessions, password and tokens are yours to settle.";
pub(crate) const ADD_PERSON: &str = "Add a person";
pub(crate) const ADD_LEAD: &str =
    "They get a link that signs them in once, within a day. You see it when you have added them, and only then.";
pub(crate) const NAME: &str = "Name";
pub(crate) const NAME_HINT: &str =
    "Small letters, digits, dots, dashes and underscores; it stands beside what they decide";
pub(crate) const ROLE: &str = "Role";
pub(crate) const STANDING: &str = "Standing";
pub(crate) const LAST_SEEN: &str = "Last here";
pub(crate) const NO_MORE_PEOPLE: &str = "Nobody on this page";

pub(crate) fn people(count: i64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// Whether somebody may come in, and how. The colour's word, and what it says.
pub(crate) const fn standing(person: &PersonInfo) -> (&'static str, &'static str) {
    match (person.disabled_at.is_some(), person.has_password || person.sessions > 0, person.has_link) {
        (true, _, _) => ("red", "disabled"),
        (false, true, _) => ("green", "active"),
        (false, false, true) => ("yellow", "link not used yet"),
        (false, false, false) => ("yellow", "needs a new link to come in"),
    }
}

pub(crate) fn sign_in(person: &PersonInfo) -> &'static str {
    match (person.has_password, person.has_link) {
        (true, false) => "by password",
        (true, true) => "by password, or by the link that waits",
        (false, true) => "by the link that waits; there is no password",
        (false, false) => "by a new link; there is no password",
    }
}

// One person.
pub(crate) const SIGNS_IN: &str = "Signs in";
pub(crate) const ADDED: &str = "Added";
pub(crate) const NEW_LINK: &str = "New sign-in link";
pub(crate) const NEW_LINK_LEAD: &str =
    "Makes a link that signs them in once, within a day. A link made before that was not used stops working.";
pub(crate) const CHANGE_ROLE: &str = "Change role";
pub(crate) const CHANGE_ROLE_LEAD: &str = "It holds from their very next request on, for their tokens as well.";
pub(crate) const DISABLE: &str = "Disable";
pub(crate) const ENABLE: &str = "Enable";
pub(crate) const ENABLE_LEAD: &str =
    "They may sign in again. Sessions and tokens they had do not come back; without a password they need a new link.";
pub(crate) const END_ALL: &str = "End all sessions";
pub(crate) const END_ALL_LEAD: &str = "Every browser of theirs is signed out at once.";
pub(crate) const MAKE_TOKEN: &str = "Make a token for them";

pub(crate) fn disable_lead(name: &str) -> String {
    format!(
        "{name} is signed out everywhere at once and cannot sign in; all their tokens are revoked for good. What they decided stands."
    )
}

pub(crate) fn disable_now(name: &str) -> String {
    format!("Disable {name}")
}

pub(crate) fn has_role(name: &str, role: Role) -> String {
    format!("{name} is {} now.", self::role(role).to_lowercase())
}

pub(crate) fn disabled(name: &str) -> String {
    format!("{name} is disabled: signed out everywhere, tokens revoked.")
}

pub(crate) fn enabled(name: &str, has_password: bool) -> String {
    let how = if has_password { "with their password" } else { "once you have made them a link" };
    format!("{name} may sign in again, {how}.")
}

// A link, shown once.
pub(crate) const ONCE: &str = "Copy it now: it is shown this once and cannot be looked up again.";
pub(crate) const BEFORE: &str = "This form was sent before.";
pub(crate) const BEFORE_LEAD: &str = "What it made was shown then and is not shown again, and nothing was made a second time. If you did not copy it, make \
     a new one; revoke a token you cannot use.";

pub(crate) fn link_made(name: &str) -> String {
    format!("Sign-in link of {name}")
}

pub(crate) const LINK_HINT: &str =
    "Hand it to them on a way you trust. Whoever opens it first is signed in as them; it works once, within a day.";

// Sessions.
pub(crate) const BROWSER: &str = "Browser";
pub(crate) const SINCE: &str = "Signed in";
pub(crate) const ENDS: &str = "Ends unless used";
pub(crate) const THIS_ONE: &str = "this one";
pub(crate) const END: &str = "End";
pub(crate) const END_OTHERS: &str = "End all others";
pub(crate) const END_OTHERS_LEAD: &str =
    "Every other browser you are signed in with is signed out at once. This one stays.";
pub(crate) const SESSION_LEAD: &str = "A browser you do not know? End it, then change your password.";
pub(crate) const NO_SESSIONS: &str = "Signed in nowhere.";
pub(crate) const SESSION_ENDED: &str = "The session has ended: its next request is refused.";

pub(crate) fn end_session(browser: &str) -> String {
    format!("End {browser}")
}

pub(crate) fn sessions_ended(count: u64) -> String {
    match count {
        0 => "There was no other session.".to_owned(),
        1 => "1 session has ended.".to_owned(),
        count => format!("{count} sessions have ended."),
    }
}

// The password.
pub(crate) const PRESENT: &str = "Present password";
pub(crate) const NEW: &str = "New password";
pub(crate) const REPEATED: &str = "New password again";
pub(crate) const SET_PASSWORD: &str = "Set password";
pub(crate) const PASSWORD_LEAD: &str = "At least 8 characters; a few unrelated words are easier to remember and harder to guess than one with digits. \
     Your other sessions end.";
pub(crate) const NO_PASSWORD_YET: &str =
    "You have none yet: you came in by a link. With one you can sign in from any browser.";

pub(crate) fn password_set(ended: u64) -> String {
    format!("Your password is set. {}", sessions_ended(ended))
}

// Tokens.
pub(crate) const MAKE: &str = "Make a token";
pub(crate) const MAKE_LEAD: &str = "You see it when it is made, and only then.";
pub(crate) const TOKENS_CLOSED: &str =
    "Viewers make no tokens. An administrator can make one for a program, or give you another role.";
pub(crate) const OWN_TOKENS: &str = "Your own tokens. Those of programs and of other people are the administrators'.";
pub(crate) const WHOSE: &str = "Whose";
pub(crate) const A_PROGRAM: &str = "A program's: an agent's or a worker's. It can never decide";
pub(crate) const TOKEN_NAME_HINT: &str = "What it is called in the trail, for instance mail-agent";
pub(crate) const SCOPES: &str = "What it may do";
pub(crate) const EXPIRES: &str = "Expires";
pub(crate) const LAST_USED: &str = "Last used";
pub(crate) const MADE: &str = "Made";
pub(crate) const OF: &str = "Of";
pub(crate) const PROGRAM: &str = "a program";
pub(crate) const REVOKE: &str = "Revoke";
pub(crate) const REVOKE_LEAD: &str = "It is refused from its very next request on. That cannot be undone.";
pub(crate) const NO_TOKENS: &str = "No tokens";
pub(crate) const NO_TOKENS_LEAD: &str = "Agents, workers and scripts present a token. Make the first one here.";
pub(crate) const NONE_SUCH: &str = "None of these.";
pub(crate) const FILTER: &str = "Which tokens";
pub(crate) const TOKEN_HINT: &str = "Where the program runs, not in its code:";
pub(crate) const EXPIRIES: [(&str, &str); 5] =
    [("7", "in a week"), ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("", "never")];
pub(crate) const DEFAULT_EXPIRY: &str = "90";
pub(crate) const STATES: [(&str, &str); 3] = [("active", "In use"), ("ended", "Revoked or expired"), ("", "All")];

pub(crate) fn persons(name: &str, me: bool) -> String {
    if me { format!("Mine ({name})") } else { format!("{name}'s") }
}

pub(crate) fn tokens(count: i64) -> String {
    if count == 1 { "1 token".to_owned() } else { format!("{count} tokens") }
}

pub(crate) fn token_made(name: &str) -> String {
    format!("Token {name}")
}

pub(crate) fn revoke_now(name: &str) -> String {
    format!("Revoke {name}")
}

pub(crate) fn revoked(name: &str) -> String {
    format!("{name} is revoked: its next request is refused.")
}

pub(crate) const fn token_state(token: &TokenInfo) -> Option<&'static str> {
    match token.state {
        TokenState::Active => None,
        TokenState::Expired => Some("expired"),
        TokenState::Revoked => Some("revoked"),
    }
}

/// Who made it, without the trail's prefix.
pub(crate) fn maker(created_by: &str) -> String {
    match created_by.split_once(':') {
        Some(("human", name)) => name.to_owned(),
        Some(("system", "cli")) => "the command line".to_owned(),
        Some((_, what)) => what.replace('_', " "),
        None => created_by.to_owned(),
    }
}

pub(crate) const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::ActionsSubmit => "park calls and withdraw its own",
        Scope::ActionsRead => "read all calls",
        Scope::ActionsExecute => "run what was approved",
        Scope::ActionsExpire => "expire what is past its deadline",
        Scope::DecisionsWrite => "approve, reject and settle, as the person",
        Scope::RulesRead => "read rules",
        Scope::RulesWrite => "make and revoke rules",
        Scope::MetricsRead => "read figures",
        Scope::AuditRead => "read and verify the trail",
        Scope::ToolsWrite => "change tools",
        Scope::Admin => "administer people and tokens",
    }
}
