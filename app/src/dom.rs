//! The few things that only the page's own tree can tell or do. On the server they are nothing at all: whatever
//! calls them runs in the browser alone.

#[cfg(feature = "hydrate")]
pub(crate) use in_browser::{clear_card, fill_filter, focus_first, form, send_on_leaving, ticked_boxes};
#[cfg(not(feature = "hydrate"))]
pub(crate) use on_server::{clear_card, fill_filter, focus_first, form, send_on_leaving, ticked_boxes};

/// A form on its way: where it goes, and its fields as a browser would send them.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
pub(crate) struct Form {
    pub path: String,
    pub body: String,
}

#[cfg(feature = "hydrate")]
mod in_browser {
    use leptos::ev::{Event, SubmitEvent};
    use leptos::prelude::{document, window};
    use wasm_bindgen::JsCast;
    use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, UrlSearchParams};

    use super::Form;
    use crate::pages::approvals::query::Query;

    /// Another action's card must not open with this one's panels, words and scroll.
    pub(crate) fn clear_card() {
        let Ok(nodes) = document().query_selector_all(".acts details[open], .acts form, .detail") else { return };
        for node in (0..nodes.length()).filter_map(|index| nodes.get(index)) {
            if let Some(form) = node.dyn_ref::<HtmlFormElement>() {
                form.reset();
            } else if let Some(element) = node.dyn_ref::<Element>() {
                element.set_scroll_top(0);
                drop(element.remove_attribute("open"));
            }
        }
    }

    /// The filter's sheet stands outside of what moves: it is told which list it would narrow.
    pub(crate) fn fill_filter(query: &Query) {
        let Ok(fields) = document().query_selector_all("#filter [name]") else { return };
        let Ok(said) = UrlSearchParams::new_with_str(&query.parameters()) else { return };
        for field in (0..fields.length()).filter_map(|index| fields.get(index)) {
            let name = field.dyn_ref::<Element>().and_then(|field| field.get_attribute("name")).unwrap_or_default();
            // A field that cannot be set shows what it showed before.
            drop(js_sys::Reflect::set(&field, &"value".into(), &said.get(&name).unwrap_or_default().into()));
        }
    }

    /// The form that is being sent, with the word of the button that sends it.
    pub(crate) fn form(event: &SubmitEvent) -> Option<Form> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        let data = FormData::new_with_form(&form).ok()?;
        let body = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
        if let Some(button) = event.submitter() {
            let attribute = |name| button.get_attribute(name).unwrap_or_default();
            body.append(&attribute("name"), &attribute("value"));
        }
        Some(Form { path: form.get_attribute("action")?, body: body.to_string().into() })
    }

    /// The values of the list's boxes that are ticked.
    pub(crate) fn ticked_boxes() -> Vec<String> {
        let Ok(boxes) = document().query_selector_all(".tick :checked") else { return Vec::new() };
        let value = |index| boxes.get(index)?.dyn_into::<Element>().ok()?.get_attribute("value");
        (0..boxes.length()).filter_map(value).collect()
    }

    /// Sends a form whose answer nobody waits for: the page is going.
    pub(crate) fn send_on_leaving(form: &Form) {
        let Ok(body) = UrlSearchParams::new_with_str(&form.body) else { return };
        // Nothing is left to tell if the browser will not take it: the action stays pending.
        drop(window().navigator().send_beacon_with_opt_url_search_params(&form.path, Some(&body)));
    }

    /// Whoever opens a panel goes on in it.
    pub(crate) fn focus_first(event: Event) {
        let Some(panel) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        if panel.has_attribute("open")
            && let Ok(Some(first)) = panel.query_selector("[data-first]")
            && let Ok(first) = first.dyn_into::<HtmlElement>()
        {
            drop(first.focus());
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod on_server {
    use leptos::ev::{Event, SubmitEvent};

    use super::Form;
    use crate::pages::approvals::query::Query;

    pub(crate) const fn clear_card() {}

    pub(crate) const fn fill_filter(_query: &Query) {}

    pub(crate) const fn form(_event: &SubmitEvent) -> Option<Form> {
        None
    }

    pub(crate) const fn ticked_boxes() -> Vec<String> {
        Vec::new()
    }

    pub(crate) const fn send_on_leaving(_form: &Form) {}

    pub(crate) fn focus_first(_event: Event) {}
}
