//! A constraint as it is stored and sent: typed JSON.

use super::{Asked, Constraint, Exact};
use crate::json::Json;

impl Asked {
    /// The form in which it is written in a draft.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Constraint(constraint) => constraint.to_json(),
            Self::FromAction => Json::object([("type", Json::from("exact")), ("from_action", Json::from(true))]),
        }
    }
}

impl Constraint {
    /// The typed form, which [`super::read_constraint`] reads back. A kept value is shown masked beside its digest.
    pub fn to_json(&self) -> Json {
        let typed = |members: Vec<(&str, Json)>| {
            let kind = ("type".to_owned(), Json::from(self.kind()));
            let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
            Json::Object(std::iter::once(kind).chain(members).collect())
        };
        let listed =
            |name: &'static str, texts: &[String]| (!texts.is_empty()).then(|| (name, Json::from(texts.to_vec())));
        match self {
            Self::Any | Self::Absent => typed(vec![]),
            Self::Exact(Exact::Value(value)) => typed(vec![("value", value.clone())]),
            Self::Exact(Exact::Kept { sha256, shown }) => {
                typed(vec![("sha256", Json::from(sha256.to_string())), ("shown", shown.clone())])
            }
            Self::OneOf(values) => typed(vec![("values", Json::Array(values.clone()))]),
            Self::Pattern(text) | Self::Regex(text) => typed(vec![("value", Json::from(text.as_str()))]),
            Self::Range { min, max } => {
                let bound = |name, bound: &Option<_>| bound.clone().map(|number| (name, Json::Number(number)));
                typed([bound("min", min), bound("max", max)].into_iter().flatten().collect())
            }
            Self::Email { domains, addresses } => {
                typed([listed("domains", domains), listed("addresses", addresses)].into_iter().flatten().collect())
            }
            Self::Url { hosts, schemes } => {
                typed([listed("hosts", hosts), listed("schemes", schemes)].into_iter().flatten().collect())
            }
            Self::Path { under } => typed(vec![("under", Json::from(under.as_str()))]),
            Self::Length { max } => {
                let max = crate::json::Number::parse(&max.to_string()).expect("a whole number is a number");
                typed(vec![("max", Json::Number(max))])
            }
            Self::Unknown(written) => written.clone(),
        }
    }
}
