//! What stands around every page: where one can go, who one is, how the queue is, and what is wrong right now.

use std::time::Duration;

use domain::health::Health;
use domain::problem::Code;
use domain::view;
use leptos::prelude::*;
use leptos_router::hooks::use_url;
use leptos_router::location::Url;

use crate::api::frame::frame;
use crate::api::{Failure, Reading};
use crate::components::icon::Icon;
use crate::live::clock::browser_millis;
use crate::live::{Clock, Connection, Live};
use crate::local_path::escape;
use crate::message;
use crate::toast::{Toast, Toaster};

/// How long the stream may be away before the page says so: a deploy or a lift is not worth an alarm.
const PATIENCE: i64 = 3_000;

/// How long until what could not be read is read again.
const AGAIN: Duration = Duration::from_secs(5);

/// What the frame knows, for the pages inside it.
#[derive(Clone, Copy)]
pub(crate) struct FrameData(pub Reading<Result<view::Frame, Failure>>);

impl FrameData {
    /// Whether the person may decide. Nobody knows: no.
    pub(crate) fn decides(self) -> bool {
        self.0.get().is_some_and(|frame| frame.is_ok_and(|frame| frame.decides))
    }
}

/// The frame, with a page inside.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    lead_to_sign_in();
    let url = use_url();
    let (live, clock) = (expect_context::<Live>(), expect_context::<Clock>());
    let path = Memo::new(move |_| url.read().path().to_owned());
    let read = Reading::new_with_options(move || live.news.with(|news| news.number), |_| frame(), false);
    provide_context(FrameData(read));
    provide_context(Toast::new());
    Effect::new(move || {
        match read.get() {
            Some(Ok(frame)) => {
                clock.set(frame.now);
                document().set_title(&message::title(frame.pending, message::APPROVALS));
            }
            // Whatever it is, it may be over by itself.
            Some(Err(_)) => set_timeout(move || live.read_again(), AGAIN),
            None => {}
        }
    });
    Effect::new(move || wake_up(live, clock));
    view! {
        <div class="frame">
            <a class="skip" href="#main" rel="external">{message::SKIP}</a>
            <nav class="rail" aria-label=message::MAIN_NAVIGATION>
                <Transition>{move || read.get().map(|frame| rail(frame.ok(), &path.read()))}</Transition>
            </nav>
            <div class="content">
                <Banners/>
                {children()}
            </div>
            <Toaster/>
        </div>
    }
}

/// Whoever is not signed in is led to the sign-in page, and from there back to where they wanted to go.
fn lead_to_sign_in() {
    #[cfg(feature = "ssr")]
    if use_context::<crate::visitor::Visitor>().is_some_and(|visitor| visitor.principal.is_none()) {
        leptos_axum::redirect(&sign_in_path(&use_url().get_untracked()));
    }
}

fn sign_in_path(url: &Url) -> String {
    format!("/login?next={}", escape(&here(url)))
}

/// The page's own address, for forms that lead back.
pub(crate) fn here(url: &Url) -> String {
    let separator = if url.search().is_empty() { "" } else { "?" };
    format!("{}{separator}{}", url.path(), url.search())
}

fn wake_up(live: Live, clock: Clock) {
    let version = document()
        .query_selector("meta[name=version]")
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_default();
    live.listen(&version);
    clock.start();
    #[cfg(feature = "hydrate")]
    crate::live::keyboard::listen();
}

/// Where one can go: address, icon, name, and the key after a `g`.
const SECTIONS: [(&str, &str, &str, &str); 6] = [
    ("/approvals", "#i-inbox", message::APPROVALS, "a"),
    ("/approvals/rules", "#i-rules", message::RULES, "r"),
    ("/approvals/metrics", "#i-metrics", message::METRICS, "m"),
    ("/audit", "#i-audit", message::AUDIT, "l"),
    ("/tools", "#i-tools", message::TOOLS, "t"),
    ("/settings", "#i-settings", message::SETTINGS, "s"),
];

/// `None`: the frame could not be read; then nothing is claimed.
fn rail(frame: Option<view::Frame>, path: &str) -> AnyView {
    let health = frame.as_ref().map_or(Health::Unknown, |frame| frame.health.overall);
    let pending = frame.as_ref().and_then(|frame| frame.pending);
    let person = frame.map(|frame| frame.person);
    view! {
        <a class="brand" href="/approvals">
            <Icon name="#i-brand"/>
            <span>{message::PRODUCT}</span>
            <i class=format!("dot {}", health.as_str()) title=message::overall_health(health)>
                <span class="hide">{message::overall_health(health)}</span>
            </i>
        </a>
        {SECTIONS.map(|section| to(section, path, pending)).collect_view()}
        <div class="foot">
            {person.map(|person| me(&person.name))}
            <button type="button" class="icon" popovertarget="help" data-key="?" aria-label=message::KEYS>
                <Icon name="#i-help"/>
            </button>
        </div>
    }
    .into_any()
}

fn to(section: (&'static str, &'static str, &'static str, &'static str), path: &str, pending: Option<i64>) -> AnyView {
    let (href, icon, name, key) = section;
    let queue = href == SECTIONS[0].0;
    // What the browser's router does not know is asked of the server.
    let rel = (!queue).then_some("external");
    // The rules and the metrics stand below the queue's address.
    let here = path.starts_with(href) && !(queue && [1, 2].iter().any(|&below| path.starts_with(SECTIONS[below].0)));
    let count = || pending.map_or_else(|| "?".to_owned(), |count| count.to_string());
    view! {
        <a class="to" href=href rel=rel data-go=key aria-current=here.then_some("page")>
            <Icon name=icon/>
            <span>{name}</span>
            {queue.then(|| view! { <b class="n">{count()}</b> })}
        </a>
    }
    .into_any()
}

fn me(name: &str) -> AnyView {
    let initials: String = name.chars().take(2).flat_map(char::to_uppercase).collect();
    view! {
        <button type="button" class="me" popovertarget="me" aria-label=message::account(name)>
            <span class="face" aria-hidden="true">{initials}</span>
            <span class="name">{name.to_owned()}</span>
        </button>
    }
    .into_any()
}

/// What is wrong right now, worst first.
#[component]
fn Banners() -> impl IntoView {
    let (live, clock, data) = (expect_context::<Live>(), expect_context::<Clock>(), expect_context::<FrameData>());
    let url = use_url();
    let away = move || match live.connection.get() {
        Connection::Lost(since) => {
            // The clock is only looked at so that this runs again every second.
            clock.now(chrono::DateTime::UNIX_EPOCH);
            Some(browser_millis() - since).filter(|away| *away >= PATIENCE)
        }
        Connection::Asleep | Connection::Open => None,
    };
    view! {
        <div class="banners" role="status">
            <Transition>
                {move || match data.0.get() {
                    Some(Err(Failure(problem))) if problem.code == Code::Unauthenticated => {
                        Some(
                            view! {
                                <p class="banner bad">
                                    {message::SIGNED_OUT} " "
                                    <a href=sign_in_path(&url.read()) rel="external">{message::SIGN_IN_AGAIN}</a>
                                </p>
                            }
                                .into_any(),
                        )
                    }
                    Some(Err(Failure(problem))) => {
                        Some(
                            view! { <p class="banner bad">{message::FRAME_UNREAD} " " {problem.detail}</p> }.into_any(),
                        )
                    }
                    Some(Ok(frame)) if !frame.decides => {
                        Some(view! { <p class="banner">{message::READ_ONLY}</p> }.into_any())
                    }
                    _ => None,
                }}
            </Transition>
            {move || away().map(|away| view! { <p class="banner warn">{message::disconnected(away / 1_000)}</p> })}
            {move || {
                live.outdated.get().then(|| {
                    view! {
                        <p class="banner">
                            {message::OUTDATED} " " <a href=here(&url.read()) rel="external">{message::RELOAD}</a>
                        </p>
                    }
                })
            }}
        </div>
    }
}
