//! The page of figures. Each source is read by itself: where one fails, its figures are unknown and the page stands.

use chrono::NaiveDate;
use domain::failure::FailureKind;
use domain::identity::{Principal, Scope};
use domain::incident::{Watched, watched};
use domain::metrics::{Figures, HealthReport, Latency, OperatorFigures, RuleUse, ToolLoad, Window, most_gated, rate};
use domain::problem::Problem;
use domain::text_safety::escaped;

use super::history::{History, read};
use super::view::{DayFigures, FailingTool, FailureLine, MetricsPage, RuleLine, ToolLoadLine};
use super::{auto_rate, compared, judge, pending_before, sum};
use crate::store::metric_spans::Depth::{Everything, Outcomes};
use crate::{Engine, Result, require, store};

/// The ranges that are offered, in days.
const RANGES: [usize; 4] = [1, 7, 30, 90];
/// How many failing tools a playbook names.
const NAMED: i64 = 3;
/// How many lines a table has at most.
const LINES: usize = 20;

/// The figures of the last `range` days.
///
/// # Errors
/// `forbidden` without `metrics:read`; `invalid_request` for a range that is not offered; when the database does not answer.
pub async fn page(engine: &Engine, principal: &Principal, range: usize) -> Result<MetricsPage> {
    require(principal, Scope::MetricsRead)?;
    if !RANGES.contains(&range) {
        return Err(Problem::invalid("/days", "must be one of 1, 7, 30, 90").into());
    }
    let now = store::now(&engine.pool).await?;
    // A week and the one before it are wanted in any case: health is judged by them.
    let back = i32::try_from(2 * range.max(super::WEEK)).unwrap_or(super::LONGEST_DAYS) - 1;
    let history = known("the history", read(engine, back, Everything).await);
    let by_tool = known("what waits", store::metrics::pending_by_tool(&engine.pool).await.map_err(Into::into));
    let rules_allow = known("the rules", store::metrics::rules_allow(&engine.pool).await.map_err(Into::into));
    let last_hour = known("the last hour", store::metrics::last_hour(&engine.pool).await.map_err(Into::into));
    let pending = by_tool.as_ref().map(|tools| tools.iter().map(|(_, count)| count).sum());
    let figures = history.as_ref().map(|history| sum(history.last(range)));
    let window = history.as_ref().and_then(|history| Window::of(history.last(range)));
    let failing = known("what fails", store::metrics::failing_tools(&engine.pool, NAMED).await.map_err(Into::into));
    let rows_since = store::metrics::rows_since(&engine.pool, &engine.policy.timezone).await;
    // Where nobody knows what the retention has taken, no number leads to a list that may be shorter.
    let rows_since = known("the retention", rows_since.map_err(Into::into)).unwrap_or(Some(NaiveDate::MAX));
    let empty = Vec::new();
    let waiting = by_tool.as_ref().unwrap_or(&empty);
    Ok(MetricsPage {
        range,
        timezone: engine.policy.timezone.clone(),
        now,
        health: match &history {
            Some(history) => judge(history, pending, rules_allow.unwrap_or_default()),
            None => HealthReport::unknown(pending),
        },
        week: history.as_ref().and_then(|history| {
            let week = history.last(super::WEEK);
            Some((week.first()?.0, week.last()?.0))
        }),
        days: history.as_ref().map(|history| days(history, range, pending)),
        totals: match &history {
            Some(history) => known("the rules", compared(engine, history, range).await),
            None => None,
        },
        today: history.as_ref().map(|history| sum(history.last(1)).total),
        incidents: judged(pending, history.as_ref(), rules_allow, last_hour),
        failing: failing.map(failing_lines),
        rows_since,
        rules: match &figures {
            Some(figures) => known("the rules", most_used_rules(engine, figures).await).map(rule_lines),
            None => None,
        },
        tools: match &figures {
            Some(figures) => known("the tools", most_gated_tools(engine, figures, waiting).await)
                .map(|tools| tool_lines(tools, by_tool.is_some())),
            None => None,
        },
        failures: match window {
            Some(window) => known("the failures", failures(engine, window).await),
            None => None,
        },
        operators: figures.as_ref().map(operators),
    })
}

/// The incidents, each by what could be read of its own.
fn judged(
    pending: Option<i64>,
    history: Option<&History>,
    rules_allow: Option<bool>,
    last_hour: Option<(i64, i64)>,
) -> Watched {
    let auto = history.zip(rules_allow).map(|(history, allow)| auto_rate(&sum(history.last(2)), allow));
    watched(pending, auto, last_hour.map(|(succeeded, failed)| rate(failed, succeeded + failed)))
}

/// The incidents, for whoever tells of them.
pub(crate) async fn incidents_now(engine: &Engine) -> Watched {
    let pool = &engine.pool;
    let pending = known("what waits", store::metrics::pending(pool).await.map_err(Into::into));
    let history = known("the history", read(engine, 1, Outcomes).await);
    let rules_allow = known("the rules", store::metrics::rules_allow(pool).await.map_err(Into::into));
    let last_hour = known("the last hour", store::metrics::last_hour(pool).await.map_err(Into::into));
    judged(pending, history.as_ref(), rules_allow, last_hour)
}

/// What could be read; what could not is told in the log.
fn known<T>(what: &'static str, read: Result<T>) -> Option<T> {
    read.inspect_err(|error| {
        tracing::error!(error = error as &dyn std::error::Error, what, "figures could not be read");
    })
    .ok()
}

fn days(history: &History, range: usize, pending: Option<i64>) -> Vec<DayFigures> {
    let days = history.last(range);
    days.iter()
        .enumerate()
        .map(|(place, (day, figures))| DayFigures {
            day: *day,
            tally: figures.total,
            latency: Latency::of(&figures.latencies),
            pending: pending_before(history, pending, days.len() - 1 - place),
        })
        .collect()
}

/// The rules that decided most.
pub(super) async fn most_used_rules(engine: &Engine, figures: &Figures) -> Result<Vec<RuleUse>> {
    let mut rules: Vec<(&str, i64)> = figures.rules.iter().map(|(id, count)| (id.as_str(), *count)).collect();
    rules.sort_by_key(|(id, count)| (-count, *id));
    rules.truncate(LINES);
    let parse = |id: &str| id.parse().map_err(|_| crate::Error::Corrupt(format!("{id} is no rule's id")));
    let uses: Vec<(domain::id::RuleId, i64)> =
        rules.into_iter().map(|(id, count)| Ok((parse(id)?, count))).collect::<Result<_>>()?;
    let ids: Vec<uuid::Uuid> = uses.iter().map(|(id, _)| id.0).collect();
    let named = store::metrics::named_rules(&engine.pool, &ids).await?;
    Ok(uses
        .into_iter()
        .map(|(id, decisions)| {
            let rule = named.iter().find(|rule| rule.id == id.0);
            RuleUse {
                id,
                decisions,
                description: rule.map(|rule| rule.description.clone()),
                use_count: rule.map(|rule| rule.use_count),
                max_uses: rule.and_then(|rule| rule.max_uses),
                active: rule.map(|rule| rule.active),
            }
        })
        .collect())
}

fn rule_lines(rules: Vec<RuleUse>) -> Vec<RuleLine> {
    rules
        .into_iter()
        .map(|rule| RuleLine {
            id: rule.id,
            description: rule.description.as_deref().map(escaped),
            decisions: rule.decisions,
            uses: rule.use_count.map(|count| (count, rule.max_uses)),
            active: rule.active,
        })
        .collect()
}

/// The tools whose calls waited most, each against the rules it has.
pub(super) async fn most_gated_tools(
    engine: &Engine,
    figures: &Figures,
    waiting: &[(String, i64)],
) -> Result<Vec<ToolLoad>> {
    let tools = most_gated(figures, waiting, LINES);
    let names: Vec<String> = tools.iter().map(|(name, _)| name.clone()).collect();
    let rules = store::metrics::active_rules(&engine.pool, &names).await?;
    let of =
        |list: &[(String, i64)], name: &str| list.iter().find(|(tool, _)| tool == name).map_or(0, |(_, count)| *count);
    Ok(tools
        .into_iter()
        .map(|(tool_name, tally)| ToolLoad {
            gated: tally.gated,
            auto_approval_rate: tally.auto_rate(),
            failed: tally.failed,
            pending: Some(of(waiting, &tool_name)),
            active_rules: Some(of(&rules, &tool_name)),
            tool_name,
        })
        .collect())
}

/// `knows_pending`: what waits could be read.
fn tool_lines(tools: Vec<ToolLoad>, knows_pending: bool) -> Vec<ToolLoadLine> {
    tools
        .into_iter()
        .map(|tool| ToolLoadLine {
            shown_name: escaped(&tool.tool_name),
            name: tool.tool_name,
            gated: tool.gated,
            pending: tool.pending.filter(|_| knows_pending),
            active_rules: tool.active_rules,
            auto_rate: tool.auto_approval_rate,
            failed: tool.failed,
        })
        .collect()
}

fn failing_lines(tools: Vec<store::metrics::Failing>) -> Vec<FailingTool> {
    tools
        .into_iter()
        .map(|tool| FailingTool {
            shown_name: escaped(&tool.tool_name),
            name: tool.tool_name,
            failed: tool.failed,
            gating: tool.gating,
            waiting: tool.waiting,
        })
        .collect()
}

/// Who decided, the busiest first.
pub(super) fn operators(figures: &Figures) -> Vec<OperatorFigures> {
    let mut operators: Vec<OperatorFigures> = figures
        .operators
        .iter()
        .map(|(name, tally)| OperatorFigures {
            name: name.clone(),
            tally: *tally,
            approvals_per_active_hour: tally.productivity(),
        })
        .collect();
    operators
        .sort_by_cached_key(|operator| (-(operator.tally.approved + operator.tally.rejected), operator.name.clone()));
    operators
}

async fn failures(engine: &Engine, window: Window) -> Result<Vec<FailureLine>> {
    let found = store::metrics::failures(&engine.pool, window, i64::try_from(LINES).unwrap_or(i64::MAX)).await?;
    Ok(found
        .into_iter()
        .map(|failure| FailureLine {
            kind: FailureKind::of(&failure.error),
            shown_name: escaped(&failure.tool_name),
            name: failure.tool_name,
            shown_error: escaped(&failure.error),
            error: failure.error,
            count: failure.count,
            latest: failure.latest,
        })
        .collect())
}
