//! The trail: what happened, one line each, narrowed and paged by the address.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::event::EventType;
use domain::query_string::QueryString;
use engine::trail_pages::{TrailLine, TrailList};
use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::chain::chain;
use super::{PATH, may_read, unread};
use crate::api::{Failure, answer, engine, person};
use crate::components::moment::Ago;
use crate::components::pieces::Pieces;
use crate::local_path::{escape, rule_page, tool_page};
use crate::message::{self, audit as words};

/// Parameters that narrow the trail.
const NARROWING: [&str; 8] = ["event_type", "actor", "tool_name", "action_id", "rule_id", "since", "until", "sort"];

/// What the page's address asks for.
struct Address(String);

impl Address {
    /// What a parameter asks for; what it may not is told by the list itself.
    fn one(&self, name: &str) -> String {
        QueryString::parse(Some(&self.0)).ok().and_then(|query| query.peek(name).map(str::to_owned)).unwrap_or_default()
    }

    fn is_narrowed(&self) -> bool {
        NARROWING[..7].iter().any(|name| !self.one(name).is_empty()) || !self.one("cursor").is_empty()
    }

    /// The same list, from another place on.
    fn at(&self, cursor: &str) -> String {
        let kept = NARROWING.iter().map(|name| (*name, self.one(name)));
        let more = [("limit", self.one("limit")), ("cursor", cursor.to_owned())];
        address(PATH, kept.chain(more))
    }

    /// The same list without one of the things that narrow it.
    fn without(&self, narrowing: &str) -> String {
        address(PATH, NARROWING.iter().filter(|name| **name != narrowing).map(|name| (*name, self.one(name))))
    }
}

/// An address with those of the parameters that say something.
fn address<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let told = parameters.into_iter().filter(|(_, value)| !value.is_empty());
    let told: Vec<String> = told.map(|(name, value)| format!("{name}={}", escape(&value))).collect();
    if told.is_empty() { path.to_owned() } else { format!("{path}?{}", told.join("&")) }
}

/// The trail about something, for links from elsewhere.
fn about(name: &str, value: &str) -> String {
    address(PATH, [(name, value.to_owned())])
}

#[component]
pub(crate) fn TrailPage() -> impl IntoView {
    let here = Address(use_url().get_untracked().search().to_owned());
    let reads = may_read();
    let content = Suspend::new(async move {
        if !reads {
            return view! { <p class="why">{words::CLOSED}</p> }.into_any();
        }
        let chain = chain().await;
        match read(&here).await {
            Ok(page) => view! { {chain} {filter(&here, Some(&page))} {table(&here, page)} }.into_any(),
            Err(Failure(problem)) => view! { {chain} {filter(&here, None)} {unread(problem)} }.into_any(),
        }
    });
    view! {
        <main id="main" class="page">
            <h1>{message::AUDIT}</h1>
            <p class="lead">{words::LEAD}</p>
            <Suspense>{content}</Suspense>
        </main>
    }
}

async fn read(here: &Address) -> Result<TrailList, Failure> {
    answer(engine::trail_pages::list(&engine(), &person()?, &here.0).await)
}

fn filter(here: &Address, page: Option<&TrailList>) -> AnyView {
    let kinds = EventType::ALL.iter().map(|kind| (kind.as_str(), kind.words()));
    let kinds = std::iter::once(("", words::ANY)).chain(kinds).collect();
    let orders = vec![("", words::NEWEST), ("seq", words::OLDEST)];
    let day = |label: &'static str, name: &'static str| {
        // An instant, which the API takes, is no day; it stays in the address until another is chosen.
        let value = here.one(name).get(..10).unwrap_or_default().to_owned();
        view! { <label>{label} " " <input class="input" type="date" name=name value=value/></label> }
    };
    let ids = ["action_id", "rule_id"].map(|name| {
        let value = here.one(name);
        (!value.is_empty()).then(|| view! { <input type="hidden" name=name value=value/> })
    });
    view! {
        <form class="card body row-of" method="get" action=PATH role="search" aria-label=words::FILTER>
            {ids}
            {choice(here, words::WHAT, "event_type", kinds)}
            <label>
                {words::WHO} " "
                <input class="input" name="actor" value=here.one("actor") title=words::WHO_HINT placeholder="human:ana"
                    autocapitalize="none" spellcheck="false"/>
            </label>
            <label>{words::TOOL} " " <input class="input" name="tool_name" value=here.one("tool_name")/></label>
            {day(words::SINCE, "since")} {day(words::UNTIL, "until")}
            {choice(here, words::ORDER, "sort", orders)}
            <button class="btn">{words::SHOW}</button>
            {page.map(export)}
        </form>
        {only(here, "action_id", words::ACTION)}
        {only(here, "rule_id", words::RULE)}
    }
    .into_any()
}

fn choice(
    here: &Address,
    label: &'static str,
    name: &'static str,
    options: Vec<(&'static str, &'static str)>,
) -> AnyView {
    let chosen = here.one(name);
    let option = |(value, word): (&'static str, &'static str)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{word}</option> }
    };
    let options = options.into_iter().map(option).collect_view();
    view! { <label>{label} " " <select class="input" name=name>{options}</select></label> }.into_any()
}

/// That the page is about one thing, and the way to all of them.
fn only(here: &Address, name: &'static str, what: &'static str) -> Option<AnyView> {
    let id = here.one(name);
    let href = here.without(name);
    (!id.is_empty()).then(|| {
        view! {
            <p class="pages">{words::ONLY} " " {what.to_lowercase()} " " <code>{id}</code> <a href=href>{words::SHOW_ALL}</a></p>
        }
        .into_any()
    })
}

/// What the filter holds as a file. Days are instants there.
fn export(page: &TrailList) -> AnyView {
    let filter = &page.filter;
    let instant =
        |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)).unwrap_or_default();
    let kinds: Vec<&str> = filter.event_types.iter().map(|kind| kind.as_str()).collect();
    let narrowed = [
        ("event_type", kinds.join(",")),
        ("actor", filter.actor.clone().unwrap_or_default()),
        ("tool_name", filter.tool_name.clone().unwrap_or_default()),
        ("action_id", filter.action_id.map(|id| id.to_string()).unwrap_or_default()),
        ("rule_id", filter.rule_id.map(|id| id.to_string()).unwrap_or_default()),
        ("since", instant(filter.since)),
        ("until", instant(filter.until)),
        ("sort", if filter.newest_first { String::new() } else { "seq".to_owned() }),
    ];
    let link = |format: &'static str, word: &'static str| {
        let parameters = std::iter::once(("format", format.to_owned())).chain(narrowed.clone());
        let href = address("/api/approvals/events/export", parameters);
        view! { " " <a class="more" href=href download="">{word}</a> }
    };
    view! {
        <span aria-label=words::EXPORT_LABEL role="group">{words::EXPORT} {link("csv", "CSV")} {link("ndjson", "NDJSON")}</span>
    }
    .into_any()
}

fn table(here: &Address, page: TrailList) -> AnyView {
    let now = page.now;
    if page.lines.is_empty() {
        return empty(here);
    }
    let heads = [words::WHAT, words::WHO, words::ABOUT, words::WHEN, words::PLACE];
    let first = here.one("cursor").is_empty();
    view! {
        <div class="card">
            <table class="table lines">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{page.lines.into_iter().map(|line| row(line, now)).collect_view()}</tbody>
            </table>
        </div>
        <footer class="pages">
            {(!first).then(|| view! { <a href=here.at("")>{words::FIRST_PAGE}</a> })}
            {page.next_cursor.map(|next| view! { <a href=here.at(&next)>{words::NEXT_PAGE}</a> })}
        </footer>
    }
    .into_any()
}

fn row(line: TrailLine, now: DateTime<Utc>) -> AnyView {
    let subject = subject(&line, true);
    let entry = line.entry;
    let place = words::place(entry.seq);
    view! {
        <tr>
            <th scope="row">
                <a href=format!("{PATH}/{}", entry.seq)>{entry.said}</a>
                {entry.reason.map(|reason| view! { <p class="aside text"><Pieces pieces=reason/></p> })}
            </th>
            <td data-is=words::WHO><a href=about("actor", &line.actor)>{entry.actor}</a></td>
            <td data-is=words::ABOUT>{subject}</td>
            <td data-is=words::WHEN><Ago at=entry.occurred_at read_at=now/></td>
            <td data-is=words::PLACE class="num mono">{place}</td>
        </tr>
    }
    .into_any()
}

/// What an entry is about, with the ways there. `stored`: whether its action still is.
pub(super) fn subject(line: &TrailLine, stored: bool) -> AnyView {
    let tool = line.tool.as_ref().map(|(name, shown)| {
        view! { <a class="mono" href=tool_page(name)>{shown.clone()}</a> " " }
    });
    let action = line.action_id.map(|id| match stored {
        true => view! { <a href=format!("/approvals/{id}")>{words::ACTION.to_lowercase()}</a> " " }.into_any(),
        false => {
            view! { {words::ACTION.to_lowercase()} " " <code>{id.to_string()}</code> " " {words::PURGED_ACTION} " " }
                .into_any()
        }
    });
    let rule = line.rule_id.map(|id| view! { <a href=rule_page(id)>{words::RULE.to_lowercase()}</a> });
    view! { {tool} {action} {rule} }.into_any()
}

/// Why there is none, and what next.
fn empty(here: &Address) -> AnyView {
    let (title, lead) = if here.is_narrowed() {
        (words::NOTHING_MATCHES, words::NOTHING_MATCHES_LEAD)
    } else {
        (words::NOTHING, words::NOTHING_LEAD)
    };
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{lead}</p>
            {here.is_narrowed().then(|| view! { <p><a class="btn" href=PATH>{words::SHOW_ALL}</a></p> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn the_next_page_is_narrowed_as_the_first() {
        let here = Address("event_type=action_parked&actor=human%3Aana&cursor=e9&sort=seq".to_owned());
        assert_eq!(here.at("e5"), "/audit?event_type=action_parked&actor=human%3Aana&sort=seq&cursor=e5");
        assert_eq!(here.without("actor"), "/audit?event_type=action_parked&sort=seq");
        assert!(!Address("sort=seq".to_owned()).is_narrowed());
    }
}
