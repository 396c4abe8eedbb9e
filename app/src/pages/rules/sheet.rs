//! The sheet that a rule is written on: what it asks on the left, what it would do on the right. One form with two ways to
//! send it: "Check" shows the same sheet with what there is to say, the other makes the rule. Between them nothing is
//! stored; what was typed comes back as it was.

mod fields;
mod panel;
mod rows;

use domain::problem::Problem;
use domain::risk::RiskTier;
use domain::text_safety::escaped;
use engine::registry;
use engine::rule_pages::{Made, Posted, SheetFrom, SheetPage, sheet};
use http::HeaderValue;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_url;
use leptos_router::location::Url;

use super::parts::unread;
use crate::api::actions::Approve;
use crate::api::{Failure, answer, engine, person};
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::flash::done_cookie;
use crate::local_path::rule_page;
use crate::message::{self, rules as words};
use crate::pages::approvals::decide::type_the_name;
use crate::pages::approvals::query::Query;
use crate::pages::frame::here;

/// What a sheet was posted with; a context of the page that answers.
#[derive(Clone)]
pub struct PostedSheet(pub Posted);

/// What the sheet at an address is made from: `/approvals/rules/new?tool=NAME&uses=100`, `/approvals/{id}/rule`,
/// `/approvals/rules/{id}/replace`.
pub fn sheet_from(path: &str, search: &str) -> Option<SheetFrom> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["approvals", "rules", "new"] => by_hand(search),
        ["approvals", "rules", id, "replace"] => id.parse().ok().map(SheetFrom::Rule),
        ["approvals", id, "rule"] => id.parse().ok().map(SheetFrom::Action),
        _ => None,
    }
}

fn by_hand(search: &str) -> Option<SheetFrom> {
    let value = |wanted: &str| {
        let mut pairs = search.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
    };
    let tool = Url::unescape(&value("tool")?.replace('+', " "));
    let uses = value("uses").and_then(|uses| uses.parse().ok()).filter(|uses| *uses > 0);
    (!tool.trim().is_empty()).then_some(SheetFrom::Hand { tool, uses })
}

/// Where a rule that was made leads to, and the cookie that says there what was done.
pub fn after_sheet(made: &Made, secure: bool) -> (String, Option<HeaderValue>) {
    let name = made.rule.as_ref().map(|rule| escaped(&rule.description)).unwrap_or_default();
    let told = match (&made.rule, &made.approved) {
        (None, _) => words::APPROVED_BEFORE.to_owned(),
        (Some(_), _) if made.before => words::SENT_BEFORE.to_owned(),
        (Some(_), Some(action)) => words::approved_and_made(&escaped(&action.tool_name), &name),
        (Some(rule), None) if rule.replaces.is_some() => words::replaced(&name),
        (Some(_), None) => words::made(&name),
    };
    let page = match (&made.rule, &made.approved) {
        (Some(rule), _) => rule_page(rule.id),
        (None, action) => Query::default().href(action.as_ref().map(|action| action.id)),
    };
    (page, done_cookie(told, secure))
}

#[component]
pub(crate) fn SheetPage() -> impl IntoView {
    let url = use_url().get_untracked();
    let (place, list) = (here(&url), Query::of_url(&here(&url)));
    let from = sheet_from(url.path(), url.search());
    let posted = use_context::<PostedSheet>().map(|posted| posted.0).unwrap_or_default();
    let by_hand = url.path() == "/approvals/rules/new";
    let content = Suspend::new(async move {
        let read = match from {
            Some(from) => read(&from, &posted).await.map(|page| written(page, &place, &list)),
            None if by_hand => tools().await.map(choose),
            None => answer(Err(Problem::not_found("rule").into())),
        };
        read.unwrap_or_else(|Failure(problem)| view! { <h1>{words::NEW_RULE}</h1> {unread(problem)} }.into_any())
    });
    view! { <main id="main" class="page"><Suspense>{content}</Suspense></main> }
}

async fn read(from: &SheetFrom, posted: &Posted) -> Result<SheetPage, Failure> {
    answer(sheet(&engine(), &person()?, from, posted).await)
}

/// The tools that a rule can be for.
async fn tools() -> Result<Vec<String>, Failure> {
    let person = person()?;
    answer(engine::rules::may_make(&person))?;
    let filter = domain::tool_filter::ToolFilter { limit: domain::page::Limit::MAX, ..Default::default() };
    let page = answer(registry::list(&engine(), &person, &filter).await)?;
    Ok(page.tools.into_iter().map(|tool| tool.tool.name).collect())
}

/// The first question of a rule by hand.
fn choose(tools: Vec<String>) -> AnyView {
    let none = tools.is_empty();
    let options = tools.into_iter().map(|name| {
        let shown = escaped(&name);
        view! { <option value=name>{shown}</option> }
    });
    view! {
        <p class="pages"><a href="/approvals/rules">{words::ALL_RULES}</a></p>
        <h1>{words::NEW_RULE}</h1>
        <p class="lead">{if none { words::NO_TOOLS } else { words::CHOOSE_LEAD }}</p>
        {(!none).then(|| {
            view! {
                <form class="stack done" method="get" action="/approvals/rules/new">
                    <label>{words::TOOL} <select class="input mono" name="tool">{options.collect_view()}</select></label>
                    <button class="btn main">{words::GO_ON}</button>
                </form>
            }
        })}
    }
    .into_any()
}

fn written(page: SheetPage, place: &str, list: &Query) -> AnyView {
    let back = back(&page, list);
    let tier = page.tool.risk_tier;
    let only = page.approves.is_some().then(|| approve_only(&page));
    let refused = page.refused.clone().filter(|problem| problem.errors.is_empty());
    view! {
        <p class="pages"><a href=back.clone()>{words::back_to(page.action.is_some() && page.replaces.is_none(), page.replaces.is_some())}</a></p>
        <h1>{title(&page)}</h1>
        <p class="head">
            <Tier tier/> <b class="mono">{page.shown_tool.clone()}</b>
            {page.action.as_ref().and_then(|row| row.headline.clone()).map(|reaches| view! { <span>{reaches}</span> })}
            <span class="aside">{words::tier_wants(tier)}</span>
        </p>
        {refused.map(|problem| view! { <div class="trouble"><ProblemNote problem title=words::NOT_MADE/></div> })}
        {fields::not_yet(&page)}
        <form class="written" method="post" action=place.to_owned()>
            <input type="hidden" name="key" value=page.key.to_string()/>
            {page.approves.map(|digest| view! { <input type="hidden" name="args_sha256" value=digest.to_string()/> })}
            // Enter in a field checks; only its own button makes a rule.
            <button class="hide" name="check" value="form" tabindex="-1" aria-hidden="true" formnovalidate>{words::CHECK}</button>
            <div class="stack">{fields::fields(&page)}</div>
            {panel::panel(&page)}
            {buttons(&page, back)}
        </form>
        {only}
        <script type="module" src="/sheet.js"></script>
    }
    .into_any()
}

fn title(page: &SheetPage) -> &'static str {
    match (&page.replaces, page.approves) {
        (Some(_), _) => words::REPLACE_TITLE,
        (None, Some(_)) => message::APPROVE_AND_CREATE,
        (None, None) => words::NEW_RULE,
    }
}

fn back(page: &SheetPage, list: &Query) -> String {
    match (&page.replaces, &page.action) {
        (Some((id, _)), _) => rule_page(*id),
        (None, Some(action)) => list.href(Some(action.id)),
        (None, None) => "/approvals/rules".to_owned(),
    }
}

fn buttons(page: &SheetPage, back: String) -> AnyView {
    let approves = page.approves.is_some();
    let says = match (&page.replaces, approves) {
        (Some(_), _) => words::REPLACE_NOW,
        (None, true) => message::APPROVE_AND_CREATE,
        (None, false) => message::CREATE_RULE,
    };
    let critical = approves && page.tool.risk_tier == RiskTier::Critical;
    view! {
        <div class="row-of done foot-of">
            {critical.then(|| type_the_name(&page.shown_tool))}
            <button class="btn main big" name="make" value="form">{says}</button>
            <button class="btn big" name="check" value="form" formnovalidate>{words::CHECK}</button>
            {approves.then(|| view! { <button class="btn big" form="only">{words::APPROVE_ONLY}</button> })}
            <a class="btn big" href=back>{message::CANCEL}</a>
        </div>
    }
    .into_any()
}

/// The approval by itself: another form, so that nothing of the sheet is sent with it.
fn approve_only(page: &SheetPage) -> AnyView {
    let id = page.action.as_ref().map(|action| action.id.to_string()).unwrap_or_default();
    let digest = page.approves.map(|digest| digest.to_string()).unwrap_or_default();
    view! {
        <form id="only" method="post" action=Approve::PATH>
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="args_sha256" value=digest/>
            <input type="hidden" name="via" value="form"/>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_the_rule_is_made_from() {
        let id = "0198f3a0-0000-7000-8000-000000000001";
        let from = |path: &str, search: &str| sheet_from(path, search);
        let by_hand = |search: &str| match from("/approvals/rules/new", search) {
            Some(SheetFrom::Hand { tool, uses }) => (tool, uses),
            other => panic!("{search}: {other:?}"),
        };
        assert_eq!(by_hand("tool=a%2Fb+c"), ("a/b c".to_owned(), None));
        assert_eq!(by_hand("uses=100&tool=a"), ("a".to_owned(), Some(100)));
        assert_eq!(by_hand("tool=a&uses=-1"), ("a".to_owned(), None));
        assert!(matches!(from(&format!("/approvals/rules/{id}/replace"), ""), Some(SheetFrom::Rule(_))));
        assert!(matches!(from(&format!("/approvals/{id}/rule"), ""), Some(SheetFrom::Action(_))));
        for (path, search) in [("/approvals/rules/new", ""), ("/approvals/x/rule", ""), ("/approvals", "tool=a")] {
            assert!(from(path, search).is_none(), "{path}?{search}");
        }
    }
}
