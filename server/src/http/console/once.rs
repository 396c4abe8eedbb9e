//! Forms whose answer holds a secret: a sign-in link, a token. The page itself answers the post, so the secret stands in
//! that one answer and nowhere else; the form's key makes a repeated post harmless.

use app::once::Once;
use app::visitor::Visitor;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::identity::{Principal, Scope, check_person_name};
use domain::problem::{Code, FieldError, Problem};
use engine::alerts;
use engine::idempotency::{Begun, begin, finish};
use engine::identity::{self, NewToken};
use uuid::Uuid;

use super::{read_form, render_with};
use crate::http::AppState;

/// A posted form.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The key of the form, as the page wrote it.
    fn key(&self) -> Result<Uuid, Problem> {
        self.one("key").parse().map_err(|_| Problem::invalid("/key", "is not of a form of this console"))
    }

    fn word<T: std::str::FromStr<Err: ToString>>(&self, name: &str) -> Result<T, Problem> {
        self.one(name).parse().map_err(|error: T::Err| Problem::invalid(format!("/{name}"), error.to_string()))
    }
}

/// `POST /settings/people`: adds a person.
pub(super) async fn invite(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, request, async |principal, fields| {
        let (name, role) = (fields.one("name"), fields.word("role")?);
        let invited = identity::invite(&state.engine, principal, name, role, Some(fields.key()?)).await?;
        Ok(match invited.link {
            Some(secret) => Once::Link { person: invited.person.name, url: state.config.sign_in_url(&secret) },
            None => Once::Before,
        })
    })
    .await
}

/// `POST /settings/people/{name}`: a new sign-in link.
pub(super) async fn link(State(state): State<AppState>, Path(name): Path<String>, request: Request) -> Response {
    answer(&state, request, async |principal, fields| {
        check_person_name(&name).map_err(|wrong| Problem::invalid("/name", wrong))?;
        let (route, key) = (format!("POST /settings/people/{name}"), fields.key()?.to_string());
        let keyed = match begin(&state.engine, principal, &route, &key, b"").await? {
            Begun::Run(keyed) => keyed,
            Begun::Replay { .. } => return Ok(Once::Before),
        };
        let made = identity::create_sign_in_link(&state.engine, principal, &name).await;
        // What is kept says that it was done, and nothing of the link.
        let status = if made.is_ok() { StatusCode::CREATED } else { StatusCode::SERVICE_UNAVAILABLE };
        finish(&state.engine, &keyed, status.as_u16(), b"").await?;
        Ok(Once::Link { url: state.config.sign_in_url(&made?), person: name.clone() })
    })
    .await
}

/// `POST /settings/tokens`: makes a token.
pub(super) async fn token(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, request, async |principal, fields| {
        let issued = identity::issue_token(&state.engine, principal, new_token(fields)?, Some(fields.key()?)).await?;
        Ok(match issued.secret {
            Some(secret) => Once::Token { name: issued.token.name, secret },
            None => Once::Before,
        })
    })
    .await
}

/// `POST /settings/alerts`: adds a place that hears of alerts.
pub(super) async fn place(State(state): State<AppState>, request: Request) -> Response {
    answer(&state, request, async |principal, fields| {
        let key = fields.key()?.to_string();
        let keyed = match begin(&state.engine, principal, "POST /settings/alerts", &key, b"").await? {
            Begun::Run(keyed) => keyed,
            Begun::Replay { .. } => return Ok(Once::Before),
        };
        let added = async {
            let format = fields.word("format")?;
            Ok::<_, Failed>(alerts::add(&state.engine, principal, fields.one("name"), fields.one("url"), format).await?)
        };
        let added = added.await;
        // What is kept says that it was done, and nothing of the secret.
        let status = if added.is_ok() { StatusCode::CREATED } else { StatusCode::SERVICE_UNAVAILABLE };
        finish(&state.engine, &keyed, status.as_u16(), b"").await?;
        let added = added?;
        Ok(Once::Place { name: added.endpoint.name, secret: added.secret.reveal().to_owned() })
    })
    .await
}

fn new_token(fields: &Fields) -> Result<NewToken, Problem> {
    let mut scopes = Vec::new();
    let mut wrong = Vec::new();
    for word in fields.all("scope") {
        match word.parse::<Scope>() {
            Ok(scope) => scopes.push(scope),
            Err(error) => wrong.push(FieldError { pointer: "/scopes".to_owned(), message: error.to_string() }),
        }
    }
    if !wrong.is_empty() {
        return Err(Problem::invalid_fields(wrong));
    }
    let days = fields.one("expires_in_days");
    Ok(NewToken {
        name: fields.one("name").to_owned(),
        scopes,
        user: Some(fields.one("user").to_owned()).filter(|name| !name.is_empty()),
        expires_in_days: if days.is_empty() { None } else { Some(fields.word("expires_in_days")?) },
    })
}

async fn answer(
    state: &AppState,
    request: Request,
    make: impl AsyncFnOnce(&Principal, &Fields) -> Result<Once, Failed>,
) -> Response {
    let (parts, pairs) = match read_form(state, request).await {
        Ok(read) => read,
        Err(rejection) => return rejection,
    };
    let fields = Fields(pairs);
    let principal = parts.extensions.get::<Visitor>().and_then(|visitor| visitor.principal.clone());
    let made = match &principal {
        Some(principal) => make(principal, &fields).await,
        None => Err(Problem::new(Code::Unauthenticated, "Sign in first.").into()),
    };
    let (status, once) = match made {
        Ok(once) => (StatusCode::OK, once),
        Err(Failed(problem)) => {
            let status = StatusCode::from_u16(problem.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Once::Refused { problem, typed: fields.0 })
        }
    };
    let mut response = render_with(state, parts, once).await;
    // Whoever is not signed in is led to the sign-in page.
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why nothing was made.
struct Failed(Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<engine::Error> for Failed {
    fn from(error: engine::Error) -> Self {
        Self(error.into_problem())
    }
}
