//! The rules: how many there are, which of them are worth a look, one line for each. Narrowed and paged by the address.

use chrono::{DateTime, Utc};
use domain::query_string::QueryString;
use domain::rule::{Effect, RuleState};
use domain::text_safety::escaped;
use engine::rule_pages::{RuleLine, RuleList};
use engine::rules::Promotion;
use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::parts::{ends, flags, state, unread, uses};
use crate::api::{Failure, answer, engine, person};
use crate::components::moment::Ago;
use crate::components::tier::Tier;
use crate::local_path::{escape, rule_page, tool_page};
use crate::message::{self, rules as words};
use crate::pages::approvals::query::Query;
use crate::visitor::may_make_rules;

const PATH: &str = "/approvals/rules";
/// Parameters that narrow the list beside the tab.
const NARROWING: [&str; 4] = ["tool_name", "state", "effect", "hygiene"];

/// What the page's address asks for.
struct Address(String);

impl Address {
    /// What a parameter asks for; what it may not is told by the list itself.
    fn one(&self, name: &str) -> String {
        QueryString::parse(Some(&self.0)).ok().and_then(|query| query.peek(name).map(str::to_owned)).unwrap_or_default()
    }

    /// Whether it asks for rules that decide nothing now.
    fn shows_inactive(&self) -> bool {
        let state = self.one("state");
        self.one("active") == "false" || !(state.is_empty() || state == RuleState::Active.as_str())
    }

    fn is_narrowed(&self) -> bool {
        NARROWING.iter().any(|name| !self.one(name).is_empty())
    }

    /// The same list, from another place on.
    fn at(&self, cursor: &str) -> String {
        let active = if self.shows_inactive() { "false" } else { "" };
        self.narrowed(PATH, &[("active", active), ("limit", &self.one("limit")), ("cursor", cursor)])
    }

    /// Another address that is narrowed like this one.
    fn narrowed(&self, path: &str, more: &[(&str, &str)]) -> String {
        let kept = NARROWING.iter().map(|name| (*name, self.one(name)));
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let told = more.chain(kept).filter(|(_, value)| !value.is_empty());
        let parameters: Vec<String> = told.map(|(name, value)| format!("{name}={}", escape(&value))).collect();
        if parameters.is_empty() { path.to_owned() } else { format!("{path}?{}", parameters.join("&")) }
    }
}

#[component]
pub(crate) fn RulesPage() -> impl IntoView {
    let address = Address(use_url().get_untracked().search().to_owned());
    let content = Suspend::new(async move {
        match read(&address).await {
            Ok(page) => {
                let offers = promotions(&page);
                view! { {summary(&page)} {tabs(&address)} {filter(&address)} {table(&address, page)} {offers} }
                    .into_any()
            }
            Err(Failure(problem)) => view! { {tabs(&address)} {filter(&address)} {unread(problem)} }.into_any(),
        }
    });
    view! {
        <main id="main" class="page">
            <div class="row-of">
                <h1>{message::RULES}</h1>
                {may_make_rules().then(|| view! { <a class="btn main" href="/approvals/rules/new">{words::NEW_RULE}</a> })}
            </div>
            <p class="lead">{words::LEAD}</p>
            <Suspense>{content}</Suspense>
        </main>
    }
}

async fn read(address: &Address) -> Result<RuleList, Failure> {
    answer(engine::rule_pages::list(&engine(), &person()?, &address.0).await)
}

fn summary(page: &RuleList) -> AnyView {
    let counts = [words::permanent(page.permanent), words::bounded(page.bounded), words::inactive(page.inactive)];
    let told = counts.map(|told| view! { <li><b>{told}</b></li> }).collect_view();
    let offers = (!page.promotions.is_empty())
        .then(|| view! { <li><a class="more" href="#offers">{words::offers(page.promotions.len())}</a></li> });
    view! { <ul class="row-of counts" aria-label=words::SUMMARY>{told} {offers}</ul> }.into_any()
}

fn tabs(address: &Address) -> AnyView {
    let inactive = address.shows_inactive();
    let tab = |href: &'static str, word: &'static str, current: bool| {
        view! { <a href=href aria-current=current.then_some("true")>{word}</a> }
    };
    view! {
        <nav class="seg" aria-label=words::TABS>
            {tab(PATH, words::ACTIVE, !inactive)} {tab("/approvals/rules?active=false", words::SHOW_INACTIVE, inactive)}
        </nav>
    }
    .into_any()
}

fn filter(address: &Address) -> AnyView {
    let inactive = address.shows_inactive();
    let states = [RuleState::Expired, RuleState::Exhausted, RuleState::Suspended, RuleState::Revoked];
    let states = states.map(|own| (own.as_str(), words::state(own).0)).to_vec();
    let effects = Effect::ALL.iter().map(|own| (own.as_str(), words::effect(*own))).collect();
    let hygiene = words::HYGIENE.map(|own| (own.as_str(), words::hygiene(own))).to_vec();
    view! {
        <form class="card body row-of" method="get" action=PATH role="search" aria-label=words::FILTER>
            {inactive.then(|| view! { <input type="hidden" name="active" value="false"/> })}
            <label>{words::TOOL} " " <input class="input" name="tool_name" value=address.one("tool_name")/></label>
            {inactive.then(|| choice(address, words::STATE, "state", states))}
            {choice(address, words::EFFECT, "effect", effects)}
            {(!inactive).then(|| choice(address, words::WORTH_A_LOOK, "hygiene", hygiene))}
            <button class="btn">{words::SHOW}</button>
            {export(address)}
        </form>
    }
    .into_any()
}

/// What could be decided once. Where there is nothing to offer, nothing is said.
fn promotions(page: &RuleList) -> Option<AnyView> {
    let heads = [words::CALL, words::APPROVED, words::LAST_APPROVED];
    (!page.promotions.is_empty()).then(|| {
        view! {
            <section class="card" id="offers">
                <h2>{words::PROMOTIONS}</h2>
                <p class="body aside">{words::PROMOTIONS_LEAD}</p>
                <table class="table lines">
                    <thead>
                        <tr>
                            {heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}
                            <th><span class="hide">{words::MAKE_THIS}</span></th>
                        </tr>
                    </thead>
                    <tbody>{page.promotions.iter().map(|own| promotion(own, page)).collect_view()}</tbody>
                </table>
            </section>
        }
        .into_any()
    })
}

fn promotion(own: &Promotion, page: &RuleList) -> AnyView {
    let call = Query::default().href(Some(own.action_id));
    let make = page.makes.then(|| {
        let href = Query::default().href_of(own.action_id, "rule");
        view! { <a class="btn" href=href>{words::MAKE_THIS}</a> }
    });
    view! {
        <tr>
            <th scope="row">
                <Tier tier=own.risk_tier/> " "
                <a href=call><span class="mono">{escaped(&own.tool_name)}</span> " " {own.headline.clone()}</a>
            </th>
            <td data-is=words::APPROVED>{words::times(own.approved)}</td>
            <td data-is=words::LAST_APPROVED><Ago at=own.last_at read_at=page.now/></td>
            <td>{make}</td>
        </tr>
    }
    .into_any()
}

fn choice(
    address: &Address,
    label: &'static str,
    name: &'static str,
    options: Vec<(&'static str, &'static str)>,
) -> AnyView {
    let chosen = address.one(name);
    let option = |(value, word): (&'static str, &'static str)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{word}</option> }
    };
    let options = std::iter::once(("", words::ANY)).chain(options).map(option).collect_view();
    view! { <label>{label} " " <select class="input" name=name>{options}</select></label> }.into_any()
}

/// The inventory as a file, with what is active and what is not, narrowed as the page is otherwise.
fn export(address: &Address) -> AnyView {
    let link = |format: &'static str, word: &'static str| {
        let href = address.narrowed("/api/approvals/rules/export", &[("format", format)]);
        view! { " " <a class="more" href=href download="">{word}</a> }
    };
    view! { <span aria-label=words::EXPORT_LABEL role="group">{words::EXPORT} {link("csv", "CSV")} {link("json", "JSON")}</span> }
        .into_any()
}

fn table(address: &Address, page: RuleList) -> AnyView {
    let now = page.now;
    if page.lines.is_empty() {
        return empty(address);
    }
    let inactive = address.shows_inactive();
    let heads = [words::RULE, words::TOOL, words::EFFECT, words::USES, words::ENDS, words::LAST_USED];
    let first = address.one("cursor").is_empty();
    view! {
        <div class="card">
            <table class="table lines">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{page.lines.iter().map(|line| row(line, inactive, now)).collect_view()}</tbody>
            </table>
        </div>
        <footer class="pages">
            {(!first).then(|| view! { <a href=address.at("")>{words::FIRST_PAGE}</a> })}
            {page.next_cursor.map(|next| view! { <a href=address.at(&next)>{words::NEXT_PAGE}</a> })}
        </footer>
    }
    .into_any()
}

fn row(line: &RuleLine, inactive: bool, now: DateTime<Utc>) -> AnyView {
    view! {
        <tr>
            <th scope="row">
                <a href=rule_page(line.id)>{line.description.clone()}</a> " "
                {inactive.then(|| state(line))} {flags(line)}
                <p class="aside">{line.words.clone()}</p>
            </th>
            <td data-is=words::TOOL><a class="mono" href=tool_page(&line.tool_name)>{line.shown_tool.clone()}</a></td>
            <td data-is=words::EFFECT>{words::effect(line.effect)}</td>
            <td data-is=words::USES>{uses(line)}</td>
            <td data-is=words::ENDS>{ends(line, now)}</td>
            <td data-is=words::LAST_USED>
                {match line.last_used_at {
                    Some(at) => view! { <Ago at read_at=now/> }.into_any(),
                    None => words::NEVER.into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}

/// Why there is none, and what next.
fn empty(address: &Address) -> AnyView {
    let narrowed = address.is_narrowed() || !address.one("cursor").is_empty();
    let (title, lead) = match (narrowed, address.shows_inactive()) {
        (true, _) => (words::NOTHING_MATCHES, words::NOTHING_MATCHES_LEAD),
        (_, true) => (words::NONE_INACTIVE, words::NONE_INACTIVE_LEAD),
        _ => (words::NONE_ACTIVE, words::NONE_ACTIVE_LEAD),
    };
    let (href, next) = if narrowed || address.shows_inactive() {
        (PATH, words::SHOW_ALL)
    } else {
        ("/approvals", message::TO_THE_QUEUE)
    };
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{lead}</p>
            <p><a class="btn" href=href>{next}</a></p>
        </div>
    }
    .into_any()
}
