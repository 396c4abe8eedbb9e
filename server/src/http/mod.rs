//! The HTTP side: one router for programs (`/api/approvals`, `/mcp`), browsers (the console and its server functions)
//! and probes. A handler authenticates, parses, calls one use-case and shapes the answer; what holds for every
//! request stands in the middleware.

pub mod assets;
pub mod console;
pub mod events;
pub mod mcp;
pub mod middleware;
pub mod openapi;
pub mod problem;
pub mod prometheus;
mod reference;
pub mod rest;
pub mod session;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Json, Router};
use engine::Engine;
use leptos::prelude::LeptosOptions;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::upstreams::Upstreams;

/// The largest request body: a document of 1 MiB and the envelope around it.
pub const BODY_LIMIT: usize = domain::action::limit::DOCUMENT + (64 << 10);

/// What handlers share. It is handed to every layer of every request, so handing it on costs one count.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What is behind [`AppState`].
pub struct Shared {
    pub engine: Engine,
    /// The console's files, by their present names.
    pub assets: app::shell::Assets,
    pub leptos_options: LeptosOptions,
    /// Cancelled when the server begins to stop: long answers end then.
    pub stopping: CancellationToken,
    pub config: Config,
    /// MCP servers behind the gateway.
    pub upstreams: Upstreams,
    pub readiness: Readiness,
}

impl AppState {
    /// The state of a server that runs `engine` under `config`.
    pub fn new(engine: Engine, config: Config, stopping: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            engine,
            assets: assets::names(),
            leptos_options: console::leptos_options(),
            stopping,
            upstreams: Upstreams::new(&config.upstreams, &config.outbound_allow),
            config,
            readiness: Readiness::default(),
        }))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}

impl FromRef<AppState> for Engine {
    fn from_ref(state: &AppState) -> Self {
        state.engine.clone()
    }
}

/// Whether this server wants new requests; what a load balancer asks `/readyz`.
#[derive(Default)]
pub struct Readiness(AtomicBool);

impl Readiness {
    /// Starts or stops asking for requests.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::SeqCst);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The whole router.
pub fn router(state: AppState) -> Router {
    let rest = Router::from(openapi::routes())
        .layer(from_fn_with_state(state.clone(), openapi::refuse_unasked))
        .layer(from_fn(middleware::require_json));
    let guarded = Router::new()
        .merge(rest)
        .merge(openapi::router())
        .merge(mcp::routes(&state))
        .merge(console::routes(&state))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(middleware::limit_body))
        .layer(from_fn_with_state(state.clone(), session::recognise))
        .layer(from_fn_with_state(state.clone(), middleware::same_origin));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .merge(guarded)
        .fallback(console::not_found)
        .with_state(state.clone())
        .layer(from_fn(assets::serve))
        .layer(from_fn(problem::finish))
        .layer(from_fn_with_state(state, middleware::secure_headers))
        .layer(from_fn(middleware::observe))
}

/// The process runs.
async fn healthz() -> Json<serde_json::Value> {
    Json(json!({"status": "ok"}))
}

/// The process wants requests and its database answers.
async fn readyz(State(state): State<AppState>) -> (StatusCode, Json<serde_json::Value>) {
    if !state.readiness.get() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "starting or stopping"})));
    }
    match state.engine.ready().await {
        Ok(()) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Err(error) => {
            error.into_problem();
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "database unavailable"})))
        }
    }
}
