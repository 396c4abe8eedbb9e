//! What a form posted without JavaScript came to, carried over the redirect in a short-lived cookie and shown
//! once. A cookie, not a query parameter: a link must not be able to make the console say "approved".

use domain::id::ActionId;
use domain::view::{Decided, DecidedMany};
use serde::{Deserialize, Serialize};

use crate::api::Failure;

/// The outcome of a posted form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flash {
    /// A decision was taken.
    Decided(Decided),
    /// So many stale actions were expired.
    Expired(usize),
    /// Many actions were decided at once.
    Many(DecidedMany),
    /// Something else was done; in words.
    Done(String),
    /// It did not happen, and why.
    Refused { action: Option<ActionId>, why: Failure },
}

/// The flash of this request, taken out of its cookie. In the browser there is none: it came with the page.
#[cfg(not(feature = "ssr"))]
pub(crate) const fn take() -> Option<Flash> {
    None
}

#[cfg(feature = "ssr")]
pub(crate) use on_server::{done_cookie, put, take};

#[cfg(feature = "ssr")]
mod on_server {
    use http::HeaderValue;
    use leptos::prelude::use_context;
    use leptos_router::location::Url;

    use super::{Failure, Flash};
    use crate::api::{cookie, cookie_header, set_cookie};
    use crate::local_path::escape;

    const COOKIE: &str = "cs_flash";
    /// A browser drops cookies above 4 kB; a long detail is cut instead.
    const LONGEST_DETAIL: usize = 600;
    /// So many refusals of one decision on many fit beside each other, cut to so many characters.
    const MOST_REFUSALS: usize = 8;
    const LONGEST_REFUSAL: usize = 90;

    /// The cookie that tells the next page what was done, for an answer that is not made while a page is rendered.
    pub(crate) fn done_cookie(words: String, secure: bool) -> Option<HeaderValue> {
        let json = serde_json::to_string(&Flash::Done(words)).expect("a flash is plain data");
        cookie_header(COOKIE, &escape(&json), Some(60), secure)
    }

    pub(crate) fn put(mut flash: Flash) {
        if let Flash::Refused { why: Failure(problem), .. } = &mut flash {
            problem.errors.truncate(3);
            problem.detail = problem.detail.chars().take(LONGEST_DETAIL).collect();
        }
        if let Flash::Many(many) = &mut flash {
            many.more_refused = many.refused.len().saturating_sub(MOST_REFUSALS);
            many.refused.truncate(MOST_REFUSALS);
            for refused in &mut many.refused {
                refused.why = refused.why.chars().take(LONGEST_REFUSAL).collect();
                refused.tool_name = refused.tool_name.take().map(|name| name.chars().take(40).collect());
            }
        }
        let json = serde_json::to_string(&flash).expect("a flash is plain data");
        set_cookie(COOKIE, &escape(&json), Some(60));
    }

    pub(crate) fn take() -> Option<Flash> {
        let headers = use_context::<http::request::Parts>()?.headers;
        let text = cookie(&headers, COOKIE).filter(|text| !text.is_empty())?;
        set_cookie(COOKIE, "", Some(0));
        serde_json::from_str(&Url::unescape(text)).ok()
    }
}
