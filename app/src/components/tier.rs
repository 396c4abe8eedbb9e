//! The risk tier's mark: a word and a shape, never colour alone.

use domain::risk::RiskTier;
use leptos::prelude::*;

use super::icon::Icon;
use crate::message;

#[component]
pub(crate) fn Tier(tier: RiskTier) -> impl IntoView {
    let shape = match tier {
        RiskTier::Low => "#i-low",
        RiskTier::Medium => "#i-medium",
        RiskTier::High => "#i-high",
        RiskTier::Critical => "#i-critical",
    };
    view! { <span class=format!("tier {}", tier.as_str())><Icon name=shape/>{message::tier(tier)}</span> }
}
