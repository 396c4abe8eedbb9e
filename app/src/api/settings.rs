//! What holds in this installation, and its database. The pages stay the HTML they were sent as, so none of this is in the
//! browser's WebAssembly.

use chrono::TimeDelta;
use domain::action::limit::EXPIRY_HOURS;
use domain::risk::RiskTier;
use engine::settings::{Change, DefaultExpiry, change, show};
use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use super::protocol::Console;
use super::{Failure, answer, end, engine, person};
use crate::message::settings as words;

/// Settles how long calls wait whose tool says nothing of it. `for_hours`: after so many it is the configuration's again; 0:
/// for good.
///
/// # Errors
/// No administrator, or numbers that cannot be.
#[server(prefix = "/api/console", endpoint = "settings/settle_expiry", protocol = Console<PostUrl>)]
pub async fn settle_expiry(
    hours: i64,
    #[server(default)] for_hours: i64,
    #[server(default)] reason: String,
) -> Result<(), Failure> {
    let (engine, person) = (engine(), person()?);
    let settled = async {
        let now = show(&engine, &person).await?.now;
        let until = (for_hours > 0).then(|| now + TimeDelta::hours(for_hours.min(EXPIRY_HOURS.into())));
        let expiry = DefaultExpiry { hours, until };
        change(&engine, &person, Change { default_expiry: Some(Some(expiry)), ..Change::default() }, Some(&reason))
            .await
    };
    end(answer(settled.await), |settings| words::waits_now(settings.default_expiry_hours.value))
}

/// Settles the tier of a tool that nobody has classified.
///
/// # Errors
/// No administrator.
#[server(prefix = "/api/console", endpoint = "settings/settle_tier", protocol = Console<PostUrl>)]
pub async fn settle_tier(risk_tier: RiskTier, #[server(default)] reason: String) -> Result<(), Failure> {
    let wanted = Change { default_risk_tier: Some(Some(risk_tier)), ..Change::default() };
    let settled = change(&engine(), &person()?, wanted, Some(&reason)).await;
    end(answer(settled), |settings| words::tier_now(settings.default_risk_tier.value))
}

/// Both as the configuration says again.
///
/// # Errors
/// No administrator.
#[server(prefix = "/api/console", endpoint = "settings/as_configured", protocol = Console<PostUrl>)]
pub async fn as_configured(#[server(default)] reason: String) -> Result<(), Failure> {
    let wanted = Change { default_expiry: Some(None), default_risk_tier: Some(None) };
    let settled = change(&engine(), &person()?, wanted, Some(&reason)).await;
    end(answer(settled), |_| words::CONFIGURED_NOW.to_owned())
}

/// Starts `VACUUM ANALYZE`.
///
/// # Errors
/// No administrator, or it runs already.
#[server(prefix = "/api/console", endpoint = "database/vacuum", protocol = Console<PostUrl>)]
pub async fn vacuum() -> Result<(), Failure> {
    let started = engine::upkeep::vacuum(&engine(), &person()?).await;
    end(answer(started), |()| words::VACUUM_STARTED.to_owned())
}
