//! The one way in which a rule comes to be.

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::argument::ClassOverrides;
use domain::constraint::{Asked, Constraint, Exact, read_constraints};
use domain::editing::Change;
use domain::event::EventType;
use domain::id::{ActionId, RuleId};
use domain::identity::Principal;
use domain::json::Json;
use domain::problem::{Code, FieldError, Problem};
use domain::rule::{Accepted, Draft, Effect, Ground, Rule, Unlisted, accept, read_draft};
use domain::suggestion::{History, Suggested, suggest};
use domain::tool::Tool;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{announce, person, rejected};
use crate::trail::Entry;
use crate::{Engine, Result, editing, store, trail};

/// So many approved calls are looked at for a suggestion.
const LOOKED_BACK: i64 = 200;

/// Where a new rule comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) id: RuleId,
    pub(super) from: Option<&'a Action>,
    pub(super) replaces: Option<&'a Rule>,
}

impl Origin<'_> {
    pub(super) const fn by_hand(id: RuleId) -> Self {
        Self { id, from: None, replaces: None }
    }
}

/// A rule that was written, and its place in the trail.
pub(crate) struct Made {
    pub(crate) rule: Rule,
    seq: i64,
}

impl Made {
    /// After the commit.
    pub(crate) fn announce(&self, engine: &Engine) {
        announce(engine, &self.rule.definition.tool_name, self.rule.id, self.seq);
    }
}

/// The rule that somebody wants while approving an action.
#[derive(Clone, Debug)]
pub enum WantedRule {
    /// Of the suggestions as they are.
    Suggested,
    /// As it is written.
    Draft(Json),
}

/// The draft of a rule that is wanted while approving an action, of its arguments as they are to run; errors are told
/// below `/create_rule`.
pub(crate) async fn draft_while_approving(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    wanted: &WantedRule,
    edit: &[Change],
) -> Result<Draft> {
    person(principal)?;
    let action = store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    let action = if edit.is_empty() { action } else { editing::as_edited(engine, action, edit).await? };
    match wanted {
        WantedRule::Suggested => draft_from(engine, &action, &FromAction::suggested(id)).await,
        WantedRule::Draft(written) => {
            read_draft(written, Some(&action.tool_name)).map_err(|errors| rejected(below(errors)))
        }
    }
}

/// Makes a rule in the transaction that approves the action which it is made from.
pub(crate) async fn make_from<'t>(
    transaction: Transaction<'t, Postgres>,
    principal: &Principal,
    draft: Draft,
    action: &Action,
) -> Result<(Transaction<'t, Postgres>, Made)> {
    let origin = Origin { from: Some(action), ..Origin::by_hand(RuleId(Uuid::now_v7())) };
    make(transaction, &person(principal)?, draft, origin).await.map_err(|error| match error {
        crate::Error::Problem(problem) if problem.code == Code::RuleRejected => rejected(below(problem.errors)),
        other => other,
    })
}

fn below(errors: Vec<FieldError>) -> Vec<FieldError> {
    let place = |error: FieldError| FieldError { pointer: format!("/create_rule{}", error.pointer), ..error };
    errors.into_iter().map(place).collect()
}

/// A rule that is to be made from an action.
#[derive(Clone, Debug)]
pub struct FromAction {
    pub action_id: ActionId,
    /// In the place of what is suggested, by path; with `use_suggested` false these are all.
    pub constraint_overrides: Json,
    pub use_suggested: bool,
    pub effect: Effect,
    pub unlisted: Option<Unlisted>,
    pub description: Option<String>,
    pub notes: Option<String>,
    pub max_uses: Option<i64>,
    pub expires_at: Option<DateTime<Utc>>,
    pub confirm_broad: bool,
}

impl FromAction {
    /// What is suggested, as it is.
    pub fn suggested(action_id: ActionId) -> Self {
        Self {
            action_id,
            constraint_overrides: Json::Object(Vec::new()),
            use_suggested: true,
            effect: Effect::Allow,
            unlisted: None,
            description: None,
            notes: None,
            max_uses: None,
            expires_at: None,
            confirm_broad: false,
        }
    }
}

/// Writes a rule, if it may be made; if not, nothing of the transaction happens. The tool does not change until it ends.
pub(super) async fn make<'t>(
    mut transaction: Transaction<'t, Postgres>,
    actor: &str,
    draft: Draft,
    origin: Origin<'_>,
) -> Result<(Transaction<'t, Postgres>, Made)> {
    match write(&mut transaction, actor, draft, origin).await {
        Ok(made) => Ok((transaction, made)),
        Err(error) => {
            // At once: what is locked would stay so until the connection is next used.
            transaction.rollback().await?;
            Err(error)
        }
    }
}

/// Writes a rule in a transaction of its own, and tells of it.
pub(super) async fn commit(engine: &Engine, actor: &str, draft: Draft, origin: Origin<'_>) -> Result<Rule> {
    let (transaction, made) = make(store::begin(&engine.pool).await?, actor, draft, origin).await?;
    transaction.commit().await?;
    made.announce(engine);
    Ok(made.rule)
}

async fn write(connection: &mut PgConnection, actor: &str, draft: Draft, origin: Origin<'_>) -> Result<Made> {
    let Some(tool) = store::tools::touch_rules(connection, &draft.tool_name).await? else {
        return Err(rejected(Problem::invalid("/tool_name", "is no tool that has ever been called or set up").errors));
    };
    let mut accepted = {
        let now = store::now_in(connection).await?;
        let overrides = ClassOverrides::from(&tool);
        let from = origin.from.map(Action::effective_args);
        accept(draft, &Ground { tier: tool.risk_tier, overrides: &overrides, now, from }).map_err(rejected)?
    };
    if let Some(old) = origin.replaces {
        show_as_before(&mut accepted, old);
    }
    let row = store::rules::Origin {
        id: origin.id,
        created_by: actor,
        created_from: origin.from.map(|action| action.id),
        replaces: origin.replaces.map(|rule| rule.id),
        schema_sha256: tool.schema_sha256,
    };
    if !store::rules::insert(connection, &accepted, &row).await? {
        return Err(Problem::new(Code::InProgress, "The same rule is being made; try again.").into());
    }
    let rule = store::rules::find(&mut *connection, origin.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let entry = Entry { event_type: EventType::RuleCreated, actor, reason: None };
    let about = (rule.id, tool.name.as_str());
    let seq = trail::append_about_rule(connection, about, row.created_from, entry, described(&rule)).await?;
    Ok(Made { rule, seq })
}

/// What a kept value looks like was told by whoever saw it: the old rule. A person who only names its digest has not.
fn show_as_before(accepted: &mut Accepted, old: &Rule) {
    for (_, constraint) in &mut accepted.definition.constraints {
        let Constraint::Exact(Exact::Kept { sha256, shown }) = constraint else { continue };
        let before = old.definition.constraints.iter().find_map(|(_, before)| match before {
            Constraint::Exact(Exact::Kept { sha256: known, shown }) if known == sha256 => Some(shown),
            _ => None,
        });
        if let Some(before) = before {
            shown.clone_from(before);
        }
    }
}

/// A rule as the trail keeps it: its words, for ever.
fn described(rule: &Rule) -> [(&'static str, Json); 9] {
    let definition = &rule.definition;
    let end = definition.expires_at.map(|end| end.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
    [
        ("effect", Json::from(definition.effect.as_str())),
        // As text: numbers in an entry are whole ones.
        ("arg_constraints", Json::from(definition.constraints_json().to_text())),
        ("unlisted_args", Json::from(definition.unlisted.as_str())),
        ("description", Json::from(rule.description.as_str())),
        ("notes", Json::from(rule.notes.clone())),
        ("max_uses", Json::from(definition.max_uses)),
        ("expires_at", Json::from(end)),
        ("replaces", Json::from(rule.replaces.map(|id| id.to_string()))),
        ("schema_sha256", Json::from(rule.schema_sha256.map(|digest| digest.to_string()))),
    ]
}

/// Refuses to take up a rule that could not be made today.
pub(super) async fn still_fits(connection: &mut PgConnection, rule: &Rule, tool: &Tool) -> Result<()> {
    let definition = rule.definition.clone();
    let asked = definition.constraints.into_iter().map(|(path, asked)| (path, Asked::Constraint(asked)));
    let draft = Draft {
        tool_name: definition.tool_name,
        effect: definition.effect,
        constraints: asked.collect(),
        unlisted: Some(definition.unlisted),
        description: rule.description.clone(),
        notes: rule.notes.clone(),
        expires_at: definition.expires_at,
        max_uses: definition.max_uses,
        confirm_broad: true,
    };
    let now = store::now_in(connection).await?;
    let overrides = ClassOverrides::from(tool);
    accept(draft, &Ground { tier: tool.risk_tier, overrides: &overrides, now, from: None }).map(drop).map_err(rejected)
}

/// The draft that was asked for: what is suggested, with what is asked for in its place.
pub(super) async fn draft_from(engine: &Engine, action: &Action, wanted: &FromAction) -> Result<Draft> {
    let place = |error: FieldError| FieldError { pointer: format!("/constraint_overrides{}", error.pointer), ..error };
    let overrides = read_constraints(&wanted.constraint_overrides)
        .map_err(|errors| rejected(errors.into_iter().map(place).collect()))?;
    let suggested = suggested(engine, action).await?;
    let usual = format!("{} as in {}", action.tool_name, action.id);
    let mut draft = suggested.draft(&action.tool_name, wanted.description.as_deref().unwrap_or(&usual));
    if !wanted.use_suggested {
        draft.constraints.clear();
    }
    for (path, asked) in overrides {
        match draft.constraints.iter_mut().find(|(known, _)| *known == path) {
            Some((_, known)) => *known = asked,
            None => draft.constraints.push((path, asked)),
        }
    }
    // A rule that stops calls has no uses, and without the suggestions nothing is added to what was asked for.
    let suggests = wanted.use_suggested && wanted.effect == Effect::Allow;
    let max_uses = wanted.max_uses.or(draft.max_uses.filter(|_| suggests));
    Ok(Draft {
        effect: wanted.effect,
        unlisted: wanted.unlisted,
        notes: wanted.notes.clone(),
        max_uses,
        expires_at: wanted.expires_at,
        confirm_broad: wanted.confirm_broad,
        ..draft
    })
}

/// What is suggested for a rule made from the action, by what people approved of the tool before.
pub(super) async fn suggested(engine: &Engine, action: &Action) -> Result<Suggested> {
    let tool = store::tools::find(&engine.pool, &action.tool_name).await?.ok_or_else(crate::tools::not_there)?;
    let past = store::actions::approved_args(&engine.pool, &action.tool_name, LOOKED_BACK).await?;
    let overrides = ClassOverrides::from(&tool);
    let calls: Vec<&Json> = past.iter().collect();
    Ok(suggest(action.effective_args(), &overrides, tool.risk_tier, &History::of(&calls, &overrides)))
}
