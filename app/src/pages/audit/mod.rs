//! `/audit` and below: the trail as people read it, one entry with its proof, and how the chain stands. Tables and forms,
//! which stay the HTML they were sent as.

mod chain;
mod entry;
mod list;

pub(crate) use entry::EntryPage;
pub(crate) use list::TrailPage;

use domain::identity::Scope;
use domain::problem::{Code, Problem};
use leptos::prelude::*;

use crate::components::problem_note::ProblemNote;
use crate::message::audit as words;
use crate::visitor::Visitor;

const PATH: &str = "/audit";

/// Whether whoever looks at the page may read the trail.
fn may_read() -> bool {
    let visitor = use_context::<Visitor>().and_then(|visitor| visitor.principal);
    // Whoever is not signed in is led to the sign-in page by the frame.
    visitor.is_none_or(|own| own.may(Scope::AuditRead))
}

/// What could not be read, and where to go from there.
fn unread(problem: Problem) -> AnyView {
    let title = if problem.code == Code::NotFound { words::NO_SUCH_ENTRY } else { words::UNREAD };
    view! {
        <div class="trouble">
            <ProblemNote problem title=title/>
            <a class="btn" href=PATH>{words::SHOW_ALL}</a>
        </div>
    }
    .into_any()
}
