//! What moves by itself on the page: the clock, and the news that come over the live stream.

pub(crate) mod clock;
#[cfg(feature = "hydrate")]
pub(crate) mod keyboard;
#[cfg(feature = "hydrate")]
mod stream;

use leptos::prelude::*;

pub(crate) use clock::Clock;

/// How the live stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
pub(crate) enum Connection {
    /// Not tried yet: on the server, and until the page has woken up.
    Asleep,
    Open,
    /// Since when there has been none, in milliseconds of the browser's clock.
    Lost(i64),
}

/// What a batch of news was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Counts the batches.
    pub number: u32,
    /// Some news may have been missed: everything must be read again.
    pub everything: bool,
    /// The actions that changed.
    pub actions: Vec<String>,
}

impl News {
    /// Adds a change as the stream tells it.
    #[cfg_attr(not(any(feature = "hydrate", test)), allow(dead_code))]
    pub(crate) fn add(&mut self, kind: &str, id: String) {
        match kind {
            "action" => self.actions.push(id),
            // The server told more than could be kept.
            "resync" => self.everything = true,
            _ => {}
        }
    }

    /// Whether what is known of the action may be out of date.
    pub(crate) fn touches(&self, id: &str) -> bool {
        self.everything || self.actions.iter().any(|changed| changed == id)
    }
}

/// The news, for whoever shows something that changes.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub connection: RwSignal<Connection>,
    pub news: RwSignal<News>,
    /// The server runs another version than this page came from.
    pub outdated: RwSignal<bool>,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            connection: RwSignal::new(Connection::Asleep),
            news: RwSignal::new(News::default()),
            outdated: RwSignal::new(false),
        }
    }

    /// Has everything read again.
    pub(crate) fn read_again(self) {
        self.news.update(|news| {
            news.number += 1;
            news.everything = true;
        });
    }

    /// Starts listening, in the browser only. `version` is the one the page came from.
    pub(crate) fn listen(self, version: &str) {
        #[cfg(feature = "hydrate")]
        stream::listen(self, version.to_owned());
        #[cfg(not(feature = "hydrate"))]
        let _ = (self, version);
    }
}

#[cfg(test)]
mod tests {
    use super::News;

    #[test]
    fn an_action_touches_itself_and_a_resync_touches_everything() {
        let mut news = News::default();
        news.add("tool", "send_email".to_owned());
        assert_eq!(news, News::default());
        news.add("action", "a".to_owned());
        assert!(news.touches("a") && !news.touches("b"));
        news.add("resync", String::new());
        assert!(news.touches("b"));
    }
}
