//! What opens over a page at the press of a button and never changes while it is there: the person's sheet, the
//! keys, the filter. Native popovers in the shell: they work without JavaScript, and the
//! browser's WebAssembly carries nothing of them.

use axum::http::request::Parts;
use domain::identity::Person;
use domain::risk::RiskTier;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::api::session::{SetTheme, SignOut};
use crate::message;
use crate::pages::approvals::query::Query;
use crate::shell::wakes_up;
use crate::theme::Theme;
use crate::visitor::Visitor;

/// The sheets that this visitor can open.
#[component]
pub(crate) fn Sheets() -> impl IntoView {
    let principal = use_context::<Visitor>().and_then(|visitor| visitor.principal);
    let queue = wakes_up();
    let person = principal.and_then(|principal| principal.person().cloned());
    view! {
        {person.map(me)}
        {help()}
        {queue.then(|| filter(Query::of_url(&url())))}
    }
}

fn me(person: Person) -> impl IntoView {
    view! {
        <div id="me" class="sheet" popover="auto" role="dialog" aria-label=message::YOU>
            <p><b>{person.name}</b> " · " {message::role(person.role)}</p>
            <form method="post" action=SetTheme::PATH>
                <fieldset class="seg">
                    <legend>{message::THEME}</legend>
                    {Theme::ALL.into_iter().map(theme_button).collect_view()}
                </fieldset>
            </form>
            <form method="post" action=SignOut::PATH>
                <button class="btn" name="via" value="form">{message::SIGN_OUT}</button>
            </form>
        </div>
    }
}

fn theme_button(theme: Theme) -> impl IntoView {
    let chosen = if Theme::current() == theme { "true" } else { "false" };
    view! { <button name="theme" value=theme.as_str() aria-pressed=chosen>{message::theme(theme)}</button> }
}

fn help() -> impl IntoView {
    let keys = message::KEY_HELP.into_iter().map(|(key, does)| view! { <dt><kbd>{key}</kbd></dt> <dd>{does}</dd> });
    view! {
        <div id="help" class="sheet" popover="auto" role="dialog" aria-label=message::KEYS>
            <h2>{message::KEYS}</h2>
            <dl class="keys">{keys.collect_view()}</dl>
            <button type="button" class="btn" popovertarget="help" popovertargetaction="hide">{message::CLOSE}</button>
        </div>
    }
}

/// What the list is narrowed by. A plain form that asks for the list's address.
fn filter(query: Query) -> AnyView {
    let query = &query;
    let text = |name: &'static str| {
        view! {
            <label>
                {message::narrowing(name)}
                <input class="input" name=name value=query.field(name) autocomplete="off" autocapitalize="none"/>
            </label>
        }
    };
    let day = |name: &'static str| {
        view! {
            <label>{message::narrowing(name)} <input class="input" type="date" name=name value=query.field(name)/></label>
        }
    };
    let tiers = [("", message::ANY)].into_iter().chain(RiskTier::ALL.map(|tier| (tier.as_str(), tier.as_str())));
    let expiring = message::EXPIRING.into_iter();
    view! {
        <div id="filter" class="sheet" popover="auto" role="dialog" aria-labelledby="filter-title">
            <h2 id="filter-title">{message::FILTER_TITLE}</h2>
            <form class="stack" action="/approvals">
                <input type="hidden" name="status" value=query.field("status")/>
                <input type="hidden" name="sort" value=query.field("sort")/>
                <label>
                    {message::narrowing("q")}
                    <input class="input" type="search" name="q" value=query.field("q") autocomplete="off" autofocus
                        title=message::FILTER_WORDS_HINT/>
                </label>
                <div class="two">
                    {text("tool_name")} {text("agent")} {text("session_id")} {choice("risk_tier", query, tiers)}
                    {day("since")} {day("until")} {choice("expiring_within_hours", query, expiring)}
                </div>
                <div class="row-of">
                    <button class="btn main">{message::FILTER_APPLY}</button>
                    <a class="btn" href="/approvals" rel="external">{message::FILTER_CLEAR}</a>
                </div>
            </form>
        </div>
    }
    .into_any()
}

fn choice(name: &'static str, query: &Query, options: impl Iterator<Item = (&'static str, &'static str)>) -> AnyView {
    let chosen = query.field(name);
    let options = options
        .map(|(value, words)| view! { <option value=value selected=value == chosen>{words}</option> })
        .collect_view();
    view! { <label>{message::narrowing(name)} <select class="input" name=name>{options}</select></label> }.into_any()
}

/// The address of this page, as the browser asked for it.
fn url() -> String {
    use_context::<Parts>().map(|parts| parts.uri.to_string()).unwrap_or_default()
}
