//! When two values are the same to a rule: numbers by what they are worth, `true` never 1, `"1"` never 1.

use crate::json::Json;

/// Whether both are the same value. The order of an object's keys does not count, that of a list does.
pub fn same_value(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.same_value(right),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_value(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            let (left, right) = (by_key(left), by_key(right));
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| left.0 == right.0 && same_value(&left.1, &right.1))
        }
        (left, right) => left == right,
    }
}

fn by_key(members: &[(String, Json)]) -> Vec<&(String, Json)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    members
}

/// One form for all values that are the same, up to the order of keys (which the canonical form settles).
pub(crate) fn normal(value: &Json) -> Json {
    match value {
        Json::Number(number) => Json::Number(number.normalized()),
        Json::Array(items) => Json::Array(items.iter().map(normal).collect()),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), normal(value))).collect())
        }
        other => other.clone(),
    }
}
