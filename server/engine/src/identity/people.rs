//! People who may sign in: how they are added, found and let in.

use domain::event::EventType;
use domain::id::UserId;
use domain::identity::{Role, check_person_name};
use domain::json::Json;
use domain::page::Limit;
use domain::people::{Listing, PersonInfo};
use domain::problem::{Code, FieldError, Problem};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{By, append, append_change, no_such_person, own_password, password, secret};
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
/// `forbidden`; `invalid_request` for a name that is taken or does not stand, or a password that is too short.
pub async fn create_user(engine: &Engine, by: impl Into<By<'_>>, new: NewUser) -> Result<UserId> {
    let by = by.into();
    by.require_administrator()?;
    let mut wrong = Vec::from_iter(name_error(&new.name));
    wrong.extend(new.password.as_deref().and_then(|password| password::check(password, "/password")));
    if !wrong.is_empty() {
        return Err(Problem::invalid_fields(wrong).into());
    }
    let hash = match &new.password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let id = UserId(Uuid::now_v7());
    let mut transaction = store::begin(&engine.pool).await?;
    insert(&mut transaction, &by.actor(), id, &new.name, new.role, hash.as_deref()).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Somebody who was added, or given a new link.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub person: PersonInfo,
    /// The secret of the link that signs them in once, the only time it is seen. `None`: the request was made before,
    /// and its answer is lost.
    pub link: Option<String>,
}

/// Adds a person with a link that signs them in once. With the id of an earlier try that was not heard the end of,
/// whoever that added is answered.
///
/// # Errors
/// `forbidden`; `invalid_request` for a name that is taken or does not stand.
pub async fn invite(
    engine: &Engine,
    by: impl Into<By<'_>>,
    name: &str,
    role: Role,
    id: Option<Uuid>,
) -> Result<Invitation> {
    let by = by.into();
    by.require_administrator()?;
    if let Some(wrong) = name_error(name) {
        return Err(Problem::invalid_fields(vec![wrong]).into());
    }
    let mut transaction = store::begin(&engine.pool).await?;
    let user = UserId(id.unwrap_or_else(Uuid::now_v7));
    if let Some(name) = store::users::name_of(&mut transaction, user).await? {
        let person = read(&mut transaction, &name).await?;
        return Ok(Invitation { person, link: None });
    }
    insert(&mut transaction, &by.actor(), user, name, role, None).await?;
    let link = new_link(&mut transaction, &by.actor(), user, name).await?;
    let person = read(&mut transaction, name).await?;
    transaction.commit().await?;
    Ok(Invitation { person, link: Some(link) })
}

async fn insert(
    connection: &mut PgConnection,
    actor: &str,
    id: UserId,
    name: &str,
    role: Role,
    hash: Option<&str>,
) -> Result<()> {
    store::users::insert(connection, id, name, role, hash).await.map_err(|error| taken(error, name))?;
    let metadata = Json::object([("name", Json::from(name)), ("role", Json::from(role.as_str()))]);
    append(connection, EventType::UserCreated, actor, &metadata).await
}

fn name_error(name: &str) -> Option<FieldError> {
    let wrong = check_person_name(name).err()?;
    Some(FieldError { pointer: "/name".to_owned(), message: wrong.to_owned() })
}

fn taken(error: sqlx::Error, name: &str) -> crate::Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("users_name_key") => Problem::invalid("/name", format!("{name} is taken")).into(),
        _ => error.into(),
    }
}

/// The people who may sign in, or could once, by name.
///
/// # Errors
/// `forbidden` for whoever is no administrator.
pub async fn list_people(
    engine: &Engine,
    by: impl Into<By<'_>>,
    after: Option<&str>,
    limit: Limit,
) -> Result<Listing<PersonInfo>> {
    by.into().require_administrator()?;
    let people = store::users::list(&engine.pool, after, None, limit.get() + 1).await?;
    let (total, now) = (store::users::count(&engine.pool).await?, store::now(&engine.pool).await?);
    Ok(Listing::cut(people, limit, Some(total), now, |person| person.name.clone()))
}

/// One person.
///
/// # Errors
/// `forbidden` for anybody but the person, at a browser, and administrators; `not_found`.
pub async fn person(engine: &Engine, by: impl Into<By<'_>>, name: &str) -> Result<PersonInfo> {
    by.into().require_for(name)?;
    read(&mut *store::acquire(&engine.pool).await?, name).await
}

pub(super) async fn read(connection: &mut PgConnection, name: &str) -> Result<PersonInfo> {
    let found = store::users::list(connection, None, Some(name), 1).await?;
    found.into_iter().next().ok_or_else(no_such_person)
}

/// Makes a link that signs a person in once, within a day; older ones that were not used end. Answers its secret.
///
/// # Errors
/// `forbidden`; `not_found` for somebody who is not there or disabled.
pub async fn create_sign_in_link(engine: &Engine, by: impl Into<By<'_>>, name: &str) -> Result<String> {
    let by = by.into();
    by.require_administrator()?;
    let mut transaction = store::begin(&engine.pool).await?;
    let account = store::users::lock(&mut transaction, name).await?.ok_or_else(no_such_person)?;
    if account.disabled {
        return Err(Problem::new(Code::NotFound, format!("{name} is disabled: enable them first.")).into());
    }
    let link = new_link(&mut transaction, &by.actor(), account.person.id, name).await?;
    transaction.commit().await?;
    Ok(link)
}

async fn new_link(connection: &mut PgConnection, actor: &str, user: UserId, name: &str) -> Result<String> {
    let link = secret::generate();
    store::users::end_links(connection, user).await?;
    store::users::insert_link(connection, user, &secret::hash(&link), LINK_MINUTES).await?;
    append_change(connection, actor, name, "sign_in_link", []).await?;
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
    let mut transaction = store::begin(&engine.pool).await?;
    store::lock(&mut transaction, FIRST_ADMINISTRATOR).await?;
    if store::users::any(&mut transaction).await? {
        drop(transaction);
        return keep_password(engine, NAME, password).await;
    }
    let id = UserId(Uuid::now_v7());
    insert(&mut transaction, ACTOR, id, NAME, Role::Admin, hash.as_deref()).await?;
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
        own_password::set_password(engine, "system:configuration", name, password).await?;
    }
    Ok(FirstSignIn::PasswordSet)
}
