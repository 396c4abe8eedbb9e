//! `/approvals/metrics`: how the queue is, over today, 7, 30 or 90 days. It stays the HTML it was sent as.

mod cards;
mod chart;
mod charts;
mod failed;
mod incidents;
mod links;
mod numbers;
mod tables;

use chrono::NaiveDate;
use domain::problem::Problem;
use domain::query_string::QueryString;
use engine::metrics::{DayFigures, MetricsPage as Figures};
use leptos::prelude::*;
use leptos_router::hooks::use_url;

pub(crate) use self::failed::FailedPage;
use self::links::Between;
use crate::api::{Failure, answer, engine, person};
use crate::components::came_of::came_of;
use crate::components::problem_note::ProblemNote;
use crate::flash::Flash;
use crate::message::{self, figures as words};

const PATH: &str = "/approvals/metrics";
const RANGES: [usize; 4] = [1, 7, 30, 90];
/// What is shown when the address asks for no range.
const USUAL: usize = 7;

#[component]
pub(crate) fn MetricsPage() -> impl IntoView {
    let flash = use_context::<Option<Flash>>().flatten();
    let address = use_url().get_untracked().search().to_owned();
    let range = range(&address);
    let chosen = range.clone().unwrap_or(USUAL);
    let content = Suspend::new(async move {
        let read = match range {
            Ok(range) => read(range).await,
            Err(problem) => answer(Err(problem.into())),
        };
        match read {
            Ok(figures) => page(&figures),
            Err(Failure(problem)) => unread(problem, chosen),
        }
    });
    view! {
        <main id="main" class="page figures">
            <div class="row-of">
                <h1>{message::METRICS}</h1>
                {ranges(chosen)}
            </div>
            <p class="lead">{words::LEAD}</p>
            {came_of(flash)}
            <Suspense>{content}</Suspense>
        </main>
    }
}

/// What the address asks for.
#[allow(clippy::result_large_err, reason = "a problem is made once per refused page")]
fn range(address: &str) -> Result<usize, Problem> {
    let mut query = QueryString::parse(Some(address))?;
    let days = query.one::<usize>("days");
    query.finish()?;
    Ok(days.unwrap_or(USUAL))
}

async fn read(range: usize) -> Result<Figures, Failure> {
    answer(engine::metrics::page(&engine(), &person()?, range).await)
}

fn ranges(chosen: usize) -> AnyView {
    let link = |range: usize| {
        let href = if range == USUAL { PATH.to_owned() } else { format!("{PATH}?days={range}") };
        view! { <a href=href aria-current=(range == chosen).then_some("true")>{words::days(range)}</a> }
    };
    view! { <nav class="seg" aria-label=words::RANGE>{RANGES.map(link).collect_view()}</nav> }.into_any()
}

fn unread(problem: Problem, range: usize) -> AnyView {
    view! {
        <div class="trouble">
            <ProblemNote problem title=words::UNREAD/>
            <a class="btn" href=format!("{PATH}?days={range}")>{words::TRY_AGAIN}</a>
        </div>
    }
    .into_any()
}

fn page(figures: &Figures) -> AnyView {
    let between = figures.days.as_deref().and_then(|days| between(days, figures.rows_since));
    let span = between.map(|between| {
        let (first, last) = between.words();
        words::span(&first, &last, &figures.timezone)
    });
    view! {
        {incidents::panel(figures)}
        {cards::row(figures)}
        {is_empty(figures).then(empty)}
        <h2 class="span">{span}</h2>
        <div class="charts">{charts::all(figures)}</div>
        {numbers::table(figures, between)}
        <div class="charts">
            {tables::tools(figures, between)} {tables::rules(figures, between)} {tables::failures(figures, between)}
            {tables::operators(figures, between)}
        </div>
    }
    .into_any()
}

fn between(days: &[DayFigures], rows_since: Option<NaiveDate>) -> Option<Between> {
    Some(Between::of(&days.first()?.day, &days.last()?.day, rows_since))
}

/// Whether nothing has ever happened, as far as the page goes back.
fn is_empty(figures: &Figures) -> bool {
    let still = |totals: &domain::metrics::Totals| {
        totals.approved + totals.rejected + totals.expired + totals.withdrawn + totals.executed == 0
    };
    figures.totals.as_ref().is_some_and(|totals| still(&totals.current) && still(&totals.previous))
}

fn empty() -> AnyView {
    view! {
        <div class="card body">
            <h3>{words::EMPTY}</h3>
            <p class="aside">{words::EMPTY_LEAD}</p>
        </div>
    }
    .into_any()
}

/// In the place of figures whose source failed.
fn missing() -> AnyView {
    view! { <p class="note bad">{words::SOURCE_FAILED}</p> }.into_any()
}

/// A number that leads to what it counts; nothing leads from zero, nor to rows that the retention has taken.
fn counted(count: i64, list: Option<String>) -> AnyView {
    match list {
        Some(href) if count != 0 => view! { <a href=href>{count}</a> }.into_any(),
        None if count != 0 => view! { <span title=words::ARCHIVED>{count}</span> }.into_any(),
        _ => "0".into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_is_a_number_of_days_and_nothing_else_is_asked_for() {
        assert_eq!(range("").ok(), Some(7));
        assert_eq!(range("days=90").ok(), Some(90));
        assert!(range("days=week").is_err() && range("days=7&colour=red").is_err());
    }
}
