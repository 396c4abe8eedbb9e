//! People who may sign in.

use domain::event::EventType;
use domain::id::UserId;
use domain::identity::Role;
use domain::json::Json;
use domain::problem::Problem;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{append, password, secret};
use crate::{Engine, Result, store};

/// How long a sign-in link is good, in minutes.
const LINK_MINUTES: i32 = 24 * 60;
/// The lock under which the first administrator is made: several instances may start at once.
const FIRST_ADMINISTRATOR: i64 = 0xAD_0001;

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub name: String,
    pub role: Role,
    /// Without one they sign in by a link.
    pub password: Option<String>,
}

/// How the first administrator gets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstSignIn {
    /// By a link with this secret, once.
    Link(String),
    /// By the password that was given.
    PasswordSet,
    /// Somebody was there before.
    AlreadyThere,
}

/// Adds a person.
///
/// # Errors
/// `invalid_request` for a name that is taken or does not stand, or a password that is too short.
pub async fn create_user(engine: &Engine, actor: &str, new: NewUser) -> Result<UserId> {
    let hash = match &new.password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let mut transaction = engine.pool.begin().await?;
    let id = insert(&mut transaction, actor, &new.name, new.role, hash.as_deref()).await?;
    transaction.commit().await?;
    Ok(id)
}

async fn insert(
    connection: &mut PgConnection,
    actor: &str,
    name: &str,
    role: Role,
    hash: Option<&str>,
) -> Result<UserId> {
    let id = UserId(Uuid::now_v7());
    store::users::insert(connection, id, name, role, hash).await.map_err(|error| name_problem(error, name))?;
    let metadata = Json::object([("name", Json::from(name)), ("role", Json::from(role.as_str()))]);
    append(connection, EventType::UserCreated, actor, &metadata).await?;
    Ok(id)
}

fn name_problem(error: sqlx::Error, name: &str) -> crate::Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("users_name_key") => Problem::invalid("/name", format!("{name} is taken")).into(),
        Some("users_name_check") => Problem::invalid(
            "/name",
            "takes 1 to 64 small letters, digits, dots, dashes and underscores, beginning with a letter or digit",
        )
        .into(),
        _ => error.into(),
    }
}

/// Sets a person's password.
///
/// # Errors
/// `not_found`; `invalid_request` for a password that is too short.
pub async fn set_password(engine: &Engine, actor: &str, name: &str, password: &str) -> Result<()> {
    let hash = password::hash(password).await?;
    let mut transaction = engine.pool.begin().await?;
    if !store::users::set_password(&mut transaction, name, &hash).await? {
        return Err(Problem::not_found("person").into());
    }
    changed(&mut transaction, actor, name, "password").await?;
    transaction.commit().await?;
    Ok(())
}

/// Shuts a person out: their sessions end, their tokens are refused.
///
/// # Errors
/// `not_found`.
pub async fn disable_user(engine: &Engine, actor: &str, name: &str) -> Result<()> {
    let mut transaction = engine.pool.begin().await?;
    if !store::users::disable(&mut transaction, name).await? {
        return Err(Problem::not_found("person").into());
    }
    changed(&mut transaction, actor, name, "disabled").await?;
    transaction.commit().await?;
    Ok(())
}

async fn changed(connection: &mut PgConnection, actor: &str, name: &str, what: &str) -> Result<()> {
    let metadata = Json::object([("name", Json::from(name)), ("changed", Json::from(what))]);
    append(connection, EventType::UserChanged, actor, &metadata).await
}

/// Makes a link that signs a person in once, within a day. Answers its secret.
///
/// # Errors
/// `not_found` for somebody who is not there or disabled.
pub async fn create_sign_in_link(engine: &Engine, actor: &str, name: &str) -> Result<String> {
    let account = store::users::find(&engine.pool, name).await?;
    let account = account.filter(|account| !account.disabled).ok_or_else(|| Problem::not_found("person"))?;
    let link = secret::generate();
    let mut transaction = engine.pool.begin().await?;
    store::users::insert_link(&mut transaction, account.person.id, &secret::hash(&link), LINK_MINUTES).await?;
    changed(&mut transaction, actor, name, "sign_in_link").await?;
    transaction.commit().await?;
    Ok(link)
}

/// On an empty database: adds the administrator `admin`, with the password or with a link. Where `admin` is there
/// and a password is given, it becomes the password.
///
/// # Errors
/// `invalid_request` for a password that is too short.
pub async fn ensure_administrator(engine: &Engine, password: Option<&str>) -> Result<FirstSignIn> {
    const NAME: &str = "admin";
    const ACTOR: &str = "system:first_start";
    let hash = match password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let mut transaction = engine.pool.begin().await?;
    store::lock(&mut transaction, FIRST_ADMINISTRATOR).await?;
    if store::users::any(&mut transaction).await? {
        drop(transaction);
        return keep_password(engine, NAME, password).await;
    }
    let id = insert(&mut transaction, ACTOR, NAME, Role::Admin, hash.as_deref()).await?;
    let first = if hash.is_some() {
        FirstSignIn::PasswordSet
    } else {
        let link = secret::generate();
        store::users::insert_link(&mut transaction, id, &secret::hash(&link), LINK_MINUTES).await?;
        FirstSignIn::Link(link)
    };
    transaction.commit().await?;
    Ok(first)
}

/// The configured password is the administrator's password, also when it has changed since the last start.
async fn keep_password(engine: &Engine, name: &str, password: Option<&str>) -> Result<FirstSignIn> {
    let (Some(password), Some(account)) = (password, store::users::find(&engine.pool, name).await?) else {
        return Ok(FirstSignIn::AlreadyThere);
    };
    if !password::verify(password, account.password_hash.as_deref()).await? {
        set_password(engine, "system:configuration", name, password).await?;
    }
    Ok(FirstSignIn::PasswordSet)
}
