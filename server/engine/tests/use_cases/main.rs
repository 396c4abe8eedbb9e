//! The use-cases on a real Postgres, a database per test.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bulk;
mod deadlines;
mod execution;
mod gate;
mod identity;
mod people;
mod races;
mod reading;
mod stage;
mod trail;
mod waiting;
