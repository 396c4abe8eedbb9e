//! The countersign server: what stands around the engine so that programs and people can reach it. The binary
//! is `main.rs`; everything else is here, where tests can reach it too.
// A page of the console is one deeply nested type.
#![recursion_limit = "512"]

pub mod cli;
pub mod config;
pub mod failure;
pub mod http;
pub mod logging;
pub mod outbound;
pub mod postgres;
pub mod serve;
pub mod upstreams;
pub mod workers;
