//! What can go wrong in a use-case: a problem the asker can be told, or a failure that is ours.

use domain::problem::{Code, Problem};
use domain::risk::UnknownWord;

/// The result of a use-case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use-case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The asker can be told, and often can mend it.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The database failed or could not be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A row holds what the domain does not know: written by a newer program, or damaged.
    #[error("a stored value is not understood: {0}")]
    Corrupt(String),
}

impl From<UnknownWord> for Error {
    fn from(error: UnknownWord) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl Error {
    /// What the asker is told. A failure of ours is logged here, once, under the identifier the asker gets.
    pub fn into_problem(self) -> Problem {
        if let Self::Problem(problem) = self {
            return problem;
        }
        let correlation_id = uuid::Uuid::new_v4().simple().to_string();
        tracing::error!(correlation_id, error = &self as &dyn std::error::Error, "a request failed");
        let mut problem = if self.is_outage() {
            Problem {
                retry_after: Some(1),
                ..Problem::new(Code::Unavailable, "The database cannot be reached. Nothing was changed; try again.")
            }
        } else {
            Problem::new(Code::Internal, "The cause is in the server's log, under the correlation id.")
        };
        problem.correlation_id = Some(correlation_id);
        problem
    }

    /// Whether the database was away, so that trying again makes sense.
    fn is_outage(&self) -> bool {
        match self {
            Self::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed,
            ) => true,
            // Class 57P: shutting down, crashed, starting up. Class 53: out of connections, memory or disk.
            Self::Database(sqlx::Error::Database(error)) => error
                .code()
                .is_some_and(|code| code.starts_with("57P") || code.starts_with("53") || code.starts_with("08")),
            _ => false,
        }
    }
}
