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
    ($($variant:ident = $word:literal),+ $(,)?) => {
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
        }
    };
}

event_types! {
    ActionParked = "action_parked",
    ActionAutoApproved = "action_auto_approved",
    ActionBypassed = "action_bypassed",
    ActionBlocked = "action_blocked",
    ActionApproved = "action_approved",
    ActionRejected = "action_rejected",
    ActionWithdrawn = "action_withdrawn",
    ActionExpired = "action_expired",
    ActionExtended = "action_extended",
    ActionAbandoned = "action_abandoned",
    ExecutionClaimed = "execution_claimed",
    ExecutionSucceeded = "execution_succeeded",
    ExecutionFailed = "execution_failed",
    ExecutionUnknown = "execution_unknown",
    ExecutionReportedLate = "execution_reported_late",
    ExecutionResolved = "execution_resolved",
    ExecutionRetried = "execution_retried",
    DecisionRefused = "decision_refused",
    ToolRegistered = "tool_registered",
    ToolChanged = "tool_changed",
    UserCreated = "user_created",
    UserChanged = "user_changed",
    SignedIn = "signed_in",
    SignInFailed = "sign_in_failed",
    SignedOut = "signed_out",
    SessionRevoked = "session_revoked",
    TokenCreated = "token_created",
    TokenRevoked = "token_revoked",
    SettingChanged = "setting_changed",
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
