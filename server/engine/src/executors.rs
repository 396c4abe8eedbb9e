//! Who runs the approved calls of a tool. For `http` that is a URL of the tool's own and a secret to sign with, which
//! is told once, to the person who has it made, and from then on only used.

mod secret;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::EventType;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{Code, FieldError, Problem};
use domain::redaction::mask_text;
use domain::tool::Executor;
use sqlx::PgConnection;

use crate::notify::Change;
use crate::outbound::Target;
use crate::store::executors::{HttpConfig, KeptSecret, Setting};
use crate::trail::Entry;
use crate::{Engine, Result, require, store, tools, trail};

pub use secret::SigningSecret;

/// How long a secret signs on beside the one that took its place, in hours.
const OVERLAP_HOURS: i64 = 24;
/// How many secrets sign at most: whoever rotates more often than that in a day has the oldest dropped.
const MOST_SECRETS: usize = 4;
/// How long a URL has to answer in full, in seconds.
pub const TIMEOUT_SECONDS: std::ops::RangeInclusive<u32> = 10..=300;
/// The same where nobody says.
pub const DEFAULT_TIMEOUT_SECONDS: u32 = 30;

/// Who is to run a tool.
#[derive(Clone, Debug)]
pub enum SetExecutor {
    /// A worker, the agent itself, or nobody.
    Other(Option<Executor>),
    Http(SetHttp),
}

/// How Countersign is to run a tool.
#[derive(Clone, Debug)]
pub struct SetHttp {
    pub url: String,
    /// `None`: as it was, or [`DEFAULT_TIMEOUT_SECONDS`].
    pub timeout_seconds: Option<u32>,
    /// Makes a new secret although there is one.
    pub rotate_secret: bool,
}

/// What the configuration says about the URL of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUrl {
    pub url: String,
    pub timeout_seconds: Option<u32>,
    pub signing_secret: SigningSecret,
}

/// Who runs a tool.
#[derive(Clone, Debug)]
pub struct ExecutorSetting {
    pub tool_name: String,
    pub executor: Option<Executor>,
    pub url: Option<String>,
    pub timeout_seconds: Option<u32>,
    /// Until when the secret before the newest signs, too.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// There when it was made just now, and never again.
    pub signing_secret: Option<SigningSecret>,
}

impl ExecutorSetting {
    fn of(tool: &str, setting: Setting, now: DateTime<Utc>, made: Option<SigningSecret>) -> Self {
        let is_http = setting.executor == Some(Executor::Http);
        let http = if is_http { setting.http } else { HttpConfig::default() };
        Self {
            tool_name: tool.to_owned(),
            executor: setting.executor,
            timeout_seconds: is_http.then(|| http.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS)),
            previous_secret_until: http.secrets.iter().filter_map(|kept| kept.until).filter(|until| *until > now).max(),
            url: http.url,
            signing_secret: made,
        }
    }
}

/// Says who runs approved calls of a tool. A secret that is made by this is in the answer, once.
///
/// # Errors
/// `forbidden`, `human_actor_required`; `invalid_request` for a URL that may not be called and for `mcp`.
pub async fn set(engine: &Engine, principal: &Principal, tool: &str, to: SetExecutor) -> Result<ExecutorSetting> {
    require(principal, Scope::ToolsWrite)?;
    let to = match to {
        SetExecutor::Other(Some(Executor::Http)) => {
            return Err(Problem::invalid("/url", "is missing: the executor http calls a URL").into());
        }
        SetExecutor::Other(Some(Executor::Mcp)) => {
            return Err(Problem::invalid("/executor", "is worker, agent, http or null").into());
        }
        SetExecutor::Other(executor) => To::Other(executor),
        SetExecutor::Http(http) => {
            let url = check(engine, &http.url, http.timeout_seconds, "")?;
            let secret = if http.rotate_secret { NextSecret::New } else { NextSecret::NewIfNone };
            To::Http { url, timeout_seconds: http.timeout_seconds, secret }
        }
    };
    write(engine, tool, &principal.actor(), to).await
}

/// Who runs approved calls of a tool. Secrets are not in it.
///
/// # Errors
/// `forbidden`; `not_found` for a tool nobody has met.
pub async fn find(engine: &Engine, principal: &Principal, tool: &str) -> Result<ExecutorSetting> {
    require(principal, Scope::ToolsWrite)?;
    let setting = store::executors::find(&engine.pool, tool).await?;
    let setting = setting.ok_or_else(|| Problem::new(Code::NotFound, "There is no tool with this name."))?;
    Ok(ExecutorSetting::of(tool, setting, store::now(&engine.pool).await?, None))
}

/// Settles what the configuration says; what is already so is left alone.
pub(crate) async fn apply_config(engine: &Engine, tool: &str, config: &ToolUrl) -> Result<()> {
    let url = check(engine, &config.url, config.timeout_seconds, &format!("tools.{tool}"))?;
    let secret = NextSecret::Given(config.signing_secret.clone());
    let to = To::Http { url, timeout_seconds: config.timeout_seconds, secret };
    write(engine, tool, "system:configuration", to).await.map(drop)
}

enum To {
    Other(Option<Executor>),
    Http { url: String, timeout_seconds: Option<u32>, secret: NextSecret },
}

enum NextSecret {
    NewIfNone,
    New,
    Given(SigningSecret),
}

/// Every wrong field at once.
fn check(engine: &Engine, url: &str, timeout_seconds: Option<u32>, place: &str) -> Result<String> {
    let mut errors = Vec::new();
    let target = Target::parse(url, &engine.policy.outbound_allow);
    if let Err(wrong) = &target {
        errors.push(FieldError { pointer: format!("{place}/url"), message: wrong.clone() });
    }
    if timeout_seconds.is_some_and(|seconds| !TIMEOUT_SECONDS.contains(&seconds)) {
        let message = "must be a whole number from 10 to 300".to_owned();
        errors.push(FieldError { pointer: format!("{place}/timeout_seconds"), message });
    }
    match target {
        Ok(target) if errors.is_empty() => Ok(target.as_str().to_owned()),
        _ => Err(Problem::invalid_fields(errors).into()),
    }
}

async fn write(engine: &Engine, tool: &str, actor: &str, to: To) -> Result<ExecutorSetting> {
    tools::check_name(tool)?;
    tools::find_or_register(engine, tool, actor).await?;
    let mut transaction = store::begin(&engine.pool).await?;
    let before = store::executors::find_locked(&mut transaction, tool).await?.ok_or(sqlx::Error::RowNotFound)?;
    let now = store::now_in(&mut transaction).await?;
    let (after, made) = settle(&before, to, now);
    if !says_the_same(&before, &after) {
        store::executors::write(&mut transaction, tool, &after).await?;
        let seq = record(&mut transaction, tool, actor, &before, &after).await?;
        transaction.commit().await?;
        engine.tools.forget(tool);
        engine.changes.publish(Change::tool(tool, seq));
    }
    Ok(ExecutorSetting::of(tool, after, now, made))
}

/// The setting that follows, and the secret that was made for it.
fn settle(before: &Setting, to: To, now: DateTime<Utc>) -> (Setting, Option<SigningSecret>) {
    let (url, timeout_seconds, secret) = match to {
        // With the URL go its secrets: whoever takes it up again has new ones made.
        To::Other(executor) => return (Setting { executor, http: HttpConfig::default() }, None),
        To::Http { url, timeout_seconds, secret } => (url, timeout_seconds, secret),
    };
    let mut secrets = before.http.secrets.clone();
    secrets.retain(|kept| kept.until.is_none_or(|until| until > now));
    let made = match secret {
        NextSecret::NewIfNone if secrets.iter().any(|kept| kept.until.is_none()) => None,
        NextSecret::NewIfNone | NextSecret::New => Some(SigningSecret::generate()),
        NextSecret::Given(_) => None,
    };
    let given = match secret {
        NextSecret::Given(secret) => Some(secret),
        _ => made.clone(),
    };
    if let Some(secret) = given.filter(|given| secrets.first().is_none_or(|newest| newest.secret != *given)) {
        // A secret from before that is given again is the newest again, and no longer one that ends.
        secrets.retain(|kept| kept.secret != secret);
        let end = now + TimeDelta::hours(OVERLAP_HOURS);
        secrets.iter_mut().for_each(|kept| kept.until = Some(kept.until.unwrap_or(end)));
        secrets.insert(0, KeptSecret { secret, until: None });
        secrets.truncate(MOST_SECRETS);
    }
    let timeout_seconds = timeout_seconds.or(before.http.timeout_seconds);
    (Setting { executor: Some(Executor::Http), http: HttpConfig { url: Some(url), timeout_seconds, secrets } }, made)
}

/// Whether nothing changes but that secrets have ended meanwhile.
fn says_the_same(before: &Setting, after: &Setting) -> bool {
    let newest = |setting: &Setting| setting.http.secrets.first().map(|kept| kept.secret.clone());
    let rest = |setting: &Setting| (setting.executor, setting.http.url.clone(), setting.http.timeout_seconds);
    rest(before) == rest(after) && newest(before) == newest(after)
}

/// The entry in the trail: of a secret it says that it changed.
async fn record(
    connection: &mut PgConnection,
    tool: &str,
    actor: &str,
    before: &Setting,
    after: &Setting,
) -> Result<i64> {
    let newest = |setting: &Setting| setting.http.secrets.first().map(|kept| kept.secret.clone());
    let signing = match (newest(before), newest(after)) {
        (before, after) if before == after => "unchanged",
        (None, _) => "new",
        (Some(_), Some(_)) => "rotated",
        (Some(_), None) => "dropped",
    };
    let metadata = Json::object([
        ("tool_name", Json::from(tool)),
        ("before", describe(before)),
        ("after", describe(after)),
        ("signing", Json::from(signing)),
    ]);
    let entry = Entry { event_type: EventType::ToolChanged, actor, reason: None };
    trail::append(connection, entry, &metadata).await
}

fn describe(setting: &Setting) -> Json {
    Json::object([
        ("executor", Json::from(setting.executor.map(Executor::as_str))),
        ("url", Json::from(setting.http.url.as_deref().map(mask_text))),
        ("timeout_seconds", Json::from(setting.http.timeout_seconds)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(secret: NextSecret) -> To {
        To::Http { url: "https://tools.example.com/run".to_owned(), timeout_seconds: None, secret }
    }

    fn nobody() -> Setting {
        Setting { executor: None, http: HttpConfig::default() }
    }

    #[test]
    fn a_secret_is_made_once_and_a_rotated_one_signs_on_for_a_day() {
        let now = DateTime::UNIX_EPOCH;
        let (first, made) = settle(&nobody(), url(NextSecret::NewIfNone), now);
        let made = made.expect("there was none");
        let (again, none) = settle(&first, url(NextSecret::NewIfNone), now);
        assert!(none.is_none() && again == first);

        let (rotated, next) = settle(&first, url(NextSecret::New), now);
        let next = next.expect("it was asked for");
        let kept: Vec<_> = rotated.http.secrets.iter().map(|kept| (kept.secret.clone(), kept.until)).collect();
        let day = now + TimeDelta::hours(24);
        assert_eq!(kept, [(next.clone(), None), (made, Some(day))]);

        let (later, _) = settle(&rotated, url(NextSecret::NewIfNone), day);
        let kept: Vec<_> = later.http.secrets.into_iter().map(|kept| kept.secret).collect();
        assert_eq!(kept, [next], "its day is over");
    }

    #[test]
    fn however_often_a_secret_is_rotated_few_sign_and_each_until_its_own_end() {
        let mut setting = nobody();
        for hour in 0..10 {
            let now = DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
            setting = settle(&setting, url(NextSecret::New), now).0;
        }
        let ends: Vec<_> = setting.http.secrets.iter().map(|kept| kept.until).collect();
        let hour = |hours| Some(DateTime::UNIX_EPOCH + TimeDelta::hours(hours));
        assert_eq!(ends, [None, hour(33), hour(32), hour(31)]);
    }

    #[test]
    fn a_secret_of_the_configuration_replaces_another_and_is_told_to_nobody() {
        let (one, two) = (SigningSecret::generate(), SigningSecret::generate());
        let now = DateTime::UNIX_EPOCH;
        let (first, made) = settle(&nobody(), url(NextSecret::Given(one.clone())), now);
        assert!(made.is_none());
        assert!(says_the_same(&first, &settle(&first, url(NextSecret::Given(one.clone())), now).0), "at every start");
        let (second, _) = settle(&first, url(NextSecret::Given(two.clone())), now);
        let (back, _) = settle(&second, url(NextSecret::Given(one.clone())), now);
        let kept: Vec<_> = back.http.secrets.iter().map(|kept| (&kept.secret, kept.until.is_none())).collect();
        assert_eq!(kept, [(&one, true), (&two, false)]);
    }

    #[test]
    fn another_executor_leaves_no_url_and_no_secret_behind() {
        let (http, _) = settle(&nobody(), url(NextSecret::New), DateTime::UNIX_EPOCH);
        let (worker, made) = settle(&http, To::Other(Some(Executor::Worker)), DateTime::UNIX_EPOCH);
        assert_eq!(worker, Setting { executor: Some(Executor::Worker), http: HttpConfig::default() });
        assert!(made.is_none());
    }
}
