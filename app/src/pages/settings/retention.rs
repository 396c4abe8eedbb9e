//! What is kept for how long, the runs, and the archives of what went.

use chrono::{DateTime, Utc};
use domain::identity::Scope;
use engine::retention::{Archive, Due, Overview, Run, State};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_url;

use super::parts::{closed, page, unread};
use crate::api::retention::{PAGE, Run as RunNow};
use crate::api::{Failure, answer, engine, person};
use crate::components::moment::{Ago, hint, machine};
use crate::message::retention as words;
use crate::visitor::Visitor;

/// How often a page about a run that goes on asks again, in seconds.
const AGAIN: &str = "2";

#[component]
pub(crate) fn RetentionPage() -> impl IntoView {
    let own = use_context::<Visitor>().and_then(|visitor| visitor.principal);
    let may = |scope| own.as_ref().is_some_and(|own| own.may(scope));
    if !may(Scope::AuditRead) {
        return page(words::TITLE, closed(words::CLOSED));
    }
    let administers = may(Scope::Admin);
    let counts = administers && use_url().get_untracked().search().contains("count=");
    let response = use_context::<ResponseOptions>();
    let content = Suspend::new(async move {
        let due = if counts { Some(count().await) } else { None };
        match read().await {
            Ok(found) => {
                if found.runs.first().is_some_and(|run| run.state != State::Done)
                    && let Some(response) = response
                {
                    // It moves on without JavaScript, and only while there is something to see.
                    let again = format!("{AGAIN}; url={PAGE}").parse().expect("an address of ours");
                    response.insert_header(http::HeaderName::from_static("refresh"), again);
                }
                shown(&found, administers, due)
            }
            Err(Failure(problem)) => unread(problem),
        }
    });
    page(words::TITLE, view! { <p class="lead">{words::LEAD}</p> <Suspense>{content}</Suspense> })
}

async fn read() -> Result<Overview, Failure> {
    answer(engine::retention::overview(&engine(), &person()?).await)
}

async fn count() -> Result<Due, Failure> {
    answer(engine::retention::dry_run(&engine(), &person()?).await)
}

fn shown(found: &Overview, administers: bool, due: Option<Result<Due, Failure>>) -> AnyView {
    view! {
        {found.runs.first().filter(|run| run.state != State::Done).map(going_on)}
        {kept(found)}
        {run_it(administers, due)}
        {runs(found)}
    }
    .into_any()
}

fn going_on(run: &Run) -> AnyView {
    let bar = match run.progress() {
        Some(done) => {
            view! { <progress max="1" value=done.to_string() aria-label=words::PROGRESS></progress> }.into_any()
        }
        None => view! { <progress aria-label=words::PROGRESS></progress> }.into_any(),
    };
    let trouble = run.trouble.clone().map(|why| {
        view! { <p class="warned" role="alert"><span><b>{words::TROUBLE}</b> " " {why}</span></p> }
    });
    view! {
        <section class="card" role="status">
            <h2>{words::GOING_ON}</h2>
            <div class="body">
                <p class="row-of">{bar} {words::state(run.state).0} ": " {words::went(run)} <a class="more" href=PAGE>{words::RELOAD}</a></p>
                {trouble}
            </div>
        </section>
    }
    .into_any()
}

fn kept(found: &Overview) -> AnyView {
    let fact = |name: &'static str, value: AnyView| view! { <div class="d0"><dt>{name}</dt><dd>{value}</dd></div> };
    let keep = &found.keep;
    let last = match found.runs.first() {
        Some(run) => view! { <Ago at=run.started_at read_at=found.now/> }.into_any(),
        None => words::NO_RUN.into_any(),
    };
    let next = match found.next {
        Some(at) => at_time(at),
        None => words::NEVER_BY_ITSELF.into_any(),
    };
    view! {
        <section class="card">
            <h2>{words::KEPT}</h2>
            <dl class="args">
                {fact(words::DECIDED, words::decided(keep).into_any())}
                {fact(words::EXECUTED, words::executed(keep).into_any())}
                {fact(words::EVENTS, words::events(keep).into_any())}
                {fact(words::RULES, words::FOR_EVER.into_any())}
                {fact(words::LAST_RUN, last)}
                {fact(words::NEXT_RUN, next)}
            </dl>
            <p class="body aside">{words::CONFIGURED}</p>
        </section>
    }
    .into_any()
}

fn at_time(at: DateTime<Utc>) -> AnyView {
    let told = hint(at);
    view! { <time datetime=machine(at)>{move || told.get()}</time> }.into_any()
}

fn run_it(administers: bool, due: Option<Result<Due, Failure>>) -> AnyView {
    if !administers {
        return closed(words::ADMINISTRATOR_ONLY);
    }
    let counted = due.map(|due| match due {
        Ok(due) => view! { <p role="status"><b>{words::would_go(&due)}</b></p> }.into_any(),
        Err(Failure(problem)) => unread(problem),
    });
    view! {
        <section class="card">
            <h2>{words::NOW}</h2>
            <div class="body stack">
                <p>{words::RUN_LEAD}</p>
                {counted}
                <div class="row-of">
                    <form method="get" action=PAGE><button class="btn" name="count" value="now">{words::DRY_RUN}</button></form>
                    <form method="post" action=RunNow::PATH>
                        <button class="btn bad" name="via" value="form">{words::RUN}</button>
                    </form>
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn runs(found: &Overview) -> AnyView {
    let heads = [words::STARTED, words::STATE, words::BY, words::WENT, words::ARCHIVES];
    let table = || {
        view! {
            <table class="table">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{found.runs.iter().map(|run| row(run, found.now)).collect_view()}</tbody>
            </table>
        }
    };
    view! {
        <section class="card">
            <h2>{words::RUNS}</h2>
            {if found.runs.is_empty() {
                view! { <p class="body">{words::NO_RUNS}</p> }.into_any()
            } else {
                table().into_any()
            }}
        </section>
    }
    .into_any()
}

fn row(run: &Run, now: DateTime<Utc>) -> AnyView {
    let (word, colour) = words::state(run.state);
    view! {
        <tr>
            <th scope="row"><Ago at=run.started_at read_at=now/></th>
            <td data-is=words::STATE><i class=format!("word {colour}")>{word}</i></td>
            <td data-is=words::BY>{run.asked_by.clone()}</td>
            <td data-is=words::WENT>{words::went(run)}</td>
            <td data-is=words::ARCHIVES>{run.archives.iter().map(archive).collect_view()}</td>
        </tr>
    }
    .into_any()
}

fn archive(archive: &Archive) -> AnyView {
    let href = format!("/api/approvals/retention/archives/{}", archive.id);
    view! {
        <p>
            <a href=href download=archive.file.clone()>{archive.file.clone()}</a>
            <small class="aside">" " {words::archive(archive)} " · SHA-256 " <code>{archive.sha256.to_string()}</code></small>
        </p>
    }
    .into_any()
}
