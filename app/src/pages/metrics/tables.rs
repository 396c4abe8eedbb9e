//! Where people still decide, what rules did, what failed and why, who decided.

use domain::metrics::OperatorFigures;
use engine::metrics::{FailureLine, MetricsPage, RuleLine, ToolLoadLine};
use leptos::prelude::*;

use super::links::{APPROVED, Between};
use super::{counted, missing};
use crate::components::moment::Ago;
use crate::local_path::{escape, rule_page, tool_page};
use crate::message::{self, figures as words};
use crate::pages::approvals::query::Query;
use crate::visitor::may_make_rules;

/// A card with a table; what is to say where there is no line, or where the source failed.
fn card(
    id: &'static str,
    (name, note): (&'static str, String),
    heads: &[(&'static str, bool)],
    rows: Option<Vec<AnyView>>,
    none: &'static str,
) -> AnyView {
    let head = |(head, number): &(&'static str, bool)| {
        view! { <th scope="col" class=number.then_some("num")>{*head}</th> }
    };
    let content = match rows {
        None => missing(),
        Some(rows) if rows.is_empty() => view! { <p class="body aside">{none}</p> }.into_any(),
        Some(rows) => view! {
            <table class="table">
                <thead><tr>{heads.iter().map(head).collect_view()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any(),
    };
    view! {
        <section class="card" id=id>
            <h2>{name} <small>{note}</small></h2>
            {content}
        </section>
    }
    .into_any()
}

fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| words::NONE.to_owned(), message::percent)
}

pub(super) fn tools(figures: &MetricsPage, between: Option<Between>) -> AnyView {
    let heads = [
        (words::TOOL, false),
        (words::WAITED, true),
        (words::PENDING, true),
        (words::RULES, true),
        (words::AUTO, true),
        (words::FAILED_SHORT, true),
    ];
    let makes_rules = may_make_rules();
    let rows = figures
        .tools
        .as_ref()
        .zip(between)
        .map(|(tools, between)| tools.iter().map(|tool| tool_row(tool, between, makes_rules)).collect());
    card("tools", (words::GATED, words::GATED_LEAD.to_owned()), &heads, rows, words::NOTHING_WAITED)
}

fn tool_row(tool: &ToolLoadLine, between: Between, makes_rules: bool) -> AnyView {
    let name = escape(&tool.name);
    let rules = match tool.active_rules {
        Some(0) => view! {
            <b class="bad-words">"0"</b>
            {makes_rules.then(|| view! { " " <a href=format!("/approvals/rules/new?tool={name}")>{words::NEW_RULE}</a> })}
        }
        .into_any(),
        Some(count) => counted(count, Some(format!("/approvals/rules?tool_name={name}"))),
        None => words::UNKNOWN.into_any(),
    };
    let pending = match tool.pending {
        Some(count) => counted(count, Some(Query::of_tool(&tool.name).href(None))),
        None => words::UNKNOWN.into_any(),
    };
    view! {
        <tr>
            <th scope="row"><a class="mono" href=tool_page(&tool.name)>{tool.shown_name.clone()}</a></th>
            <td class="num" data-is=words::WAITED>{counted(tool.gated, between.gated(&tool.name))}</td>
            <td class="num" data-is=words::PENDING>{pending}</td>
            <td class="num" data-is=words::RULES>{rules}</td>
            <td class="num" data-is=words::AUTO>{rate(tool.auto_rate)}</td>
            <td class="num" data-is=words::FAILED_SHORT>
                {counted(tool.failed, between.ran(Some("failed"), Some(&tool.name)))}
            </td>
        </tr>
    }
    .into_any()
}

pub(super) fn rules(figures: &MetricsPage, between: Option<Between>) -> AnyView {
    let heads = [(words::RULE, false), (words::DECIDED, true), (words::USES, true)];
    let rows = figures
        .rules
        .as_ref()
        .zip(between)
        .map(|(rules, between)| rules.iter().map(|rule| rule_row(rule, between)).collect());
    card("rules", (words::MOST_USED, words::days(figures.range)), &heads, rows, words::NO_RULE_USED)
}

fn rule_row(rule: &RuleLine, between: Between) -> AnyView {
    let name = match &rule.description {
        Some(description) => view! { <a href=rule_page(rule.id)>{description.clone()}</a> }.into_any(),
        None => words::A_RULE.into_any(),
    };
    let uses = rule.uses.map_or_else(|| words::UNKNOWN.to_owned(), |(count, most)| words::uses(count, most));
    view! {
        <tr>
            <th scope="row">
                {name} {(rule.active == Some(false)).then(|| view! { " " <span class="word unknown">{words::ENDED}</span> })}
            </th>
            <td class="num" data-is=words::DECIDED>{counted(rule.decisions, between.by_rule(&rule.id.to_string()))}</td>
            <td class="num" data-is=words::USES>{uses}</td>
        </tr>
    }
    .into_any()
}

pub(super) fn failures(figures: &MetricsPage, between: Option<Between>) -> AnyView {
    let heads = [
        (words::TOOL, false),
        (words::ERROR, false),
        (words::KIND, false),
        (words::COUNT, true),
        (words::LATEST, false),
    ];
    let row = |line: &FailureLine, between: Between| {
        let (kind, hint) = words::kind(line.kind);
        let error = Some(line.shown_error.clone()).filter(|error| !error.is_empty());
        view! {
            <tr>
                <th scope="row"><a class="mono" href=tool_page(&line.name)>{line.shown_name.clone()}</a></th>
                <td data-is=words::ERROR><span class="text">{error.unwrap_or_else(|| words::NO_ERROR.to_owned())}</span></td>
                <td data-is=words::KIND title=hint>{kind}</td>
                <td class="num" data-is=words::COUNT>
                    {counted(line.count, between.failed(&line.name, &line.error))}
                </td>
                <td data-is=words::LATEST><Ago at=line.latest read_at=figures.now/></td>
            </tr>
        }
        .into_any()
    };
    let rows = figures
        .failures
        .as_ref()
        .zip(between)
        .map(|(lines, between)| lines.iter().map(|line| row(line, between)).collect());
    card("failures", (words::FAILURES, words::days(figures.range)), &heads, rows, words::NOTHING_FAILED)
}

pub(super) fn operators(figures: &MetricsPage, between: Option<Between>) -> AnyView {
    let heads = [
        (words::PERSON, false),
        (words::APPROVED, true),
        (words::REJECTED_ALL, true),
        (words::ACTIVE_HOURS, true),
        (words::PER_HOUR, true),
    ];
    let row = |operator: &OperatorFigures, between: Between| {
        let by = format!("human:{}", operator.name);
        let per_hour = operator.approvals_per_active_hour.map_or_else(|| words::NONE.to_owned(), words::decimal);
        view! {
            <tr>
                <th scope="row">{operator.name.clone()}</th>
                <td class="num" data-is=words::APPROVED>
                    {counted(operator.tally.approved, between.decided(APPROVED, Some(&by)))}
                </td>
                <td class="num" data-is=words::REJECTED_ALL>
                    {counted(operator.tally.rejected, between.decided("rejected", Some(&by)))}
                </td>
                <td class="num" data-is=words::ACTIVE_HOURS>{operator.tally.active_hours}</td>
                <td class="num" data-is=words::PER_HOUR>{per_hour}</td>
            </tr>
        }
        .into_any()
    };
    let rows = figures
        .operators
        .as_ref()
        .zip(between)
        .map(|(people, between)| people.iter().map(|person| row(person, between)).collect());
    card("operators", (words::OPERATORS, words::OPERATORS_LEAD.to_owned()), &heads, rows, words::NOBODY)
}
