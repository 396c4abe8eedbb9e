//! What came of it: the decision, the run, every attempt.

use chrono::{DateTime, Utc};
use domain::health::Health;
use domain::view::{ActionDetail, AttemptView, Outcome};
use leptos::prelude::*;

use super::arguments::{Whole, values};
use crate::components::icon::Icon;
use crate::components::moment::Ago;
use crate::components::pieces::Pieces;
use crate::message;

/// The outcome in plain words, and what the executor gave back. Nothing before an approval.
pub(super) fn outcome_card(detail: &ActionDetail) -> Option<AnyView> {
    let (health, words) = message::outcome(detail)?;
    let read_at = detail.now;
    let outcome = detail.outcome.clone();
    let when = outcome.as_ref().map(|outcome| view! { <small><Ago at=outcome.executed_at read_at/></small> });
    let attempts = detail.attempts.clone();
    let card = view! {
        <section class="card">
            <h3>{message::OUTCOME} {when}</h3>
            <p class=format!("verdict {}", health.as_str())><Icon name=sign(health)/>{words}</p>
            {outcome.map(|outcome| given_back(outcome, Some(Whole::of(&detail.row.id.to_string(), "result"))))}
            {(!attempts.is_empty()).then(|| attempt_list(attempts, read_at))}
        </section>
    };
    Some(card.into_any())
}

const fn sign(health: Health) -> &'static str {
    match health {
        Health::Green => "#i-yes",
        Health::Yellow => "#i-clock",
        Health::Red => "#i-warn",
        Health::Unknown => "#i-clock",
    }
}

fn given_back(outcome: Outcome, whole: Option<Whole>) -> AnyView {
    view! {
        {outcome.error.map(|error| {
            view! { <p class="said"><b>{message::ERROR}</b> ": " <span class="text"><Pieces pieces=error/></span></p> }
        })}
        {(!outcome.result.is_empty()).then(|| {
            view! { <h4>{message::RESULT}</h4> {values(outcome.result, whole)} }
        })}
    }
    .into_any()
}

fn attempt_list(attempts: Vec<AttemptView>, read_at: DateTime<Utc>) -> AnyView {
    view! {
        <h4>{message::ATTEMPTS}</h4>
        <ol class="plain">
            {attempts.into_iter().map(|attempt| one_attempt(attempt, read_at)).collect_view()}
        </ol>
    }
    .into_any()
}

fn one_attempt(attempt: AttemptView, read_at: DateTime<Utc>) -> AnyView {
    let (health, word) = message::attempt(attempt.state);
    view! {
        <li>
            <span>{message::attempt_of(attempt.number, &attempt.worker)}</span>
            <i class=format!("word {}", health.as_str())>{word}</i>
            <Ago at=attempt.finished_at.unwrap_or(attempt.claimed_at) read_at/>
        </li>
        {attempt.late_report.map(|late| view! { <li class="late">{message::LATE_REPORT}</li> <li class="late">{given_back(late, None)}</li> })}
    }
    .into_any()
}
