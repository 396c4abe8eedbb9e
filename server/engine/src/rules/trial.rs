//! Trying rules without consequences: what a rule, or one that is not made yet, says of a call; what the gate would do;
//! which rule wins and why the others do not.

use domain::action::Action;
use domain::argument::ClassOverrides;
use domain::constraint::read_constraints;
use domain::id::{ActionId, RuleId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::matching::{Classes, Matcher, Verdict};
use domain::precedence::told_apart_by;
use domain::problem::{FieldError, Problem};
use domain::rule::{Definition, Effect, Ground, Rule, RuleState, Unlisted, settled};
use domain::tool::{Gating, Tool};

use super::rejected;
use crate::rule_set::{self, Judge, RuleSet, Ruling};
use crate::{Engine, Result, require, store};

/// So many rules are told of, the nearest first.
const TOLD: usize = 20;

/// What is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    pub rule: Option<TrialRule>,
    pub call: TrialCall,
}

/// The rule that is tried on a call.
#[derive(Clone, Debug)]
pub enum TrialRule {
    Stored(RuleId),
    /// Constraints of a rule that is not made yet.
    Draft {
        constraints: Json,
        effect: Effect,
        unlisted: Option<Unlisted>,
    },
}

/// The call that a rule is tried on.
#[derive(Clone, Debug)]
pub enum TrialCall {
    Action(ActionId),
    Args { tool_name: String, args: Json },
}

/// What came of a trial.
#[derive(Debug)]
pub struct Judged {
    pub tool_name: String,
    /// Of the rule that was tried.
    pub verdict: Option<Verdict>,
    /// What the gate would do with the call now.
    pub outcome: Outcome,
    /// The rules of the tool, the nearest first.
    pub considered: Vec<Considered>,
}

/// What the gate would do with a call by the rules there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `allow`, `deny`, `hold`, or `wait` where no rule decides.
    pub word: &'static str,
    pub rule: Option<RuleId>,
    /// In words, for people.
    pub words: String,
}

/// A rule that was held against a call.
#[derive(Clone, Debug)]
pub struct Considered {
    pub id: RuleId,
    pub description: String,
    pub effect: Effect,
    pub state: RuleState,
    pub verdict: Verdict,
    /// It fits, and another decides: the step of the precedence that told them apart, or the effect that wins.
    pub lost_by: Option<&'static str>,
}

/// Tries a rule, or all there are, on a call. Nothing is written and no use is taken.
///
/// # Errors
/// `forbidden` without `rules:read`; `not_found`; `rule_rejected` for constraints that could not be stored.
pub async fn test(engine: &Engine, principal: &Principal, trial: &Trial) -> Result<Judged> {
    require(principal, Scope::RulesRead)?;
    let (tool_name, args) = match &trial.call {
        TrialCall::Action(id) => {
            require(principal, Scope::ActionsRead)?;
            let action = store::actions::find(&engine.pool, *id).await?.ok_or_else(|| Problem::not_found("action"))?;
            (action.tool_name.clone(), action.effective_args().clone())
        }
        TrialCall::Args { tool_name, args } => (tool_name.clone(), args.clone()),
    };
    let tool = store::tools::find(&engine.pool, &tool_name).await?.ok_or_else(crate::tools::not_there)?;
    let set = rule_set::load(&engine.pool, &tool).await?;
    let verdict = match &trial.rule {
        None => None,
        Some(rule) => {
            let definition = definition(engine, rule, &tool, &args).await?;
            let overrides = ClassOverrides::from(&tool);
            let matcher = Matcher::new(&definition, tool.risk_tier, &overrides);
            Some(matcher.verdict(&args, &Classes::new(&overrides)))
        }
    };
    Ok(Judged { outcome: outcome(&tool, &set, &args), considered: held_against(&set, &args), verdict, tool_name })
}

async fn definition(engine: &Engine, rule: &TrialRule, tool: &Tool, args: &Json) -> Result<Definition> {
    match rule {
        TrialRule::Stored(id) => {
            let rule = store::rules::find(&engine.pool, *id).await?.ok_or_else(|| Problem::not_found("rule"))?;
            if rule.definition.tool_name != tool.name {
                return Err(Problem::invalid("/rule_id", "is a rule for another tool than the call's").into());
            }
            Ok(rule.definition)
        }
        TrialRule::Draft { constraints, effect, unlisted } => {
            let overrides = ClassOverrides::from(tool);
            let now = store::now(&engine.pool).await?;
            let ground = Ground { tier: tool.risk_tier, overrides: &overrides, now, from: Some(args) };
            let place = |error: FieldError| FieldError { pointer: format!("/constraints{}", error.pointer), ..error };
            let asked =
                read_constraints(constraints).map_err(|errors| rejected(errors.into_iter().map(place).collect()))?;
            Ok(Definition {
                tool_name: tool.name.clone(),
                effect: *effect,
                constraints: settled(asked, &ground).map_err(rejected)?,
                unlisted: unlisted.unwrap_or(Unlisted::usual(*effect, tool.risk_tier)),
                expires_at: None,
                // A trial asks whether the arguments fit, not whether the rule is bounded.
                max_uses: Some(1),
            })
        }
    }
}

/// The rules that an action was, or would now be, held against, the nearest first; `None` for whoever may not read rules.
///
/// # Errors
/// When the database cannot be read.
pub async fn considered(engine: &Engine, principal: &Principal, action: &Action) -> Result<Option<Vec<Considered>>> {
    if !principal.may(Scope::RulesRead) {
        return Ok(None);
    }
    Ok(Some(considered_for(engine, action).await?))
}

async fn considered_for(engine: &Engine, action: &Action) -> Result<Vec<Considered>> {
    let Some(tool) = store::tools::find(&engine.pool, &action.tool_name).await? else { return Ok(Vec::new()) };
    let set = rule_set::of(engine, &tool).await?;
    Ok(held_against(&set, action.effective_args()))
}

fn outcome(tool: &Tool, set: &RuleSet, args: &Json) -> Outcome {
    let without_rules = |word, words: &str| Outcome { word, rule: None, words: words.to_owned() };
    match tool.gating {
        Gating::Gated => {}
        Gating::Paused { .. } => {
            return without_rules("wait", "The tool is paused: every call waits, whatever a rule says.");
        }
        Gating::Open { .. } => {
            return without_rules("allow", "The tool is open for a while: every call runs, whatever a rule says.");
        }
        Gating::Blocked { .. } => {
            return without_rules("deny", "The tool is blocked: no call runs, whatever a rule says.");
        }
    }
    match set.ruling(args) {
        Ruling::Denied(rule) => told("deny", rule, "refuses it"),
        Ruling::Held(rule) => told("hold", rule, "holds it for a person"),
        Ruling::Allowed(rule) => told("allow", rule, "lets it run at once"),
        Ruling::Silent(Some((_, words, rule))) => Outcome { word: "wait", rule: Some(rule), words },
        Ruling::Silent(None) => Outcome { word: "wait", rule: None, words: "No rule matched.".to_owned() },
    }
}

fn told(word: &'static str, rule: &Rule, does: &str) -> Outcome {
    Outcome { word, rule: Some(rule.id), words: format!("The rule {} {does}.", rule_set::named(rule)) }
}

fn held_against(set: &RuleSet, args: &Json) -> Vec<Considered> {
    let mut nearest: Vec<&Judge> = set.judges().collect();
    nearest.sort_by_cached_key(|judge| judge.matcher.misses(args, &set.classes, usize::MAX));
    nearest.truncate(TOLD);
    let winner = match set.ruling(args) {
        Ruling::Denied(rule) | Ruling::Held(rule) | Ruling::Allowed(rule) => Some(rule),
        Ruling::Silent(_) => None,
    };
    let tell = |judge: &Judge| {
        let verdict = judge.matcher.verdict(args, &set.classes);
        let lost_by = winner.filter(|winner| winner.id != judge.rule.id && verdict.holds()).map(|winner| {
            if winner.definition.effect == judge.rule.definition.effect {
                told_apart_by(winner, &judge.rule)
            } else {
                winner.definition.effect.as_str()
            }
        });
        Considered {
            id: judge.rule.id,
            description: judge.rule.description.clone(),
            effect: judge.rule.definition.effect,
            state: judge.rule.state(),
            verdict,
            lost_by,
        }
    };
    nearest.into_iter().map(tell).collect()
}
