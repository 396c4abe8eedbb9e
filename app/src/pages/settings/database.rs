//! The database beneath: sizes, the use of indexes, and upkeep at once.

use chrono::{DateTime, Utc};
use engine::upkeep::{IndexState, TableState, Upkeep, show};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::parts::{administers, closed, page, unread};
use crate::api::settings::Vacuum;
use crate::api::{Failure, answer, engine, person};
use crate::components::moment::Ago;
use crate::message::settings as words;

#[component]
pub(crate) fn DatabasePage() -> impl IntoView {
    let content = Suspend::new(async move {
        if !administers() {
            return closed(words::CLOSED);
        }
        match read().await {
            Ok(upkeep) => shown(&upkeep),
            Err(Failure(problem)) => unread(problem),
        }
    });
    page(words::DATABASE, view! { <Suspense>{content}</Suspense> })
}

async fn read() -> Result<Upkeep, Failure> {
    answer(show(&engine(), &person()?).await)
}

fn shown(upkeep: &Upkeep) -> AnyView {
    view! {
        <p class="lead">{words::database(upkeep.bytes, &upkeep.version, upkeep.migration)}</p>
        <section class="card">
            <h2>{words::VACUUM}</h2>
            <form class="body row-of" method="post" action=Vacuum::PATH>
                <span class="aside">{words::VACUUM_LEAD}</span>
                <button class="btn" name="via" value="form">{words::VACUUM}</button>
            </form>
        </section>
        {tables(upkeep)}
        {indexes(&upkeep.indexes)}
    }
    .into_any()
}

fn tables(upkeep: &Upkeep) -> AnyView {
    let heads =
        [words::TABLE, words::SIZE, words::OF_INDEXES, words::ROWS, words::DEAD, words::VACUUMED, words::ANALYZED];
    let rows = upkeep.tables.iter().map(|table| table_row(table, upkeep.now));
    view! {
        <section class="card">
            <h2>{words::TABLES}</h2>
            <table class="table lines">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn table_row(table: &TableState, now: DateTime<Utc>) -> AnyView {
    let vacuumed = if table.being_vacuumed { words::VACUUMING.into_any() } else { moment(table.last_vacuum, now) };
    view! {
        <tr>
            <th scope="row" class="mono">{table.name.clone()}</th>
            <td data-is=words::SIZE>{words::size(table.total_bytes)}</td>
            <td data-is=words::OF_INDEXES>{words::size(table.index_bytes)}</td>
            <td data-is=words::ROWS>{words::count(table.rows)}</td>
            <td data-is=words::DEAD>{words::count(table.dead_rows)}</td>
            <td data-is=words::VACUUMED>{vacuumed}</td>
            <td data-is=words::ANALYZED>{moment(table.last_analyze, now)}</td>
        </tr>
    }
    .into_any()
}

fn moment(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> AnyView {
    match at {
        Some(at) => view! { <Ago at read_at=now/> }.into_any(),
        None => words::NEVER.into_any(),
    }
}

fn indexes(indexes: &[IndexState]) -> AnyView {
    let heads = [words::INDEX, words::TABLE, words::USED, words::SIZE];
    let row = |index: &IndexState| {
        view! {
            <tr>
                <th scope="row" class="mono">{index.name.clone()}</th>
                <td data-is=words::TABLE>{index.table.clone()}</td>
                <td data-is=words::USED>{words::count(index.scans)}</td>
                <td data-is=words::SIZE>{words::size(index.bytes)}</td>
            </tr>
        }
    };
    view! {
        <section class="card">
            <h2>{words::INDEXES}</h2>
            <table class="table lines">
                <thead><tr>{heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{indexes.iter().map(row).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
