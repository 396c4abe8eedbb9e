//! The audit trail's entries and the content hash each one carries.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::Digest;
use crate::id::{ActionId, EventId, RuleId};
use crate::json::Json;
use crate::risk::UnknownWord;
use crate::word::by_word;

macro_rules! event_types {
    ($($variant:ident = $word:literal, $said:literal;)+) => {
        /// What happened. The words are stable: they are in the trail for years.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventType { $($variant),+ }

        impl EventType {
            /// All event types.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What an entry says, before its actor.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$variant => $said),+ }
            }
        }
    };
}

event_types! {
    ActionParked = "action_parked", "Parked";
    ActionAutoApproved = "action_auto_approved", "Approved by rule";
    ActionDenied = "action_denied", "Refused by a rule";
    ActionBypassed = "action_bypassed", "Let through: the tool was open";
    ActionBlocked = "action_blocked", "Refused: the tool is blocked";
    ActionApproved = "action_approved", "Approved";
    ActionRejected = "action_rejected", "Rejected";
    ActionWithdrawn = "action_withdrawn", "Withdrawn";
    ActionExpired = "action_expired", "Expired";
    ActionExtended = "action_extended", "Deadline moved";
    ActionAbandoned = "action_abandoned", "Given up";
    ExecutionClaimed = "execution_claimed", "Taken by an executor";
    ExecutionSucceeded = "execution_succeeded", "Succeeded";
    ExecutionFailed = "execution_failed", "Failed";
    ExecutionUnknown = "execution_unknown", "Executor went silent";
    ExecutionReportedLate = "execution_reported_late", "Late report";
    ExecutionResolved = "execution_resolved", "Outcome settled by a person";
    ExecutionRetried = "execution_retried", "To be tried again";
    DecisionRefused = "decision_refused", "Decision refused";
    RuleCreated = "rule_created", "Rule made";
    RuleRevoked = "rule_revoked", "Rule revoked";
    RuleSuspended = "rule_suspended", "Rule suspended";
    RuleResumed = "rule_resumed", "Rule taken up again";
    RuleExpired = "rule_expired", "Rule ended: its time is over";
    RuleExhausted = "rule_exhausted", "Rule ended: its uses are made";
    ToolRegistered = "tool_registered", "Tool registered";
    ToolChanged = "tool_changed", "Tool changed";
    UserCreated = "user_created", "Person added";
    UserChanged = "user_changed", "Person changed";
    SignedIn = "signed_in", "Signed in";
    SignInFailed = "sign_in_failed", "Sign-in failed";
    SignedOut = "signed_out", "Signed out";
    SessionRevoked = "session_revoked", "Session ended";
    TokenCreated = "token_created", "Token created";
    TokenRevoked = "token_revoked", "Token revoked";
    SettingChanged = "setting_changed", "Setting changed";
    AlertOpened = "alert_opened", "Alert";
    AlertClosed = "alert_closed", "Alert over";
    AlertEndpointAdded = "alert_endpoint_added", "Alert endpoint added";
    AlertEndpointRemoved = "alert_endpoint_removed", "Alert endpoint removed";
    DatabaseVacuumed = "database_vacuumed", "Database vacuumed";
    RetentionRun = "retention_run", "Old records archived and purged";
}

impl fmt::Display for EventType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "event type", word: word.to_owned() })
    }
}

by_word!(EventType, "What happened. The words are stable.");

/// One entry of the trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Given by the database when the entry is written; `0` before.
    pub seq: i64,
    pub event_id: EventId,
    /// What it is about, if that is an action.
    pub action_id: Option<ActionId>,
    /// The rule that it is about, or by which it happened.
    pub rule_id: Option<RuleId>,
    pub event_type: EventType,
    /// `human:<name>`, `agent:<name>`, `rule:<id>` or `system:<what>`.
    pub actor: String,
    /// A person's words, masked.
    pub reason: Option<String>,
    /// Facts of the event: an object, masked.
    pub event_metadata: Json,
    /// By the database's clock.
    pub occurred_at: DateTime<Utc>,
    /// Over the content of the entry.
    pub content_hash: Digest,
}

/// What the content hash covers, but for the time, which the database's clock gives when the entry is written.
#[derive(Clone, Copy, Debug)]
pub struct EventContent<'a> {
    pub event_id: EventId,
    pub action_id: Option<ActionId>,
    pub rule_id: Option<RuleId>,
    /// An [`EventType`]'s word; as it is stored, where an entry is only held against its hash.
    pub event_type: &'a str,
    pub actor: &'a str,
    pub reason: Option<&'a str>,
    /// Numbers in it are integers: `jsonb` gives those back as they were written.
    pub event_metadata: &'a Json,
}

impl EventContent<'_> {
    /// The canonical JSON of the content as the two pieces around the value of `occurred_at`: in the sorted
    /// order of keys the time falls between `event_type` and `reason`, so the database can put its own
    /// `now()` between the pieces and hash the whole in the very statement that writes the entry.
    pub fn around_time(&self) -> (String, String) {
        let (mut head, mut tail) = (String::new(), String::new());
        self.write_head(&mut head);
        self.write_tail(&mut tail);
        (head, tail)
    }

    fn write_head(&self, out: &mut String) {
        out.push_str(r#"{"action_id":"#);
        write_id(out, self.action_id.map(|id| id.0));
        out.push_str(r#","actor":"#);
        Json::write_text(out, self.actor);
        out.push_str(r#","event_id":"#);
        write_id(out, Some(self.event_id.0));
        out.push_str(r#","event_metadata":"#);
        self.event_metadata.write_canonical(out);
        out.push_str(r#","event_type":"#);
        Json::write_text(out, self.event_type);
        out.push_str(r#","occurred_at":""#);
    }

    fn write_tail(&self, out: &mut String) {
        out.push_str(r#"","reason":"#);
        match self.reason {
            Some(reason) => Json::write_text(out, reason),
            None => out.push_str("null"),
        }
        out.push_str(r#","rule_id":"#);
        write_id(out, self.rule_id.map(|id| id.0));
        out.push('}');
    }

    /// SHA-256 over the canonical JSON of the content with its time, RFC 3339 UTC with microseconds, which
    /// is what Postgres keeps.
    pub fn hash(&self, occurred_at: DateTime<Utc>) -> Digest {
        // One text for it all: a trail of millions is verified by this.
        let mut content = String::with_capacity(512);
        self.write_head(&mut content);
        write_time(&mut content, occurred_at);
        self.write_tail(&mut content);
        Digest::of_bytes(content.as_bytes())
    }
}

fn write_id(out: &mut String, id: Option<Uuid>) {
    match id {
        Some(id) => {
            out.push('"');
            out.push_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
            out.push('"');
        }
        None => out.push_str("null"),
    }
}

/// RFC 3339 UTC with microseconds. Written out, because the general formatter takes longer than the hash.
fn write_time(out: &mut String, at: DateTime<Utc>) {
    let Some(year) = u32::try_from(at.year()).ok().filter(|year| *year <= 9_999) else {
        out.push_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true));
        return;
    };
    let parts = [(year, 4, '-'), (at.month(), 2, '-'), (at.day(), 2, 'T'), (at.hour(), 2, ':'), (at.minute(), 2, ':')];
    for (value, digits, after) in parts {
        write_digits(out, value, digits);
        out.push(after);
    }
    write_digits(out, at.second(), 2);
    out.push('.');
    write_digits(out, at.timestamp_subsec_micros(), 6);
    out.push('Z');
}

fn write_digits(out: &mut String, value: u32, digits: u32) {
    for place in (0..digits).rev() {
        let digit = value / 10_u32.pow(place) % 10;
        out.push(char::from(b'0' + u8::try_from(digit).expect("a digit")));
    }
}

impl Event {
    /// What the content hash covers, but for the time.
    pub fn content(&self) -> EventContent<'_> {
        EventContent {
            event_id: self.event_id,
            action_id: self.action_id,
            rule_id: self.rule_id,
            event_type: self.event_type.as_str(),
            actor: &self.actor,
            reason: self.reason.as_deref(),
            event_metadata: &self.event_metadata,
        }
    }

    /// Whether the entry still says what it said when it was written.
    pub fn is_intact(&self) -> bool {
        self.content().hash(self.occurred_at) == self.content_hash
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As it is written down for whoever verifies it with something else.
    fn by_the_book(event: &Event) -> Digest {
        Digest::of(&Json::object([
            ("event_id", Json::from(event.event_id.to_string())),
            ("action_id", Json::from(event.action_id.map(|id| id.to_string()))),
            ("rule_id", Json::from(event.rule_id.map(|id| id.to_string()))),
            ("event_type", Json::from(event.event_type.as_str())),
            ("actor", Json::from(event.actor.as_str())),
            ("reason", Json::from(event.reason.clone())),
            ("event_metadata", event.event_metadata.clone()),
            ("occurred_at", Json::from(event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true))),
        ]))
    }

    proptest! {
        #[test]
        fn the_hash_is_that_of_the_canonical_text(
            ids in any::<(u128, Option<u128>, Option<u128>)>(),
            actor in "human:.{1,20}",
            reason in prop::option::of("(?s).{0,40}"),
            kind in prop::sample::select(EventType::ALL),
            micros in -70_000_000_000_000_000..270_000_000_000_000_000_i64,
            name in "(?s).{0,10}".prop_filter("it is there already", |name| name != "z"),
        ) {
            let event = Event {
                seq: 1,
                event_id: EventId(Uuid::from_u128(ids.0)),
                action_id: ids.1.map(|id| ActionId(Uuid::from_u128(id))),
                rule_id: ids.2.map(|id| RuleId(Uuid::from_u128(id))),
                event_type: kind,
                actor,
                reason,
                event_metadata: Json::object([("z", Json::from(7)), (&name, Json::Array(vec![Json::from("\u{1f}\"")]))]),
                occurred_at: DateTime::from_timestamp_micros(micros).unwrap(),
                content_hash: Digest([0; 32]),
            };
            prop_assert_eq!(event.content().hash(event.occurred_at), by_the_book(&event));
            let (head, tail) = event.content().around_time();
            let whole = format!("{head}{}{tail}", event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true));
            prop_assert_eq!(Digest::of_bytes(whole.as_bytes()), by_the_book(&event));
        }
    }
}
