//! The browser's end of the live stream. It says what changed, never what it is now: pages read that again.
//! Subscribed before the first refetch, so nothing falls between; read everything again after every gap.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use serde::Deserialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::clock::browser_millis;
use super::{Connection, Live, News};

const STREAM: &str = "/api/approvals/events/stream";
/// News that come together are told together.
const GATHER: i64 = 150;
/// Under heavy traffic the page reads again no more often than this.
const REST: i64 = 1_000;
/// How long until a closed stream is opened again.
const RECONNECT: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Hello {
    version: String,
}

#[derive(Deserialize)]
struct Change {
    kind: String,
    id: String,
}

pub(super) fn listen(live: Live, version: String) {
    let listener = Listener {
        live,
        version: StoredValue::new(version),
        gathered: StoredValue::new(News::default()),
        told_at: StoredValue::new(0),
        source: StoredValue::new_local(None),
    };
    listener.open();
    // A dead network may take minutes to look like one; the browser knows at once.
    let offline = window_event_listener(ev::offline, move |_| {
        listener.close();
        listener.lost();
    });
    let online = window_event_listener(ev::online, move |_| listener.open());
    on_cleanup(move || {
        offline.remove();
        online.remove();
        listener.close();
    });
}

#[derive(Clone, Copy)]
struct Listener {
    live: Live,
    version: StoredValue<String>,
    /// What has come and has not been told yet.
    gathered: StoredValue<News>,
    told_at: StoredValue<i64>,
    source: StoredValue<Option<Source>, LocalStorage>,
}

/// The stream and the handlers that live as long as it does.
struct Source {
    stream: EventSource,
    _handlers: [Closure<dyn FnMut(MessageEvent)>; 5],
}

impl Listener {
    fn open(self) {
        self.close();
        let Ok(stream) = EventSource::new(STREAM) else {
            self.lost();
            return;
        };
        let hello = handler(move |event| self.hello(&event));
        let resync = handler(move |_| self.everything());
        let change = handler(move |event| self.change(&event));
        let bye = handler(move |_| self.gone());
        let error = handler(move |_| self.gone());
        let named = [("hello", &hello), ("resync", &resync), ("change", &change), ("bye", &bye), ("error", &error)];
        for (name, handler) in named {
            // A listener that cannot be added is a stream that never says hello: shown as disconnected.
            drop(stream.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref()));
        }
        self.source.set_value(Some(Source { stream, _handlers: [hello, resync, change, bye, error] }));
    }

    fn close(self) {
        self.source.try_update_value(|source| {
            if let Some(source) = source.take() {
                source.stream.close();
            }
        });
    }

    fn hello(self, event: &MessageEvent) {
        self.live.connection.set(Connection::Open);
        if let Some(hello) = read::<Hello>(event)
            && self.version.with_value(|version| *version != hello.version)
        {
            self.live.outdated.set(true);
        }
        // The page was rendered before the first greeting: what happened between is read again, too.
        self.everything();
    }

    fn everything(self) {
        self.gathered.update_value(|news| news.everything = true);
        self.tell_soon();
    }

    fn change(self, event: &MessageEvent) {
        let Some(change) = read::<Change>(event) else { return };
        self.gathered.update_value(|news| {
            if change.kind == "action" {
                news.actions.push(change.id);
            }
        });
        self.tell_soon();
    }

    /// The browser tries again by itself after a cut; not after an answer that was no stream.
    fn gone(self) {
        self.lost();
        let closed = self.source.with_value(|source| {
            source.as_ref().is_none_or(|source| source.stream.ready_state() == EventSource::CLOSED)
        });
        if closed {
            set_timeout(
                move || {
                    if self.source.try_with_value(|_| ()).is_some() {
                        self.open();
                    }
                },
                RECONNECT,
            );
        }
    }

    fn lost(self) {
        if !matches!(self.live.connection.get_untracked(), Connection::Lost(_)) {
            self.live.connection.set(Connection::Lost(browser_millis()));
        }
    }

    fn tell_soon(self) {
        let next = self.told_at.get_value() + REST;
        let wait = GATHER.max(next - browser_millis()).unsigned_abs();
        set_timeout(move || self.tell(), Duration::from_millis(wait));
    }

    /// Every piece of news sets a timer; the first of them tells for all.
    fn tell(self) {
        let Some(news) = self.gathered.try_update_value(std::mem::take) else { return };
        if news == News::default() {
            return;
        }
        self.told_at.set_value(browser_millis());
        self.live.news.update(|told| *told = News { number: told.number + 1, ..news });
    }
}

fn handler(act: impl FnMut(MessageEvent) + 'static) -> Closure<dyn FnMut(MessageEvent)> {
    Closure::new(act)
}

fn read<T: for<'de> Deserialize<'de>>(event: &MessageEvent) -> Option<T> {
    event.data().as_string().and_then(|text| serde_json::from_str(&text).ok())
}
