//! What the pages of rules share.

use chrono::{DateTime, Utc};
use domain::problem::{Code, Problem};
use domain::rule::lint::Warning;
use engine::rule_pages::RuleLine;
use leptos::prelude::*;

use crate::components::icon::Icon;
use crate::components::moment::machine;
use crate::components::problem_note::ProblemNote;
use crate::local_path::rule_page;
use crate::message::rules as words;

/// The state in a word.
pub(super) fn state(line: &RuleLine) -> AnyView {
    let (word, colour) = words::state(line.state);
    view! { <span class=format!("word {colour}")>{word}</span> }.into_any()
}

/// What is worth a look, each with its mark.
pub(super) fn flags(line: &RuleLine) -> AnyView {
    let flag = |what| view! { " " <span class="flag"><Icon name="#i-warn"/>{words::flag(what)}</span> };
    line.flags.iter().map(|what| flag(*what)).collect_view().into_any()
}

/// What the rule's maker may not have meant, each with the way to the other rule that it is about.
pub(super) fn warnings(warnings: &[Warning]) -> Option<AnyView> {
    let one = |warning: &Warning| {
        let other = warning.rule().map(|id| view! { " " <a class="more" href=rule_page(id)>{words::THAT_RULE}</a> });
        view! { <li><Icon name="#i-warn"/> <span>{words::warning(warning)} {other}</span></li> }
    };
    (!warnings.is_empty())
        .then(|| view! { <ul class="plain">{warnings.iter().map(one).collect_view()}</ul> }.into_any())
}

/// How many uses are made, and of how many.
pub(super) fn uses(line: &RuleLine) -> AnyView {
    let told = words::uses(line.use_count, line.max_uses);
    let bar = line.max_uses.map(|most| {
        view! { <progress max=most.to_string() value=line.use_count.to_string() aria-label=words::USES></progress> " " }
    });
    view! { {bar} {told} }.into_any()
}

/// When its time is over.
pub(super) fn ends(line: &RuleLine, now: DateTime<Utc>) -> AnyView {
    match line.expires_at {
        Some(at) => {
            view! { <time datetime=machine(at) title=words::ends_at(at)>{words::ends(at, now)}</time> }.into_any()
        }
        None => words::NO_END.into_any(),
    }
}

/// What could not be read, and where to go from there.
pub(super) fn unread(problem: Problem) -> AnyView {
    let title = if problem.code == Code::NotFound { words::NO_SUCH_RULE } else { words::UNREAD };
    view! {
        <div class="trouble">
            <ProblemNote problem title=title/>
            <a class="btn" href="/approvals/rules">{words::SHOW_ALL}</a>
        </div>
    }
    .into_any()
}
