//! The life of an action as a function `(state, verb) -> Result<state, Refusal>`. The engine asks it before
//! every transition, the console asks it which buttons exist; nobody else decides.
//!
//! The clock is not here: whether a pending action is still live is the database's answer, given in [`State`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::risk::UnknownWord;
use crate::word::by_word;

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits for a decision.
    Pending,
    /// Decided for; waits for, or is in, execution.
    Approved,
    /// Decided against.
    Rejected,
    /// Its deadline passed before a decision.
    Expired,
    /// It has an outcome, good or bad.
    Executed,
    /// A person gave up on a failed or unknown outcome.
    Abandoned,
    /// The agent that parked it took it back.
    Withdrawn,
}

impl Status {
    /// All states in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Expired,
        Self::Executed,
        Self::Abandoned,
        Self::Withdrawn,
    ];

    /// The states of an action that has ended, whatever came of it.
    pub const TERMINAL: [Self; 5] = [Self::Executed, Self::Rejected, Self::Expired, Self::Abandoned, Self::Withdrawn];

    /// The word used in the database, on the wire and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Executed => "executed",
            Self::Abandoned => "abandoned",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "status", word: word.to_owned() })
    }
}

by_word!(Status, "Where an action stands.");

/// How far the execution of an approved action has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionState {
    /// Waits for an executor to claim it.
    Queued,
    /// An executor holds the lease of an attempt.
    Running,
    /// The executor said that it worked.
    Succeeded,
    /// The executor said that it did not work.
    Failed,
    /// The executor went silent: the effect may or may not have happened. Never run again by itself.
    Unknown,
}

impl ExecutionState {
    /// All states in order.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Unknown];

    /// The word used in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ExecutionState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for ExecutionState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "execution state", word: word.to_owned() })
    }
}

by_word!(
    ExecutionState,
    "How far the run of an approved action has come. After `unknown` it never runs again by itself."
);

/// Everything the lifecycle needs to know of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where the action stands.
    pub status: Status,
    /// How far its execution has come; `None` until it is approved.
    pub execution: Option<ExecutionState>,
    /// Whether its deadline is still ahead (by the database's clock).
    pub live: bool,
}

impl State {
    /// A pending action whose deadline is ahead.
    pub const PENDING: Self = Self { status: Status::Pending, execution: None, live: true };

    const fn settled(status: Status, execution: Option<ExecutionState>) -> Self {
        Self { status, execution, live: false }
    }
}

/// What can happen to an action after it was parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// A person approves.
    Approve,
    /// A person rejects, with a reason.
    Reject,
    /// A person moves its deadline on.
    Extend,
    /// The agent that parked it takes it back.
    Withdraw,
    /// The deadline passed.
    Expire,
    /// An executor takes it.
    Claim,
    /// The executor says that it worked.
    ReportSuccess,
    /// The executor says that it did not work.
    ReportFailure,
    /// The executor's lease ended without a report.
    LoseContact,
    /// A person asks for another attempt.
    Retry,
    /// A person gives up on it.
    Abandon,
    /// A person states that an unknown outcome was a success.
    ResolveSucceeded,
    /// A person states that an unknown outcome was a failure.
    ResolveFailed,
}

impl Verb {
    /// All verbs.
    pub const ALL: [Self; 13] = [
        Self::Approve,
        Self::Reject,
        Self::Extend,
        Self::Withdraw,
        Self::Expire,
        Self::Claim,
        Self::ReportSuccess,
        Self::ReportFailure,
        Self::LoseContact,
        Self::Retry,
        Self::Abandon,
        Self::ResolveSucceeded,
        Self::ResolveFailed,
    ];
}

/// Why a verb cannot be done now. Always comes with the present state, so that nobody has to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its deadline passed: it can only be marked expired.
    #[error("the action's deadline has passed")]
    Expired,
    /// Somebody, or something, decided before.
    #[error("the action is already {}", .0.status)]
    AlreadyDecided(State),
    /// The verb does not fit the state at all.
    #[error("this cannot be done while the action is {}", .0.status)]
    WrongState(State),
}

/// The state after `verb`, or why it is refused.
///
/// # Errors
/// [`Refusal`], which names the present state.
pub const fn next(state: State, verb: Verb) -> Result<State, Refusal> {
    use ExecutionState as E;
    use Status as S;
    match (state.status, state.execution, verb) {
        (S::Pending, _, Verb::Expire) if !state.live => Ok(State::settled(S::Expired, None)),
        (S::Pending, _, Verb::Approve | Verb::Reject | Verb::Withdraw | Verb::Extend) if !state.live => {
            Err(Refusal::Expired)
        }
        (S::Pending, _, Verb::Extend) => Ok(state),
        (S::Pending, _, Verb::Approve) => Ok(State::settled(S::Approved, Some(E::Queued))),
        (S::Pending, _, Verb::Reject) => Ok(State::settled(S::Rejected, None)),
        (S::Pending, _, Verb::Withdraw) => Ok(State::settled(S::Withdrawn, None)),
        (_, _, Verb::Approve | Verb::Reject | Verb::Withdraw | Verb::Extend) => Err(Refusal::AlreadyDecided(state)),

        (S::Approved, Some(E::Queued), Verb::Claim) => Ok(State::settled(S::Approved, Some(E::Running))),
        (S::Approved, Some(E::Running), Verb::ReportSuccess) => Ok(State::settled(S::Executed, Some(E::Succeeded))),
        (S::Approved, Some(E::Running), Verb::ReportFailure) => Ok(State::settled(S::Executed, Some(E::Failed))),
        (S::Approved, Some(E::Running), Verb::LoseContact) => Ok(State::settled(S::Approved, Some(E::Unknown))),

        (S::Approved, Some(E::Unknown), Verb::ResolveSucceeded) => Ok(State::settled(S::Executed, Some(E::Succeeded))),
        (S::Approved, Some(E::Unknown), Verb::ResolveFailed) => Ok(State::settled(S::Executed, Some(E::Failed))),
        (S::Approved, Some(E::Unknown), Verb::Retry) | (S::Executed, Some(E::Failed), Verb::Retry) => {
            Ok(State::settled(S::Approved, Some(E::Queued)))
        }
        (S::Approved, Some(E::Unknown), Verb::Abandon) => Ok(State::settled(S::Abandoned, Some(E::Unknown))),
        (S::Executed, Some(E::Failed), Verb::Abandon) => Ok(State::settled(S::Abandoned, Some(E::Failed))),
        _ => Err(Refusal::WrongState(state)),
    }
}

/// Whether `verb` would be taken in `state`.
pub const fn allows(state: State, verb: Verb) -> bool {
    next(state, verb).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_state() -> impl Iterator<Item = State> {
        Status::ALL.into_iter().flat_map(|status| {
            ExecutionState::ALL
                .into_iter()
                .map(Some)
                .chain([None])
                .flat_map(move |execution| [true, false].into_iter().map(move |live| State { status, execution, live }))
        })
    }

    #[test]
    fn a_settled_action_never_becomes_pending_again() {
        for state in every_state().filter(|state| state.status != Status::Pending) {
            for verb in Verb::ALL {
                assert!(!next(state, verb).is_ok_and(|after| after.status == Status::Pending), "{state:?} {verb:?}");
            }
        }
    }

    #[test]
    fn nothing_runs_that_was_not_approved() {
        for state in every_state().filter(|state| state.status != Status::Approved) {
            assert!(!allows(state, Verb::Claim), "{state:?}");
            assert!(!allows(state, Verb::ReportSuccess), "{state:?}");
        }
    }

    #[test]
    fn an_action_past_its_deadline_takes_no_decision() {
        let late = State { live: false, ..State::PENDING };
        assert_eq!(next(late, Verb::Approve), Err(Refusal::Expired));
        assert_eq!(next(late, Verb::Reject), Err(Refusal::Expired));
        assert_eq!(next(late, Verb::Withdraw), Err(Refusal::Expired));
        assert!(allows(late, Verb::Expire));
        assert!(!allows(State::PENDING, Verb::Expire));
    }

    #[test]
    fn an_unknown_outcome_is_never_claimed_again_without_a_person() {
        let unknown = State { status: Status::Approved, execution: Some(ExecutionState::Unknown), live: false };
        assert!(!allows(unknown, Verb::Claim));
        let retried = next(unknown, Verb::Retry).expect("a person may ask for another attempt");
        assert!(allows(retried, Verb::Claim));
    }

    #[test]
    fn the_first_decision_stands() {
        let approved = next(State::PENDING, Verb::Approve).expect("pending takes a decision");
        assert!(matches!(next(approved, Verb::Reject), Err(Refusal::AlreadyDecided(_))));
        assert!(matches!(next(approved, Verb::Approve), Err(Refusal::AlreadyDecided(_))));
    }

    #[test]
    fn words_read_back_as_written() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        for state in ExecutionState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("Pending".parse::<Status>().is_err());
    }
}
