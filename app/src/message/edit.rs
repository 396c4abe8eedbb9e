//! Editing a call before it is approved.

use domain::editing::{Kept, Kind};

pub(crate) const EDIT: &str = "Edit";
pub(crate) const EDIT_TITLE: &str = "Edit before approving";
pub(crate) const EDIT_LEAD: &str = "Change what needs changing; the rest stays exactly as the agent sent it. \
    The next step shows what changes, and nothing is approved before that.";
pub(crate) const NOT_EDITED: &str = "This call cannot be edited now.";
pub(crate) const NOTHING_CHANGED: &str = "Nothing is changed yet. To approve the call as it is, go back to it.";
pub(crate) const BACK_TO_ACTION: &str = "Back to the call";
pub(crate) const BECOMES: &str = "What it is";
pub(crate) const ADD_ELEMENT: &str = "Add to the list";
pub(crate) const ADD_ARGUMENT: &str = "Add an argument";
pub(crate) const NEW_NAME: &str = "Name";
pub(crate) const NEW_VALUE: &str = "Value";
pub(crate) const SHOW_CHANGES: &str = "Show what changes";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const CONFIRM_TITLE: &str = "Approve with these arguments?";
pub(crate) const WHAT_CHANGES: &str = "What changes";
pub(crate) const CRITICAL_AFTER: &str = "What it will reach";
pub(crate) const APPROVE_EDITED: &str = "Approve with these arguments";
pub(crate) const CHANGE_MORE: &str = "Change more";

pub(crate) fn fields_to_mend(count: usize) -> String {
    if count == 1 { "One field needs mending.".to_owned() } else { format!("{count} fields need mending.") }
}

pub(crate) const fn edit_kind(kind: Kind, kept: Option<Kept>) -> &'static str {
    match (kind, kept) {
        (Kind::Keep, Some(Kept::Secret)) => "Keep the secret",
        (Kind::Keep, _) => "Keep",
        (Kind::Text | Kind::Escaped, _) => "Text",
        (Kind::Number, _) => "Number",
        (Kind::True, _) => "true",
        (Kind::False, _) => "false",
        (Kind::Null, _) => "null",
        (Kind::Json, _) => "JSON",
        (Kind::Remove, _) => "Remove it",
    }
}

pub(crate) fn edit_hint(kind: Kind, kept: Option<Kept>, critical: bool) -> Option<String> {
    match (kind, kept) {
        (_, Some(Kept::Secret)) if critical => {
            Some("Critical, but it repeats a secret: not shown. Leave it empty to keep it.".to_owned())
        }
        (_, Some(Kept::Secret)) => Some("A secret: not shown. Leave it empty to keep it.".to_owned()),
        (_, Some(Kept::Long(bytes))) => {
            Some(format!("{bytes} bytes: too long to be edited here. Leave it empty to keep it, or write it anew."))
        }
        (Kind::Escaped, _) => {
            Some("Holds what cannot be seen, written like \\u{200B}; a backslash is written \\\\.".to_owned())
        }
        _ => None,
    }
}

pub(crate) fn left_out(count: usize) -> String {
    format!("{count} more arguments have no field here and stay as they are. The API can change them.")
}

pub(crate) fn long_text(characters: usize) -> String {
    format!("Edit a text of {characters} characters")
}

pub(crate) fn digests(before: &str, after: &str) -> String {
    format!("digest {before} becomes {after}")
}

pub(crate) fn confirm_edited(tool: &str) -> String {
    format!("Approve {tool} with the changed arguments?")
}

/// Over what a person changed.
pub(crate) const EDITED: &str = "Edited while approving";
