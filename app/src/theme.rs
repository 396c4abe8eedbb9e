//! Light, dark, or as the system has it. Kept in a cookie so that the server paints the first frame right.

use serde::{Deserialize, Serialize};

/// The cookie's name.
#[cfg(feature = "ssr")]
pub(crate) const COOKIE: &str = "cs_theme";

/// What the person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[cfg(feature = "ssr")]
impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The value of `data-theme`; the system's choice has none.
    pub(crate) const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light | Self::Dark => Some(self.as_str()),
        }
    }

    /// The choice of whoever is being answered.
    pub(crate) fn current() -> Self {
        leptos::prelude::use_context::<http::request::Parts>()
            .map_or(Self::System, |parts| Self::of_request(&parts.headers))
    }

    /// The choice the request's cookie carries; anything unknown is the system's.
    fn of_request(headers: &http::HeaderMap) -> Self {
        crate::api::cookie(headers, COOKIE)
            .and_then(|word| Self::ALL.into_iter().find(|theme| theme.as_str() == word))
            .unwrap_or_default()
    }
}
