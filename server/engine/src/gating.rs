//! How calls of a tool are treated at the gate, by a person's word: paused, blocked, opened for a while, back to normal.
//! A call that was parked, approved or refused before stays what it is.

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::{Principal, Scope};
use domain::problem::Problem;
use domain::redaction::mask_text;
use domain::tool::{Gating, LONGEST_BYPASS, Tool};

use crate::decisions::{check_text, said};
use crate::tools::{change, change_known};
use crate::{Engine, Result, require, store};

/// When a bypass ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BypassEnd {
    /// So many hours from now.
    Hours(i64),
    At(DateTime<Utc>),
}

/// Lets every call of the tool wait for a person; no rule applies.
///
/// # Errors
/// `forbidden` without `tools:write`; `invalid_request` without a reason.
pub async fn pause(engine: &Engine, principal: &Principal, name: &str, reason: &str) -> Result<Tool> {
    require(principal, Scope::ToolsWrite)?;
    let reason = masked_reason(reason)?;
    change(engine, name, &principal.actor(), Some(&reason), |tool| {
        set(tool, Gating::Paused { reason: Some(reason.clone()) });
        Ok(())
    })
    .await
}

/// Refuses every call of the tool; each refusal is recorded. What is approved already may still run.
///
/// # Errors
/// As [`pause`].
pub async fn block(engine: &Engine, principal: &Principal, name: &str, reason: &str) -> Result<Tool> {
    require(principal, Scope::ToolsWrite)?;
    let reason = masked_reason(reason)?;
    change(engine, name, &principal.actor(), Some(&reason), |tool| {
        set(tool, Gating::Blocked { reason: Some(reason.clone()) });
        Ok(())
    })
    .await
}

/// Lets every call of the tool run without a decision until the bypass ends by itself. Only of a tool that is there:
/// nobody opens what nobody has seen.
///
/// # Errors
/// `forbidden` without `tools:write`; `not_found`; `invalid_request` without a reason, or for an end that is not ahead or
/// farther away than [`LONGEST_BYPASS`].
pub async fn bypass(engine: &Engine, principal: &Principal, name: &str, end: BypassEnd, reason: &str) -> Result<Tool> {
    require(principal, Scope::ToolsWrite)?;
    let reason = masked_reason(reason)?;
    change_known(engine, name, &principal.actor(), Some(&reason), async |connection, tool| {
        let until = until(end, store::now_in(connection).await?)?;
        set(tool, Gating::Open { until, reason: reason.clone() });
        Ok(())
    })
    .await
}

/// Back to normal: rules and people decide.
///
/// # Errors
/// `forbidden` without `tools:write`; `not_found`.
pub async fn resume(engine: &Engine, principal: &Principal, name: &str, reason: Option<&str>) -> Result<Tool> {
    require(principal, Scope::ToolsWrite)?;
    check_text("/reason", reason)?;
    let reason = reason.filter(|reason| !reason.trim().is_empty()).map(mask_text);
    change_known(engine, name, &principal.actor(), reason.as_deref(), async |_, tool| {
        set(tool, Gating::Gated);
        Ok(())
    })
    .await
}

fn set(tool: &mut Tool, gating: Gating) {
    tool.gating = gating;
    tool.bypass_ended = None;
}

fn until(end: BypassEnd, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let (until, pointer) = match end {
        BypassEnd::Hours(hours) if (1..=LONGEST_BYPASS).contains(&hours) => return Ok(now + TimeDelta::hours(hours)),
        BypassEnd::Hours(_) => {
            let message = format!("must be a whole number of hours from 1 to {LONGEST_BYPASS}");
            return Err(Problem::invalid("/hours", message).into());
        }
        BypassEnd::At(until) => (until, "/until"),
    };
    if until <= now {
        return Err(Problem::invalid(pointer, "must be in the future").into());
    }
    if until > now + TimeDelta::hours(LONGEST_BYPASS) {
        return Err(Problem::invalid(pointer, format!("is more than {LONGEST_BYPASS} hours away")).into());
    }
    Ok(until)
}

/// A reason, which agents and people read: masked before it is kept.
fn masked_reason(reason: &str) -> Result<String> {
    Ok(mask_text(said("/reason", reason, "is missing: say why, for whoever looks at it next")?.trim()))
}
