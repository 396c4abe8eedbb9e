//! The registry: one line for each tool, narrowed and paged by the address.

use chrono::{DateTime, Utc};
use domain::query_string::QueryString;
use domain::tool_view::{ToolLine, ToolList};
use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::parts::{gating, last_hour, unreviewed};
use super::upstreams::upstreams;
use crate::api::tools::list;
use crate::api::{Failure, Reading};
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::local_path::{escape, tool_page};
use crate::message::{self, tools as words};
use crate::pages::approvals::query::Query;

#[component]
pub(crate) fn ToolsPage() -> impl IntoView {
    let address = use_url().get_untracked().search().to_owned();
    let query = address.clone();
    let first = address.is_empty();
    let read = Reading::new_with_options(|| (), move |()| list(query.clone()), true);
    view! {
        <main id="main" class="page">
            <h1>{message::TOOLS}</h1>
            <p class="lead">{words::LEAD}</p>
            {first.then(|| view! { <Suspense>{Suspend::new(upstreams())}</Suspense> })}
            {filter(&address)}
            <Suspense>
                {move || {
                    read.get().map(|page| match page {
                        Ok(page) => table(&address, page),
                        Err(Failure(problem)) => {
                            view! {
                                <div class="trouble">
                                    <ProblemNote problem title=words::UNREAD/>
                                    <a class="btn" href="/tools">{words::SHOW_ALL}</a>
                                </div>
                            }
                                .into_any()
                        }
                    })
                }}
            </Suspense>
        </main>
    }
}

/// What the address narrows the list by; what it may not is told by the list itself.
fn parameter(address: &str, name: &str) -> String {
    QueryString::parse(Some(address)).ok().and_then(|query| query.peek(name).map(str::to_owned)).unwrap_or_default()
}

fn filter(address: &str) -> AnyView {
    let (gating, reviewed) = (parameter(address, "gating"), parameter(address, "reviewed"));
    let option = |value: &'static str, name: &'static str, chosen: &str| {
        view! { <option value=value selected=value == chosen>{name}</option> }
    };
    view! {
        <form class="card body row-of" method="get" action="/tools" role="search" aria-label=words::FILTER>
            <label>{words::NAME_HAS} " " <input class="input" name="name" value=parameter(address, "name")/></label>
            <label>
                {words::GATING} " "
                <select class="input" name="gating">
                    {option("", words::ANY, &gating)}
                    {["gated", "open", "paused", "blocked"]
                        .map(|word| option(word, words::gating(word), &gating))
                        .collect_view()}
                </select>
            </label>
            <label>
                {words::REVIEWED} " "
                <select class="input" name="reviewed">
                    {option("", words::ANY, &reviewed)}
                    {option("true", words::REVIEWED_YES, &reviewed)}
                    {option("false", words::REVIEWED_NO, &reviewed)}
                </select>
            </label>
            <button class="btn">{words::SHOW}</button>
        </form>
    }
    .into_any()
}

fn table(address: &str, page: ToolList) -> AnyView {
    let now = page.now;
    let narrowed = ["name", "gating", "reviewed"].iter().any(|name| !parameter(address, name).is_empty());
    let first = parameter(address, "cursor").is_empty();
    if page.lines.is_empty() {
        let lead = if narrowed || !first { words::NOTHING_MATCHES } else { words::EMPTY };
        return view! {
            <div class="empty">
                <p>{lead}</p>
                {(narrowed || !first).then(|| view! { <p><a class="btn" href="/tools">{words::SHOW_ALL}</a></p> })}
            </div>
        }
        .into_any();
    }
    let heads = [
        words::TOOL,
        words::GATING,
        words::PENDING,
        words::LAST_HOUR,
        words::EXECUTOR,
        words::EXPIRY,
        words::ARGUMENTS,
    ];
    view! {
        <div class="card">
            <table class="table">
                <thead>
                    <tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr>
                </thead>
                <tbody>{page.lines.iter().map(|line| row(line, now)).collect_view()}</tbody>
            </table>
        </div>
        <footer class="pages">
            <span>{words::total(page.total)}</span>
            {(!first).then(|| view! { <a href=at(address, None)>{words::FIRST_PAGE}</a> })}
            {page.next_cursor.map(|next| view! { <a href=at(address, Some(&next))>{words::NEXT_PAGE}</a> })}
        </footer>
    }
    .into_any()
}

fn row(line: &ToolLine, now: DateTime<Utc>) -> AnyView {
    let waits = Query::of_tool(&line.name).href(None);
    view! {
        <tr>
            <th scope="row">
                <Tier tier=line.risk_tier/> " "
                <a class="mono" href=tool_page(&line.name)>{line.shown_name.clone()}</a>
                {unreviewed(line)}
            </th>
            <td data-is=words::GATING>{gating(line, now)}</td>
            <td data-is=words::PENDING>
                {if line.pending == 0 { "0".into_any() } else { view! { <a href=waits>{line.pending}</a> }.into_any() }}
            </td>
            <td data-is=words::LAST_HOUR>{last_hour(line)}</td>
            <td data-is=words::EXECUTOR>
                <span class:late-words=line.waiting_for_executor != 0>{words::executor(line)}</span>
            </td>
            <td data-is=words::EXPIRY>{words::expiry(line)}</td>
            <td data-is=words::ARGUMENTS>
                {words::classes(line)} {line.has_schema.then(|| format!("; {}", words::SCHEMA))}
            </td>
        </tr>
    }
    .into_any()
}

/// The list's address at another page.
fn at(address: &str, cursor: Option<&str>) -> String {
    let kept = ["name", "gating", "reviewed", "limit"].into_iter().map(|name| (name, parameter(address, name)));
    let cursor = cursor.map(|cursor| ("cursor", cursor.to_owned()));
    let parts: Vec<String> = kept
        .chain(cursor)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escape(&value)))
        .collect();
    if parts.is_empty() { "/tools".to_owned() } else { format!("/tools?{}", parts.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn the_next_page_is_narrowed_as_the_first() {
        assert_eq!(at("name=a%20b&gating=open&cursor=01", Some("02")), "/tools?name=a%20b&gating=open&cursor=02");
        assert_eq!(at("cursor=01", None), "/tools");
    }
}
