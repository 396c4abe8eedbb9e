//! Looking rules over: what their maker may not have meant, and what stands out while they are in force.

use std::collections::HashMap;

use domain::argument::ClassOverrides;
use domain::id::RuleId;
use domain::rule::lint::{Flag, Surroundings, Warning, hygiene, lint, lint_among};
use domain::rule::{Definition, Rule};
use domain::tool::Tool;

use crate::{Engine, Result, rule_set, store};

/// With so many other rules of its tool a rule is compared at most, by precedence.
const COMPARED: usize = 300;

/// What was found about one rule.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// For whoever looks after the rules.
    pub flags: Vec<Flag>,
    /// For whoever makes the rule.
    pub warnings: Vec<Warning>,
}

/// Looks over rules, each among the others of its tool.
///
/// # Errors
/// When the database cannot be read.
pub async fn review(engine: &Engine, rules: &[Rule]) -> Result<Vec<Review>> {
    let now = store::now(&engine.pool).await?;
    let mut tools: HashMap<&str, Option<(Tool, Vec<Rule>)>> = HashMap::new();
    let mut reviews = Vec::with_capacity(rules.len());
    for rule in rules {
        let name = rule.definition.tool_name.as_str();
        if !tools.contains_key(name) {
            tools.insert(name, surroundings(engine, name).await?);
        }
        let Some((tool, others)) = tools.get(name).and_then(Option::as_ref) else {
            reviews.push(Review::default());
            continue;
        };
        let overrides = ClassOverrides::from(tool);
        let around = around(tool, &overrides, others);
        let warnings = warnings(&rule.definition, Some(rule.id), &around);
        reviews.push(Review { flags: hygiene(rule, now, &around), warnings });
    }
    Ok(reviews)
}

/// Looks over a rule that is not made yet. `before`: the rule in whose place it is put.
pub(crate) async fn foresee(
    engine: &Engine,
    tool: &Tool,
    definition: &Definition,
    before: Option<RuleId>,
) -> Result<Vec<Warning>> {
    let others = others(engine, tool).await?;
    let overrides = ClassOverrides::from(tool);
    Ok(warnings(definition, before, &around(tool, &overrides, &others)))
}

const fn around<'a>(tool: &Tool, overrides: &'a ClassOverrides, others: &'a [Rule]) -> Surroundings<'a> {
    Surroundings { tier: tool.risk_tier, overrides, schema_sha256: tool.schema_sha256, others }
}

fn warnings(definition: &Definition, own: Option<RuleId>, around: &Surroundings) -> Vec<Warning> {
    let mut warnings = lint(definition);
    warnings.extend(lint_among(definition, own, around));
    warnings
}

async fn surroundings(engine: &Engine, name: &str) -> Result<Option<(Tool, Vec<Rule>)>> {
    let Some(tool) = store::tools::find(&engine.pool, name).await? else { return Ok(None) };
    let others = others(engine, &tool).await?;
    Ok(Some((tool, others)))
}

async fn others(engine: &Engine, tool: &Tool) -> Result<Vec<Rule>> {
    let set = rule_set::of(engine, tool).await?;
    Ok(set.judges().take(COMPARED).map(|judge| judge.rule.clone()).collect())
}
