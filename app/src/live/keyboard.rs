//! Keys. An element says with `data-key` which key presses it, and with `data-go` which key after a `g`; the list's rows
//! are walked with `j` and `k`. Off while somebody types, and with a modifier held, so that the browser's own keys keep working.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent, Node};

/// The keys that press what carries them.
const PRESS: [&str; 7] = ["a", "r", "x", "e", "u", "/", "?"];
const ROWS: &str = ".row > a";

/// Listens until the page goes.
pub(crate) fn listen() {
    let after_g = StoredValue::new(false);
    let listening = window_event_listener(ev::keydown, move |event| on_key(&event, after_g));
    on_cleanup(move || listening.remove());
}

fn on_key(event: &KeyboardEvent, after_g: StoredValue<bool>) {
    let key = event.key();
    if key == "Escape" {
        close_panels();
        return;
    }
    if event.ctrl_key()
        || event.meta_key()
        || event.alt_key()
        || event.is_composing()
        || event.repeat() && key != "j" && key != "k"
    {
        return;
    }
    if event.target().is_some_and(|target| is_typing(&target)) {
        return;
    }
    let goes = after_g.try_update_value(|after| std::mem::replace(after, key == "g")).unwrap_or_default();
    let handled = match key.as_str() {
        key if goes && key.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            query(&format!("[data-go='{key}']")).inspect(HtmlElement::click).is_some()
        }
        "j" => walk(1),
        "k" => walk(-1),
        "s" => query(".row:focus-within .tick input")
            .or_else(|| query(".row:has(> [aria-current]) .tick input"))
            .inspect(HtmlElement::click)
            .is_some(),
        key if PRESS.contains(&key) => find_key(key).inspect(HtmlElement::click).is_some(),
        _ => false,
    };
    if handled {
        event.prevent_default();
    }
}

fn is_typing(target: &web_sys::EventTarget) -> bool {
    if let Some(input) = target.dyn_ref::<HtmlInputElement>() {
        return !matches!(input.type_().as_str(), "radio" | "checkbox" | "button" | "submit");
    }
    target.dyn_ref::<Element>().is_some_and(|element| matches!(element.tag_name().as_str(), "TEXTAREA" | "SELECT"))
}

/// The key is one of ours, so it needs no escaping inside the selector.
fn find_key(key: &str) -> Option<HtmlElement> {
    query(&format!("[data-key='{key}']:not(:disabled)"))
}

fn query(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Moves the focus along the rows, from the focused one, else from the open one.
fn walk(step: i32) -> bool {
    let Ok(rows) = document().query_selector_all(ROWS) else { return false };
    let count = i32::try_from(rows.length()).unwrap_or(i32::MAX);
    let focused = document().active_element().and_then(|element| element.dyn_into::<Node>().ok());
    let open = query(".row > a[aria-current]").and_then(|element| element.dyn_into::<Node>().ok());
    let place =
        |node: &Node| (0..count).find(|index| row(&rows, *index).is_some_and(|row| row.is_same_node(Some(node))));
    let from = focused.as_ref().and_then(place).or_else(|| open.as_ref().and_then(place));
    let to = from.map_or(0, |from| (from + step).clamp(0, count - 1));
    row(&rows, to).and_then(|row| row.dyn_into::<HtmlElement>().ok()).is_some_and(|row| row.focus().is_ok())
}

fn row(rows: &web_sys::NodeList, index: i32) -> Option<Node> {
    rows.get(u32::try_from(index).ok()?)
}

/// Closes the panels that open out of the action bar, and gives the focus back to what opened them.
fn close_panels() {
    if let Some(panel) = query(".acts details[open]") {
        drop(panel.remove_attribute("open"));
        if let Ok(Some(summary)) = panel.query_selector("summary")
            && let Ok(summary) = summary.dyn_into::<HtmlElement>()
        {
            drop(summary.focus());
        }
    }
}
