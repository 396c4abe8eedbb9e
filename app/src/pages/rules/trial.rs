//! "Would this call fit, and if not, why?": a call that was written or parked is held against the rule, and against all
//! others of the tool. Nothing is stored.

use domain::id::RuleId;
use domain::json::Json;
use domain::matching::Verdict;
use domain::problem::{FieldError, Problem};
use domain::text_safety::escaped;
use engine::rule_pages::RuleLine;
use engine::rules::{Considered, Judged, Trial, TrialCall, TrialRule};
use leptos::prelude::*;

use crate::api::{Failure, answer, engine, person};
use crate::components::icon::Icon;
use crate::components::problem_note::ProblemNote;
use crate::components::text_area::TextArea;
use crate::local_path::rule_page;
use crate::message::rules as words;

/// What was typed, and what came of it.
pub(super) struct Tried {
    args: String,
    action: String,
    of: RuleId,
    judged: Result<Judged, Failure>,
}

impl Tried {
    pub(super) async fn of(rule: &RuleLine, typed: Vec<(String, String)>) -> Self {
        let text = |name: &str| typed.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned());
        let (args, action) = (text("args").unwrap_or_default(), text("action").unwrap_or_default());
        let judged = match (call(&rule.tool_name, &args, &action), person()) {
            (Ok(call), Ok(person)) => {
                let trial = Trial { rule: Some(TrialRule::Stored(rule.id)), call };
                answer(engine::rules::test(&engine(), &person, &trial).await)
            }
            (Err(problem), _) => answer(Err(problem.into())),
            (_, Err(failure)) => Err(failure),
        };
        Self { args, action, of: rule.id, judged }
    }
}

#[allow(clippy::result_large_err, reason = "a problem is made once per refused form")]
fn call(tool: &str, args: &str, action: &str) -> Result<TrialCall, Problem> {
    match (args, action) {
        ("", "") => Err(Problem::invalid("/arguments", "are missing, and so is the id of a call")),
        ("", action) => {
            action.parse().map(TrialCall::Action).map_err(|_| Problem::invalid("/id", "is not one of a call"))
        }
        (args, "") => {
            let told = |problem: Problem| Problem::invalid("/arguments", format!("are no JSON: {}", problem.detail));
            let args = Json::parse_str(args).map_err(|error| told(error.into()))?;
            if !args.is_object() {
                return Err(Problem::invalid("/arguments", "must be a JSON object"));
            }
            Ok(TrialCall::Args { tool_name: tool.to_owned(), args })
        }
        _ => Err(Problem::invalid_fields(vec![FieldError {
            pointer: "/arguments".to_owned(),
            message: "and an id exclude each other: one call is tried".to_owned(),
        }])),
    }
}

pub(super) fn trial_form(rule: RuleId, tried: Option<&Tried>) -> AnyView {
    let (args, action) = tried.map(|tried| (tried.args.clone(), tried.action.clone())).unwrap_or_default();
    view! {
        <form class="body stack" method="post" action=format!("{}#try", rule_page(rule))>
            <p>{words::TRY_LEAD}</p>
            <label for="args">{words::TRY_ARGS}</label>
            <TextArea id="args".to_owned() name="args".to_owned() text=args described_by="tried".to_owned()/>
            <label>{words::TRY_ACTION} <input class="input mono" name="action" value=action autocomplete="off"/></label>
            <button class="btn">{words::TRY_NOW}</button>
        </form>
    }
    .into_any()
}

pub(super) fn tried(tried: Tried) -> AnyView {
    match tried.judged {
        Ok(judged) => result(tried.of, judged),
        Err(Failure(problem)) => {
            view! { <div class="trouble" id="tried"><ProblemNote problem title=words::NOT_TRIED/></div> }.into_any()
        }
    }
}

fn result(of: RuleId, judged: Judged) -> AnyView {
    let fits = judged.verdict.as_ref().is_some_and(Verdict::holds);
    let title = if fits { words::FITS_YES } else { words::FITS_NO };
    let others: Vec<_> = judged.considered.iter().filter(|other| other.id != of).map(considered).collect();
    view! {
        <div class="body stack" id="tried" role="status">
            <p><b class:bad-words=!fits>{title}</b></p>
            {judged.verdict.as_ref().map(checks)}
            <p>{words::GATE_NOW} " " <b>{judged.outcome.words}</b></p>
            {(!others.is_empty()).then(|| view! { <h3>{words::OTHERS}</h3> <ul class="plain">{others}</ul> })}
        </div>
    }
    .into_any()
}

/// Each thing that the rule asks, and whether the call has it.
pub(super) fn checks(verdict: &Verdict) -> AnyView {
    let asked = verdict.checks.iter().map(|check| {
        let told = match check.why {
            None => check.asked.clone(),
            Some(why) => format!("{}; it {}", check.asked, why.words()),
        };
        (escaped(&check.path.to_string()), told, check.why.is_none())
    });
    let uncovered =
        verdict.uncovered.iter().map(|(path, why)| (escaped(&path.to_string()), why.words().to_owned(), false));
    let unmet = verdict.unmet.iter().map(|unmet| (words::TIER_ASKS.to_owned(), unmet.clone(), false));
    let line = |(path, told, holds)| view! { <li>{mark(holds)} <span><code>{path}</code> " " {told}</span></li> };
    view! { <ul class="plain">{asked.chain(uncovered).chain(unmet).map(line).collect_view()}</ul> }.into_any()
}

/// Yes or no, to see and to hear.
pub(super) fn mark(holds: bool) -> AnyView {
    let (icon, class, word) =
        if holds { ("#i-yes", "left good", words::HOLDS) } else { ("#i-no", "left now", words::HOLDS_NOT) };
    view! { <i class=class><Icon name=icon/><span class="hide">{word}</span></i> }.into_any()
}

fn considered(other: &Considered) -> AnyView {
    let why = match (other.lost_by, other.verdict.first_miss()) {
        (Some(step), _) => words::lost_by(step),
        (None, Some((path, why))) if path.is_empty() => why,
        (None, Some((path, why))) => format!("{} {why}", escaped(&path)),
        (None, None) => words::FITS_WORD.to_owned(),
    };
    let (state, _) = words::state(other.state);
    view! {
        <li>
            <span>
                <a class="more" href=rule_page(other.id)>{escaped(&other.description)}</a> " "
                {format!("({}, {state}): {why}", words::effect(other.effect))}
            </span>
        </li>
    }
    .into_any()
}
