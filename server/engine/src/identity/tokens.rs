//! API tokens: `cs_<kind>_<id>_<secret>`, where the kind is `agent` for a program's and `user` for a person's.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::event::EventType;
use domain::id::TokenId;
use domain::identity::{Person, Principal, Role, Scope, check_token_name};
use domain::json::Json;
use domain::people::TokenInfo;
use domain::problem::{Code, FieldError, Problem};
use domain::text_safety::escaped;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{By, append, secret, unauthenticated};
use crate::gate::Presumed;
use crate::store::tokens::{Listed, NewTokenRow};
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

/// A token that was made.
#[derive(Clone, Debug)]
pub struct Issued {
    pub token: TokenInfo,
    /// What is presented, the only time it is seen. `None`: the request was made before, and its answer is lost.
    pub secret: Option<String>,
}

/// Makes a token and answers it, the only time it is ever seen.
///
/// # Errors
/// As [`issue_token`].
pub async fn create_token(engine: &Engine, by: impl Into<By<'_>>, new: NewToken) -> Result<String> {
    let issued = issue_token(engine, by, new, None).await?;
    Ok(issued.secret.expect("without the id of an earlier try there is none"))
}

/// Makes a token. An administrator makes them for programs and people; a person at a browser makes their own. It
/// holds no scope that its owner's role does not grant. With the id of an earlier try that was not heard the end of,
/// what that made is answered, without its secret.
///
/// # Errors
/// `forbidden`; `invalid_request` for a name or scopes that do not stand, or a person who is not there.
pub async fn issue_token(engine: &Engine, by: impl Into<By<'_>>, new: NewToken, id: Option<Uuid>) -> Result<Issued> {
    let by = by.into();
    match &new.user {
        Some(name) => by.require_for(name)?,
        None => by.require_administrator()?,
    }
    if by.person().is_some_and(|person| person.role == Role::Viewer) {
        let detail = "The role viewer makes no tokens: what is only looked at needs no program.";
        return Err(Problem::new(Code::Forbidden, detail).into());
    }
    let mut transaction = store::begin(&engine.pool).await?;
    let id = TokenId(id.unwrap_or_else(Uuid::new_v4));
    let listed = Listed { only: Some(id), ..Listed::default() };
    if let Some(token) = store::tokens::list(&mut *transaction, listed, None, 1).await?.pop() {
        return Ok(Issued { token, secret: None });
    }
    // Kept as they are until the token is made: nobody is given one while they are shut out.
    let owner = match &new.user {
        Some(name) => store::users::hold(&mut transaction, name).await?.filter(|account| !account.disabled),
        None => None,
    };
    let owner = owner.map(|account| account.person);
    validate(by, &new, owner.as_ref())?;
    let text = secret::generate();
    insert(&mut transaction, by, &new, id, owner.as_ref(), &secret::hash(&text)).await?;
    let token = store::tokens::list(&mut *transaction, listed, None, 1).await?.pop();
    let token = token.ok_or_else(|| crate::Error::Corrupt(format!("token {id} is not there")))?;
    transaction.commit().await?;
    let kind = if owner.is_some() { "user" } else { "agent" };
    Ok(Issued { token, secret: Some(format!("cs_{kind}_{}_{text}", id.0.simple())) })
}

async fn insert(
    connection: &mut PgConnection,
    by: By<'_>,
    new: &NewToken,
    id: TokenId,
    owner: Option<&Person>,
    hash: &[u8],
) -> Result<()> {
    let (scopes, actor): (BTreeSet<Scope>, _) = (new.scopes.iter().copied().collect(), by.actor());
    let row = NewTokenRow {
        id,
        name: &new.name,
        secret_hash: hash,
        user: owner.map(|person| person.id),
        scopes: &scopes,
        created_by: &actor,
        expires_in_days: new.expires_in_days,
    };
    store::tokens::insert(connection, &row).await.map_err(|error| taken(error, &new.name))?;
    let metadata = Json::object([
        ("token_id", Json::from(id.to_string())),
        ("name", Json::from(new.name.as_str())),
        ("user", Json::from(new.user.clone())),
        ("scopes", Json::Array(scopes.iter().map(|scope| Json::from(scope.as_str())).collect())),
        ("expires_in_days", new.expires_in_days.map_or(Json::Null, Json::from)),
    ]);
    append(connection, EventType::TokenCreated, &actor, &metadata).await
}

/// Everything that is wrong, at once.
fn validate(by: By<'_>, new: &NewToken, owner: Option<&Person>) -> Result<()> {
    let mut errors = Vec::new();
    let mut refuse = |pointer: String, message: String| errors.push(FieldError { pointer, message });
    if let Err(wrong) = check_token_name(&new.name) {
        refuse("/name".to_owned(), wrong.to_owned());
    }
    if new.scopes.is_empty() {
        refuse("/scopes".to_owned(), "must name at least one".to_owned());
    }
    if let (Some(name), None) = (&new.user, owner) {
        refuse("/user".to_owned(), format!("must be somebody here who is not disabled, not {}", escaped(name)));
    }
    for (place, scope) in new.scopes.iter().enumerate() {
        if let Some(wrong) = scope_error(by, *scope, new.user.is_some(), owner) {
            refuse(format!("/scopes/{place}"), wrong);
        }
    }
    if new.expires_in_days.is_some_and(|days| !(1..=3_650).contains(&days)) {
        refuse("/expires_in_days".to_owned(), "must be from 1 to 3650".to_owned());
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors).into()) }
}

fn scope_error(by: By<'_>, scope: Scope, personal: bool, owner: Option<&Person>) -> Option<String> {
    if !personal {
        return scope.needs_a_person().then(|| format!("{scope} is a person's: a program's token can never hold it"));
    }
    let role = owner?.role;
    // No role runs what was approved; an administrator may lend that to a person's token all the same.
    let lent = scope == Scope::ActionsExecute && by.administers();
    (!role.grants(scope) && !lent).then(|| format!("{scope} is more than the role {} grants", role.as_str()))
}

fn taken(error: sqlx::Error, name: &str) -> crate::Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("api_tokens_name_key") => {
            Problem::invalid("/name", format!("{name} is in use: revoke that token, or take another name")).into()
        }
        _ => error.into(),
    }
}
