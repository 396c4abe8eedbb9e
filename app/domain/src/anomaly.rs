//! What about a waiting call is not as it usually is (domain contract §11): for whoever decides. Nothing is refused for it.

use std::fmt;

/// A session may make so many calls in ten minutes before anybody wonders.
pub const CALLS_BEFORE_A_BURST: i64 = 10;
/// So many times as many calls as it usually makes are a burst.
const TIMES_AS_MANY: f64 = 3.0;
/// Of an agent with fewer calls nobody can say what is usual.
pub const CALLS_BEFORE_A_HABIT: i64 = 50;
/// A tool that makes up less than one in so many of its calls is unusual for an agent.
const RARE: i64 = 100;

/// One thing that is not as it usually is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// Nobody ever approved a call of the tool to one of those that it reaches.
    NewRecipient,
    /// So many calls of its session came in the ten minutes up to it.
    Burst { calls: i64 },
    /// Its agent hardly ever calls this tool.
    UnusualTool,
}

impl Anomaly {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewRecipient => "new_recipient",
            Self::Burst { .. } => "burst",
            Self::UnusualTool => "unusual_tool",
        }
    }

    /// For a row of a list.
    pub const fn short(self) -> &'static str {
        match self {
            Self::NewRecipient => "new recipient",
            Self::Burst { .. } => "burst of calls",
            Self::UnusualTool => "unusual tool",
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewRecipient => {
                out.write_str("Reaches somebody whom no approved call of this tool has reached before")
            }
            Self::Burst { calls } => {
                write!(out, "{calls} calls of this session in 10 minutes, more than it usually makes")
            }
            Self::UnusualTool => out.write_str("This agent hardly ever calls this tool"),
        }
    }
}

/// Whether so many calls of a session in ten minutes are a burst. `usual`: how many it made in those ten minutes, on
/// average, in which it made any; `None` before it has a history.
pub fn is_burst(calls: i64, usual: Option<f64>) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts of calls stay far below 2^53")]
    let many = usual.is_none_or(|usual| calls as f64 > usual * TIMES_AS_MANY);
    calls > CALLS_BEFORE_A_BURST && many
}

/// Whether a tool that made up `of_tool` of an agent's last `all` calls is unusual for it.
pub const fn is_unusual(of_tool: i64, all: i64) -> bool {
    all >= CALLS_BEFORE_A_HABIT && of_tool.saturating_mul(RARE) < all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_more_than_ten_and_more_than_three_times_what_is_usual() {
        for (calls, usual, burst) in [
            (10, None, false),
            (11, None, true),
            (11, Some(2.0), true),
            (30, Some(10.0), false),
            (31, Some(10.0), true),
        ] {
            assert_eq!(is_burst(calls, usual), burst, "{calls} {usual:?}");
        }
    }

    #[test]
    fn a_tool_is_unusual_below_one_in_a_hundred_of_an_agent_that_is_known() {
        for (of_tool, all, unusual) in
            [(0, 49, false), (0, 50, true), (1, 100, false), (1, 101, true), (9, 1_000, true)]
        {
            assert_eq!(is_unusual(of_tool, all), unusual, "{of_tool} of {all}");
        }
    }
}
