//! What the sheet asks beside the arguments, and where it says what is wrong.

use domain::problem::FieldError;
use domain::rule::form::{DAY, HOURS_OFFERED, NONE, OTHER, hours};
use domain::rule::{Effect, USES_OFFERED, Unlisted};
use engine::rule_pages::SheetPage;
use leptos::prelude::*;

use super::rows::rows;
use crate::components::icon::Icon;
use crate::components::text_area::TextArea;
use crate::message::rules as words;

/// Members of a draft that have a field of their own, whose errors stand there.
const FIELDS: [&str; 8] =
    ["/effect", "/description", "/notes", "/unlisted_args", "/max_uses", "/expires_at", "/confirm_broad", "/reason"];

/// What is wrong at a place, or below it for a row.
pub(super) fn errors_at(errors: &[FieldError], place: &str) -> Vec<String> {
    let below = format!("{place}/");
    let row = place.starts_with("/arg_constraints/");
    let mine = errors.iter().filter(|error| error.pointer == place || (row && error.pointer.starts_with(&below)));
    let mut told: Vec<String> = Vec::new();
    for error in mine {
        let message = words::sentence(&error.message);
        if !told.contains(&message) {
            told.push(message);
        }
    }
    told
}

/// Always there: what is typed may bring it up.
pub(super) fn bad(id: &str, errors: Vec<String>) -> AnyView {
    view! { <p class="bad-words" id=id.to_owned() data-live="" hidden=errors.is_empty()>{errors.join(" ")}</p> }
        .into_any()
}

/// That there is something to mend, and what has no field of its own.
pub(super) fn not_yet(page: &SheetPage) -> Option<AnyView> {
    if page.errors.is_empty() {
        return None;
    }
    let at_a_row = |error: &&FieldError| {
        error.pointer == "/arg_constraints"
            || page.rows.iter().any(|row| {
                let place = row.row.place();
                error.pointer == place || error.pointer.starts_with(&format!("{place}/"))
            })
    };
    let elsewhere = page.errors.iter().filter(|error| !FIELDS.contains(&error.pointer.as_str()) && !at_a_row(error));
    let told = elsewhere.map(|error| format!(" {} {}.", error.pointer.trim_start_matches('/'), error.message));
    let note = view! {
        <div class="note bad" role="alert">
            <Icon name="#i-warn"/>
            <span><b>{words::not_yet(page.errors.len())}</b> {told.collect::<String>()}</span>
        </div>
    };
    Some(note.into_any())
}

pub(super) fn fields(page: &SheetPage) -> AnyView {
    let sheet = &page.sheet;
    let at = |place: &str| errors_at(&page.errors, place);
    // What is approved with a rule runs: such a rule lets run.
    let effect = if page.approves.is_some() {
        view! { <input type="hidden" name="effect" value="allow"/> }.into_any()
    } else {
        let options = Effect::ALL.iter().map(|own| (own.as_str().to_owned(), words::effect_does(*own).to_owned()));
        radios("effect", words::CALLS_THAT_FIT, options.collect(), sheet.effect.as_str(), at("/effect"), ())
    };
    let unlisted = sheet.unlisted.unwrap_or(page.usual);
    let options =
        [Unlisted::Forbid, Unlisted::Ignore].map(|own| (own.as_str().to_owned(), words::unlisted_does(own).to_owned()));
    view! {
        {effect}
        {line("description", words::DESCRIPTION, &sheet.description, 500, at("/description"))}
        {rows(page)}
        {radios("unlisted", words::ANY_OTHER_ARGUMENT, options.to_vec(), unlisted.as_str(), at("/unlisted_args"), words::UNLISTED_HINT)}
        {uses(page, at("/max_uses"))}
        {until(page, at("/expires_at"))}
        <div>
            <label for="notes">{words::NOTES_MAYBE}</label>
            <TextArea id="notes".to_owned() name="notes".to_owned() text=sheet.notes.clone() described_by="e-notes".to_owned()/>
            {bad("e-notes", at("/notes"))}
        </div>
        {page.replaces.is_some().then(|| line("reason", words::REPLACE_REASON, &sheet.reason, 1_000, at("/reason")))}
    }
    .into_any()
}

fn line(name: &'static str, label: &'static str, text: &str, longest: i32, errors: Vec<String>) -> AnyView {
    let told = format!("e-{name}");
    view! {
        <div>
            <label for=name>{label}</label>
            <input class="input" id=name name=name value=text.to_owned() maxlength=longest autocomplete="off"
                aria-describedby=told.clone() aria-invalid=(!errors.is_empty()).then_some("true")/>
            {bad(&told, errors)}
        </div>
    }
    .into_any()
}

fn uses(page: &SheetPage, errors: Vec<String>) -> AnyView {
    let offered = USES_OFFERED.map(|most| (most.to_string(), words::most_uses(most)));
    let more =
        [(NONE, words::NO_LIMIT), (OTHER, words::OTHER)].map(|(value, word)| (value.to_owned(), word.to_owned()));
    let own = view! {
        <input class="input" type="number" name="uses_other" min="1" max="1000000" value=page.sheet.uses_other.clone()
            aria-label=words::OTHER_USES/>
    };
    radios("uses", words::USES, offered.into_iter().chain(more).collect(), &page.sheet.uses, errors, own)
}

fn until(page: &SheetPage, errors: Vec<String>) -> AnyView {
    let sheet = &page.sheet;
    let offered = HOURS_OFFERED.map(|own| (hours(own), words::lasts(own)));
    let mut options: Vec<(String, String)> = offered.to_vec();
    options.push((NONE.to_owned(), words::NO_END_CHOICE.to_owned()));
    options.push((DAY.to_owned(), words::A_DAY.to_owned()));
    if options.iter().all(|(value, _)| *value != sheet.until) && !sheet.until.is_empty() {
        options.push((sheet.until.clone(), words::as_before(&sheet.until)));
    }
    let own = view! {
        <input class="input" type="date" name="until_day" value=sheet.until_day.clone() aria-label=words::LAST_DAY/>
    };
    radios("until", words::UNTIL, options, &sheet.until, errors, own)
}

fn radios(
    name: &'static str,
    legend: &'static str,
    options: Vec<(String, String)>,
    chosen: &str,
    errors: Vec<String>,
    more: impl IntoView + 'static,
) -> AnyView {
    let option = |(value, word): (String, String)| {
        let checked = value == chosen;
        view! { <label class="chip"><input type="radio" name=name value=value checked=checked/> {word}</label> }
    };
    let told = format!("e-{name}");
    view! {
        <fieldset class="chips row-of" aria-describedby=told.clone()>
            <legend>{legend}</legend>
            {options.into_iter().map(option).collect_view()} {more}
            {bad(&told, errors)}
        </fieldset>
    }
    .into_any()
}
