//! What opens over a page at the press of a button and never changes while it is there: the person's sheet, the
//! keys, the runbook's "expire stale". Native popovers in the shell: they work without JavaScript, and the
//! browser's WebAssembly carries nothing of them.

use domain::identity::{Person, Scope};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::api::actions::ExpireStale;
use crate::api::session::{SetTheme, SignOut};
use crate::message;
use crate::theme::Theme;
use crate::visitor::Visitor;

/// The sheets that this visitor can open.
#[component]
pub(crate) fn Sheets() -> impl IntoView {
    let principal = use_context::<Visitor>().and_then(|visitor| visitor.principal);
    let decides = principal.as_ref().is_some_and(|principal| principal.may(Scope::DecisionsWrite));
    let person = principal.and_then(|principal| principal.person().cloned());
    view! {
        {person.map(me)}
        {help()}
        {decides.then(expire)}
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

fn expire() -> impl IntoView {
    view! {
        <div id="expire" class="sheet" popover="auto" role="dialog" aria-labelledby="expire-title">
            <h2 id="expire-title">{message::EXPIRE_TITLE}</h2>
            <p>{message::EXPIRE_LEAD}</p>
            <form class="row-of" method="post" action=ExpireStale::PATH>
                <button class="btn main" name="via" value="form" autofocus>{message::EXPIRE_NOW}</button>
                <button type="button" class="btn" popovertarget="expire" popovertargetaction="hide">
                    {message::CLOSE}
                </button>
            </form>
        </div>
    }
}
