//! Why a command ends without having done what it was asked, in words for the terminal and as an exit code.

use std::error::Error;
use std::fmt;

use domain::problem::Problem;
use engine::cluster::ClusterError;

use crate::config::ConfigError;

/// The exit code of a command that failed.
const FAILED: u8 = 1;
/// The exit code of a command that was asked wrongly; clap ends with the same one.
const MISUSED: u8 = 2;

/// A command's failure. What it says includes causes and the remedy.
#[derive(Debug)]
pub struct Failure {
    said: String,
    exit: u8,
}

/// The result of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Something did not work.
    pub fn new(said: impl Into<String>) -> Self {
        Self { said: said.into(), exit: FAILED }
    }

    /// The command was asked wrongly.
    pub fn misuse(said: impl Into<String>) -> Self {
        Self { said: said.into(), exit: MISUSED }
    }

    /// The process's exit code.
    pub const fn exit_code(&self) -> u8 {
        self.exit
    }

    /// An error with its causes, each said once.
    pub fn because(context: &str, error: &dyn Error) -> Self {
        let mut said = if context.is_empty() { error.to_string() } else { format!("{context}: {error}") };
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                said.push_str("\n  because: ");
                said.push_str(&text);
            }
            cause = error.source();
        }
        Self::new(said)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.said)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::misuse(error.to_string())
    }
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        Self::because("", &error)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::new(problem.detail)
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Problem(problem) => problem.into(),
            error => Self::because("", &error),
        }
    }
}
