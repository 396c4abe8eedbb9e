//! Beside the fields: what the rule would have done, what its tier demands, whether it fits the call it is made from.

use domain::rule::Demand;
use engine::rule_pages::{DAYS, Panel, SheetPage};
use engine::simulation::Tally;
use leptos::prelude::*;

use super::fields::{bad, errors_at};
use crate::message::rules as words;
use crate::pages::rules::parts::warnings;
use crate::pages::rules::replay::told;
use crate::pages::rules::trial::{checks, mark};

/// So many dots at most: more calls than that share them.
const DOTS: i64 = 60;

pub(super) fn panel(page: &SheetPage) -> AnyView {
    let content = match &page.panel {
        Some(panel) => said(page, panel),
        None => {
            view! { <p class="aside">{if page.errors.is_empty() { words::NOT_CHECKED } else { words::MEND_FIRST }}</p> }
                .into_any()
        }
    };
    view! {
        <aside class="card body" id="panel" data-live="" aria-label=words::WHAT_IT_WOULD_DO>{content}</aside>
        <p class="hide" id="panel-says" data-live="" role="status">{page.panel.as_ref().map(in_short)}</p>
        <template><p class="note bad">{words::NOT_CHECKED_NOW}</p></template>
    }
    .into_any()
}

/// For whoever hears the page: what changes while one types.
fn in_short(panel: &Panel) -> String {
    let tally = &panel.tally;
    let unmet = panel.demands.iter().filter(|demand| !demand.met).count();
    words::in_short(
        (tally.matched, tally.looked_at),
        tally.rejected_by_people,
        (tally.waiting_matched, tally.waiting),
        unmet,
    )
}

fn said(page: &SheetPage, panel: &Panel) -> AnyView {
    let rejected = panel.tally.rejected_by_people;
    view! {
        <h3>{words::replay_title(DAYS)}</h3>
        {dots(&panel.tally)}
        {told(&panel.tally)}
        {(!panel.demands.is_empty() || rejected > 0).then(|| {
            view! {
                <h3>{words::demands(page.tool.risk_tier)}</h3>
                <ul class="plain">
                    {panel.demands.iter().map(demand).collect_view()}
                    {(rejected > 0).then(|| view! { <li>{mark(false)} <span><b class="bad-words">{words::PASSES_REJECTED}</b> " " {words::NARROW}</span></li> })}
                </ul>
            }
        })}
        {warnings(&panel.warnings).map(|told| view! { <h3>{words::LOOK_AT}</h3> {told} })}
        {panel.asks_to_confirm.then(|| confirm(page))}
        {panel.verdict.as_ref().map(|verdict| {
            let title = if verdict.holds() { words::CALL_FITS } else { words::CALL_FITS_NOT };
            view! { <h3 class:bad-words=!verdict.holds()>{title}</h3> {(!verdict.holds()).then(|| checks(verdict))} }
        })}
        <h3>{words::IT_READS}</h3>
        <p>{panel.words.clone()}</p>
    }
    .into_any()
}

fn demand(demand: &Demand) -> AnyView {
    view! { <li>{mark(demand.met)} <span>{demand.words.clone()}</span></li> }.into_any()
}

/// For a rule that narrows nothing: said by whoever makes it, after the figures above.
fn confirm(page: &SheetPage) -> AnyView {
    let checked = page.sheet.confirm_broad;
    view! {
        <label class="chip"><input type="checkbox" name="confirm_broad" value="true" checked=checked/> {words::CONFIRM_BROAD}</label>
        {bad("e-confirm_broad", errors_at(&page.errors, "/confirm_broad"))}
    }
    .into_any()
}

/// One dot for each call, at a glance; the words below say the same.
fn dots(tally: &Tally) -> AnyView {
    let others = tally.decided_by_rules + tally.otherwise;
    let kinds = [
        ("y", tally.approved_by_people),
        ("r", tally.rejected_by_people),
        ("o", others),
        ("s", tally.would_still_wait),
        ("w", tally.waiting_matched),
    ];
    let all: i64 = kinds.iter().map(|(_, count)| count).sum();
    let share = |count: i64| if all <= DOTS { count } else { (count * DOTS / all).max(i64::from(count > 0)) };
    let dots =
        kinds.into_iter().flat_map(|(class, count)| (0..share(count)).map(move |_| view! { <i class=class></i> }));
    (all > 0).then(|| view! { <div class="dots" aria-hidden="true">{dots.collect_view()}</div> }).into_any()
}
