//! The inventory of rules for the monthly audit: all of them, newest first, as a table for a spreadsheet.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::identity::{Principal, Scope};
use domain::page::Limit;
use domain::rule::Rule;
use domain::rule_filter::RuleFilter;
use domain::text_safety::escaped;

use crate::{Engine, Result, require, spreadsheet, store};

const COLUMNS: [&str; 14] = [
    "id",
    "tool_name",
    "description",
    "effect",
    "state",
    "active",
    "created_at",
    "created_by",
    "expires_at",
    "max_uses",
    "use_count",
    "last_used_at",
    "unlisted_args",
    "constraints",
];

/// All rules that the filter holds, newest first.
///
/// # Errors
/// `forbidden` without `rules:read`.
pub async fn all(engine: &Engine, principal: &Principal, mut filter: RuleFilter) -> Result<Vec<Rule>> {
    require(principal, Scope::RulesRead)?;
    filter.limit = Limit::MAX;
    let mut all = Vec::new();
    loop {
        let page = store::rules::list(&engine.pool, &filter, filter.limit.get()).await?;
        let whole = i64::try_from(page.len()).is_ok_and(|rows| rows == filter.limit.get());
        filter.after = page.last().map(|last| (last.created_at, last.id));
        filter.offset = 0;
        all.extend(page);
        if !whole {
            return Ok(all);
        }
    }
}

/// The rules as CSV (RFC 4180), with what a spreadsheet would run taken for text.
pub fn csv(rules: &[Rule]) -> String {
    let head = COLUMNS.map(str::to_owned).to_vec();
    let bytes = spreadsheet::csv(std::iter::once(head).chain(rules.iter().map(row)));
    String::from_utf8(bytes).expect("cells are text")
}

fn row(rule: &Rule) -> Vec<String> {
    let definition = &rule.definition;
    let time =
        |at: Option<DateTime<Utc>>| at.map_or_else(String::new, |at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    vec![
        rule.id.to_string(),
        definition.tool_name.clone(),
        escaped(&rule.description),
        definition.effect.to_string(),
        rule.state().to_string(),
        (rule.state() == domain::rule::RuleState::Active).to_string(),
        time(Some(rule.created_at)),
        rule.created_by.clone(),
        time(definition.expires_at),
        definition.max_uses.map_or_else(String::new, |most| most.to_string()),
        rule.use_count.to_string(),
        time(rule.last_used_at),
        definition.unlisted.to_string(),
        definition.words(),
    ]
}
