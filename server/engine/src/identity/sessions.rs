//! Browsers that are signed in. The cookie is `<session>.<secret>`; the secret changes while the session lives,
//! so that a copied cookie is good for a short time only.

use domain::event::EventType;
use domain::identity::{Person, Principal};
use domain::json::Json;
use domain::page::{Cursor, Limit};
use domain::people::{Listing, SessionInfo};
use domain::problem::{Code, Problem};
use uuid::Uuid;

use super::{By, append, count, no_such_person, password, secret, unauthenticated};
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
        store::users::seen(&engine.pool, session.person.id).await?;
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
        throttle(engine, subject, *allowed).await?;
    }
    let account = if name.len() <= 64 { store::users::find(&engine.pool, name).await? } else { None };
    let hash = account.as_ref().and_then(|account| account.password_hash.as_deref());
    let right = password::verify(password, hash).await?;
    match account {
        Some(account) if right && !account.disabled => {
            let mut transaction = store::begin(&engine.pool).await?;
            store::users::clear_failures(&mut transaction, &subjects[0].0).await?;
            let cookie = open(&mut transaction, engine, &account.person, from, "password").await?;
            transaction.commit().await?;
            Ok(cookie)
        }
        _ => {
            let mut transaction = store::begin(&engine.pool).await?;
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

/// Refuses whoever was wrong too often.
async fn throttle(engine: &Engine, subject: &str, allowed: i32) -> Result<()> {
    let (failures, seconds) = store::users::failures(&engine.pool, subject, WINDOW_MINUTES).await?;
    if failures < allowed {
        return Ok(());
    }
    let problem = Problem::new(Code::RateLimited, "Too many failed attempts. Wait, then try again.");
    Err(Problem { retry_after: u64::try_from(seconds).ok(), ..problem }.into())
}

/// Throttles guesses at the password of somebody whose browser is signed in.
pub(super) async fn throttle_own(engine: &Engine, name: &str) -> Result<()> {
    throttle(engine, &own(name), PER_PAIR).await
}

/// Counts such a guess that was wrong, and tells the trail.
pub(super) async fn count_own(engine: &Engine, name: &str) -> Result<()> {
    let mut transaction = store::begin(&engine.pool).await?;
    store::users::count_failure(&mut transaction, &own(name), WINDOW_MINUTES).await?;
    let metadata = Json::object([("name", Json::from(name)), ("at", Json::from("password_change"))]);
    append(&mut transaction, EventType::SignInFailed, &format!("human:{name}"), &metadata).await?;
    transaction.commit().await?;
    Ok(())
}

/// Forgets the wrong ones after a right one.
pub(super) async fn forget_own(connection: &mut sqlx::PgConnection, name: &str) -> Result<()> {
    Ok(store::users::clear_failures(connection, &own(name)).await?)
}

fn own(name: &str) -> String {
    format!("own:{name}")
}

/// Signs a person in by a link, once. Answers the cookie's value.
///
/// # Errors
/// `unauthenticated` for a link that is unknown, used or too old.
pub async fn redeem_link(engine: &Engine, link: &str, from: &SignInFrom) -> Result<String> {
    let mut transaction = store::begin(&engine.pool).await?;
    let person = store::users::use_link(&mut transaction, &secret::hash(link)).await?.ok_or_else(|| {
        unauthenticated("The link was used before, or is too old. Ask an administrator for a new one, or make it with `countersign user link NAME`.")
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
    store::users::seen(&mut *connection, person.id).await?;
    Ok(cookie_value(id, &text))
}

/// Ends a session.
///
/// # Errors
/// When the database cannot be reached.
pub async fn sign_out(engine: &Engine, session: Uuid) -> Result<()> {
    let mut transaction = store::begin(&engine.pool).await?;
    if let Some(name) = store::sessions::delete(&mut transaction, session, None).await? {
        append(&mut transaction, EventType::SignedOut, &format!("human:{name}"), &Json::object([])).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The browsers in which a person is signed in, newest first; `current` is the one that asks.
///
/// # Errors
/// `forbidden` for anybody but the person, at a browser, and administrators; `not_found`.
pub async fn list_sessions(
    engine: &Engine,
    by: impl Into<By<'_>>,
    name: &str,
    current: Option<Uuid>,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Listing<SessionInfo>> {
    by.into().require_for(name)?;
    let account = store::users::find(&engine.pool, name).await?.ok_or_else(no_such_person)?;
    let sessions = store::sessions::of_person(&engine.pool, account.person.id, after, limit.get() + 1, current).await?;
    let now = store::now(&engine.pool).await?;
    let place = |last: &SessionInfo| Cursor { at: last.created_at, id: last.id }.encode();
    Ok(Listing::cut(sessions, limit, None, now, place))
}

/// Ends one session: its very next request is refused. Answers whose it was.
///
/// # Errors
/// `not_found` for what is no session, or not the asker's, who is no administrator; `forbidden` for programs.
pub async fn revoke_session(engine: &Engine, by: impl Into<By<'_>>, session: Uuid) -> Result<String> {
    let by = by.into();
    let of = match by {
        By::Principal(Principal::Session(person)) if !by.administers() => Some(person.id),
        _ => {
            by.require_administrator()?;
            None
        }
    };
    let mut transaction = store::begin(&engine.pool).await?;
    let name = store::sessions::delete(&mut transaction, session, of)
        .await?
        .ok_or_else(|| Problem::new(Code::NotFound, "There is no such session: it has ended."))?;
    let metadata = Json::object([("name", Json::from(name.as_str())), ("session_id", Json::from(session.to_string()))]);
    append(&mut transaction, EventType::SessionRevoked, &by.actor(), &metadata).await?;
    transaction.commit().await?;
    Ok(name)
}

/// Ends all sessions of a person but `keep`, which is the one that asks. Answers how many.
///
/// # Errors
/// As [`list_sessions`].
pub async fn revoke_sessions(engine: &Engine, by: impl Into<By<'_>>, name: &str, keep: Option<Uuid>) -> Result<u64> {
    let by = by.into();
    by.require_for(name)?;
    let mut transaction = store::begin(&engine.pool).await?;
    let account = store::users::hold(&mut transaction, name).await?.ok_or_else(no_such_person)?;
    let ended = store::sessions::delete_of(&mut transaction, account.person.id, keep).await?;
    if ended > 0 {
        let metadata = Json::object([("name", Json::from(name)), ("sessions", Json::from(count(ended)))]);
        append(&mut transaction, EventType::SessionRevoked, &by.actor(), &metadata).await?;
    }
    transaction.commit().await?;
    Ok(ended)
}
