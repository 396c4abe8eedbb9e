//! Every figure of the range in numbers, with the range before it beside.

use domain::metrics::Totals;
use engine::metrics::MetricsPage;
use leptos::prelude::*;

use super::links::{APPROVED, Between};
use super::{counted, missing};
use crate::message::{self, figures as words};

pub(super) fn table(figures: &MetricsPage, between: Option<Between>) -> AnyView {
    let content = match (&figures.totals, between) {
        (Some(totals), Some(between)) => {
            let now = cells(&totals.current, between);
            let before = cells(&totals.previous, between.before(figures.range));
            let rows = now.into_iter().zip(before).map(|((name, now), (_, before))| row(name, now, before));
            view! {
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{words::FIGURE}</th>
                            <th scope="col" class="num">{words::THIS_RANGE}</th>
                            <th scope="col" class="num">{words::BEFORE}</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            }
            .into_any()
        }
        _ => missing(),
    };
    view! {
        <section class="card" id="numbers">
            <h2>{words::NUMBERS} <small>{words::days(figures.range)}</small></h2>
            {content}
        </section>
    }
    .into_any()
}

fn row(name: &'static str, now: AnyView, before: AnyView) -> AnyView {
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="num" data-is=words::THIS_RANGE>{now}</td>
            <td class="num" data-is=words::BEFORE>{before}</td>
        </tr>
    }
    .into_any()
}

fn cells(totals: &Totals, days: Between) -> Vec<(&'static str, AnyView)> {
    let rate = |value: Option<f64>| value.map_or_else(|| words::NONE.to_owned(), message::percent).into_any();
    let took = |value: Option<f64>| value.map_or_else(|| words::NONE.to_owned(), words::duration).into_any();
    let decimal = |value: Option<f64>| value.map_or_else(|| words::NONE.to_owned(), words::decimal).into_any();
    let latency = &totals.latency_seconds;
    vec![
        (words::APPROVED, counted(totals.approved, days.decided(APPROVED, None))),
        (words::REJECTED_ALL, counted(totals.rejected, days.decided("rejected", None))),
        (words::EXPIRED, counted(totals.expired, days.decided("expired", None))),
        (words::WITHDRAWN, counted(totals.withdrawn, days.decided("withdrawn", None))),
        (words::DECIDED_BY_PEOPLE, counted(totals.decided_by_people, days.decided("all", Some("human")))),
        (words::DECIDED_BY_RULE, counted(totals.decided_by_rule, days.decided("all", Some("rule")))),
        (words::AUTO_RATE, rate(totals.auto_approval_rate)),
        (words::LATENCY_P50, took(latency.p50)),
        (words::LATENCY_P95, took(latency.p95)),
        (words::LATENCY_P99, took(latency.p99)),
        (words::EXECUTED, counted(totals.executed, days.ran(None, None))),
        (words::FAILED_RUNS, counted(totals.failed, days.ran(Some("failed"), None))),
        (words::FAILURE_RATE, rate(totals.failure_rate)),
        (words::ATTEMPTS, words::attempts(totals.attempts, totals.retries).into_any()),
        (words::RULES_CREATED, totals.rules_created.into_any()),
        (words::RULES_REVOKED, totals.rules_revoked.into_any()),
        (words::BURDEN, decimal(totals.manual_burden)),
        (words::PRODUCTIVITY, decimal(totals.operator_productivity)),
    ]
}
