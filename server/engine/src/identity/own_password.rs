//! Passwords, as they are changed: by whoever they belong to, or by whoever runs the program.

use domain::identity::Principal;
use domain::json::Json;
use domain::problem::{Code, FieldError, Problem};
use uuid::Uuid;

use super::sessions::{count_own, forget_own, throttle_own};
use super::{By, append_change, count, no_such_person, password};
use crate::store::users::Account;
use crate::{Engine, Result, store};

/// Sets a person's password; their sessions end.
///
/// # Errors
/// `forbidden`; `not_found`; `invalid_request` for a password that is too short.
pub async fn set_password(engine: &Engine, by: impl Into<By<'_>>, name: &str, password: &str) -> Result<()> {
    let by = by.into();
    by.require_administrator()?;
    let hash = password::hash(password).await?;
    let mut transaction = store::begin(&engine.pool).await?;
    let account = store::users::lock(&mut transaction, name).await?.ok_or_else(no_such_person)?;
    replace(&mut transaction, &by.actor(), &account, &hash, None).await?;
    transaction.commit().await?;
    Ok(())
}

/// Sets one's own password. Whoever has one must know it: a browser that was left open is not enough. The person's
/// other sessions end, and so do links that were not used. Answers how many sessions ended.
///
/// # Errors
/// `forbidden` for whoever does not sit at a browser; `invalid_request` for a present password that is wrong or a new
/// one that is too short; `rate_limited` after too many wrong ones.
pub async fn change_password(
    engine: &Engine,
    principal: &Principal,
    session: Option<Uuid>,
    present: &str,
    new: &str,
) -> Result<u64> {
    let Principal::Session(person) = principal else {
        let detail = "A password is changed in the console, by whoever it belongs to.";
        return Err(Problem::new(Code::Forbidden, detail).into());
    };
    throttle_own(engine, &person.name).await?;
    let account = store::users::find(&engine.pool, &person.name).await?.ok_or_else(no_such_person)?;
    let mut wrong = Vec::from_iter(password::check(new, "/new_password"));
    if let Some(hash) = account.password_hash.as_deref()
        && !password::verify(present, Some(hash)).await?
    {
        count_own(engine, &person.name).await?;
        wrong.insert(0, wrong_present());
    }
    if !wrong.is_empty() {
        return Err(Problem::invalid_fields(wrong).into());
    }
    let hash = password::hash(new).await?;
    let mut transaction = store::begin(&engine.pool).await?;
    let now = store::users::lock(&mut transaction, &person.name).await?.ok_or_else(no_such_person)?;
    // It was changed between the look and now: what was known is not the present one.
    if now.password_hash != account.password_hash {
        return Err(Problem::invalid_fields(vec![wrong_present()]).into());
    }
    forget_own(&mut transaction, &person.name).await?;
    let ended = replace(&mut transaction, &principal.actor(), &now, &hash, session).await?;
    transaction.commit().await?;
    Ok(ended)
}

fn wrong_present() -> FieldError {
    FieldError { pointer: "/present_password".to_owned(), message: "is wrong".to_owned() }
}

async fn replace(
    connection: &mut sqlx::PgConnection,
    actor: &str,
    account: &Account,
    hash: &str,
    keep: Option<Uuid>,
) -> Result<u64> {
    let user = account.person.id;
    store::users::set_password(connection, user, hash).await?;
    store::users::end_links(connection, user).await?;
    let ended = store::sessions::delete_of(connection, user, keep).await?;
    let says = [("sessions_ended", Json::from(count(ended)))];
    append_change(connection, actor, &account.person.name, "password", says).await?;
    Ok(ended)
}
