//! A point in time: how long ago, with the exact instant behind it. The server writes UTC; once the page is awake
//! the hint is in the reader's own zone.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::time_text;
use leptos::prelude::*;

use crate::live::Clock;

/// How long ago `at` was, counted on from `read_at`.
#[component]
pub(crate) fn Ago(at: DateTime<Utc>, read_at: DateTime<Utc>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let title = hint(at);
    view! {
        <time datetime=machine(at) title=move || title.get()>
            {move || time_text::ago(clock.since(at, read_at))}
        </time>
    }
}

/// The attribute for machines.
pub(crate) fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The exact instant in words.
pub(crate) fn hint(at: DateTime<Utc>) -> ReadSignal<String> {
    let (title, set_title) = signal(time_text::instant(at));
    Effect::new(move || set_title.set(local(at)));
    title
}

/// In the browser's zone, written the English way, with seconds and the zone's name.
#[cfg(feature = "hydrate")]
fn local(at: DateTime<Utc>) -> String {
    #[allow(clippy::cast_precision_loss)]
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.timestamp_millis() as f64));
    let options = js_sys::Object::new();
    for (key, value) in [("dateStyle", "medium"), ("timeStyle", "long")] {
        // A missing option only makes the text less exact.
        drop(js_sys::Reflect::set(&options, &key.into(), &value.into()));
    }
    date.to_locale_string("en-GB", &options).into()
}

#[cfg(not(feature = "hydrate"))]
fn local(at: DateTime<Utc>) -> String {
    time_text::instant(at)
}
