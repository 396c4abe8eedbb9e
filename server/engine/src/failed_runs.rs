//! Runs that failed, so that a person has those tried again that are worth it, many at once.

use chrono::{DateTime, Utc};
use domain::failure::FailureKind;
use domain::filter::ActionFilter;
use domain::identity::{Principal, Scope};
use domain::lifecycle::{ExecutionState, Status};
use domain::page::Sort;
use domain::query_string::QueryString;
use domain::text_safety::escaped;
use domain::view::ActionRow;

use crate::actions::{list, overrides};
use crate::bulk::MOST;
use crate::console::{row, whole_days};
use crate::{Engine, Result, require, store};

/// The runs of a list that failed.
#[derive(Clone, Debug)]
pub struct FailedRuns {
    /// The newest calls first: as many as one retry takes.
    pub runs: Vec<FailedRun>,
    /// `None`: so many that nobody counted.
    pub total: Option<i64>,
    /// Whether this person may have them tried again.
    pub retries: bool,
    pub now: DateTime<Utc>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct FailedRun {
    pub row: ActionRow,
    pub kind: FailureKind,
    /// What it said, masked and escaped; empty: nothing.
    pub error: String,
    pub executed_at: Option<DateTime<Utc>>,
}

/// The failed runs that an address asks for, with the parameters of a list of actions.
///
/// # Errors
/// `forbidden` without `actions:read`; `invalid_request` for a parameter that is not known.
pub async fn failed_runs(engine: &Engine, principal: &Principal, address: &str) -> Result<FailedRuns> {
    require(principal, Scope::ActionsRead)?;
    let mut query = QueryString::parse(Some(address))?;
    whole_days(engine, &mut query).await?;
    query.replace("limit", MOST.to_string());
    let mut filter = ActionFilter::read(&mut query, Sort::Newest);
    query.finish()?;
    filter.statuses = vec![Status::Executed];
    filter.execution_state = Some(ExecutionState::Failed);
    let page = list(engine, principal, &filter).await?;
    let mut runs = Vec::with_capacity(page.actions.len());
    for action in &page.actions {
        let overrides = overrides(engine, &action.tool_name).await?;
        let result = action.execution_result.as_ref();
        let error = result.and_then(|result| result.error.as_deref()).unwrap_or_default();
        runs.push(FailedRun {
            kind: FailureKind::of(error),
            error: escaped(&action.mask(&overrides).text(error)),
            executed_at: action.executed_at,
            row: row(action, &overrides),
        });
    }
    Ok(FailedRuns {
        runs,
        total: page.total,
        retries: principal.may(Scope::DecisionsWrite),
        now: store::now(&engine.pool).await?,
    })
}
