//! Browsers that are signed in. The cookie is `<session>.<secret>`; the secret changes while the session lives,
//! so that a copied cookie is good for a short time only.

use domain::event::EventType;
use domain::identity::{Person, Principal};
use domain::json::Json;
use domain::problem::{Code, Problem};
use uuid::Uuid;

use super::{append, password, secret, unauthenticated};
use crate::{Engine, Result, store};

/// Minutes after which a session's secret changes.
const ROTATE_MINUTES: i32 = 15;
/// Minutes over which failed sign-ins are counted.
const WINDOW_MINUTES: i32 = 15;
/// Failures in a window after which a name from one address, one address, and a name from anywhere have to wait.
const PER_PAIR: i32 = 5;
const PER_ADDRESS: i32 = 30;
const PER_NAME: i32 = 50;

/// Where a sign-in comes from.
#[derive(Clone, Debug, Default)]
pub struct SignInFrom {
    pub address: String,
    pub user_agent: Option<String>,
}

/// A session that is good.
#[derive(Clone, Debug)]
pub struct SessionAuth {
    pub principal: Principal,
    pub session_id: Uuid,
    /// The cookie to send from now on, when the secret was changed.
    pub new_cookie: Option<String>,
}

/// Whose session the cookie is.
///
/// # Errors
/// `unauthenticated` for whatever is not a session that is good now.
pub async fn authenticate_session(engine: &Engine, cookie: &str) -> Result<SessionAuth> {
    let refused = || unauthenticated("You are signed out.");
    let (id, presented) = parse(cookie).ok_or_else(refused)?;
    let session = store::sessions::find(&engine.pool, id, ROTATE_MINUTES).await?.ok_or_else(refused)?;
    let current = secret::matches(presented, &session.secret_hash);
    if !current && !session.previous_hash.as_deref().is_some_and(|hash| secret::matches(presented, hash)) {
        return Err(refused());
    }
    if session.due_for_touch {
        store::sessions::touch(&engine.pool, id, engine.policy.session_idle_minutes).await?;
    }
    let mut new_cookie = None;
    if current && session.due_for_rotation {
        let fresh = secret::generate();
        if store::sessions::rotate(&engine.pool, id, &session.secret_hash, &secret::hash(&fresh)).await? {
            new_cookie = Some(cookie_value(id, &fresh));
        }
    }
    Ok(SessionAuth { principal: Principal::Session(session.person), session_id: id, new_cookie })
}

fn parse(cookie: &str) -> Option<(Uuid, &str)> {
    let (id, secret) = cookie.split_once('.')?;
    Some((Uuid::try_parse(id).ok()?, secret))
}

fn cookie_value(id: Uuid, secret: &str) -> String {
    format!("{}.{secret}", id.simple())
}

/// Signs a person in by password. Answers the cookie's value.
///
/// # Errors
/// `unauthenticated` for a wrong name or password (which of the two is not told); `rate_limited` after too many.
pub async fn sign_in(engine: &Engine, name: &str, password: &str, from: &SignInFrom) -> Result<String> {
    let subjects = [
        (format!("pair:{name}@{}", from.address), PER_PAIR),
        (format!("address:{}", from.address), PER_ADDRESS),
        (format!("name:{name}"), PER_NAME),
    ];
    for (subject, allowed) in &subjects {
        let (failures, seconds) = store::users::failures(&engine.pool, subject, WINDOW_MINUTES).await?;
        if failures >= *allowed {
            let problem = Problem::new(Code::RateLimited, "Too many failed attempts. Wait, then try again.");
            return Err(Problem { retry_after: u64::try_from(seconds).ok(), ..problem }.into());
        }
    }
    let account = if name.len() <= 64 { store::users::find(&engine.pool, name).await? } else { None };
    let hash = account.as_ref().and_then(|account| account.password_hash.as_deref());
    let right = password::verify(password, hash).await?;
    match account {
        Some(account) if right && !account.disabled => {
            let mut transaction = engine.pool.begin().await?;
            store::users::clear_failures(&mut transaction, &subjects[0].0).await?;
            let cookie = open(&mut transaction, engine, &account.person, from, "password").await?;
            transaction.commit().await?;
            Ok(cookie)
        }
        _ => {
            let mut transaction = engine.pool.begin().await?;
            for (subject, _) in &subjects {
                store::users::count_failure(&mut transaction, subject, WINDOW_MINUTES).await?;
            }
            // What was typed as a name may be a password: it is not written down.
            let known = account.map(|account| account.person.name);
            let metadata = Json::object([("name", Json::from(known)), ("address", Json::from(from.address.as_str()))]);
            append(&mut transaction, EventType::SignInFailed, "system:sign_in", &metadata).await?;
            transaction.commit().await?;
            Err(unauthenticated("The name or the password is wrong."))
        }
    }
}

/// Signs a person in by a link, once. Answers the cookie's value.
///
/// # Errors
/// `unauthenticated` for a link that is unknown, used or too old.
pub async fn redeem_link(engine: &Engine, link: &str, from: &SignInFrom) -> Result<String> {
    let mut transaction = engine.pool.begin().await?;
    let person = store::users::use_link(&mut transaction, &secret::hash(link)).await?.ok_or_else(|| {
        unauthenticated("The link was used before, or is too old. Make a new one with `countersign user link NAME`.")
    })?;
    let cookie = open(&mut transaction, engine, &person, from, "link").await?;
    transaction.commit().await?;
    Ok(cookie)
}

async fn open(
    connection: &mut sqlx::PgConnection,
    engine: &Engine,
    person: &Person,
    from: &SignInFrom,
    by: &str,
) -> Result<String> {
    let (id, text) = (Uuid::new_v4(), secret::generate());
    let user_agent = from.user_agent.as_deref().map(|agent| agent.chars().take(300).collect::<String>());
    store::sessions::insert(
        connection,
        id,
        person.id,
        &secret::hash(&text),
        engine.policy.session_idle_minutes,
        engine.policy.session_absolute_hours,
        user_agent.as_deref(),
    )
    .await?;
    let metadata = Json::object([("by", Json::from(by)), ("address", Json::from(from.address.as_str()))]);
    append(connection, EventType::SignedIn, &format!("human:{}", person.name), &metadata).await?;
    Ok(cookie_value(id, &text))
}

/// Ends a session.
///
/// # Errors
/// When the database cannot be reached.
pub async fn sign_out(engine: &Engine, session: Uuid) -> Result<()> {
    let mut transaction = engine.pool.begin().await?;
    if let Some(name) = store::sessions::delete(&mut transaction, session).await? {
        append(&mut transaction, EventType::SignedOut, &format!("human:{name}"), &Json::object([])).await?;
    }
    transaction.commit().await?;
    Ok(())
}
