//! Calls that do the same: those whose critical arguments are the same.

use crate::argument::ClassOverrides;
use crate::constraint::normal;
use crate::digest::Digest;
use crate::json::Json;
use crate::rule::critical_arguments;

/// Of arguments with more values than this the whole is the shape: every critical one is held against all others.
const MOST_VALUES: usize = 500;

/// One digest for all calls of a tool that have the same critical arguments, however their numbers are written and their
/// members ordered. Where no argument is critical, all calls of the tool are alike.
pub fn shape_of(args: &Json, overrides: &ClassOverrides) -> Digest {
    if values(args, MOST_VALUES).is_none() {
        return Digest::of(&normal(args));
    }
    let critical = critical_arguments(args, overrides).into_iter();
    let members = critical.filter_map(|path| path.select_one(args).map(|value| (path.to_string(), normal(value))));
    Digest::of(&Json::Object(members.collect()))
}

/// How many more values there may be after these; `None`: there are too many.
fn values(value: &Json, left: usize) -> Option<usize> {
    let left = left.checked_sub(1)?;
    match value {
        Json::Object(members) => members.iter().try_fold(left, |left, (_, value)| values(value, left)),
        Json::Array(items) => items.iter().try_fold(left, |left, value| values(value, left)),
        _ => Some(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_arguments_the_whole_is_the_shape() {
        let args = |count: usize, subject: &str| {
            let critical = (0..count).map(|at| (format!("to_{at}"), Json::from("a@x")));
            Json::Object(critical.chain([("subject".to_owned(), Json::from(subject))]).collect())
        };
        let shape = |count, subject| shape_of(&args(count, subject), &ClassOverrides::default());
        assert_eq!(shape(400, "one"), shape(400, "two"));
        assert_ne!(shape(20_000, "one"), shape(20_000, "two"));
    }
}
