//! The use-cases on a real Postgres, a database per test.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "the size of a future is of no matter to a test")]

mod alerts;
mod anomalies;
mod audit;
mod bulk;
mod deadlines;
mod edits;
mod execution;
mod executors;
mod figures;
mod gate;
mod gateway;
mod identity;
mod people;
mod races;
mod reading;
mod retention;
mod rule_sheets;
mod rules;
mod settings;
mod shapes;
mod stage;
mod tools;
mod trail;
mod waiting;
