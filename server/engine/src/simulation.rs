//! What a rule would have done: held against the calls that really came, and against those that wait now. Nothing is
//! written and no use is taken. The history is streamed and bounded; dropping the future ends the reading.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::argument::{ClassOverrides, headline};
use domain::id::{ActionId, RuleId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::Status;
use domain::matching::{Classes, Matcher};
use domain::problem::Problem;
use domain::rule::{Definition, Effect, Ground, read_draft};
use domain::tool::Tool;
use futures::TryStreamExt;
use serde::Serialize;

use crate::store::actions::PastCall;
use crate::{Engine, Result, require, rules, store};

/// The longest time that is looked back, in days.
pub const LONGEST_DAYS: i32 = 90;
/// So many past calls are looked at, the newest first.
pub const MOST: i64 = 200_000;
/// So many of each kind are shown.
const SAMPLES: usize = 10;
/// How often somebody who waits is told how far it is.
const TELL: Duration = Duration::from_millis(200);

/// What is replayed.
#[derive(Clone, Debug)]
pub struct Replay {
    pub rule: ReplayRule,
    /// So many days back from now.
    pub days: i32,
}

/// The rule that is held against the past.
#[derive(Clone, Debug)]
pub enum ReplayRule {
    Stored(RuleId),
    /// A rule that is not made yet, with the action that it is to be made from.
    Draft {
        draft: Json,
        action: Option<ActionId>,
    },
    /// What a rule would ask, settled already.
    Defined(Definition),
}

/// How far a replay is, and in the end what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReplayTally)]
pub struct Tally {
    /// Past calls of the tool that were looked at.
    pub looked_at: i64,
    /// Of these, those that the rule fits.
    pub matched: i64,
    /// Of those that it fits: what had become of them.
    pub approved_by_people: i64,
    pub rejected_by_people: i64,
    pub decided_by_rules: i64,
    /// Expired, withdrawn, let through or refused by the product.
    pub otherwise: i64,
    /// Those that people decided and that the rule does not fit: they would still wait.
    pub would_still_wait: i64,
    /// Calls of the tool that wait now, and those of them that the rule fits.
    pub waiting: i64,
    pub waiting_matched: i64,
    /// Which those are, the oldest first, so many as one request may apply the rule to.
    pub waiting_ids: Vec<ActionId>,
    /// Calls that people rejected and that the rule would have let pass.
    pub rejected_samples: Vec<Sample>,
    /// Others that it fits.
    pub matched_samples: Vec<Sample>,
    /// There were more past calls than are looked at.
    pub cut_off: bool,
}

/// A call, as it is shown beside the figures: masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReplaySample)]
pub struct Sample {
    pub id: ActionId,
    pub status: Status,
    pub requested_at: DateTime<Utc>,
    /// The argument that decides what the call does.
    pub headline: Option<String>,
}

/// Replays a rule. `tell` hears how far it is, a few times a second.
///
/// # Errors
/// `forbidden` without `rules:read` and `actions:read`; `rule_rejected` for a draft that could not be read;
/// `invalid_request` for days that are not 1 to 90; `not_found`.
pub async fn replay(
    engine: &Engine,
    principal: &Principal,
    replay: Replay,
    mut tell: impl FnMut(&Tally),
) -> Result<Tally> {
    require(principal, Scope::RulesRead)?;
    require(principal, Scope::ActionsRead)?;
    if !(1..=LONGEST_DAYS).contains(&replay.days) {
        return Err(Problem::invalid("/days", format!("must be a whole number from 1 to {LONGEST_DAYS}")).into());
    }
    let (tool, definition) = definition(engine, replay.rule).await?;
    let mut judge = Judge::new(&tool, &definition);
    let mut told = Instant::now();
    let mut past = std::pin::pin!(store::actions::past_calls(&engine.pool, &tool.name, replay.days, MOST + 1));
    while let Some(call) = past.try_next().await? {
        if judge.tally.looked_at == MOST {
            judge.tally.cut_off = true;
            break;
        }
        judge.past(&call);
        if told.elapsed() >= TELL {
            told = Instant::now();
            tell(&judge.tally);
            // Long work between two rows of a full buffer keeps others waiting.
            tokio::task::yield_now().await;
        }
    }
    judge.all_waiting(engine, &tool.name).await?;
    tell(&judge.tally);
    Ok(judge.tally)
}

/// Holds a rule against the calls that wait now, and nothing else.
///
/// # Errors
/// `forbidden` without `rules:read` and `actions:read`; `not_found` for a tool that is gone.
pub(crate) async fn waiting(engine: &Engine, principal: &Principal, definition: &Definition) -> Result<Tally> {
    require(principal, Scope::RulesRead)?;
    require(principal, Scope::ActionsRead)?;
    let tool = tool(engine, &definition.tool_name).await?;
    let mut judge = Judge::new(&tool, definition);
    judge.all_waiting(engine, &tool.name).await?;
    Ok(judge.tally)
}

async fn definition(engine: &Engine, rule: ReplayRule) -> Result<(Tool, Definition)> {
    let definition = match rule {
        ReplayRule::Stored(id) => {
            store::rules::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("rule"))?.definition
        }
        ReplayRule::Draft { draft, action } => return drafted(engine, &draft, action).await,
        ReplayRule::Defined(definition) => definition,
    };
    Ok((tool(engine, &definition.tool_name).await?, definition))
}

async fn drafted(engine: &Engine, draft: &Json, action: Option<ActionId>) -> Result<(Tool, Definition)> {
    let action = match action {
        Some(id) => Some(store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?),
        None => None,
    };
    let draft = read_draft(draft, action.as_ref().map(|action| action.tool_name.as_str())).map_err(rules::rejected)?;
    let tool = tool(engine, &draft.tool_name).await?;
    let overrides = ClassOverrides::from(&tool);
    let from = action.as_ref().map(Action::effective_args);
    let ground = Ground { tier: tool.risk_tier, overrides: &overrides, now: store::now(&engine.pool).await?, from };
    let definition = draft.definition(&ground).map_err(rules::rejected)?;
    // Whether it is bounded is asked when it is made; the replay asks what it would let pass.
    let max_uses = definition.max_uses.or((definition.effect == Effect::Allow).then_some(1));
    Ok((tool, Definition { max_uses, ..definition }))
}

async fn tool(engine: &Engine, name: &str) -> Result<Tool> {
    Ok(store::tools::find(&engine.pool, name).await?.ok_or_else(crate::tools::not_there)?)
}

struct Judge {
    matcher: Matcher,
    classes: Classes,
    overrides: ClassOverrides,
    tally: Tally,
}

impl Judge {
    fn new(tool: &Tool, definition: &Definition) -> Self {
        let overrides = ClassOverrides::from(tool);
        Self {
            matcher: Matcher::new(definition, tool.risk_tier, &overrides),
            classes: Classes::new(&overrides),
            overrides,
            tally: Tally::default(),
        }
    }

    async fn all_waiting(&mut self, engine: &Engine, tool: &str) -> Result<()> {
        let mut waiting = std::pin::pin!(store::actions::waiting_calls(&engine.pool, tool));
        while let Some(call) = waiting.try_next().await? {
            self.waiting(&call);
        }
        Ok(())
    }

    fn past(&mut self, call: &PastCall) {
        let by_a_person = call.decided_by.as_deref().is_some_and(|by| by.starts_with("human:"));
        let by_a_rule = call.decided_by.as_deref().is_some_and(|by| by.starts_with("rule:"));
        let fits = self.matcher.fits(&call.args, &self.classes);
        let rejected = by_a_person && call.status == Status::Rejected;
        let tally = &mut self.tally;
        tally.looked_at += 1;
        if !fits {
            tally.would_still_wait += i64::from(by_a_person);
            return;
        }
        tally.matched += 1;
        match (by_a_person, by_a_rule) {
            (true, _) if rejected => tally.rejected_by_people += 1,
            (true, _) => tally.approved_by_people += 1,
            (_, true) => tally.decided_by_rules += 1,
            _ => tally.otherwise += 1,
        }
        let samples = if rejected { &tally.rejected_samples } else { &tally.matched_samples };
        if samples.len() < SAMPLES {
            let sample = self.sample(call);
            let tally = &mut self.tally;
            if rejected { &mut tally.rejected_samples } else { &mut tally.matched_samples }.push(sample);
        }
    }

    fn waiting(&mut self, call: &PastCall) {
        self.tally.waiting += 1;
        if !self.matcher.fits(&call.args, &self.classes) {
            return;
        }
        self.tally.waiting_matched += 1;
        if self.tally.waiting_ids.len() < crate::bulk::MOST {
            self.tally.waiting_ids.push(call.id);
        }
    }

    fn sample(&self, call: &PastCall) -> Sample {
        Sample {
            id: call.id,
            status: call.status,
            requested_at: call.requested_at,
            headline: headline(&call.args, &self.overrides),
        }
    }
}
