//! Alerts: what is wrong is opened once, whichever server finds it, and closed when it is over; a message about either goes
//! to every place that is to hear of it, again and again until it arrives. What is sent links to the console, and decides
//! nothing.

mod watch;

use domain::alert::{AlertKind, Format, Found, Says, Severity, is_delivered, retry_after};
use domain::event::EventType;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{Code, FieldError, Problem};
use domain::redaction::mask_text;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::executors::SigningSecret;
use crate::notify::Change;
use crate::outbound::Target;
pub use crate::store::alerts::{Alert, Delivery, Endpoint};
use crate::trail::Entry;
use crate::{Engine, Result, require, store, trail};

pub use watch::watch;

/// One server looks at a time.
const WATCHER: i64 = 0x0A1E_1275;
/// Who acts in the trail.
const ACTOR: &str = "system:alerts";
/// The longest name of a place, in characters.
const LONGEST_NAME: usize = 64;
/// Messages go to so many places at most.
const MOST_ENDPOINTS: usize = 20;
/// So many alerts and messages are shown.
const SHOWN: i64 = 50;
/// A message that is being sent is taken by nobody else for so long: longer than sending may take.
const LEASE_SECONDS: i32 = 60;

/// A message that is to be sent now.
#[derive(Debug)]
pub struct Message {
    pub id: Uuid,
    pub says: Says,
    pub alert: Alert,
    pub url: String,
    pub format: Format,
    pub secret: SigningSecret,
}

/// A place that was added, with its secret, which is told now and never again.
#[derive(Debug)]
pub struct Added {
    pub endpoint: Endpoint,
    pub secret: SigningSecret,
}

/// What there is to see.
#[derive(Clone, Debug)]
pub struct Alerts {
    pub endpoints: Vec<Endpoint>,
    /// The newest first.
    pub alerts: Vec<Alert>,
    /// The newest first.
    pub deliveries: Vec<Delivery>,
    pub now: chrono::DateTime<chrono::Utc>,
}

/// Opens and closes alerts by what was found. How many changed.
///
/// # Errors
/// When the database cannot be reached.
pub async fn observe(engine: &Engine, found: &[(AlertKind, Found)]) -> Result<u64> {
    let mut transaction = store::begin(&engine.pool).await?;
    if !store::try_lock(&mut transaction, WATCHER).await? {
        return Ok(0);
    }
    let mut changed = Vec::new();
    for (kind, found) in found {
        match found {
            Found::On { severity, title, detail } => {
                let id = Uuid::now_v7();
                if store::alerts::open(&mut transaction, id, (*kind, *severity), (title, detail), false).await? {
                    changed.push(tell(&mut transaction, id, (*kind, *severity), title, Says::Opened).await?);
                }
            }
            Found::Off => {
                if let Some(alert) = store::alerts::close(&mut transaction, *kind).await? {
                    let what = (alert.kind, alert.severity);
                    changed.push(tell(&mut transaction, alert.id, what, &alert.title, Says::Closed).await?);
                }
            }
            Found::Unknown => {}
        }
    }
    transaction.commit().await?;
    for seq in &changed {
        engine.changes.publish(Change::settings(*seq));
    }
    Ok(changed.len() as u64)
}

async fn tell(
    connection: &mut PgConnection,
    alert: Uuid,
    (kind, severity): (AlertKind, Severity),
    title: &str,
    says: Says,
) -> Result<i64> {
    store::alerts::address(connection, alert, says, None).await?;
    let event_type = if says == Says::Opened { EventType::AlertOpened } else { EventType::AlertClosed };
    let metadata = Json::object([
        ("alert_id", Json::from(alert.to_string())),
        ("kind", Json::from(kind.as_str())),
        ("severity", Json::from(severity.as_str())),
        ("title", Json::from(title)),
    ]);
    trail::append(connection, Entry { event_type, actor: ACTOR, reason: None }, &metadata).await
}

/// Adds a place that is to hear of alerts.
///
/// # Errors
/// `forbidden` without `admin`; `invalid_request` for a name that is taken or a URL that may not be called.
pub async fn add(engine: &Engine, principal: &Principal, name: &str, url: &str, format: Format) -> Result<Added> {
    require(principal, Scope::Admin)?;
    let url = check(engine, name, url)?;
    if store::alerts::endpoints(&engine.pool).await?.len() >= MOST_ENDPOINTS {
        return Err(Problem::invalid("", format!("there are {MOST_ENDPOINTS} endpoints already: remove one")).into());
    }
    let (id, secret, actor) = (Uuid::now_v7(), SigningSecret::generate(), principal.actor());
    let mut transaction = store::begin(&engine.pool).await?;
    if !store::alerts::add_endpoint(&mut transaction, (id, name, &url), format, secret.reveal(), &actor).await? {
        transaction.rollback().await?;
        return Err(Problem::invalid("/name", "is taken by another endpoint").into());
    }
    let metadata = Json::object([
        ("name", Json::from(name)),
        ("url", Json::from(shown(&url))),
        ("format", Json::from(format.as_str())),
    ]);
    let entry = Entry { event_type: EventType::AlertEndpointAdded, actor: &actor, reason: None };
    let seq = trail::append(&mut transaction, entry, &metadata).await?;
    let created_at = store::now_in(&mut transaction).await?;
    transaction.commit().await?;
    engine.changes.publish(Change::settings(seq));
    let endpoint = Endpoint { id, name: name.to_owned(), url: shown(&url), format, created_by: actor, created_at };
    Ok(Added { endpoint, secret })
}

/// Every wrong field at once.
fn check(engine: &Engine, name: &str, url: &str) -> Result<String> {
    let mut errors = Vec::new();
    let mut refuse = |pointer: &str, message: String| {
        errors.push(FieldError { pointer: pointer.to_owned(), message });
    };
    let plain = name.chars().all(|character| character.is_ascii_alphanumeric() || "-_ .".contains(character));
    if name.trim().is_empty() || name.len() > LONGEST_NAME || !plain {
        refuse("/name", format!("must be 1 to {LONGEST_NAME} letters, digits, blanks and -_."));
    }
    let target = Target::parse(url, &engine.policy.outbound_allow);
    if let Err(wrong) = &target {
        refuse("/url", wrong.clone());
    }
    match target {
        Ok(target) if errors.is_empty() => Ok(target.as_str().to_owned()),
        _ => Err(Problem::invalid_fields(errors).into()),
    }
}

/// Ends a place: nothing is sent there any more.
///
/// # Errors
/// `forbidden` without `admin`; `not_found`.
pub async fn remove(engine: &Engine, principal: &Principal, id: Uuid) -> Result<()> {
    require(principal, Scope::Admin)?;
    let mut transaction = store::begin(&engine.pool).await?;
    let Some(name) = store::alerts::end_endpoint(&mut transaction, id).await? else {
        transaction.rollback().await?;
        return Err(not_there());
    };
    let entry = Entry { event_type: EventType::AlertEndpointRemoved, actor: &principal.actor(), reason: None };
    let seq = trail::append(&mut transaction, entry, &Json::object([("name", Json::from(name))])).await?;
    transaction.commit().await?;
    engine.changes.publish(Change::settings(seq));
    Ok(())
}

/// Sends a message to one place, to see whether it arrives.
///
/// # Errors
/// `forbidden` without `admin`; `not_found`.
pub async fn test(engine: &Engine, principal: &Principal, id: Uuid) -> Result<()> {
    require(principal, Scope::Admin)?;
    let mut transaction = store::begin(&engine.pool).await?;
    let alert = Uuid::now_v7();
    let (title, detail) = ("This is a test", format!("{} asked whether messages arrive here.", principal.name()));
    store::alerts::open(&mut transaction, alert, (AlertKind::Test, Severity::Info), (title, &detail), true).await?;
    if store::alerts::address(&mut transaction, alert, Says::Opened, Some(id)).await? == 0 {
        transaction.rollback().await?;
        return Err(not_there());
    }
    transaction.commit().await?;
    Ok(())
}

/// Sends a message again.
///
/// # Errors
/// `forbidden` without `admin`; `not_found`, also where its place has ended.
pub async fn replay(engine: &Engine, principal: &Principal, id: Uuid) -> Result<()> {
    require(principal, Scope::Admin)?;
    let mut connection = store::acquire(&engine.pool).await?;
    if store::alerts::replay(&mut connection, id).await? {
        return Ok(());
    }
    Err(Problem::new(Code::NotFound, "There is no such message, or its endpoint has been removed.").into())
}

/// Places, alerts and messages. Of a URL whose query or user part holds a secret only the rest is shown.
///
/// # Errors
/// `forbidden` without `admin`.
pub async fn show(engine: &Engine, principal: &Principal) -> Result<Alerts> {
    require(principal, Scope::Admin)?;
    let mut endpoints = store::alerts::endpoints(&engine.pool).await?;
    for endpoint in &mut endpoints {
        endpoint.url = shown(&endpoint.url);
    }
    Ok(Alerts {
        endpoints,
        alerts: store::alerts::newest(&engine.pool, SHOWN).await?,
        deliveries: store::alerts::deliveries(&engine.pool, SHOWN).await?,
        now: store::now(&engine.pool).await?,
    })
}

/// A chat program's URL is its own secret: of the path only the beginning is told.
fn shown(url: &str) -> String {
    let masked = mask_text(url);
    let Some((scheme, rest)) = masked.split_once("://") else { return masked };
    match rest.split_once('/') {
        Some((host, path)) if path.len() > 12 => {
            format!("{scheme}://{host}/{}…", path.chars().take(8).collect::<String>())
        }
        _ => masked,
    }
}

/// Takes messages that are due.
///
/// # Errors
/// When the database cannot be reached.
pub async fn take(engine: &Engine, limit: i64) -> Result<Vec<Message>> {
    let due = store::alerts::take_due(&engine.pool, limit, LEASE_SECONDS).await?;
    let message = |due: store::alerts::Due| {
        let secret = SigningSecret::try_from(due.secret);
        let secret = secret.map_err(|_| crate::Error::Corrupt("the secret of an alert's place".to_owned()))?;
        Ok(Message { id: due.id, says: due.says, alert: due.alert, url: due.url, format: due.format, secret })
    };
    due.into_iter().map(message).collect()
}

/// Writes down how a message fared: the status of the answer, or why there was none.
///
/// # Errors
/// When the database cannot be reached; then it is tried again.
pub async fn settle(engine: &Engine, id: Uuid, came: std::result::Result<u16, String>) -> Result<()> {
    let (status, error) = match came {
        Ok(status) if is_delivered(status) => {
            return Ok(store::alerts::delivered(&engine.pool, id, status.into()).await?);
        }
        Ok(status) => (Some(i32::from(status)), format!("It answered {status}.")),
        Err(why) => (None, why),
    };
    let attempts = store::alerts::attempts(&engine.pool, id).await?;
    let next = retry_after(attempts).and_then(|wait| i32::try_from(wait.as_secs()).ok());
    Ok(store::alerts::failed(&engine.pool, id, (status, &mask_text(&error)), next).await?)
}

fn not_there() -> crate::Error {
    Problem::new(Code::NotFound, "There is no such endpoint.").into()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_url_that_is_a_secret_is_not_told_whole() {
        assert_eq!(shown("https://hooks.chat.example/services/T0/B0/canary"), "https://hooks.chat.example/services…");
        assert_eq!(shown("https://ops.example/alerts"), "https://ops.example/alerts");
        assert!(!shown("https://ops.example/a?token=canary").contains("canary"));
    }
}
