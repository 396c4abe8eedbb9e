//! What is told of a rule while it is written: what its tier demands, what it would have done, and whether it fits the
//! call that it is made from.

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::argument::ClassOverrides;
use domain::id::RuleId;
use domain::identity::Principal;
use domain::lifecycle::Status;
use domain::matching::{Classes, Matcher, Verdict};
use domain::rule::lint::Warning;
use domain::rule::{Definition, Demand, Draft, Ground, demands};
use domain::tool::Tool;

use crate::rules::foresee;
use crate::simulation::{Replay, ReplayRule, Tally, replay};
use crate::{Engine, Result};

/// So many days back.
pub const DAYS: i32 = 30;

/// What is told.
#[derive(Clone, Debug)]
pub struct Panel {
    pub demands: Vec<Demand>,
    pub tally: Tally,
    /// Of the call that it is made from.
    pub verdict: Option<Verdict>,
    /// In words, as it would read.
    pub words: String,
    /// What its maker may not mean.
    pub warnings: Vec<Warning>,
    /// It narrows nothing: whoever makes it says so.
    pub asks_to_confirm: bool,
}

/// The call itself is no other call that waits.
fn leave_out(tally: &mut Tally, action: &Action, fits: bool) {
    if action.status == Status::Pending && action.live {
        tally.waiting -= 1;
        tally.waiting_matched -= i64::from(fits);
        tally.waiting_ids.retain(|id| *id != action.id);
    }
}

/// `None`: its constraints do not stand yet.
pub(super) async fn panel(
    engine: &Engine,
    principal: &Principal,
    tool: &Tool,
    (action, before): (Option<&Action>, Option<RuleId>),
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<Option<Panel>> {
    let overrides = ClassOverrides::from(tool);
    let from = action.map(Action::effective_args);
    let ground = Ground { tier: tool.risk_tier, overrides: &overrides, now, from };
    let Ok(definition) = draft.definition(&ground) else { return Ok(None) };
    let demands = demands(&definition, &ground, draft.confirm_broad);
    // What is not met yet is told as that, and not again as a reason why the call does not fit.
    let bounded = Definition { max_uses: definition.max_uses.or(Some(1)), ..definition.clone() };
    let verdict =
        from.map(|args| Matcher::new(&bounded, tool.risk_tier, &overrides).verdict(args, &Classes::new(&overrides)));
    let warnings = foresee(engine, tool, &definition, before).await?;
    let rule = ReplayRule::Defined(bounded);
    let mut tally = replay(engine, principal, Replay { rule, days: DAYS }, |_| {}).await?;
    if let (Some(action), Some(verdict)) = (action, &verdict) {
        leave_out(&mut tally, action, verdict.holds());
    }
    let asks_to_confirm = demands.iter().any(|demand| demand.pointer == "/confirm_broad");
    Ok(Some(Panel {
        // What has to be confirmed is told there.
        warnings: warnings.into_iter().filter(|own| !(asks_to_confirm && *own == Warning::Broad)).collect(),
        asks_to_confirm,
        words: definition.words(),
        demands,
        tally,
        verdict,
    }))
}
