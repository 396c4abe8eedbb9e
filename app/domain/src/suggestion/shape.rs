//! Calls that do the same: those whose critical arguments are the same.

use crate::argument::ClassOverrides;
use crate::constraint::normal;
use crate::digest::Digest;
use crate::json::Json;
use crate::rule::critical_arguments;

/// One digest for all calls of a tool that have the same critical arguments, however their numbers are written and their
/// members ordered. Where no argument is critical, all calls of the tool are alike.
pub fn shape_of(args: &Json, overrides: &ClassOverrides) -> Digest {
    let critical = critical_arguments(args, overrides).into_iter();
    let members = critical.filter_map(|path| path.select_one(args).map(|value| (path.to_string(), normal(value))));
    Digest::of(&Json::Object(members.collect()))
}
