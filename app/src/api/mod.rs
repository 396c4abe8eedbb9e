//! Server functions: the console's own way into the engine, at `/api/console/<noun>/<verb>`. Reads are GET,
//! whatever changes something is POST. Each is called by the browser's WebAssembly, and the changing ones also by
//! a plain HTML form: then the answer is a redirect back to the page, with the outcome in a [`crate::flash`].

pub mod actions;
#[cfg(feature = "ssr")]
pub mod alerts;
#[cfg(feature = "ssr")]
pub mod audit;
pub mod bulk;
#[cfg(feature = "ssr")]
pub mod edit;
pub(crate) mod encoding;
#[cfg(feature = "ssr")]
pub mod failed;
pub mod frame;
#[cfg(feature = "ssr")]
pub mod people;
pub(crate) mod protocol;
#[cfg(feature = "ssr")]
pub mod retention;
#[cfg(feature = "ssr")]
pub mod rules;
pub mod session;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub mod tools;

use std::fmt;

use chrono::serde::ts_microseconds_option;
use chrono::{DateTime, Utc};
use domain::action::Decider;
use domain::lifecycle::Status;
use domain::problem::{Code, FieldError, Problem, Standing};
use encoding::TextJson;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::message;

/// Something read from the server, once on it and again in the browser whenever what it depends on changes.
pub type Reading<T> = leptos::prelude::Resource<T, TextJson>;

/// Why a server function did not do what it was asked: the same problem document that the REST API answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OnTheWire", into = "OnTheWire")]
pub struct Failure(pub Problem);

/// A problem without the flattened member that REST shows: reading that takes a generic reader of anything, 20 kB
/// of WebAssembly for one field.
#[derive(Serialize, Deserialize)]
struct OnTheWire {
    code: Code,
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
    #[serde(default)]
    standing: Option<StandingOnTheWire>,
    #[serde(default)]
    retry_after: Option<u64>,
    #[serde(default)]
    correlation_id: Option<String>,
}

/// Times as numbers, like those of `domain::view`.
#[derive(Serialize, Deserialize)]
struct StandingOnTheWire {
    current_status: Status,
    decided_by: Option<Decider>,
    #[serde(with = "ts_microseconds_option")]
    decided_at: Option<DateTime<Utc>>,
}

impl From<StandingOnTheWire> for Standing {
    fn from(wire: StandingOnTheWire) -> Self {
        let StandingOnTheWire { current_status, decided_by, decided_at } = wire;
        Self { current_status, decided_by, decided_at }
    }
}

impl From<Standing> for StandingOnTheWire {
    fn from(standing: Standing) -> Self {
        let Standing { current_status, decided_by, decided_at } = standing;
        Self { current_status, decided_by, decided_at }
    }
}

impl From<OnTheWire> for Failure {
    fn from(wire: OnTheWire) -> Self {
        let OnTheWire { code, detail, errors, standing, retry_after, correlation_id } = wire;
        Self(Problem { code, detail, errors, standing: standing.map(Into::into), retry_after, correlation_id })
    }
}

impl From<Failure> for OnTheWire {
    fn from(Failure(problem): Failure) -> Self {
        let Problem { code, detail, errors, standing, retry_after, correlation_id } = problem;
        Self { code, detail, errors, standing: standing.map(Into::into), retry_after, correlation_id }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.detail)
    }
}

impl std::error::Error for Failure {}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl FromServerFnError for Failure {
    type Encoder = TextJson;

    /// What goes wrong around the function. On the browser's side that is: no answer, or one that is not ours.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (code, detail) = match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::UnsupportedRequestMethod(_) => {
                (Code::Unavailable, message::NO_ANSWER.to_owned())
            }
            ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Response(_) => {
                (Code::Unavailable, message::STRANGE_ANSWER.to_owned())
            }
            ServerFnErrorErr::Args(what) | ServerFnErrorErr::MissingArg(what) => (Code::InvalidRequest, what),
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_) => (Code::Internal, message::SERVER_FAILED.to_owned()),
        };
        Self(Problem::new(code, detail))
    }
}

#[cfg(feature = "ssr")]
pub(crate) use on_server::{
    answer, came_from, cookie, cookie_header, end, engine, finish, person, set_cookie, tell, visitor,
};

#[cfg(feature = "ssr")]
mod on_server {
    use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
    use domain::identity::Principal;
    use domain::problem::{Code, Problem};
    use engine::Engine;
    use leptos::prelude::{expect_context, use_context};
    use leptos_axum::ResponseOptions;

    use super::Failure;
    use crate::flash::{self, Flash};
    use crate::local_path::local_path;
    use crate::message;
    use crate::visitor::{SecureCookies, Visitor};

    pub(crate) fn engine() -> Engine {
        expect_context()
    }

    pub(crate) fn visitor() -> Visitor {
        use_context().unwrap_or_default()
    }

    /// The signed-in person's principal; whoever is not signed in is told so.
    pub(crate) fn person() -> Result<Principal, Failure> {
        visitor().principal.ok_or_else(|| fail(Problem::new(Code::Unauthenticated, message::SIGN_IN_FIRST)))
    }

    /// The engine's answer as a server function's.
    pub(crate) fn answer<T>(result: engine::Result<T>) -> Result<T, Failure> {
        result.map_err(|error| fail(error.into_problem()))
    }

    /// Sets the answer's HTTP status, which would be 500 for every error. A redirect that was decided stays one.
    fn fail(problem: Problem) -> Failure {
        if let Some(response) = use_context::<ResponseOptions>() {
            let redirects = response.0.read().is_ok_and(|parts| parts.headers.contains_key(header::LOCATION));
            let status = StatusCode::from_u16(problem.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if !redirects {
                response.set_status(status);
            }
            if let Some(seconds) = problem.retry_after {
                response.insert_header(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
        Failure(problem)
    }

    /// The end of a server function that changes something: a browser's plain form is led to a page, where the
    /// flash tells how it went; WebAssembly gets the value.
    pub(crate) fn finish<T>(
        result: Result<T, Failure>,
        flash: impl FnOnce(&Result<T, Failure>) -> Option<Flash>,
        page: impl FnOnce(&Result<T, Failure>) -> String,
    ) -> Result<T, Failure> {
        if is_form_post() {
            if let Some(flash) = flash(&result) {
                flash::put(flash);
            }
            // 302 from `redirect` would do; 303 says outright that the next request is a GET.
            leptos_axum::redirect(local_page(&page(&result)));
            expect_context::<ResponseOptions>().set_status(StatusCode::SEE_OTHER);
        }
        result
    }

    /// The sign-in page may be led to by us, though not by a parameter.
    fn local_page(page: &str) -> &str {
        if page == "/login" || page.starts_with("/login?") { page } else { local_path(page) }
    }

    /// The page that a form was on: its path and query, if the browser says so, else the queue.
    pub(crate) fn came_from() -> String {
        let parts = use_context::<Parts>();
        let referer = parts.as_ref().and_then(|parts| parts.headers.get(header::REFERER)?.to_str().ok());
        let after_host = referer.and_then(|url| url.split_once("://")?.1.split_once('/'));
        local_path(&after_host.map_or_else(String::new, |(_, path)| format!("/{path}"))).to_owned()
    }

    /// Leads back to the page the form was on, which tells what was done.
    pub(crate) fn end<T>(done: Result<T, Failure>, tells: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        tell(done.map(|done| tells(&done)), came_from)
    }

    /// Leads to a page that tells what was done, or why it was not.
    pub(crate) fn tell(told: Result<String, Failure>, page: impl FnOnce() -> String) -> Result<(), Failure> {
        let flash = |told: &Result<String, Failure>| {
            Some(match told {
                Ok(words) => Flash::Done(words.clone()),
                Err(why) => Flash::Refused { action: None, why: why.clone() },
            })
        };
        finish(told, flash, |_| page()).map(drop)
    }

    fn is_form_post() -> bool {
        use_context::<Parts>().is_some_and(|parts| {
            let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
            parts.method == Method::POST && accepts.is_some_and(|accepts| accepts.contains("text/html"))
        })
    }

    /// The value of a cookie of the request.
    pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Sets a cookie that scripts cannot read and other sites' forms do not carry. Without `max_age` it ends with
    /// the browser's session.
    pub(crate) fn set_cookie(name: &str, value: &str, max_age: Option<u32>) {
        let Some(response) = use_context::<ResponseOptions>() else { return };
        let secure = use_context::<SecureCookies>().is_some_and(|secure| secure.0);
        if let Some(cookie) = cookie_header(name, value, max_age, secure) {
            response.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// The header that sets such a cookie.
    pub(crate) fn cookie_header(name: &str, value: &str, max_age: Option<u32>, secure: bool) -> Option<HeaderValue> {
        let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if secure { "; Secure" } else { "" };
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_cookie_is_found_among_others_and_by_its_whole_name() {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, HeaderValue::from_static("a=1; cs_theme=dark; xcs_theme=light"));
            assert_eq!(cookie(&headers, "cs_theme"), Some("dark"));
            assert_eq!(cookie(&headers, "theme"), None);
        }
    }
}
