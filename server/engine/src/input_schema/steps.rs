//! A bound on how long one call is held against a schema. A schema of a few lines can ask for more comparisons than
//! there are atoms; the validator itself has no bound. So every look at a value counts, and when the count is used up,
//! validation is left by unwinding, which is the only way out of it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use domain::json::Json;

/// Enough for what schemas of tools ask of a call without arguments: about ten milliseconds.
const BASE: u64 = 400_000;
/// How often one value is looked at on the average, at the most.
const PER_VALUE: u64 = 200;
/// So many bytes of text are looked at in one step.
pub(super) const BYTES_PER_STEP: usize = 64;
/// What an error costs: it takes memory until all are told.
pub(super) const PER_ERROR: u64 = 500;
/// Whatever the call is.
const MOST: u64 = 20_000_000;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// The steps were used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// The steps that a call of this size is given.
pub(super) fn allowed_for(args: &Json) -> u64 {
    (BASE + PER_VALUE * size(args)).min(MOST)
}

fn size(json: &Json) -> u64 {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 1,
        Json::String(text) => 1 + in_steps(text.len()),
        Json::Array(items) => 1 + items.iter().map(size).sum::<u64>(),
        Json::Object(members) => 1 + members.iter().map(|(_, member)| 1 + size(member)).sum::<u64>(),
    }
}

pub(super) fn in_steps(bytes: usize) -> u64 {
    (bytes / BYTES_PER_STEP) as u64
}

/// Runs `look`, which calls [`take`] for what it does, with so many steps.
pub(super) fn within<T>(steps: u64, look: impl FnOnce() -> T) -> Result<T, TooMany> {
    let before = LEFT.replace(steps);
    // What `look` had in hand is dropped and never looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(look));
    LEFT.set(before);
    match outcome {
        Ok(value) => Ok(value),
        Err(payload) if payload.is::<TooMany>() => Err(TooMany),
        Err(payload) => resume_unwind(payload),
    }
}

/// Uses up steps. Does not come back when none are left.
pub(super) fn take(steps: u64) {
    LEFT.with(|left| match left.get().checked_sub(steps) {
        Some(rest) => left.set(rest),
        // Not a panic: nothing is wrong here, and nothing is to be said in the log.
        None => resume_unwind(Box::new(TooMany)),
    });
}
