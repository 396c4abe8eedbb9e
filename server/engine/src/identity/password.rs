//! Passwords: argon2id with the parameters OWASP recommends (19 MiB, two passes), away from the threads that
//! answer requests, two at a time so that a flood of sign-ins cannot take the memory.

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::problem::{FieldError, Problem};
use tokio::sync::Semaphore;

use crate::{Error, Result};

static AT_ONCE: Semaphore = Semaphore::const_new(2);

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are constants within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What is wrong with a password, if anything. `pointer`: the field it stands in.
pub(super) fn check(password: &str, pointer: &str) -> Option<FieldError> {
    let wrong = if password.chars().count() < 8 {
        "must have at least 8 characters"
    } else if password.len() > 1_000 {
        "has more than 1000 bytes"
    } else {
        return None;
    };
    Some(FieldError { pointer: pointer.to_owned(), message: wrong.to_owned() })
}

/// The hash to store.
///
/// # Errors
/// `invalid_request` for a password that is too short or too long.
pub(super) async fn hash(password: &str) -> Result<String> {
    if let Some(wrong) = check(password, "/password") {
        return Err(Problem::invalid_fields(vec![wrong]).into());
    }
    let password = password.to_owned();
    work(move || {
        let salt = SaltString::generate(&mut OsRng);
        argon2().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string())
    })
    .await?
    .map_err(|error| Error::Corrupt(format!("argon2: {error}")))
}

/// Whether the password is the one of the hash. Without a hash it takes as long, and is not.
pub(super) async fn verify(password: &str, hash: Option<&str>) -> Result<bool> {
    let password = password.to_owned();
    let Some(hash) = hash.map(str::to_owned) else {
        work(move || {
            let salt = SaltString::generate(&mut OsRng);
            argon2().hash_password(password.as_bytes(), &salt).map(|_| ())
        })
        .await?
        .map_err(|error| Error::Corrupt(format!("argon2: {error}")))?;
        return Ok(false);
    };
    work(move || PasswordHash::new(&hash).map(|parsed| argon2().verify_password(password.as_bytes(), &parsed).is_ok()))
        .await?
        .map_err(|error| Error::Corrupt(format!("stored password hash: {error}")))
}

async fn work<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _permit = AT_ONCE.acquire().await.expect("the semaphore is never closed");
    tokio::task::spawn_blocking(task).await.map_err(|error| Error::Corrupt(format!("argon2: {error}")))
}
