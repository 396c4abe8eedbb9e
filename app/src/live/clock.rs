//! The database's time, ticking. The first render knows only the instant that came with the data, so that server
//! and browser write the same text; after that the browser's clock carries it on, corrected by the difference.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

/// The present, as the database would say it.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    ticking: RwSignal<Option<DateTime<Utc>>>,
    /// The database's clock minus the browser's, in milliseconds.
    ahead: StoredValue<i64>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { ticking: RwSignal::new(None), ahead: StoredValue::new(0) }
    }

    /// Now, and never before `read_at`, when what is being shown was read.
    pub(crate) fn now(self, read_at: DateTime<Utc>) -> DateTime<Utc> {
        self.ticking.get().map_or(read_at, |now| now.max(read_at))
    }

    /// Whole seconds from `then` until now.
    pub(crate) fn since(self, then: DateTime<Utc>, read_at: DateTime<Utc>) -> i64 {
        (self.now(read_at) - then).num_seconds()
    }

    /// Sets the clock by an instant that has just been read.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
    pub(crate) fn set(self, read_at: DateTime<Utc>) {
        self.ahead.set_value(read_at.timestamp_millis() - browser_millis());
        self.tick();
    }

    #[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
    pub(crate) fn tick(self) {
        let now = DateTime::from_timestamp_millis(browser_millis() + self.ahead.get_value());
        self.ticking.set(now);
    }

    /// Lets it tick every second, in the browser only.
    pub(crate) fn start(self) {
        #[cfg(feature = "hydrate")]
        if let Ok(ticker) = set_interval_with_handle(move || self.tick(), std::time::Duration::from_secs(1)) {
            on_cleanup(move || ticker.clear());
        }
    }
}

/// Milliseconds since 1970 by the browser's clock; on the server nobody asks.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn browser_millis() -> i64 {
    #[cfg(feature = "hydrate")]
    return js_sys::Date::now() as i64;
    #[cfg(not(feature = "hydrate"))]
    0
}
