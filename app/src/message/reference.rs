//! The words of the page that describes the REST interface.

pub(crate) const TITLE: &str = "REST API";
pub(crate) const ABOUT: &str = "Every route, what it takes and what it answers.";
pub(crate) const LEAD: &str = "Programs send a token with each request, `Authorization: Bearer TOKEN`, and bodies as `Content-Type: application/json`. One object is answered as `data`, a list as `data` with its paging in `meta`. What is refused is answered with a problem document (RFC 9457) whose `code` is stable.";
pub(crate) const FOR_PROGRAMS: &str = "The same for programs:";
pub(crate) const GROUPS: &str = "Groups of routes";
pub(crate) const TYPES: &str = "Types";
pub(crate) const TYPES_ABOUT: &str = "What bodies and answers are made of.";
pub(crate) const PARAMETERS: &str = "Parameters";
pub(crate) const BODY: &str = "Body";
pub(crate) const ANSWERS: &str = "Answers";
pub(crate) const NAME: &str = "Name";
pub(crate) const VALUE: &str = "Value";
pub(crate) const MEANING: &str = "Meaning";
pub(crate) const REQUIRED: &str = "required";
pub(crate) const STATUS: &str = "Status";

/// Where a parameter stands.
pub(crate) fn place(place: &str) -> &'static str {
    match place {
        "path" => "in the path",
        "header" => "a header",
        _ => "in the query",
    }
}
