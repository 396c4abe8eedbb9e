//! Editing a call before it is approved, in two steps: a form with one control for each value, then what changes and what
//! the tier asks for before an approval. Plain HTML: between the steps nothing is stored, and the server makes the new
//! arguments from the stored ones each time.

mod fields;
mod preview;

use domain::digest::Digest;
use domain::editing::{Posted, Refused};
use domain::id::ActionId;
use domain::problem::{Code, Problem};
use domain::view::ActionRow;
use engine::editing::{EditForm, Preview};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::{use_params_map, use_url};

use super::query::Query;
use crate::api::{Failure, answer, engine, person};
use crate::components::icon::Icon;
use crate::components::problem_note::ProblemNote;
use crate::components::tier::Tier;
use crate::message;
use crate::pages::frame::here;
use fields::edit_form;
use preview::confirmation;

/// What the browser posted from the page, in its order. Not there: the page was asked for.
#[derive(Clone, Debug, Default)]
pub struct PostedForm(pub Vec<(String, String)>);

/// What the page shows.
enum Shown {
    Form { edit: Box<EditForm>, posted: Posted, refused: Vec<Refused>, unchanged: bool },
    Preview { preview: Box<Preview>, posted: Posted },
}

/// Where the page is and where it leads back to.
#[derive(Clone)]
struct Place {
    id: ActionId,
    /// This page's address.
    here: String,
    /// The action's page, with the list that it was opened from.
    action: String,
}

#[component]
pub(crate) fn EditPage() -> impl IntoView {
    let url = use_url().get_untracked();
    let id = use_params_map().get_untracked().get("id").and_then(|id| id.parse::<ActionId>().ok());
    let posted = use_context::<PostedForm>();
    let shown = Suspend::new(async move {
        let Some(id) = id else {
            let problem = Problem::not_found("action");
            return unread(problem, &Query::of_url(&here(&url)).href(None));
        };
        let place = Place { id, here: here(&url), action: Query::of_url(&here(&url)).href(Some(id)) };
        match read(id, posted).await {
            Ok(Shown::Form { edit, posted, refused, unchanged }) => form(&place, *edit, &posted, &refused, unchanged),
            Ok(Shown::Preview { preview, posted }) => confirmation(&place, *preview, &posted),
            Err(Failure(problem)) => unread(problem, &place.action),
        }
    });
    view! { <main id="main" class="page"><Suspense>{shown}</Suspense></main> }
}

async fn read(id: ActionId, posted: Option<PostedForm>) -> Result<Shown, Failure> {
    let (engine, person) = (engine(), person()?);
    let Some(PostedForm(pairs)) = posted else {
        let edit = answer(engine::editing::form(&engine, &person, id).await)?;
        return Ok(Shown::Form {
            edit: Box::new(edit),
            posted: Posted::default(),
            refused: Vec::new(),
            unchanged: false,
        });
    };
    let text = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let shown = text("args_sha256").unwrap_or_default().parse::<Digest>();
    let back = text("back").is_some();
    let posted = Posted(pairs.clone());
    let again = async |refused: Vec<Refused>, unchanged: bool| {
        let edit = answer(engine::editing::form(&engine, &person, id).await)?;
        Ok(Shown::Form { edit: Box::new(edit), posted: posted.clone(), refused, unchanged })
    };
    if back {
        return again(Vec::new(), false).await;
    }
    let shown = shown.map_err(|error| Failure(Problem::invalid("args_sha256", error.to_string())))?;
    match answer(engine::editing::preview(&engine, &person, id, shown, &posted).await)? {
        Ok(preview) if preview.effective_sha256 == preview.args_sha256 => again(Vec::new(), true).await,
        Ok(preview) => Ok(Shown::Preview { preview: Box::new(preview), posted }),
        Err(refused) => {
            if let Some(response) = use_context::<ResponseOptions>() {
                response.set_status(http::StatusCode::UNPROCESSABLE_ENTITY);
            }
            again(refused, false).await
        }
    }
}

fn form(place: &Place, edit: EditForm, posted: &Posted, refused: &[Refused], unchanged: bool) -> AnyView {
    view! {
        {head(place, message::EDIT_TITLE, &edit.row)}
        <p class="lead">{message::EDIT_LEAD}</p>
        {(!refused.is_empty()).then(|| not_yet(refused))}
        {unchanged.then(|| view! { <p class="why" role="status">{message::NOTHING_CHANGED}</p> })}
        {looks(edit.warnings)}
        {edit_form(place, edit.args_sha256, edit.form, posted, refused)}
    }
    .into_any()
}

/// The page's title, with the call it is about.
fn head(place: &Place, title: &'static str, row: &ActionRow) -> AnyView {
    view! {
        <p><a class="more" href=place.action.clone()>{message::BACK_TO_ACTION}</a></p>
        <h1>{title}</h1>
        <p class="head"><Tier tier=row.risk_tier/> <b class="mono">{row.tool_name.clone()}</b></p>
    }
    .into_any()
}

/// That there is something to mend, and what has no field of its own.
fn not_yet(refused: &[Refused]) -> AnyView {
    let elsewhere = refused.iter().filter(|refused| refused.key.is_empty());
    let told = elsewhere.map(|refused| format!(" {} {}.", refused.pointer, refused.message)).collect::<String>();
    view! {
        <p class="note bad" role="alert">
            <Icon name="#i-warn"/>
            <span><b>{message::fields_to_mend(refused.len())}</b> {told}</span>
        </p>
    }
    .into_any()
}

/// What looks deceptive, and where.
fn looks(warnings: Vec<String>) -> AnyView {
    let lines =
        warnings.into_iter().map(|words| view! { <li><Icon name="#i-warn"/> <b>{words}</b></li> }).collect_view();
    (!lines.is_empty())
        .then(
            || view! { <section class="warned" aria-label=message::WARNINGS><ul class="plain">{lines}</ul></section> },
        )
        .into_any()
}

/// It cannot be edited: decided, expired, not there, not for this person.
fn unread(problem: Problem, action: &str) -> AnyView {
    let standing = message::standing_decision(&problem, None).map(|words| view! { <p>{words}</p> });
    let title = if problem.code == Code::NotFound { message::NO_SUCH_ACTION } else { message::NOT_EDITED };
    view! {
        <h1>{message::EDIT_TITLE}</h1>
        <div class="trouble">
            <ProblemNote problem title=title/>
            {standing}
            <a class="btn" href=action.to_owned()>{message::BACK_TO_ACTION}</a>
        </div>
    }
    .into_any()
}
