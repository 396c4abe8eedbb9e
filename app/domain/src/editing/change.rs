//! One change of a call's arguments, and a list of them as JSON: how an edit travels between two pages.

use crate::json::Json;
use crate::problem::FieldError;

/// One change at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// JSON pointer (RFC 6901) by the names that were shown; empty: the arguments as a whole. One past the end of a list
    /// adds to it.
    pub path: String,
    /// What stands there afterwards; `None`: nothing.
    pub value: Option<Json>,
}

impl Change {
    /// Puts a value at a place.
    pub fn set(path: impl Into<String>, value: Json) -> Self {
        Self { path: path.into(), value: Some(value) }
    }

    /// Takes away what stands at a place.
    pub fn remove(path: impl Into<String>) -> Self {
        Self { path: path.into(), value: None }
    }

    /// The list as JSON: `[{"path": "/to", "value": "..."}, {"path": "/bcc", "remove": true}]`.
    pub fn to_json(changes: &[Self]) -> Json {
        let one = |change: &Self| {
            let path = ("path", Json::from(change.path.as_str()));
            match &change.value {
                Some(value) => Json::object([path, ("value", value.clone())]),
                None => Json::object([path, ("remove", Json::from(true))]),
            }
        };
        Json::Array(changes.iter().map(one).collect())
    }

    /// Reads what [`Change::to_json`] writes.
    ///
    /// # Errors
    /// Every element that is no change, by its place.
    pub fn from_json(json: &Json) -> Result<Vec<Self>, Vec<FieldError>> {
        let refuse = |pointer: String, message: &str| FieldError { pointer, message: message.to_owned() };
        let items = json.as_array().ok_or_else(|| vec![refuse(String::new(), "must be a list of changes")])?;
        let mut errors = Vec::new();
        let mut changes = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            match Self::one_from_json(item) {
                Some(change) => changes.push(change),
                None => errors.push(refuse(
                    format!("/{at}"),
                    r#"must be {"path": ..., "value": ...} or {"path": ..., "remove": true}"#,
                )),
            }
        }
        if errors.is_empty() { Ok(changes) } else { Err(errors) }
    }

    fn one_from_json(json: &Json) -> Option<Self> {
        let path = json.get("path")?.as_str()?;
        match (json.as_object()?.len(), json.get("value"), json.get("remove")) {
            (2, Some(value), None) => Some(Self::set(path, value.clone())),
            (2, None, Some(Json::Bool(true))) => Some(Self::remove(path)),
            _ => None,
        }
    }
}
