//! What people may do here, and whether they may be here: roles, disabling, enabling. Sessions and tokens are judged
//! by the present role at every request, so a role that shrinks takes effect with the very next one.
//!
//! Somebody always administers: the last administrator in office can be neither demoted nor disabled. Whoever changes
//! that first locks all administrators in one order, so that of two who do it at once the second sees the first.

use domain::id::UserId;
use domain::identity::Role;
use domain::json::Json;
use domain::people::PersonInfo;
use domain::problem::{Code, Problem};
use sqlx::PgConnection;

use super::people::read;
use super::{By, append_change, count, no_such_person};
use crate::store::users::Account;
use crate::{Engine, Result, store};

/// Gives a person a role. The same one again changes nothing.
///
/// # Errors
/// `forbidden`; `not_found`; `last_administrator`.
pub async fn set_role(engine: &Engine, by: impl Into<By<'_>>, name: &str, role: Role) -> Result<PersonInfo> {
    let by = by.into();
    by.require_administrator()?;
    let mut transaction = store::begin(&engine.pool).await?;
    let (account, administrators) = begin(&mut transaction, by, name).await?;
    let before = account.person.role;
    if before != role {
        if before == Role::Admin {
            keep_one(&account, &administrators)?;
        }
        store::users::set_role(&mut transaction, account.person.id, role).await?;
        let says = [("before", Json::from(before.as_str())), ("after", Json::from(role.as_str()))];
        append_change(&mut transaction, &by.actor(), name, "role", says).await?;
    }
    let person = read(&mut transaction, name).await?;
    transaction.commit().await?;
    Ok(person)
}

/// Shuts a person out at once: their sessions and links end, their tokens are revoked, and none of that comes back
/// when they are let in again. Somebody who is shut out already stays so.
///
/// # Errors
/// `forbidden`; `not_found`; `last_administrator`.
pub async fn disable_user(engine: &Engine, by: impl Into<By<'_>>, name: &str) -> Result<PersonInfo> {
    let by = by.into();
    by.require_administrator()?;
    let mut transaction = store::begin(&engine.pool).await?;
    let (account, administrators) = begin(&mut transaction, by, name).await?;
    if !account.disabled {
        keep_one(&account, &administrators)?;
        store::users::set_disabled(&mut transaction, account.person.id, true).await?;
        let says = end_all(&mut transaction, account.person.id).await?;
        append_change(&mut transaction, &by.actor(), name, "disabled", says).await?;
    }
    let person = read(&mut transaction, name).await?;
    transaction.commit().await?;
    Ok(person)
}

/// Lets a person in again who was shut out: by their password, if they had one, or by a new link.
///
/// # Errors
/// `forbidden`; `not_found`.
pub async fn enable_user(engine: &Engine, by: impl Into<By<'_>>, name: &str) -> Result<PersonInfo> {
    let by = by.into();
    by.require_administrator()?;
    let mut transaction = store::begin(&engine.pool).await?;
    let (account, _) = begin(&mut transaction, by, name).await?;
    if account.disabled {
        // A sign-in that was under way when they were shut out may have left something behind.
        end_all(&mut transaction, account.person.id).await?;
        store::users::set_disabled(&mut transaction, account.person.id, false).await?;
        append_change(&mut transaction, &by.actor(), name, "enabled", []).await?;
    }
    let person = read(&mut transaction, name).await?;
    transaction.commit().await?;
    Ok(person)
}

/// Locks the administrators, then the person. Whoever asks must be in office now, whatever the request began with.
async fn begin(connection: &mut PgConnection, by: By<'_>, name: &str) -> Result<(Account, Vec<UserId>)> {
    let administrators = store::users::lock_administrators(connection).await?;
    if by.person().is_some_and(|person| !administrators.contains(&person.id)) {
        return Err(Problem::new(Code::Forbidden, "You are no administrator any more.").into());
    }
    let account = store::users::lock(connection, name).await?.ok_or_else(no_such_person)?;
    Ok((account, administrators))
}

fn keep_one(account: &Account, administrators: &[UserId]) -> Result<()> {
    if administrators == [account.person.id] {
        let detail = format!("{} is the last administrator: give somebody else that role first.", account.person.name);
        return Err(Problem::new(Code::LastAdministrator, detail).into());
    }
    Ok(())
}

async fn end_all(connection: &mut PgConnection, user: UserId) -> Result<[(&'static str, Json); 2]> {
    store::users::end_links(connection, user).await?;
    let sessions = store::sessions::delete_of(connection, user, None).await?;
    let tokens = store::tokens::revoke_of(connection, user).await?;
    Ok([("sessions_ended", Json::from(count(sessions))), ("tokens_revoked", Json::from(count(tokens)))])
}
