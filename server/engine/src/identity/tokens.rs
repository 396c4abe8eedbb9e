//! API tokens: `cs_<kind>_<id>_<secret>`, where the kind is `agent` for a program's and `user` for a person's.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::event::EventType;
use domain::id::TokenId;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{FieldError, Problem};
use uuid::Uuid;

use super::{append, secret, unauthenticated};
use crate::gate::Presumed;
use crate::store::tokens::{NewTokenRow, TokenInfo};
use crate::{Engine, Result, store};

/// A token to be made.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<Scope>,
    /// The person whose token it is; `None`: a program's, which can never decide.
    pub user: Option<String>,
    pub expires_in_days: Option<i32>,
}

/// Whose token is presented.
///
/// # Errors
/// `unauthenticated` for whatever is not a token that is good now.
pub async fn authenticate_token(engine: &Engine, presented: &str) -> Result<Principal> {
    let refused = || unauthenticated("The token is unknown, expired or revoked.");
    let (id, presented) = parse(presented).ok_or_else(refused)?;
    let token = store::tokens::find(&engine.pool, id).await?.ok_or_else(refused)?;
    if !secret::matches(presented, &token.secret_hash) {
        return Err(refused());
    }
    if token.due_for_touch {
        store::tokens::touch(&engine.pool, id).await?;
    }
    Ok(match token.person {
        Some(person) => Principal::PersonToken(person, token.identity),
        None => {
            let principal = Principal::Agent(token.identity);
            remember(id, Presumed { principal: principal.clone(), secret_hash: token.secret_hash });
            principal
        }
    })
}

/// Programs' tokens as they were last looked up, and when. Ids are random, so engines of one process can share it.
static PRESUMED: LazyLock<RwLock<LookedUp>> = LazyLock::new(RwLock::default);
type LookedUp = HashMap<TokenId, (Instant, Arc<Presumed>)>;
/// So many are remembered.
const MAX_PRESUMED: usize = 1_000;
/// And for so long: looking a token up also notes that it is in use.
const PRESUME_FOR: Duration = Duration::from_secs(30);

fn remember(id: TokenId, presumed: Presumed) {
    let mut all = PRESUMED.write().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MAX_PRESUMED {
        all.clear();
    }
    all.insert(id, (Instant::now(), Arc::new(presumed)));
}

impl Engine {
    /// Whose token is presented, if it is a program's that was good moments ago. That says nothing about now: it is
    /// for [`crate::gate::park_presumed`], where the database has the last word.
    pub fn presume(&self, presented: &str) -> Option<Arc<Presumed>> {
        let (id, presented) = parse(presented)?;
        let (since, presumed) = PRESUMED.read().unwrap_or_else(PoisonError::into_inner).get(&id)?.clone();
        (since.elapsed() < PRESUME_FOR && secret::matches(presented, &presumed.secret_hash)).then_some(presumed)
    }
}

fn parse(presented: &str) -> Option<(TokenId, &str)> {
    let mut parts = presented.splitn(4, '_');
    if parts.next() != Some("cs") || !matches!(parts.next(), Some("agent" | "user")) {
        return None;
    }
    let id = Uuid::try_parse(parts.next()?).ok()?;
    Some((TokenId(id), parts.next()?))
}

/// Makes a token and answers it, the only time it is ever seen.
///
/// # Errors
/// `invalid_request` for a name or scopes that do not stand, or a person who is not there.
pub async fn create_token(engine: &Engine, actor: &str, new: NewToken) -> Result<String> {
    let scopes: BTreeSet<Scope> = new.scopes.iter().copied().collect();
    validate(&new, &scopes)?;
    let user = match &new.user {
        Some(name) => match store::users::find(&engine.pool, name).await? {
            Some(account) if !account.disabled => Some(account.person.id),
            _ => return Err(Problem::invalid("/user", format!("nobody here is called {name}")).into()),
        },
        None => None,
    };
    let id = TokenId(Uuid::new_v4());
    let text = secret::generate();
    let hash = secret::hash(&text);
    let row = NewTokenRow {
        id,
        name: &new.name,
        secret_hash: &hash,
        user,
        scopes: &scopes,
        created_by: actor,
        expires_in_days: new.expires_in_days,
    };
    let mut transaction = engine.pool.begin().await?;
    store::tokens::insert(&mut transaction, &row).await.map_err(|error| name_problem(error, &new.name))?;
    let list = Json::Array(scopes.iter().map(|scope| Json::from(scope.as_str())).collect());
    let metadata = Json::object([
        ("token_id", Json::from(id.to_string())),
        ("name", Json::from(new.name.as_str())),
        ("user", Json::from(new.user.clone())),
        ("scopes", list),
    ]);
    append(&mut transaction, EventType::TokenCreated, actor, &metadata).await?;
    transaction.commit().await?;
    let kind = if user.is_some() { "user" } else { "agent" };
    Ok(format!("cs_{kind}_{}_{text}", id.0.simple()))
}

fn validate(new: &NewToken, scopes: &BTreeSet<Scope>) -> Result<()> {
    let mut errors = Vec::new();
    let mut refuse = |pointer: &str, message: String| {
        errors.push(FieldError { pointer: pointer.to_owned(), message });
    };
    if scopes.is_empty() {
        refuse("/scopes", "name at least one".to_owned());
    }
    if new.user.is_none() {
        for scope in scopes.iter().filter(|scope| scope.needs_a_person()) {
            refuse("/scopes", format!("{scope} is a person's: a program's token can never hold it"));
        }
    }
    if new.expires_in_days.is_some_and(|days| !(1..=3_650).contains(&days)) {
        refuse("/expires_in_days", "must be from 1 to 3650".to_owned());
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors).into()) }
}

fn name_problem(error: sqlx::Error, name: &str) -> crate::Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("api_tokens_name_key") => {
            Problem::invalid("/name", format!("a token called {name} is in use: revoke it, or take another name"))
                .into()
        }
        Some("api_tokens_name_check") => Problem::invalid(
            "/name",
            "takes 1 to 64 letters, digits, dots, dashes, underscores and spaces, beginning with a letter or digit",
        )
        .into(),
        _ => error.into(),
    }
}

/// All tokens, newest first, without their secrets.
///
/// # Errors
/// When the database cannot be read.
pub async fn list_tokens(engine: &Engine) -> Result<Vec<TokenInfo>> {
    Ok(store::tokens::list(&engine.pool).await?)
}

/// Revokes the token that goes by `name`; it is refused from the next request on.
///
/// # Errors
/// `not_found`.
pub async fn revoke_token(engine: &Engine, actor: &str, name: &str) -> Result<()> {
    let mut transaction = engine.pool.begin().await?;
    let id = store::tokens::revoke(&mut transaction, name).await?.ok_or_else(|| Problem::not_found("token in use"))?;
    let metadata = Json::object([("token_id", Json::from(id.to_string())), ("name", Json::from(name))]);
    append(&mut transaction, EventType::TokenRevoked, actor, &metadata).await?;
    transaction.commit().await?;
    Ok(())
}
