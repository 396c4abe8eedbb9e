//! What a form came to whose answer holds a secret. The server puts it beside the page that answers the post, and
//! nowhere else: not into a cookie, an address, a table or this server's memory, so that it works with several servers
//! and a reload cannot bring it back. The form carries a key, so that a reload makes nothing a second time either.

use std::fmt;

use domain::problem::Problem;
use leptos::prelude::use_context;

/// What there is to show, once.
#[derive(Clone)]
pub enum Once {
    /// A link that signs a person in.
    Link { person: String, url: String },
    /// A token: what is presented.
    Token { name: String, secret: String },
    /// A place that hears of alerts: what its messages are signed with.
    Place { name: String, secret: String },
    /// The very same form was answered before.
    Before,
    /// It did not happen, and why. What was typed stands in the form again.
    Refused { problem: Problem, typed: Vec<(String, String)> },
}

/// Never what is shown: this may end in a log.
impl fmt::Debug for Once {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Link { .. } => "Link",
            Self::Token { .. } => "Token",
            Self::Place { .. } => "Place",
            Self::Before => "Before",
            Self::Refused { .. } => "Refused",
        })
    }
}

impl Once {
    /// What this page's post came to; `None` where nothing was posted.
    pub(crate) fn here() -> Option<Self> {
        use_context()
    }

    /// What was typed into a field of a form that was refused.
    pub(crate) fn typed(once: Option<&Self>, field: &str) -> Vec<String> {
        match once {
            Some(Self::Refused { typed, .. }) => {
                typed.iter().filter(|(name, _)| name == field).map(|(_, value)| value.clone()).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Once;

    #[test]
    fn a_secret_is_not_written_by_accident() {
        let once = Once::Token { name: "cli".to_owned(), secret: "cs_user_1_2".to_owned() };
        assert_eq!(format!("{once:?}"), "Token");
    }
}
