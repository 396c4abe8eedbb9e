//! The browser's end of the live stream. It says what changed, never what it is now: pages read that again.
//! Subscribed before the first refetch, so nothing falls between; read everything again after every gap.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::clock::browser_millis;
use super::{Connection, Live, News};
use crate::api::encoding;

const STREAM: &str = "/api/approvals/events/stream";
/// News that come together are told together.
const GATHER: i64 = 150;
/// Under heavy traffic the page reads again no more often than this.
const REST: i64 = 1_000;
/// A stream that said nothing for so long is dead, whatever the browser believes: the server pings every 15 s.
const SILENCE: i64 = 40_000;
/// How often the silence is measured.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);
/// How long until a closed stream is opened again.
const RECONNECT: Duration = Duration::from_secs(5);

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
        heard_at: StoredValue::new(0),
        source: StoredValue::new_local(None),
    };
    listener.open();
    // A dead network may take minutes to look like one; the browser knows at once.
    let offline = window_event_listener(ev::offline, move |_| {
        listener.close();
        listener.lost();
    });
    let online = window_event_listener(ev::online, move |_| listener.open());
    let silence = set_interval_with_handle(move || listener.end_silence(), LISTEN_AGAIN).ok();
    on_cleanup(move || {
        if let Some(silence) = silence {
            silence.clear();
        }
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
    heard_at: StoredValue<i64>,
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
        let change = handler(move |event| self.change(&event));
        let ping = handler(move |_| self.heard());
        let bye = handler(move |_| self.gone());
        let error = handler(move |_| self.gone());
        let named = [("hello", &hello), ("change", &change), ("ping", &ping), ("bye", &bye), ("error", &error)];
        for (name, handler) in named {
            // A listener that cannot be added is a stream that never says hello: shown as disconnected.
            drop(stream.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref()));
        }
        self.source.set_value(Some(Source { stream, _handlers: [hello, change, ping, bye, error] }));
        self.heard();
    }

    fn heard(self) {
        self.heard_at.set_value(browser_millis());
    }

    /// A network that went without a word (a laptop that slept, a proxy that forgot) closes no stream.
    fn end_silence(self) {
        if browser_millis() - self.heard_at.get_value() > SILENCE {
            self.lost();
            self.open();
        }
    }

    fn close(self) {
        self.source.try_update_value(|source| {
            if let Some(source) = source.take() {
                source.stream.close();
            }
        });
    }

    fn hello(self, event: &MessageEvent) {
        self.heard();
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
        self.heard();
        let Some(change) = read::<Change>(event) else { return };
        self.gathered.update_value(|news| news.add(&change.kind, change.id));
        self.tell_soon();
    }

    /// The browser tries again by itself after a cut; not after an answer that was no stream. Why there is none is
    /// learnt by reading: signed out, or the database is away.
    fn gone(self) {
        self.lost();
        let closed = self.source.with_value(|source| {
            source.as_ref().is_none_or(|source| source.stream.ready_state() == EventSource::CLOSED)
        });
        if closed {
            self.everything();
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

fn read<T: DeserializeOwned>(event: &MessageEvent) -> Option<T> {
    event.data().as_string().and_then(|text| encoding::read(&text).ok())
}
