//! Signing in and out, and the theme. The forms of these are always posted by the browser itself, never by
//! WebAssembly: whoever signs in gets a fresh page with nothing of the person before.

use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use super::Failure;
use super::protocol::Console;

/// Signs in by name and password.
///
/// # Errors
/// Wrong name or password, or too many tries.
#[server(prefix = "/api/console", endpoint = "session/sign_in", protocol = Console<PostUrl>)]
pub async fn sign_in(name: String, password: String, #[server(default)] next: String) -> Result<(), Failure> {
    let signed_in = engine::identity::sign_in(&super::engine(), &name, &password, &on_server::from()).await;
    on_server::enter(signed_in, &next)
}

/// Signs in with a one-time link. A separate step after opening the link: what only looks at links must not use
/// them up.
///
/// # Errors
/// The link was used, has ended, or never was.
#[server(prefix = "/api/console", endpoint = "session/redeem_link", protocol = Console<PostUrl>)]
pub async fn redeem_link(link: String, #[server(default)] next: String) -> Result<(), Failure> {
    let signed_in = engine::identity::redeem_link(&super::engine(), &link, &on_server::from()).await;
    on_server::enter(signed_in, &next)
}

/// Ends the session.
///
/// # Errors
/// The database cannot be written.
#[server(prefix = "/api/console", endpoint = "session/sign_out", protocol = Console<PostUrl>)]
pub async fn sign_out() -> Result<(), Failure> {
    let ended = match super::visitor().session_id {
        Some(session) => super::answer(engine::identity::sign_out(&super::engine(), session).await),
        None => Ok(()),
    };
    super::set_cookie(on_server::SESSION, "", Some(0));
    super::finish(ended, |_| None, |_| "/login".to_owned())
}

/// Light, dark or as the system has it.
///
/// # Errors
/// An unknown word.
#[server(prefix = "/api/console", endpoint = "session/set_theme", protocol = Console<PostUrl>)]
pub async fn set_theme(theme: crate::theme::Theme) -> Result<(), Failure> {
    super::set_cookie(crate::theme::COOKIE, theme.as_str(), Some(365 * 24 * 3600));
    super::finish(Ok(()), |_| None, |_| super::came_from())
}

#[cfg(feature = "ssr")]
mod on_server {
    use engine::identity::SignInFrom;

    use crate::api::{Failure, answer, finish, set_cookie, visitor};
    use crate::flash::Flash;
    use crate::local_path::{escape, local_path};

    /// The session cookie; the server reads it, see `server/src/http/session.rs`.
    pub(super) const SESSION: &str = "cs_session";

    pub(super) fn from() -> SignInFrom {
        let visitor = visitor();
        SignInFrom { address: visitor.address, user_agent: visitor.user_agent }
    }

    pub(super) fn enter(signed_in: engine::Result<String>, next: &str) -> Result<(), Failure> {
        let entered = answer(signed_in).map(|cookie| set_cookie(SESSION, &cookie, None));
        finish(
            entered,
            |entered| {
                let why = entered.as_ref().err()?.clone();
                Some(Flash::Refused { action: None, why })
            },
            |entered| match entered {
                Ok(()) => local_path(next).to_owned(),
                Err(_) => format!("/login?next={}", escape(local_path(next))),
            },
        )
    }
}
