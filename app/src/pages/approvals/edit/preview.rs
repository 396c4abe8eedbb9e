//! The second step: what changes, and what its tier asks for before it is approved.

use domain::editing::{Change, Posted};
use domain::risk::RiskTier;
use engine::editing::Preview;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::{Place, head, looks};
use crate::api::edit::ApproveEdited;
use crate::message;
use crate::pages::approvals::arguments::values;
use crate::pages::approvals::decide::type_the_name;

pub(super) fn confirmation(place: &Place, preview: Preview, posted: &Posted) -> AnyView {
    let Preview { row, args_sha256, effective_sha256, changes, differences, critical, warnings } = preview;
    let (tier, tool) = (row.risk_tier, row.tool_name.clone());
    let second_look = matches!(tier, RiskTier::High | RiskTier::Critical) && !critical.is_empty();
    let told = message::digests(&args_sha256.short(), &effective_sha256.short());
    view! {
        {head(place, message::CONFIRM_TITLE, &row)}
        <section class="card">
            <h2>{message::WHAT_CHANGES} <small>{told}</small></h2>
            {values(differences, None)}
        </section>
        {looks(warnings)}
        {second_look.then(|| {
            view! { <section class="card"><h2>{message::CRITICAL_AFTER}</h2>{values(critical, None)}</section> }
        })}
        <form class="stack done" method="post" action=ApproveEdited::PATH>
            <input type="hidden" name="id" value=place.id.to_string()/>
            <input type="hidden" name="args_sha256" value=args_sha256.to_string()/>
            <input type="hidden" name="edits" value=Change::to_json(&changes).to_text()/>
            {(tier >= RiskTier::High).then(|| view! { <p><b>{message::confirm_edited(&tool)}</b></p> })}
            {(tier == RiskTier::Critical).then(|| type_the_name(&tool))}
            <p><button class="btn main big" name="via" value="form">{message::APPROVE_EDITED}</button></p>
        </form>
        <form class="row-of done" method="post" action=place.here.clone()>
            <input type="hidden" name="args_sha256" value=args_sha256.to_string()/>
            {typed(posted)}
            <button class="btn big" name="back" value="form">{message::CHANGE_MORE}</button>
            <a class="btn big" href=place.action.clone()>{message::CANCEL}</a>
        </form>
    }
    .into_any()
}

/// What was typed, to go back with.
fn typed(posted: &Posted) -> AnyView {
    let fields = posted.0.iter().filter(|(name, _)| matches!(name.split_once('.'), Some(("k" | "v" | "n", _))));
    fields
        .map(|(name, text)| view! { <input type="hidden" name=name.clone() value=text.replace("\r\n", "\n")/> })
        .collect_view()
        .into_any()
}
