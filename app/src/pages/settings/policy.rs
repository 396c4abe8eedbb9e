//! How long calls wait by default, and what an unknown tool counts as.

use domain::action::limit::EXPIRY_HOURS;
use domain::risk::RiskTier;
use engine::settings::{Setting, Settings, show};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::parts::{administers, closed, page, select, unread};
use crate::api::settings::{AsConfigured, SettleExpiry, SettleTier};
use crate::api::{Failure, answer, engine, person};
use crate::components::tier::Tier;
use crate::message::settings as words;

#[component]
pub(crate) fn PolicyPage() -> impl IntoView {
    let content = Suspend::new(async move {
        match read().await {
            Ok(settings) => shown(&settings),
            Err(Failure(problem)) => unread(problem),
        }
    });
    page(words::POLICY, view! { <p class="lead">{words::POLICY_LEAD}</p> <Suspense>{content}</Suspense> })
}

async fn read() -> Result<Settings, Failure> {
    answer(show(&engine(), &person()?).await)
}

fn shown(settings: &Settings) -> AnyView {
    let may = administers();
    let (expiry, tier) = (&settings.default_expiry_hours, &settings.default_risk_tier);
    let settled = expiry.settled.is_some() || tier.settled.is_some();
    view! {
        {(!may).then(|| closed(words::NOT_YOURS))}
        <section class="card">
            <h2>{words::EXPIRY} <small>{how(expiry, |hours| words::waits(*hours))}</small></h2>
            <div class="body stack">
                <p><b>{words::waits(expiry.value)}</b></p>
                <p class="aside">{words::EXPIRY_LEAD}</p>
                {may.then(|| expiry_form(expiry.value))}
            </div>
        </section>
        <section class="card">
            <h2>{words::TIER} <small>{how(tier, |tier| tier.as_str().to_owned())}</small></h2>
            <div class="body stack">
                <p><Tier tier=tier.value/></p>
                <p class="aside">{words::TIER_LEAD}</p>
                {may.then(|| tier_form(tier.value))}
            </div>
        </section>
        {(may && settled).then(back)}
        <p class="lead">{words::ZONE} " " <b>{settings.timezone.clone()}</b></p>
    }
    .into_any()
}

/// Where it comes from.
fn how<T>(setting: &Setting<T>, told: impl Fn(&T) -> String) -> String {
    let configured = told(&setting.configured);
    match &setting.settled {
        Some(by) => words::settled_by(&by.by, by.until, &configured),
        None => words::configured(&configured),
    }
}

fn expiry_form(hours: i64) -> AnyView {
    let whiles = words::WHILES.map(|hours| (hours.to_string(), words::holds_for(hours))).to_vec();
    view! {
        <form class="row-of" method="post" action=SettleExpiry::PATH>
            <label>{words::HOURS} " " <input class="input" type="number" name="hours" min="1" max=EXPIRY_HOURS.to_string() required value=hours.to_string()/></label>
            {select(words::HOLDS_FOR, "for_hours", whiles, "0")}
            {reason()}
            <button class="btn main" name="via" value="form">{words::SETTLE}</button>
        </form>
    }
    .into_any()
}

fn tier_form(chosen: RiskTier) -> AnyView {
    let tiers = RiskTier::ALL.map(|tier| (tier.as_str().to_owned(), tier.as_str().to_owned())).to_vec();
    view! {
        <form class="row-of" method="post" action=SettleTier::PATH>
            {select(words::TIER_FIELD, "risk_tier", tiers, chosen.as_str())}
            {reason()}
            <button class="btn main" name="via" value="form">{words::SETTLE}</button>
        </form>
    }
    .into_any()
}

fn back() -> AnyView {
    view! {
        <section class="card">
            <h2>{words::BACK}</h2>
            <form class="body row-of" method="post" action=AsConfigured::PATH>
                <span class="aside">{words::BACK_LEAD}</span>
                {reason()}
                <button class="btn" name="via" value="form">{words::BACK}</button>
            </form>
        </section>
    }
    .into_any()
}

fn reason() -> AnyView {
    view! { <label>{words::REASON} " " <input class="input" name="reason" maxlength="1000" autocomplete="off"/></label> }.into_any()
}
