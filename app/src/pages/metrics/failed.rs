//! `/approvals/metrics/failed`: runs that failed, of one tool and error or of a time; those that are ticked are tried again. HTML alone.

use domain::query_string::QueryString;
use engine::failed_runs::{FailedRun, FailedRuns, failed_runs};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_url;

use crate::api::failed::RetryMany;
use crate::api::{Failure, answer, engine, person};
use crate::components::came_of::came_of;
use crate::components::icon::Icon;
use crate::components::moment::Ago;
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::flash::Flash;
use crate::message::{self, failed as words, figures};
use crate::pages::approvals::query::Query;

pub(super) const PATH: &str = "/approvals/metrics/failed";

#[component]
pub(crate) fn FailedPage() -> impl IntoView {
    let flash = use_context::<Option<Flash>>().flatten();
    let address = use_url().get_untracked().search().to_owned();
    let lead = lead(&address);
    let content = Suspend::new(async move {
        match read(&address).await {
            Ok(page) => shown(page),
            Err(Failure(problem)) => {
                view! { <div class="trouble"><ProblemNote problem title=words::UNREAD/></div> }.into_any()
            }
        }
    });
    view! {
        <main id="main" class="page">
            <p class="pages"><a href="/approvals/metrics">{message::METRICS}</a></p>
            <h1>{words::TITLE}</h1>
            <p class="lead">{lead}</p>
            {came_of(flash)}
            <Suspense>{content}</Suspense>
        </main>
    }
}

async fn read(address: &str) -> Result<FailedRuns, Failure> {
    answer(failed_runs(&engine(), &person()?, address).await)
}

/// Which runs the address asks for, in words; what is wrong with it is told below.
fn lead(address: &str) -> String {
    let query = QueryString::parse(Some(address)).ok();
    let value = |name: &str| query.as_ref().and_then(|query| query.peek(name)).map(domain::text_safety::escaped);
    words::lead(value("tool_name").as_deref(), value("error").as_deref())
}

fn shown(page: FailedRuns) -> AnyView {
    if page.runs.is_empty() {
        return view! {
            <div class="empty">
                <Icon name="#i-yes"/>
                <h2>{words::NONE}</h2>
                <p>{words::NONE_LEAD}</p>
                <p><a class="btn" href="/approvals/metrics">{message::METRICS}</a></p>
            </div>
        }
        .into_any();
    }
    let shown = page.runs.len();
    let cut = page.total.is_none_or(|total| i64::try_from(shown).is_ok_and(|shown| shown < total));
    let rows = page.runs.iter().map(|run| line(run, &page)).collect_view();
    view! {
        <form method="post" action=RetryMany::PATH>
            // Enter in a field presses a form's first button: not the one that acts.
            <button hidden disabled></button>
            <section class="card">
                <h2>{words::RUNS} <small>{words::count(shown, page.total, cut)}</small></h2>
                <div class="body stack">
                    <ul class="plain">{rows}</ul>
                    {page.retries.then(again)}
                </div>
            </section>
        </form>
    }
    .into_any()
}

fn line(run: &FailedRun, page: &FailedRuns) -> AnyView {
    let row = &run.row;
    let id = row.id.to_string();
    let said = row.summary.clone().or_else(|| row.headline.clone()).unwrap_or_else(|| id.clone());
    let tick = page.retries.then(|| {
        view! { <input type="checkbox" name="ids[]" value=id checked autocomplete="off" aria-label=message::select(&said)/> }
    });
    let (kind, hint) = figures::kind(run.kind);
    let error = if run.error.is_empty() { figures::NO_ERROR.to_owned() } else { run.error.clone() };
    view! {
        <li>
            {tick}
            <span>
                <Tier tier=row.risk_tier/> " " <span class="mono">{row.tool_name.clone()}</span> " "
                <a class="more" href=Query::default().href(Some(row.id))>{said}</a>
                " " <span class="aside">{run.executed_at.map(|at| view! { <Ago at read_at=page.now/> })}</span>
                <br/> <span title=hint>{kind}</span> ": " <span class="text">{error}</span>
            </span>
        </li>
    }
    .into_any()
}

fn again() -> AnyView {
    view! {
        <p class="aside">{words::AGAIN_LEAD}</p>
        <div class="row-of done">
            <label>{words::NOTE} " " <input class="input" name="note" maxlength="1000"/></label>
            <button class="btn main" name="via" value="form">{words::AGAIN}</button>
        </div>
    }
    .into_any()
}
