//! Approving other arguments than those that were parked. The edit is made of what is stored, never of what a page says
//! that was stored; it passes the gate again; and both versions are kept, with the digest of each.

use domain::action::{Action, Decider};
use domain::argument::{ArgumentRow, ClassOverrides, recipients};
use domain::digest::Digest;
use domain::editing::{self, Change, Difference, Form, Posted, Refused, differences, rows_of};
use domain::event::EventType;
use domain::id::ActionId;
use domain::identity::Principal;
use domain::json::Json;
use domain::lifecycle::{Verb, next};
use domain::problem::{Code, FieldError, Problem};
use domain::redaction::CallMask;
use domain::risk::RiskTier;
use domain::rule::Draft;
use domain::search::words_of;
use domain::tool::Tool;
use domain::view::ActionRow;
use sqlx::PgConnection;

use crate::console::{deceptions, row};
use crate::decisions::{
    Approve, Decision, approve_as_parked, changed_since, conclude_with_rule, late, person, refused,
};
use crate::gate::{Objection, objection};
use crate::notify::Change as News;
use crate::rule_set::RuleSet;
use crate::trail::Entry;
use crate::{Engine, Result, rule_set, store, trail};

/// Where edited arguments stand in a request: errors about them are told below it.
const PLACE: &str = "/edited_args";
/// How many of the changed places an event names.
const NAMED: usize = 50;

/// What the form for an edit shows.
#[derive(Debug)]
pub struct EditForm {
    pub row: ActionRow,
    pub args_sha256: Digest,
    pub form: Form,
    /// In words: what looks deceptive, and where.
    pub warnings: Vec<String>,
}

/// What an edit would come to. Nothing is stored of it.
#[derive(Debug)]
pub struct Preview {
    /// The action as it would run.
    pub row: ActionRow,
    /// Of the arguments that were parked: what the person has seen.
    pub args_sha256: Digest,
    pub effective_sha256: Digest,
    /// The changes, as they are to be sent with the approval.
    pub changes: Vec<Change>,
    /// What was, and what it becomes.
    pub differences: Vec<ArgumentRow>,
    /// The arguments that decide what the call does, as they would be.
    pub critical: Vec<ArgumentRow>,
    pub warnings: Vec<String>,
}

/// The arguments after an edit, with what else its row takes.
struct Edited {
    args: Json,
    sha256: Digest,
    mask: CallMask,
    risk_tier: RiskTier,
}

/// The form for an edit of a pending action.
///
/// # Errors
/// As [`crate::decisions::approve`].
pub async fn form(engine: &Engine, principal: &Principal, id: ActionId) -> Result<EditForm> {
    person(principal)?;
    let action = store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    refused(&action, Verb::Approve)?;
    let overrides = crate::actions::overrides(engine, &action.tool_name).await?;
    Ok(form_of(&action, &overrides))
}

fn form_of(action: &Action, overrides: &ClassOverrides) -> EditForm {
    EditForm {
        row: row(action, overrides),
        args_sha256: action.args_sha256,
        form: editing::form(&action.tool_args, &CallMask::of(&action.tool_args, overrides)),
        warnings: deceptions(action, overrides),
    }
}

/// What a posted form comes to, or what is wrong with which of its fields. `shown`: the digest of what the form showed.
///
/// # Errors
/// As [`crate::decisions::approve`]; what is wrong with a field is no error but the answer.
pub async fn preview(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    shown: Digest,
    posted: &Posted,
) -> Result<std::result::Result<Preview, Vec<Refused>>> {
    person(principal)?;
    let mut connection = store::begin(&engine.pool).await?;
    let action = store::actions::find_locked(&mut connection, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    refused(&action, Verb::Approve)?;
    changed_since(&action, shown)?;
    let tool = held(&mut connection, &action).await?;
    let rules = rule_set::load(&mut *connection, &tool).await?;
    connection.rollback().await?;
    let overrides = ClassOverrides::from(&tool);
    let form = editing::form(&action.tool_args, &CallMask::of(&action.tool_args, &overrides));
    let changes = match editing::read(&form, posted) {
        Ok(changes) => changes,
        Err(refused) => return Ok(Err(refused)),
    };
    match edited(engine, &action, (&tool, &rules), &changes) {
        Ok(edited) => Ok(Ok(preview_of(action, edited, changes, &overrides))),
        Err(problem) if problem.code == Code::InvalidRequest => Ok(Err(beside_fields(&form, problem.errors))),
        Err(problem) => Err(problem.into()),
    }
}

fn preview_of(action: Action, edited: Edited, changes: Vec<Change>, overrides: &ClassOverrides) -> Preview {
    let args_sha256 = action.args_sha256;
    let after = Action {
        edited: Some(domain::action::EditedArgs { args: edited.args, sha256: edited.sha256 }),
        risk_tier: edited.risk_tier,
        ..action
    };
    let row = row(&after, overrides);
    Preview {
        args_sha256,
        effective_sha256: edited.sha256,
        changes,
        differences: rows_of(&differences(&after, &edited.mask), overrides),
        critical: crate::console::critical(edited.mask.effective(), overrides),
        warnings: deceptions(&after, overrides),
        row,
    }
}

/// Errors by pointer, each at the field that is nearest around it.
fn beside_fields(form: &Form, errors: Vec<FieldError>) -> Vec<Refused> {
    let one = |FieldError { pointer, message }: FieldError| {
        let place = pointer.strip_prefix(PLACE).unwrap_or(&pointer).to_owned();
        let around = |field: &&editing::Field| {
            place.strip_prefix(&field.pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let nearest = form.fields.iter().filter(around).max_by_key(|field| field.pointer.len());
        let key = nearest.map_or_else(String::new, |field| field.key.to_string());
        Refused { key, pointer: place, message }
    };
    errors.into_iter().map(one).collect()
}

/// Approves a pending action with other arguments.
///
/// With a rule, if one is wanted: both happen, or neither.
///
/// # Errors
/// As [`crate::decisions::approve`], and what the gate has against the new arguments.
pub(crate) async fn approve(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    decider: Decider,
    with: Approve,
    rule: Option<Draft>,
) -> Result<Decision> {
    let Some(shown) = with.args_sha256 else {
        let message = "is needed to edit: the digest of the arguments that were shown";
        return Err(Problem::invalid("/args_sha256", message).into());
    };
    let note = with.note.as_deref();
    let mut transaction = store::begin(&engine.pool).await?;
    let before =
        store::actions::find_locked(&mut transaction, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    changed_since(&before, shown)?;
    let tool = if rule.is_some() {
        // As the rule will need it: whoever shares the tool first and wants it alone later waits for those who do the same.
        there(store::tools::touch_rules(&mut transaction, &before.tool_name).await?, &before)?
    } else {
        held(&mut transaction, &before).await?
    };
    let rules = rule_set::load(&mut *transaction, &tool).await?;
    if next(before.state(), Verb::Approve).is_err() {
        // At once, not when the connection is next used: a claim passes over what is locked.
        transaction.rollback().await?;
        let wanted = arguments(&before, &ClassOverrides::from(&tool), &with.edit).map(|args| Digest::of(&args)).ok();
        return late(engine, id, Verb::Approve, &decider, |now| wanted == Some(now.effective_sha256())).await;
    }
    let edited = match edited(engine, &before, (&tool, &rules), &with.edit) {
        Ok(edited) => edited,
        Err(problem) if matches!(problem.code, Code::ToolBlocked | Code::DeniedByRule) => {
            let entry = Entry { event_type: EventType::DecisionRefused, actor: &principal.actor(), reason: None };
            let why = [("code", Json::from(problem.code.as_str()))];
            let seq = trail::append_about(&mut transaction, &before, entry, why).await?;
            transaction.commit().await?;
            engine.changes.publish(News::action(id, seq));
            return Err(problem.into());
        }
        Err(problem) => return Err(problem.into()),
    };
    if edited.sha256 == before.args_sha256 {
        transaction.rollback().await?;
        return approve_as_parked(engine, principal, id, decider, (note, rule)).await;
    }
    let masked_args = edited.mask.effective();
    let words = words_of(&[], masked_args);
    let recipients = recipients(&edited.args, &ClassOverrides::from(&tool));
    let Edited { args, sha256, risk_tier, .. } = &edited;
    let edit = store::actions::Edit {
        args,
        masked_args,
        sha256: *sha256,
        risk_tier: *risk_tier,
        words: &words,
        recipients: &recipients,
    };
    let action = store::actions::approve_edited(&mut transaction, id, &decider, note, &edit)
        .await?
        .ok_or_else(|| crate::Error::Corrupt(format!("action {id} changed while it was locked")))?;
    let reason = note.map(|note| edited.mask.text(note));
    let adds =
        [("risk_tier", Json::from(action.risk_tier.as_str())), ("edited", places(&differences(&action, &edited.mask)))];
    let event = (EventType::ActionApproved, reason.as_deref());
    conclude_with_rule(engine, transaction, principal, rule, event, action, adds).await
}

/// The action as it would be with these changes.
///
/// # Errors
/// `invalid_request`, with pointers below `/edited_args`.
pub(crate) async fn as_edited(engine: &Engine, action: Action, changes: &[Change]) -> Result<Action> {
    let overrides = crate::actions::overrides(engine, &action.tool_name).await?;
    let args = arguments(&action, &overrides, changes)?;
    Ok(Action { edited: Some(domain::action::EditedArgs { sha256: Digest::of(&args), args }), ..action })
}

/// The tool of the action, kept as it is until the transaction ends: what the gate says of the edit holds when it is
/// written.
async fn held(connection: &mut PgConnection, action: &Action) -> Result<Tool> {
    there(store::tools::find_held(connection, &action.tool_name).await?, action)
}

fn there(tool: Option<Tool>, action: &Action) -> Result<Tool> {
    tool.ok_or_else(|| crate::Error::Corrupt(format!("action {} is of a tool that is not there", action.id)))
}

/// The new arguments, held against everything that a park is held against.
#[allow(clippy::result_large_err, reason = "a problem is made once per refused edit")]
fn edited(
    engine: &Engine,
    action: &Action,
    (tool, rules): (&Tool, &RuleSet),
    changes: &[Change],
) -> std::result::Result<Edited, Problem> {
    let overrides = ClassOverrides::from(tool);
    let args = arguments(action, &overrides, changes)?;
    let mask = CallMask::of_versions(&action.tool_args, Some(&args), &overrides);
    match objection(engine, tool, rules, &args, PLACE) {
        None => {}
        Some(Objection::Denied(problem)) => return Err(problem),
        Some(Objection::Blocked) => {
            return Err(Problem::new(Code::ToolBlocked, "The tool is blocked: no call of it runs."));
        }
        Some(Objection::Misfit(error)) => return Err(error.into_problem()),
    }
    // Whatever the tool was when the call was parked: an edit never makes a call look less risky than it is now.
    let risk_tier = action.risk_tier.max(tool.risk_tier);
    Ok(Edited { sha256: Digest::of(&args), args, mask, risk_tier })
}

#[allow(clippy::result_large_err, reason = "a problem is made once per refused edit")]
fn arguments(action: &Action, overrides: &ClassOverrides, changes: &[Change]) -> std::result::Result<Json, Problem> {
    let mask = CallMask::of(&action.tool_args, overrides);
    let args = editing::apply(&action.tool_args, &mask, changes).map_err(|errors| {
        let below = |error: FieldError| FieldError { pointer: format!("{PLACE}{}", error.pointer), ..error };
        Problem::invalid_fields(errors.into_iter().map(below).collect())
    })?;
    // Read once more as if it had come in a request: the same limits of size and depth as for a park.
    Json::parse_str(&Json::object([("edited_args", args.clone())]).to_text())?;
    Ok(args)
}

/// The changed places, for the trail: by the names shown, never the values.
fn places(differences: &[Difference]) -> Json {
    let named = differences.iter().take(NAMED);
    Json::Array(named.map(|difference| Json::from(difference.pointer.chars().take(200).collect::<String>())).collect())
}
