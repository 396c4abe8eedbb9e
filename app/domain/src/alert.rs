//! What somebody has to hear of, and how it is sent on.

use std::str::FromStr;
use std::time::Duration;

use crate::risk::UnknownWord;
use crate::word::by_word;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertKind {
    /// Too many calls wait.
    Backlog,
    /// Too few calls are decided by rules.
    AutoRate,
    /// Too many runs fail.
    Failures,
    /// The trail does not fit its seals.
    TrailFault,
    /// Nothing: somebody tries whether messages arrive.
    Test,
}

impl AlertKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Backlog, Self::AutoRate, Self::Failures, Self::TrailFault, Self::Test];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::AutoRate => "auto_rate",
            Self::Failures => "failures",
            Self::TrailFault => "trail_fault",
            Self::Test => "test",
        }
    }
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    Critical,
    High,
    Medium,
    Info,
}

impl Severity {
    /// All of them, the gravest first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Info];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Info => "info",
        }
    }
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON as Standard Webhooks has it.
    Standard,
    /// `{"text": "..."}`, which Slack, Mattermost and others take.
    Slack,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Slack];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Slack => "slack",
        }
    }
}

/// What a message says of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Says {
    Opened,
    Closed,
}

impl Says {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Opened, Self::Closed];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
        }
    }
}

macro_rules! read_by_word {
    ($($name:ty = $what:literal, $described:literal, $said:literal;)+) => {$(
        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let known = Self::ALL.into_iter().find(|own| own.as_str() == word);
                known.ok_or_else(|| UnknownWord { what: $what, word: word.to_owned() })
            }
        }

        by_word!($name, $said, $described);
    )+};
}

read_by_word! {
    AlertKind = "kind of alert", "AlertKind", "What an alert is about.";
    Severity = "severity", "AlertSeverity", "How much it matters.";
    Format = "format", "AlertFormat", "`standard`: a signed JSON document (Standard Webhooks); `slack`: a message for an incoming webhook.";
    Says = "state of an alert", "AlertSays", "What a message says of its alert.";
}

/// What was found about one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is on: how much it matters, in one line, and more about it.
    On {
        severity: Severity,
        title: String,
        detail: String,
    },
    Off,
    /// The source was silent: what is open stays open, and nothing is opened.
    Unknown,
}

/// So long after each failed try the next one comes; after the last the message is given up.
const RETRIES: [u64; 7] = [5, 30, 120, 600, 3_600, 3 * 3_600, 10 * 3_600];

/// How long to wait after so many failed tries. `None`: it is given up, a good half day after the first.
pub fn retry_after(attempts: i32) -> Option<Duration> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    RETRIES.get(place).map(|seconds| Duration::from_secs(*seconds))
}

/// Whether an answer says that the message arrived, or that trying again is of no use.
pub const fn is_delivered(status: u16) -> bool {
    status >= 200 && status < 300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_eight_times_over_more_than_half_a_day() {
        let waits: Vec<u64> = (1..).map_while(retry_after).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits.len(), 7);
        assert!(waits.is_sorted() && waits.iter().sum::<u64>() > 12 * 3_600);
        assert_eq!((retry_after(0), retry_after(8), retry_after(-1)), (None, None, None));
    }
}
