//! The few things that only the page's own tree can tell or do. On the server they are nothing at all: whatever
//! calls them runs in the browser alone.

#[cfg(feature = "hydrate")]
pub(crate) use in_browser::{clear_card, field, fill_filter, focus_first};
#[cfg(not(feature = "hydrate"))]
pub(crate) use on_server::{clear_card, field, fill_filter, focus_first};

#[cfg(feature = "hydrate")]
mod in_browser {
    use leptos::ev::{Event, SubmitEvent};
    use leptos::prelude::document;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, FormData, HtmlElement, HtmlFormElement};

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
        for field in (0..fields.length()).filter_map(|index| fields.get(index)) {
            let name = field.dyn_ref::<Element>().and_then(|field| field.get_attribute("name")).unwrap_or_default();
            let value = match name.as_str() {
                "status" => query.status().to_owned(),
                "sort" => query.sort().to_owned(),
                name => query.narrowed_by(name),
            };
            // A field that cannot be set shows what it showed before.
            drop(js_sys::Reflect::set(&field, &"value".into(), &value.into()));
        }
    }

    /// A field's value out of the form being sent.
    pub(crate) fn field(event: &SubmitEvent, name: &str) -> String {
        event
            .target()
            .and_then(|target| target.dyn_into::<HtmlFormElement>().ok())
            .and_then(|form| FormData::new_with_form(&form).ok())
            .and_then(|data| data.get(name).as_string())
            .unwrap_or_default()
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

    use crate::pages::approvals::query::Query;

    pub(crate) const fn clear_card() {}

    pub(crate) const fn fill_filter(_query: &Query) {}

    pub(crate) const fn field(_event: &SubmitEvent, _name: &str) -> String {
        String::new()
    }

    pub(crate) fn focus_first(_event: Event) {}
}
