//! What waits, by what it does: calls of one tool and tier with the same critical arguments stand together, so that a
//! person decides them as one, or once for all by a rule.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::id::ActionId;
use domain::identity::{Principal, Scope};
use domain::risk::RiskTier;
use domain::text_safety::escaped;
use domain::view::ActionRow;

use crate::console::{flagged, row};
use crate::{Engine, Result, actions, anomalies, bulk, require, store};

/// So many groups are shown, the largest first.
const SHOWN: i64 = 50;
/// So many calls are shown in all: each is read and masked.
const ROWS: usize = 400;

/// Waiting calls that do the same.
#[derive(Clone, Debug)]
pub struct Group {
    pub shown_tool: String,
    pub risk_tier: RiskTier,
    /// What such a call reaches, masked and escaped.
    pub headline: Option<String>,
    pub count: i64,
    pub oldest: DateTime<Utc>,
    /// The nearest deadline; `None`: none of them has one.
    pub deadline: Option<DateTime<Utc>>,
    /// The oldest of them: so many as one decision takes, and as fit on the page.
    pub rows: Vec<ActionRow>,
}

/// What waits, by groups.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The largest first.
    pub groups: Vec<Group>,
    /// More groups wait than are shown.
    pub more: bool,
    pub decides: bool,
    pub makes_rules: bool,
    pub now: DateTime<Utc>,
}

/// What waits, by groups.
///
/// # Errors
/// `forbidden` without `actions:read`.
pub async fn groups(engine: &Engine, principal: &Principal) -> Result<Groups> {
    require(principal, Scope::ActionsRead)?;
    let each = i32::try_from(bulk::MOST).expect("a small constant");
    let mut found = store::shapes::waiting(&engine.pool, SHOWN + 1, each).await?;
    let shown = share(&mut found);
    let more = found.len() > shown;
    let ids: Vec<ActionId> = found.iter().flat_map(|group| group.ids.iter().copied()).collect();
    let read = store::actions::find_all(&engine.pool, &ids).await?;
    let unusual = anomalies::of(engine, principal, &read).await?;
    let mut read: HashMap<ActionId, Action> = read.into_iter().map(|action| (action.id, action)).collect();
    let mut groups = Vec::with_capacity(shown);
    for group in found.into_iter().take(shown) {
        let overrides = actions::overrides(engine, &group.tool_name).await?;
        let calls = group.ids.iter().filter_map(|id| read.remove(id));
        let rows: Vec<ActionRow> =
            calls.map(|action| flagged(row(&action, &overrides), unusual.get(&action.id))).collect();
        groups.push(Group {
            shown_tool: escaped(&group.tool_name),
            risk_tier: group.risk_tier,
            headline: rows.first().and_then(|row| row.headline.clone()),
            count: group.count,
            oldest: group.oldest,
            deadline: group.deadline,
            rows,
        });
    }
    Ok(Groups {
        groups,
        more,
        decides: principal.may(Scope::DecisionsWrite),
        makes_rules: principal.may(Scope::RulesWrite),
        now: store::now(&engine.pool).await?,
    })
}

/// Cuts the groups' calls to what fits on the page; answers how many groups do.
fn share(groups: &mut [store::shapes::Group]) -> usize {
    let most = usize::try_from(SHOWN).expect("a small constant");
    let mut left = ROWS;
    let mut shown = 0;
    for group in groups.iter_mut() {
        let fits = if shown < most { left } else { 0 };
        group.ids.truncate(fits);
        left -= group.ids.len();
        shown += usize::from(!group.ids.is_empty());
    }
    shown
}
