//! Who is asking. A browser is known by its session cookie, looked up once per request and left in the
//! request's extensions as a [`Visitor`]; a program by its bearer token, looked up by whoever needs a [`Caller`].

use std::net::{IpAddr, SocketAddr};

use app::visitor::Visitor;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::identity::Principal;
use domain::problem::{Code, Problem};
use engine::identity::SessionAuth;

use super::AppState;
use super::problem::{ApiError, ApiResult};

/// The name of the cookie that carries a session.
pub const COOKIE_NAME: &str = "cs_session";

/// The longest `User-Agent` kept with a session, in bytes.
const USER_AGENT_LIMIT: usize = 300;

/// The authenticated asker. As an argument of a handler it refuses everybody else with 401.
#[derive(Clone, Debug)]
pub struct Caller(pub Principal);

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        if let Some(presented) = bearer(&parts.headers)? {
            return Ok(Self(engine::identity::authenticate_token(&state.engine, presented).await?));
        }
        let visitor = parts.extensions.get::<Visitor>();
        visitor.and_then(|visitor| visitor.principal.clone()).map(Self).ok_or_else(|| {
            let detail = if session_cookie(&parts.headers).is_some() {
                "Your session has ended. Sign in again."
            } else {
                "Send `Authorization: Bearer <token>` (`countersign token create` makes one), or sign in at /login."
            };
            Problem::new(Code::Unauthenticated, detail).into()
        })
    }
}

/// The token of an `Authorization: Bearer` header, if there is such a header.
pub fn bearer(headers: &HeaderMap) -> ApiResult<Option<&str>> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() {
        return Ok(Some(token.trim()));
    }
    Err(Problem::new(Code::Unauthenticated, "The header Authorization must read `Bearer <token>`.").into())
}

/// The value of the session cookie, if the request has one.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, value)| value)
}

/// Middleware: finds out whose browser this is, once, and hands a rotated cookie on.
pub async fn recognise(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    // A request with a token of its own is judged by that alone.
    let cookie = match request.headers().get(AUTHORIZATION) {
        None => session_cookie(request.headers()),
        Some(_) => None,
    };
    let session = match cookie {
        None => None,
        Some(cookie) => match engine::identity::authenticate_session(&state.engine, cookie).await {
            Ok(session) => Some(session),
            Err(engine::Error::Problem(problem)) if problem.code == Code::Unauthenticated => None,
            // Not knowing who asks is not the same as nobody asking.
            Err(error) => return ApiError::from(error).into_response(),
        },
    };
    let (principal, session_id, new_cookie) = match session {
        Some(SessionAuth { principal, session_id, new_cookie }) => (Some(principal), Some(session_id), new_cookie),
        None => (None, None, None),
    };
    let visitor = Visitor {
        principal,
        session_id,
        address: address(&state, request.headers(), request.extensions()),
        user_agent: user_agent(request.headers()),
    };
    request.extensions_mut().insert(visitor);
    let mut response = next.run(request).await;
    // A handler that signed somebody in or out has already said what the cookie shall be.
    if let Some(value) = new_cookie
        && !response.headers().get_all(SET_COOKIE).iter().any(sets_the_session)
    {
        response.headers_mut().append(SET_COOKIE, set_cookie(&value, state.config.secure_cookies()));
    }
    response
}

fn sets_the_session(header: &HeaderValue) -> bool {
    header.as_bytes().starts_with(COOKIE_NAME.as_bytes())
}

/// The `Set-Cookie` header for a session's cookie.
pub fn set_cookie(value: &str, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Lax{secure}"))
        .expect("the engine's cookie values are base64 and hex")
}

/// Where the request came from. A proxy on this machine is believed about the client it speaks for, but only
/// where `public_url` says that there is one: otherwise anybody could choose the address that throttling sees.
fn address(state: &AppState, headers: &HeaderMap, extensions: &Extensions) -> String {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else {
        return "unknown".to_owned();
    };
    let forwarded =
        || -> Option<IpAddr> { headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok() };
    if peer.ip().is_loopback() && state.config.public_url.is_some() {
        return forwarded().unwrap_or(peer.ip()).to_string();
    }
    peer.ip().to_string()
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    // `to_str` lets visible ASCII through only, so every byte is a character.
    Some(text[..text.len().min(USER_AGENT_LIMIT)].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().expect("a name"), HeaderValue::from_static(value))])
    }

    #[test]
    fn the_session_cookie_is_found_among_others() {
        let headers = headers("cookie", "theme=dark; cs_session=abc.def; x_cs_session=no");
        assert_eq!(session_cookie(&headers), Some("abc.def"));
    }

    #[test]
    fn a_bearer_token_is_read_whatever_the_case_of_its_scheme() {
        assert_eq!(bearer(&headers("authorization", "bEARER cs_agent_1_2")).expect("a token"), Some("cs_agent_1_2"));
    }

    #[test]
    fn another_authorization_scheme_is_refused_rather_than_ignored() {
        assert!(bearer(&headers("authorization", "Basic YTpi")).is_err());
        assert!(bearer(&headers("authorization", "Bearer ")).is_err());
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(set_cookie("v", true), "cs_session=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(set_cookie("v", false), "cs_session=v; Path=/; HttpOnly; SameSite=Lax");
    }
}
