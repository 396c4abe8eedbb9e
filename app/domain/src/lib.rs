//! The language of Countersign: what the words of the product mean, and every decision that needs no
//! database, no network and no clock. Compiles natively and to WebAssembly, so that the console and the
//! engine ask the same functions the same questions.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod action;
pub mod alert;
pub mod anomaly;
pub mod argument;
pub mod constraint;
pub mod digest;
pub mod editing;
pub mod event;
pub mod event_filter;
pub mod failure;
pub mod filter;
pub mod health;
pub mod id;
pub mod identity;
pub mod incident;
pub mod json;
pub mod lifecycle;
#[cfg(feature = "matcher")]
pub mod matching;
pub mod metrics;
#[cfg(feature = "openapi")]
mod openapi;
pub mod page;
pub mod people;
pub mod precedence;
pub mod problem;
pub mod query_string;
pub mod redaction;
pub mod risk;
pub mod rule;
pub mod rule_filter;
pub mod seal;
pub mod search;
pub mod settings;
#[cfg(feature = "matcher")]
pub mod suggestion;
pub mod text_safety;
pub mod time_text;
pub mod tool;
pub mod tool_filter;
pub mod tool_view;
pub mod user_agent;
pub mod view;
mod word;
