//! Approve, reject, withdraw. The first decision stands: the database's condition picks it, and whoever comes
//! later is told what stands.

use domain::action::{Action, Decider, limit};
use domain::digest::Digest;
use domain::editing::Change as ArgumentChange;
use domain::event::EventType;
use domain::id::ActionId;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::{Refusal, State, Status, Verb, next};
use domain::problem::{Code, Problem, Standing};
use domain::rule::{Draft, Rule};
use sqlx::{Postgres, Transaction};

use crate::notify::Change;
pub use crate::rules::WantedRule;
use crate::trail::Entry;
use crate::{Engine, Result, actions, editing, require, rules, store, trail};

/// What came of a decision.
#[derive(Debug)]
pub struct Decision {
    pub action: Action,
    /// The same person had made the same decision before; nothing changed now.
    pub repeated: bool,
    /// The rule that was made with the approval.
    pub rule: Option<Rule>,
}

/// What a person approves with.
#[derive(Clone, Debug, Default)]
pub struct Approve {
    /// The digest of the arguments that were on the screen: an approval is for these bytes.
    pub args_sha256: Option<Digest>,
    /// What the person changes first. Nothing: the call runs as it was parked.
    pub edit: Vec<ArgumentChange>,
    pub note: Option<String>,
    /// A rule that is to be made of the action with the approval: both happen, or neither.
    pub rule: Option<WantedRule>,
}

/// Approves a pending action, as it was parked or with an edit; then the gate is asked again.
///
/// # Errors
/// `already_decided` with what stands, `action_expired`, `arguments_changed`, `not_found`, `human_actor_required`. Of an
/// edit: `invalid_request` with pointers below `/edited_args`, or without the digest of what was shown; `tool_blocked`,
/// `denied_by_rule`. Of a rule: `rule_rejected`, with pointers below `/create_rule`.
pub async fn approve(engine: &Engine, principal: &Principal, id: ActionId, with: Approve) -> Result<Decision> {
    let decider = person(principal)?;
    let note = with.note.filter(|note| !note.trim().is_empty());
    check_text("/note", note.as_deref())?;
    if let Some(shown) = with.args_sha256 {
        let action = store::actions::find(&engine.pool, id).await?.ok_or_else(|| Problem::not_found("action"))?;
        changed_since(&action, shown)?;
    }
    let draft = match &with.rule {
        Some(wanted) => Some(rules::draft_while_approving(engine, principal, id, wanted, &with.edit).await?),
        None => None,
    };
    if !with.edit.is_empty() {
        return editing::approve(engine, principal, id, decider, Approve { note, ..with }, draft).await;
    }
    decide(engine, principal, id, (Verb::Approve, draft), decider, note.as_deref()).await
}

/// Approves the arguments as the agent sent them.
pub(crate) async fn approve_as_parked(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    decider: Decider,
    (note, rule): (Option<&str>, Option<Draft>),
) -> Result<Decision> {
    decide(engine, principal, id, (Verb::Approve, rule), decider, note).await
}

/// Refuses a decision about other arguments than those that were shown.
pub(crate) fn changed_since(action: &Action, shown: Digest) -> Result<()> {
    if action.args_sha256 == shown {
        return Ok(());
    }
    let detail = "These are not the arguments you were shown. Look at them again.";
    Err(Problem::new(Code::ArgumentsChanged, detail).into())
}

/// Refuses what the action's state does not allow, without writing anything down.
pub(crate) fn refused(action: &Action, verb: Verb) -> Result<()> {
    match next(action.state(), verb) {
        Ok(_) => Ok(()),
        Err(Refusal::Expired) => Err(expired(action)),
        Err(_) if action.status == Status::Expired => Err(expired(action)),
        Err(_) => Err(already_decided(action)),
    }
}

/// Rejects a pending action; the agent reads the reason.
///
/// # Errors
/// As [`approve`], and `invalid_request` without a reason.
pub async fn reject(engine: &Engine, principal: &Principal, id: ActionId, reason: &str) -> Result<Decision> {
    let decider = person(principal)?;
    if reason.trim().is_empty() {
        return Err(Problem::invalid("/reason", "is missing: the agent is told why").into());
    }
    decide(engine, principal, id, (Verb::Reject, None), decider, Some(reason)).await
}

/// Takes a pending action back; only the agent that parked it may.
///
/// # Errors
/// `not_found` for anybody else's action; `already_decided`; `action_expired`.
pub async fn withdraw(engine: &Engine, principal: &Principal, id: ActionId, reason: Option<&str>) -> Result<Decision> {
    require(principal, Scope::ActionsSubmit)?;
    let own = match principal.token() {
        Some(token) => store::actions::was_parked_by(&engine.pool, id, token.id).await?,
        None => false,
    };
    if !own {
        return Err(Problem::not_found("action of yours").into());
    }
    let decider = Decider::System("withdrawal".to_owned());
    decide(engine, principal, id, (Verb::Withdraw, None), decider, reason).await
}

/// The person who decides, where a person may.
pub(crate) fn person(principal: &Principal) -> Result<Decider> {
    require(principal, Scope::DecisionsWrite)?;
    principal.person().map(|person| Decider::Human(person.name.clone())).ok_or_else(|| {
        Problem::new(Code::HumanActorRequired, "Only a person decides; this token belongs to a program.").into()
    })
}

async fn decide(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    (verb, rule): (Verb, Option<Draft>),
    decider: Decider,
    reason: Option<&str>,
) -> Result<Decision> {
    check_text("/reason", reason)?;
    let after = next(State::PENDING, verb).expect("a live pending action takes every decision");
    let mut transaction = store::begin(&engine.pool).await?;
    let decided = store::actions::decide(&mut transaction, id, after.status, after.execution, &decider, reason).await?;
    let Some(action) = decided else {
        // At once: the row that did not fit stays locked until the transaction ends.
        transaction.rollback().await?;
        return late(engine, id, verb, &decider, |now| now.edited.is_none()).await;
    };
    let mask = actions::mask(engine, &mut transaction, &action).await?;
    let reason = reason.map(|reason| mask.text(reason));
    let event = (event_type(verb), reason.as_deref());
    let tier = ("risk_tier", Json::from(action.risk_tier.as_str()));
    conclude_with_rule(engine, transaction, principal, rule, event, action, [tier]).await
}

/// Ends an approval with the rule that was wanted with it, if one was: both happen, or neither.
pub(crate) async fn conclude_with_rule(
    engine: &Engine,
    transaction: Transaction<'_, Postgres>,
    principal: &Principal,
    rule: Option<Draft>,
    event: (EventType, Option<&str>),
    action: Action,
    adds: impl IntoIterator<Item = (&'static str, Json)>,
) -> Result<Decision> {
    let Some(draft) = rule else { return conclude(engine, transaction, principal, event, action, adds).await };
    let (transaction, made) = rules::make_from(transaction, principal, draft, &action).await?;
    let adds = adds.into_iter().chain([("rule_id", Json::from(made.rule.id.to_string()))]);
    let decision = conclude(engine, transaction, principal, event, action, adds).await?;
    made.announce(engine);
    Ok(Decision { rule: Some(made.rule), ..decision })
}

/// Ends what a person or an agent did to an action: its entry in the trail, with the reason already masked, then the
/// commit, then the news.
pub(crate) async fn conclude(
    engine: &Engine,
    mut transaction: Transaction<'_, Postgres>,
    principal: &Principal,
    (event_type, reason): (EventType, Option<&str>),
    action: Action,
    adds: impl IntoIterator<Item = (&'static str, Json)>,
) -> Result<Decision> {
    let entry = Entry { event_type, actor: &principal.actor(), reason };
    let seq = trail::append_about(&mut transaction, &action, entry, adds).await?;
    transaction.commit().await?;
    engine.changes.publish(Change::action(action.id, seq));
    Ok(Decision { action, repeated: false, rule: None })
}

const fn event_type(verb: Verb) -> EventType {
    match verb {
        Verb::Approve => EventType::ActionApproved,
        Verb::Reject => EventType::ActionRejected,
        _ => EventType::ActionWithdrawn,
    }
}

/// Nothing was decided: the action is gone, past its deadline, or decided. A passed deadline is written down
/// here, whether or not a sweep has run. `repeats`: whether what stands is of the arguments that were to be approved.
pub(crate) async fn late(
    engine: &Engine,
    id: ActionId,
    verb: Verb,
    decider: &Decider,
    repeats: impl FnOnce(&Action) -> bool,
) -> Result<Decision> {
    let mut transaction = store::begin(&engine.pool).await?;
    let action =
        store::actions::find_locked(&mut transaction, id).await?.ok_or_else(|| Problem::not_found("action"))?;
    let refusal = next(action.state(), verb);
    if refusal != Err(Refusal::Expired) {
        // At once, not when the connection is next used: a claim passes over what is locked.
        transaction.rollback().await?;
        let same = same_decision(&action, verb, decider) && repeats(&action);
        return already(action, same, refusal);
    }
    if let Some(seq) = crate::expiry::expire(&mut transaction, id).await? {
        transaction.commit().await?;
        engine.changes.publish(Change::action(id, seq));
    }
    Err(expired(&action))
}

fn already(action: Action, same: bool, refusal: std::result::Result<State, Refusal>) -> Result<Decision> {
    match refusal {
        // Between the two looks nothing can have made it live again.
        Ok(_) => Err(Problem {
            retry_after: Some(1),
            ..Problem::new(Code::Unavailable, "The action is being decided; try again.")
        }
        .into()),
        Err(Refusal::AlreadyDecided(_) | Refusal::WrongState(_)) if same => {
            Ok(Decision { action, repeated: true, rule: None })
        }
        Err(_) if action.status == Status::Expired => Err(expired(&action)),
        Err(_) => Err(already_decided(&action)),
    }
}

fn same_decision(action: &Action, verb: Verb, decider: &Decider) -> bool {
    let same_verb = match verb {
        Verb::Approve => matches!(action.status, Status::Approved | Status::Executed | Status::Abandoned),
        Verb::Reject => action.status == Status::Rejected,
        _ => action.status == Status::Withdrawn,
    };
    same_verb && action.decided_by.as_ref() == Some(decider)
}

fn expired(action: &Action) -> crate::Error {
    let problem =
        Problem::new(Code::ActionExpired, "The deadline has passed: it was not decided in time, and does not run.");
    Problem { standing: Some(Standing { current_status: Status::Expired, ..standing(action) }), ..problem }.into()
}

pub(crate) fn standing(action: &Action) -> Standing {
    Standing { current_status: action.status, decided_by: action.decided_by.clone(), decided_at: action.decided_at }
}

fn already_decided(action: &Action) -> crate::Error {
    let who = action.decided_by.as_ref().map_or_else(String::new, |decider| format!(" by {decider}"));
    let detail = format!("The action is already {}{who}. Nothing was changed.", actions::decision_word(action));
    Problem { standing: Some(standing(action)), ..Problem::new(Code::AlreadyDecided, detail) }.into()
}

/// What a person has to say, where nothing is not enough: `otherwise` says why.
pub(crate) fn said<'a>(pointer: &str, text: &'a str, otherwise: &str) -> Result<&'a str> {
    if text.trim().is_empty() {
        return Err(Problem::invalid(pointer, otherwise).into());
    }
    check_text(pointer, Some(text))?;
    Ok(text)
}

/// A text of a person: not too long, no NUL.
pub(crate) fn check_text(pointer: &str, text: Option<&str>) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    if text.len() > limit::REASON {
        return Err(Problem::invalid(
            pointer,
            format!("has {} bytes; at most {} are taken", text.len(), limit::REASON),
        )
        .into());
    }
    if text.contains('\0') {
        return Err(Problem::invalid(pointer, "holds a NUL character").into());
    }
    Ok(())
}
