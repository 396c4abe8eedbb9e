//! The audit trail's entries and the content hash each one carries.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{ActionId, EventId, RuleId};
use crate::json::Json;
use crate::risk::UnknownWord;

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
    AlertEndpointAdded = "alert_endpoint_added", "Alerts go to another place";
    AlertEndpointRemoved = "alert_endpoint_removed", "Alerts go to a place no more";
    DatabaseVacuumed = "database_vacuumed", "Database vacuumed";
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

impl Serialize for EventType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One entry of the trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Given by the database when the entry is written; `0` before.
    pub seq: i64,
    pub event_id: EventId,
    pub action_id: Option<ActionId>,
    pub rule_id: Option<RuleId>,
    pub event_type: EventType,
    /// `human:<name>`, `agent:<name>`, `rule:<id>` or `system:<what>`.
    pub actor: String,
    /// A person's words, masked.
    pub reason: Option<String>,
    /// Facts of the event: an object, masked.
    pub event_metadata: Json,
    pub occurred_at: DateTime<Utc>,
    pub content_hash: Digest,
}

/// What the content hash covers, but for the time, which the database's clock gives when the entry is written.
#[derive(Clone, Copy, Debug)]
pub struct EventContent<'a> {
    pub event_id: EventId,
    pub action_id: Option<ActionId>,
    pub rule_id: Option<RuleId>,
    pub event_type: EventType,
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
        let maybe = |value: Option<String>| value.map_or(Json::Null, Json::String).canonical();
        let text = |value: &str| Json::String(value.to_owned()).canonical();
        let head = format!(
            r#"{{"action_id":{},"actor":{},"event_id":{},"event_metadata":{},"event_type":{},"occurred_at":""#,
            maybe(self.action_id.map(|id| id.to_string())),
            text(self.actor),
            text(&self.event_id.to_string()),
            self.event_metadata.canonical(),
            text(self.event_type.as_str()),
        );
        let tail = format!(
            r#"","reason":{},"rule_id":{}}}"#,
            maybe(self.reason.map(str::to_owned)),
            maybe(self.rule_id.map(|id| id.to_string())),
        );
        (head, tail)
    }

    /// SHA-256 over the canonical JSON of the content with its time, RFC 3339 UTC with microseconds, which
    /// is what Postgres keeps.
    pub fn hash(&self, occurred_at: DateTime<Utc>) -> Digest {
        let (head, tail) = self.around_time();
        Digest::of_bytes(format!("{head}{}{tail}", occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true)).as_bytes())
    }
}

impl Event {
    /// What the content hash covers, but for the time.
    pub fn content(&self) -> EventContent<'_> {
        EventContent {
            event_id: self.event_id,
            action_id: self.action_id,
            rule_id: self.rule_id,
            event_type: self.event_type,
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
