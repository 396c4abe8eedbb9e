//! `Idempotency-Key`: the same request again is answered the same, and does nothing twice. A key is kept for a
//! day.
//!
//! The key is taken before the request runs and names the id of what it will create. If the server dies in
//! between, the request may be made again after half a minute: it creates the same id, and finds it there.

use domain::digest::Digest;
use domain::identity::Principal;
use domain::problem::{Code, Problem};
use uuid::Uuid;

use crate::{Engine, Result, store};

/// A request under a key.
#[derive(Clone, Debug)]
pub struct Keyed {
    principal: String,
    route: String,
    key: String,
    /// The id of what the request creates.
    pub subject: Uuid,
}

/// What a key says.
#[derive(Debug)]
pub enum Begun {
    /// Run the request.
    Run(Keyed),
    /// It was run: this was the answer.
    Replay { status: u16, body: Vec<u8> },
}

/// Takes `key` for a request, or finds what it was answered.
///
/// # Errors
/// `idempotency_mismatch` for another body, `in_progress` while the first still runs, `invalid_request` for a
/// key that is none.
pub async fn begin(engine: &Engine, principal: &Principal, route: &str, key: &str, body: &[u8]) -> Result<Begun> {
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(Problem::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters").into());
    }
    let who = match principal.token() {
        Some(token) => format!("token:{}", token.id),
        None => principal.actor(),
    };
    let digest = Digest::of_bytes(body).to_string();
    let subject = Uuid::now_v7();
    let keyed = |subject| Keyed { principal: who.clone(), route: route.to_owned(), key: key.to_owned(), subject };
    if store::idempotency::begin(&engine.pool, &who, route, key, &digest, subject).await? {
        return Ok(Begun::Run(keyed(subject)));
    }
    let Some(earlier) = store::idempotency::find(&engine.pool, &who, route, key).await? else {
        return Err(in_progress());
    };
    if earlier.body_sha256 != digest {
        return Err(Problem::new(
            Code::IdempotencyMismatch,
            "The key was used with another body: take a new key for a new request.",
        )
        .into());
    }
    match earlier.response {
        Some((status, body)) => Ok(Begun::Replay { status, body }),
        None if earlier.abandoned && store::idempotency::take_over(&engine.pool, &who, route, key).await? => {
            Ok(Begun::Run(keyed(earlier.subject)))
        }
        None => Err(in_progress()),
    }
}

fn in_progress() -> crate::Error {
    Problem {
        retry_after: Some(1),
        ..Problem::new(Code::InProgress, "The first request with this key is still running; ask again.")
    }
    .into()
}

/// Keeps the answer of a request that ran. One that failed on our side, or found nothing to do (204), is let go, so
/// that it can be made again.
///
/// # Errors
/// When the database cannot be reached.
pub async fn finish(engine: &Engine, keyed: &Keyed, status: u16, body: &[u8]) -> Result<()> {
    let Keyed { principal, route, key, .. } = keyed;
    match i16::try_from(status) {
        Ok(stored) if status < 500 && !matches!(status, 204 | 429) => {
            store::idempotency::finish(&engine.pool, principal, route, key, stored, body).await?;
        }
        _ => release(engine, keyed).await?,
    }
    Ok(())
}

/// Lets go of the key of a request that changed nothing, so that it can be made again, with another body too.
///
/// # Errors
/// When the database cannot be reached.
pub async fn release(engine: &Engine, keyed: &Keyed) -> Result<()> {
    let Keyed { principal, route, key, .. } = keyed;
    Ok(store::idempotency::release(&engine.pool, principal, route, key).await?)
}

/// Forgets what is older than a day: keys, and sessions and links that have ended.
///
/// # Errors
/// When the database cannot be reached.
pub async fn forget_old(engine: &Engine) -> Result<u64> {
    Ok(store::idempotency::forget_old(&engine.pool).await? + store::sessions::forget_ended(&engine.pool).await?)
}
