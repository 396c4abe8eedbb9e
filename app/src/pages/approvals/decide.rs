//! The action bar: what this person may do with the open action, and nothing else. Plain forms that the browser can
//! post by itself; awake, the page sends them and stays. How much is asked before an approval grows with the
//! tier: low and medium at once, high after a look at what it reaches, critical after typing the tool's name.

use chrono::{DateTime, Utc};
use domain::argument::{ArgumentClass, ArgumentRow};
use domain::digest::Digest;
use domain::id::ActionId;
use domain::lifecycle::{Status, Verb};
use domain::risk::RiskTier;
use domain::view::ActionDetail;
use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::arguments::values;
use super::desk::{Desk, Refusal};
use crate::api::actions::{Approve, Extend, Reject, Resolve};
use crate::components::icon::Icon;
use crate::dom::{focus_first, form};
use crate::live::Clock;
use crate::message;

/// What the forms need to know of the action.
#[derive(Clone)]
struct Subject {
    id: ActionId,
    digest: Digest,
    tool: String,
    tier: RiskTier,
    /// The critical arguments, for the second look.
    critical: Vec<ArgumentRow>,
}

/// The bar under the card. Without anything to do or to say it is not there.
pub(super) fn decide(desk: Desk, detail: &ActionDetail) -> AnyView {
    let may = |verb| detail.verbs.contains(&verb);
    let (can_approve, can_reject) = (may(Verb::Approve), may(Verb::Reject));
    let settling: Vec<_> = [Verb::ResolveSucceeded, Verb::ResolveFailed, Verb::Retry, Verb::Abandon]
        .into_iter()
        .filter(|verb| may(*verb))
        .map(message::settling)
        .collect();
    let (can_extend, can_resolve) = (may(Verb::Extend), !settling.is_empty());
    let deadline = detail.row.expires_at.filter(|_| detail.row.status == Status::Pending);
    let too_late = passed(deadline, detail.now, detail.row.live || detail.row.status != Status::Pending);
    let subject = Subject {
        id: detail.row.id,
        digest: detail.args_sha256,
        tool: detail.row.tool_name.clone(),
        tier: detail.row.risk_tier,
        critical: detail
            .arguments
            .iter()
            .filter(|row| row.class == ArgumentClass::Critical)
            .map(|row| ArgumentRow { depth: 0, ..row.clone() })
            .collect(),
    };
    let id = subject.id.to_string();
    // Another action's card may still stand here while the new one is on its way.
    let action = subject.id;
    let off = Signal::derive(move || {
        too_late.get()
            || desk.sending.get()
            || desk.open.read().as_ref().is_none_or(|open| *open != id)
            || desk.approving.read().contains(&action)
    });
    let read_at = detail.now;
    let refusal = move || desk.refusal.get().filter(|refusal| refusal.id == action).map(|r| refused(r, read_at));
    let says = move || too_late.get().then(|| view! { <p class="late-words">{message::TOO_LATE}</p> });
    let makes_rules = detail.makes_rules;
    let rule_words = if can_approve { message::APPROVE_AND_CREATE } else { message::CREATE_RULE };
    let empty = !(can_approve || can_reject || can_resolve || makes_rules);
    view! {
        <div class="acts" class:none=move || empty && !too_late.get() && desk.refusal.read().is_none()>
            <div class="says" role="alert">{refusal} {says}</div>
            {can_approve.then(|| approval(desk, subject.clone(), off))}
            {makes_rules.then(|| page_of(desk, subject.id, "rule", rule_words, can_approve.then_some("r")))}
            {can_reject.then(|| rejection(desk, subject.id, off))}
            {can_extend.then(|| extension(desk, subject.id, off))}
            {can_approve.then(|| page_of(desk, subject.id, "edit", message::EDIT, None))}
            {can_resolve.then(|| resolution(desk, subject.id, settling, off))}
        </div>
    }
    .into_any()
}

/// Whether the deadline is behind us. The server's word stands from the start, the clock adds to it.
fn passed(deadline: Option<DateTime<Utc>>, read_at: DateTime<Utc>, live: bool) -> Memo<bool> {
    let clock = expect_context::<Clock>();
    Memo::new(move |_| !live || deadline.is_some_and(|at| clock.now(read_at) >= at))
}

fn approval(desk: Desk, subject: Subject, off: Signal<bool>) -> impl IntoView {
    match subject.tier {
        RiskTier::Low | RiskTier::Medium => {
            let form = approve_form(
                desk,
                &subject,
                off,
                None,
                button(desk, off, Some("a"), message::APPROVE.to_owned()).into_any(),
            );
            view! { <div class="act">{form}</div> }.into_any()
        }
        RiskTier::High | RiskTier::Critical => second_look(desk, subject, off).into_any(),
    }
}

/// One more step: what is about to be approved, in one place. For the highest tier also the tool's name by hand.
fn second_look(desk: Desk, subject: Subject, off: Signal<bool>) -> AnyView {
    let typed = (subject.tier == RiskTier::Critical).then(|| type_the_name(&subject.tool).into_any());
    let confirm = button(desk, off, None, message::approve_tool(&subject.tool)).into_any();
    let inside = view! {
        <p>{message::confirm_lead(&subject.tool)}</p>
        {(!subject.critical.is_empty()).then(|| values(subject.critical.clone(), None))}
    };
    let form = approve_form(desk, &subject, off, typed, confirm);
    view! {
        <details class="act" name="act" on:toggle=focus_first>
            <summary class="btn main" data-key="a" aria-disabled=move || off.get().then_some("true") on:click=stay_shut(off)>
                {message::APPROVE} <kbd>"a"</kbd>
            </summary>
            <div class="panel">{inside} {form}</div>
        </details>
    }
    .into_any()
}

/// The way to a page about the action: of HTML alone, so the browser itself goes there.
fn page_of(desk: Desk, id: ActionId, page: &'static str, words: &'static str, key: Option<&'static str>) -> AnyView {
    view! {
        <div class="act">
            <a class="btn" rel="external" data-key=key href=move || desk.query.read().href_of(id, page)>
                {words} {key.map(|key| view! { <kbd>{key}</kbd> })}
            </a>
        </div>
    }
    .into_any()
}

fn approve_form(desk: Desk, subject: &Subject, off: Signal<bool>, before: Option<AnyView>, button: AnyView) -> AnyView {
    let Subject { id, digest, tool, tier, .. } = subject.clone();
    // What was confirmed is sent at once; what one key does can be taken back.
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(form) = form(&event).filter(|_| !off.get_untracked()) else { return };
        if tier >= RiskTier::High {
            desk.send(id, message::NOT_APPROVED, form);
        } else {
            desk.approve_later(id, tool.clone(), form);
        }
    };
    view! {
        <form class="stack" method="post" action=Approve::PATH on:submit=send>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="args_sha256" value=digest.to_string()/>
            {before}
            {button}
        </form>
    }
    .into_any()
}

pub(crate) fn type_the_name(tool: &str) -> AnyView {
    view! {
        <label>
            {message::type_name(tool)}
            <input class="input mono" name="confirm" required autocomplete="off" autocapitalize="none"
                spellcheck="false" pattern=exactly(tool) title=tool.to_owned() data-first=""/>
        </label>
    }
    .into_any()
}

fn button(desk: Desk, off: Signal<bool>, key: Option<&'static str>, words: String) -> AnyView {
    let words = move || if desk.sending.get() { message::SENDING.to_owned() } else { words.clone() };
    view! {
        <button class="btn main" name="via" value="form" data-key=key data-first=key.is_none().then_some("")
            disabled=move || off.get()>
            {words}
            {key.map(|key| view! { <kbd>{key}</kbd> })}
        </button>
    }
    .into_any()
}

/// A choice with a word about it, behind a button of the bar.
struct Panel {
    key: &'static str,
    words: &'static str,
    /// The button's colour: `main`, `bad` or none.
    colour: &'static str,
    path: &'static str,
    /// What it says when it did not happen.
    refused: &'static str,
    lead: &'static str,
    /// What the choices are called in the form, and what they are: the word that is sent, and what it says.
    name: &'static str,
    choices: Vec<(&'static str, &'static str)>,
    must_choose: bool,
    /// What is asked for in words, and whether it may be left out.
    note: Option<(&'static str, bool)>,
}

fn rejection(desk: Desk, id: ActionId, off: Signal<bool>) -> AnyView {
    let shape = Panel {
        key: "x",
        words: message::REJECT,
        colour: "bad",
        path: Reject::PATH,
        refused: message::NOT_REJECTED,
        lead: message::REJECT_LEAD,
        name: "reason",
        choices: message::REJECT_CHOICES.to_vec(),
        must_choose: false,
        note: Some((message::REJECT_NOTE, true)),
    };
    panel(desk, id, off, shape)
}

fn extension(desk: Desk, id: ActionId, off: Signal<bool>) -> AnyView {
    let shape = Panel {
        key: "e",
        words: message::EXTEND,
        colour: "",
        path: Extend::PATH,
        refused: message::NOT_EXTENDED,
        lead: message::EXTEND_LEAD,
        name: "hours",
        choices: message::EXTEND_CHOICES.to_vec(),
        must_choose: true,
        note: None,
    };
    panel(desk, id, off, shape)
}

fn resolution(desk: Desk, id: ActionId, choices: Vec<(&'static str, &'static str)>, off: Signal<bool>) -> AnyView {
    let shape = Panel {
        key: "a",
        words: message::RESOLVE,
        colour: "main",
        path: Resolve::PATH,
        refused: message::NOT_RESOLVED,
        lead: message::RESOLVE_LEAD,
        name: "outcome",
        choices,
        must_choose: true,
        note: Some((message::RESOLVE_NOTE, false)),
    };
    panel(desk, id, off, shape)
}

fn panel(desk: Desk, id: ActionId, off: Signal<bool>, shape: Panel) -> AnyView {
    let Panel { key, words, colour, path, refused, lead, name, choices, must_choose, note } = shape;
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(form) = form(&event).filter(|_| !off.get_untracked()) {
            desk.send(id, refused, form);
        }
    };
    view! {
        <details class="act" name="act" on:toggle=focus_first>
            <summary class=format!("btn {colour}") data-key=key aria-disabled=move || off.get().then_some("true")
                on:click=stay_shut(off)>
                {words} <kbd>{key}</kbd>
            </summary>
            <div class="panel">
                <form class="stack" method="post" action=path on:submit=send>
                    <input type="hidden" name="id" value=id.to_string()/>
                    {self::choices(name, lead, choices, must_choose)}
                    {note.map(|(label, optional)| self::note(label, optional))}
                    <button class=format!("btn {colour}") name="via" value="form" disabled=move || off.get()>{words}</button>
                </form>
            </div>
        </details>
    }
    .into_any()
}

/// Chips of which one is chosen: the word that is sent, and what it says.
pub(super) fn choices(
    name: &'static str,
    lead: &'static str,
    choices: Vec<(&'static str, &'static str)>,
    must_choose: bool,
) -> AnyView {
    let chips = choices.into_iter().enumerate().map(|(place, (value, words))| {
        view! {
            <label class="chip">
                <input type="radio" name=name value=value required=must_choose data-first=(place == 0).then_some("")/>
                {words}
            </label>
        }
    });
    view! { <fieldset class="chips"><legend>{lead}</legend> {chips.collect_view()}</fieldset> }.into_any()
}

/// A line for the person's own words.
pub(super) fn note(label: &'static str, optional: bool) -> AnyView {
    view! {
        <label>
            {label}
            <input class="input" name="note" required=!optional maxlength="3000" autocomplete="off"/>
        </label>
    }
    .into_any()
}

/// A panel whose button is off does not open.
fn stay_shut(off: Signal<bool>) -> impl FnMut(MouseEvent) + 'static {
    move |event| {
        if off.get_untracked() {
            event.prevent_default();
        }
    }
}

fn refused(refusal: Refusal, read_at: DateTime<Utc>) -> AnyView {
    let clock = expect_context::<Clock>();
    let decided_at = refusal.problem.standing.as_ref().and_then(|standing| standing.decided_at);
    let age = decided_at.map(|at| clock.since(at, read_at));
    let standing = message::standing_decision(&refusal.problem, age);
    view! {
        <p class="note bad">
            <Icon name="#i-warn"/>
            <span>
                <b>{refusal.title}</b> " " {message::problem(&refusal.problem)} {standing.map(|words| format!(" {words}"))}
                {refusal.problem.correlation_id.map(|id| view! { " " {message::REFERENCE} " " <code>{id}</code> })}
            </span>
        </p>
    }
    .into_any()
}

/// A pattern that only the text itself matches. Escaped is what HTML's `pattern` (the `v` flag) allows to be.
fn exactly(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if "^$\\.*+?()[]{}|/".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::exactly;

    #[test]
    fn a_tools_name_is_no_pattern() {
        assert_eq!(exactly("send_email"), "send_email");
        assert_eq!(exactly("fs.write(*)"), "fs\\.write\\(\\*\\)");
        assert_eq!(exactly("a-b"), "a-b", "the hyphen may not be escaped outside a class");
    }
}
