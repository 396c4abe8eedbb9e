//! What the console's pages about rules show, put together here so that a page asks once: escaped, ready for a screen.

mod panel;
mod sheet;

use chrono::{DateTime, Utc};
use domain::filter::ActionFilter;
use domain::id::{ActionId, RuleId};
use domain::identity::{Principal, Scope};
use domain::lifecycle::Status;
use domain::page::{Limit, Sort};
use domain::query_string::QueryString;
use domain::risk::RiskTier;
use domain::rule::lint::{Flag, Warning};
use domain::rule::{Effect, Rule, RuleState, Unlisted};
use domain::rule_filter::RuleFilter;
use domain::text_safety::{Piece, escaped, visible};
use domain::tool::Gating;
use domain::view::{ActionRow, TimelineEntry};

use crate::rules::{FullRule, Promotion, RulePage};
use crate::simulation::{self, Tally};
use crate::{Engine, Result, actions, console, rules, store};

pub use panel::{DAYS, Panel};
pub use sheet::{Made, Posted, SheetFrom, SheetPage, SheetRow, make, sheet};

/// So many of the calls that a rule decided are shown with it.
const DECIDED: i64 = 10;

/// One line of the list.
#[derive(Clone, Debug)]
pub struct RuleLine {
    pub id: RuleId,
    pub description: String,
    /// As agents call it: for addresses and forms, not for the screen.
    pub tool_name: String,
    pub shown_tool: String,
    pub effect: Effect,
    /// What a call must be to fit.
    pub words: String,
    pub state: RuleState,
    /// What stands out about it while it is in force.
    pub flags: Vec<Flag>,
    pub use_count: i64,
    pub max_uses: Option<i64>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct RuleList {
    pub lines: Vec<RuleLine>,
    pub next_cursor: Option<String>,
    pub permanent: i64,
    pub bounded: i64,
    pub inactive: i64,
    /// What could be decided once.
    pub promotions: Vec<Promotion>,
    /// Whether whoever looks may make rules.
    pub makes: bool,
    pub now: DateTime<Utc>,
}

/// One thing that a rule asks.
#[derive(Clone, Debug)]
pub struct AskedOf {
    pub path: String,
    pub words: String,
}

/// Who ended a rule, when and why.
#[derive(Clone, Debug)]
pub struct Ended {
    pub at: DateTime<Utc>,
    pub by: String,
    pub reason: Vec<Piece>,
}

/// Everything about one rule.
#[derive(Clone, Debug)]
pub struct RuleDetail {
    pub line: RuleLine,
    /// What its maker may not have meant.
    pub warnings: Vec<Warning>,
    pub asked: Vec<AskedOf>,
    pub unlisted: Unlisted,
    /// Of the tool now; `None`: there is no such tool any more.
    pub tier: Option<RiskTier>,
    /// How the tool is gated, where that keeps rules from deciding.
    pub no_rule_applies: Option<&'static str>,
    pub notes: Option<Vec<Piece>>,
    pub created_from: Option<ActionId>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub revoked: Option<Ended>,
    pub replaces: Option<RuleId>,
    pub replaced_by: Option<RuleId>,
    pub suspended_reason: Option<Vec<Piece>>,
    /// The newest calls that it decided, and how many there are; `None`: too many to be counted.
    pub decided: Vec<ActionRow>,
    pub decided_total: Option<i64>,
    /// Calls that wait and that it would let pass, so many as one request may apply it to, and how many there are.
    pub waiting: Vec<ActionId>,
    pub waiting_total: i64,
    /// Newest first.
    pub events: Vec<TimelineEntry>,
    pub may_change: bool,
    pub now: DateTime<Utc>,
}

/// A page of rules, as the page's address asks for it: the API's parameters, where neither `active` nor `state` means
/// those that may decide now.
///
/// # Errors
/// `forbidden`; `invalid_request` for a parameter that is not known; when the database cannot be read.
pub async fn list(engine: &Engine, principal: &Principal, address: &str) -> Result<RuleList> {
    let mut query = QueryString::parse(Some(address))?;
    let mut filter = RuleFilter::read(&mut query);
    query.finish()?;
    if filter.state.is_none() {
        filter.active = filter.active.or(Some(true));
    }
    let RulePage { rules, next, bounded, permanent, inactive, now } = rules::list(engine, principal, &filter).await?;
    let reviews = rules::review(engine, &rules).await?;
    let lines = rules.iter().zip(reviews).map(|(rule, review)| line(rule, review.flags)).collect();
    // Asked for where they are shown: on the first page of what decides now.
    let first = filter.state.is_none() && filter.active == Some(true) && filter.after.is_none();
    let reads = principal.may(Scope::ActionsRead);
    let promotions = if first && reads { rules::promotions(engine, principal).await? } else { Vec::new() };
    let makes = principal.may(Scope::RulesWrite);
    Ok(RuleList { lines, next_cursor: next, permanent, bounded, inactive, promotions, makes, now })
}

fn line(rule: &Rule, flags: Vec<Flag>) -> RuleLine {
    let definition = &rule.definition;
    RuleLine {
        id: rule.id,
        description: escaped(&rule.description),
        tool_name: definition.tool_name.clone(),
        shown_tool: escaped(&definition.tool_name),
        effect: definition.effect,
        words: definition.words(),
        state: rule.state(),
        flags,
        use_count: rule.use_count,
        max_uses: definition.max_uses,
        expires_at: definition.expires_at,
        last_used_at: rule.last_used_at,
    }
}

/// Everything about one rule.
///
/// # Errors
/// `forbidden`, `not_found`.
pub async fn detail(engine: &Engine, principal: &Principal, id: RuleId) -> Result<RuleDetail> {
    let FullRule { rule, events, now, .. } = rules::show(engine, principal, id).await?;
    let tool = store::tools::find(&engine.pool, &rule.definition.tool_name).await?;
    let may_change = principal.may(Scope::RulesWrite);
    let filter = decided_by(id);
    let decided = actions::list(engine, principal, &filter).await?;
    let overrides = actions::overrides(engine, &rule.definition.tool_name).await?;
    let waiting = waiting(engine, principal, &rule).await?;
    let definition = &rule.definition;
    let review = rules::review(engine, std::slice::from_ref(&rule)).await?.pop().unwrap_or_default();
    let asked = definition
        .constraints
        .iter()
        .map(|(path, asked)| AskedOf { path: escaped(&path.to_string()), words: asked.words() });
    Ok(RuleDetail {
        asked: asked.collect(),
        unlisted: definition.unlisted,
        tier: tool.as_ref().map(|tool| tool.risk_tier),
        no_rule_applies: tool.map(|tool| tool.gating).filter(|own| *own != Gating::Gated).map(|own| own.as_str()),
        notes: rule.notes.as_deref().map(visible),
        created_from: rule.created_from,
        created_by: rule.created_by.clone(),
        created_at: rule.created_at,
        revoked: rule.revoked.as_ref().map(|revoked| Ended {
            at: revoked.at,
            by: revoked.by.clone(),
            reason: visible(&revoked.reason),
        }),
        replaces: rule.replaces,
        replaced_by: rule.replaced_by,
        suspended_reason: rule.suspended_reason.as_deref().map(visible),
        decided: decided.actions.iter().map(|action| console::row(action, &overrides)).collect(),
        decided_total: decided.total,
        waiting: waiting.waiting_ids,
        waiting_total: waiting.waiting_matched,
        events: events.iter().map(|event| console::timeline(event, visible)).collect(),
        may_change,
        now,
        warnings: review.warnings,
        line: line(&rule, review.flags),
    })
}

/// The newest calls that the rule decided, in the words of an address.
fn decided_by(id: RuleId) -> ActionFilter {
    ActionFilter {
        statuses: Status::ALL.to_vec(),
        rule_id: Some(id),
        sort: Sort::Newest,
        limit: Limit::new(DECIDED).unwrap_or_default(),
        ..ActionFilter::default()
    }
}

/// What waits and would pass: asked for whoever may apply the rule, and only of one that lets calls pass now.
async fn waiting(engine: &Engine, principal: &Principal, rule: &Rule) -> Result<Tally> {
    let passes = rule.definition.effect == Effect::Allow && rule.state() == RuleState::Active;
    if passes && principal.may(Scope::RulesWrite) && principal.may(Scope::DecisionsWrite) {
        simulation::waiting(engine, principal, &rule.definition).await
    } else {
        Ok(Tally::default())
    }
}
