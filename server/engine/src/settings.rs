//! What holds in this installation: from the configuration, or as an administrator has settled it since. Every change is
//! an entry of the trail, with what was before and what is after.

use chrono::{DateTime, Utc};
use domain::event::EventType;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{Code, Problem};
use domain::risk::RiskTier;
pub use domain::settings::{Change, DefaultExpiry};
use sqlx::PgConnection;

use crate::decisions::check_text;
use crate::notify::Change as News;
use crate::store::settings::{Key, Settled};
use crate::trail::Entry;
use crate::{Engine, Result, require, store, trail};

/// The lock of whoever settles something.
const SETTLING: i64 = 0x005E_771E;

/// A setting: what holds, what the configuration says, and who has settled otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    pub value: T,
    pub configured: T,
    pub settled: Option<By>,
}

/// Who settled something, when, and until when it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    pub by: String,
    pub at: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

/// What holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Hours until a call expires whose tool says nothing of it.
    pub default_expiry_hours: Setting<i64>,
    /// The tier of a tool that nobody has classified.
    pub default_risk_tier: Setting<RiskTier>,
    /// In which days begin and end: by the configuration alone.
    pub timezone: String,
    pub now: DateTime<Utc>,
}

/// What holds.
///
/// # Errors
/// `forbidden` without `actions:read`.
pub async fn show(engine: &Engine, principal: &Principal) -> Result<Settings> {
    require(principal, Scope::ActionsRead)?;
    let mut connection = store::acquire(&engine.pool).await?;
    read(engine, &mut connection).await
}

async fn read(engine: &Engine, connection: &mut PgConnection) -> Result<Settings> {
    let now = store::now_in(connection).await?;
    let expiry = store::settings::find(connection, Key::DefaultExpiry).await?.map(|own| expiry_of(&own)).transpose()?;
    let expiry = expiry.filter(|(own, _)| own.until.is_none_or(|until| until > now));
    let tier = store::settings::find(connection, Key::DefaultRiskTier).await?;
    let tier = tier.map(|own| Ok::<_, crate::Error>((tier_of(&own)?, by(own, None)))).transpose()?;
    let hours = i64::from(engine.policy.default_expiry_hours);
    Ok(Settings {
        default_expiry_hours: setting(hours, expiry.map(|(own, by)| (own.hours, by))),
        default_risk_tier: setting(engine.policy.default_risk_tier, tier),
        timezone: engine.policy.timezone.clone(),
        now,
    })
}

fn setting<T: Copy>(configured: T, settled: Option<(T, By)>) -> Setting<T> {
    match settled {
        Some((value, by)) => Setting { value, configured, settled: Some(by) },
        None => Setting { value: configured, configured, settled: None },
    }
}

fn by(own: Settled, until: Option<DateTime<Utc>>) -> By {
    By { by: own.updated_by, at: own.updated_at, until }
}

fn expiry_of(own: &Settled) -> Result<(DefaultExpiry, By)> {
    let corrupt = || crate::Error::Corrupt("the default deadline is not understood".to_owned());
    let hours = own.value.get("hours").and_then(Json::as_i64).ok_or_else(corrupt)?;
    let until = match own.value.get("until").and_then(Json::as_str) {
        Some(text) => Some(text.parse().map_err(|_| corrupt())?),
        None => None,
    };
    Ok((DefaultExpiry { hours, until }, by(own.clone(), until)))
}

fn tier_of(own: &Settled) -> Result<RiskTier> {
    let tier = own.value.as_str().and_then(|word| word.parse().ok());
    tier.ok_or_else(|| crate::Error::Corrupt("the default tier is not understood".to_owned()))
}

/// The tier of a tool that is met for the first time.
pub(crate) async fn default_risk_tier(engine: &Engine, connection: &mut PgConnection) -> Result<RiskTier> {
    match store::settings::find(connection, Key::DefaultRiskTier).await? {
        Some(own) => tier_of(&own),
        None => Ok(engine.policy.default_risk_tier),
    }
}

/// Hours until a call expires whose tool says nothing of it, as it holds now.
pub(crate) async fn default_expiry_hours(engine: &Engine) -> Result<i32> {
    Ok(store::settings::default_expiry_hours(&engine.pool, engine.policy.default_expiry_hours).await?)
}

/// Settles something otherwise than the configuration does, or as it does again.
///
/// # Errors
/// `forbidden` without `admin`; `human_actor_required`; `invalid_request` with a pointer to each field.
pub async fn change(engine: &Engine, principal: &Principal, change: Change, reason: Option<&str>) -> Result<Settings> {
    require(principal, Scope::Admin)?;
    let Some(_) = principal.person() else {
        return Err(Problem::new(Code::HumanActorRequired, "Only a person settles this.").into());
    };
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    check_text("/reason", reason)?;
    let mut transaction = store::begin(&engine.pool).await?;
    // One at a time: what an entry says was before is what was.
    store::lock(&mut transaction, SETTLING).await?;
    change.check(store::now_in(&mut transaction).await?)?;
    let before = read(engine, &mut transaction).await?;
    let actor = principal.actor();
    if let Some(expiry) = change.default_expiry {
        let value = expiry.map(DefaultExpiry::to_json);
        store::settings::settle(&mut transaction, Key::DefaultExpiry, value.as_ref(), &actor).await?;
    }
    if let Some(tier) = change.default_risk_tier {
        let value = tier.map(|tier| Json::from(tier.as_str()));
        store::settings::settle(&mut transaction, Key::DefaultRiskTier, value.as_ref(), &actor).await?;
    }
    let after = read(engine, &mut transaction).await?;
    if described(&after) == described(&before) {
        transaction.rollback().await?;
        return Ok(before);
    }
    let entry = Entry { event_type: EventType::SettingChanged, actor: &actor, reason };
    let metadata = Json::object([("before", described(&before)), ("after", described(&after))]);
    let seq = trail::append(&mut transaction, entry, &metadata).await?;
    transaction.commit().await?;
    engine.changes.publish(News::settings(seq));
    Ok(after)
}

fn described(settings: &Settings) -> Json {
    let until = settings.default_expiry_hours.settled.as_ref().and_then(|by| by.until);
    let until = until.map(|until| until.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
    Json::object([
        ("default_expiry_hours", Json::from(settings.default_expiry_hours.value)),
        ("default_expiry_until", Json::from(until)),
        ("default_risk_tier", Json::from(settings.default_risk_tier.value.as_str())),
    ])
}
