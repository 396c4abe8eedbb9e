//! What a rule would have done with the calls of the last 30 days, and what it would do with those that wait.

use domain::id::RuleId;
use engine::simulation::{Replay, ReplayRule, Sample, Tally, replay};
use leptos::prelude::*;

use crate::api::{Failure, answer, engine, person};
use crate::components::moment::machine;
use crate::components::problem_note::ProblemNote;
use crate::message::rules as words;
use crate::pages::approvals::query::Query;

/// So many days back.
pub(super) const DAYS: i32 = 30;

/// The replay of a rule that there is.
pub(super) struct Replayed(Result<Tally, Failure>);

impl Replayed {
    pub(super) async fn of(rule: RuleId) -> Self {
        let asked = Replay { rule: ReplayRule::Stored(rule), days: DAYS };
        Self(match person() {
            Ok(person) => answer(replay(&engine(), &person, asked, |_| {}).await),
            Err(failure) => Err(failure),
        })
    }
}

pub(super) fn replayed(Replayed(replay): Replayed) -> AnyView {
    let told = match replay {
        Ok(tally) => view! { <div class="body">{told(&tally)}</div> }.into_any(),
        Err(Failure(problem)) => {
            view! { <div class="trouble"><ProblemNote problem title=words::NOT_REPLAYED/></div> }.into_any()
        }
    };
    view! { <section class="card" id="replay"><h2>{words::REPLAY_TITLE}</h2>{told}</section> }.into_any()
}

/// The figures, those that matter most first; what is zero is left out, but for the head and what waits.
pub(super) fn told(tally: &Tally) -> AnyView {
    let lines = [
        (tally.approved_by_people, words::approved_by_people(tally.approved_by_people), false),
        (tally.rejected_by_people, words::rejected_by_people(tally.rejected_by_people), true),
        (tally.decided_by_rules, words::decided_by_rules(tally.decided_by_rules), false),
        (tally.otherwise, words::otherwise(tally.otherwise), false),
        (tally.would_still_wait, words::would_still_wait(tally.would_still_wait), false),
    ];
    let lines = lines.into_iter().filter(|(count, ..)| *count > 0);
    let line = |(_, told, bad): (i64, String, bool)| view! { <li class:bad-words=bad>{told}</li> };
    view! {
        <p class="figure"><b>{tally.matched}</b> " " {words::replayed_of(tally.looked_at)}</p>
        <ul class="plain">
            {lines.map(line).collect_view()}
            <li><b>{words::waiting_matched(tally.waiting_matched, tally.waiting)}</b></li>
        </ul>
        {(!tally.rejected_samples.is_empty()).then(|| samples(&tally.rejected_samples))}
        {tally.cut_off.then(|| view! { <p class="aside">{words::CUT_OFF}</p> })}
    }
    .into_any()
}

/// Calls that people rejected, to be looked at before anything like them passes.
fn samples(samples: &[Sample]) -> AnyView {
    let sample = |sample: &Sample| {
        let at = sample.requested_at;
        let name = sample.headline.clone().unwrap_or_else(|| sample.id.to_string());
        let href = Query::default().href(Some(sample.id));
        view! {
            <li>
                <span><a class="more" href=href>{name}</a> " " <small><time datetime=machine(at)>{words::day(at)}</time></small></span>
            </li>
        }
    };
    view! {
        <details open>
            <summary class="more">{words::REJECTED_ONES}</summary>
            <ul class="plain">{samples.iter().map(sample).collect_view()}</ul>
        </details>
    }
    .into_any()
}
