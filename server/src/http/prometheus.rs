//! `/metrics` for Prometheus, at an address of its own and without a token: numbers alone, no name of a tool, a person or a
//! session. What is counted in this process (requests, work) the recorder holds; what the database knows is read when
//! it is asked for, and what cannot be read is left out: never a zero, never the number of before.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::event::EventType;
use engine::Engine;
use engine::monitoring::{Counted, Standing, beginning, news, standing};
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::Mutex;
use tracing::error;

use crate::failure::{Failure, Outcome};

/// How long a request, in seconds.
const REQUEST: &str = "countersign_http_request_duration_seconds";
/// How long a person took to decide, in seconds.
const LATENCY: &str = "countersign_decision_latency_seconds";
const REQUEST_BUCKETS: [f64; 10] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 60.0];
/// From a minute to two days, which is the usual deadline.
const LATENCY_BUCKETS: [f64; 11] =
    [60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0, 43_200.0, 86_400.0, 172_800.0];
/// What the database says must come within this, or it is left out.
const WITHIN: Duration = Duration::from_secs(5);

/// The recorder belongs to the process.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// What is read at `/metrics`.
pub struct Exposition {
    engine: Engine,
    recorder: PrometheusHandle,
    /// The seal up to which the trail is counted.
    counted: Mutex<i64>,
}

impl Exposition {
    /// Begins to count, from now on.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn start(engine: Engine) -> Outcome<Self> {
        let counted = Mutex::new(beginning(&engine).await?);
        let recorder = match RECORDER.get() {
            Some(recorder) => recorder.clone(),
            None => RECORDER.get_or_init(|| record().unwrap_or_else(|failure| panic!("{failure}"))).clone(),
        };
        Ok(Self { engine, recorder, counted })
    }

    async fn text(&self) -> String {
        let reached = tokio::time::timeout(WITHIN, self.count()).await;
        let told = tokio::time::timeout(WITHIN, standing(&self.engine)).await;
        let (counted, stands) = (flat(reached), flat(told));
        self.recorder.run_upkeep();
        let mut text = self.recorder.render();
        let up = u8::from(counted.is_some() && stands.is_some());
        gauge(
            &mut text,
            "countersign_database_up",
            "Whether the database answered this scrape.",
            &[("", f64::from(up))],
        );
        if let Some(stands) = stands {
            write_standing(&mut text, &stands);
        }
        text
    }

    /// Counts what has happened since the last time. Two scrapes at once count it once.
    async fn count(&self) -> engine::Result<()> {
        let mut counted = self.counted.lock().await;
        while let Some(news) = news(&self.engine, *counted).await? {
            news.counts.iter().for_each(add);
            news.latencies.iter().for_each(|seconds| histogram!(LATENCY).record(*seconds));
            *counted = news.through;
        }
        Ok(())
    }
}

fn record() -> Outcome<PrometheusHandle> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("Prometheus cannot be served: {error}"));
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST.to_owned()), &REQUEST_BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(LATENCY.to_owned()), &LATENCY_BUCKETS))
        .map_err(|error| wrong(&error))?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| wrong(&error))?;
    describe();
    Ok(handle)
}

fn describe() {
    metrics::describe_histogram!(REQUEST, "How long requests took, by route, in seconds.");
    metrics::describe_histogram!(LATENCY, "From request to a person's decision, in seconds.");
    metrics::describe_counter!("countersign_decisions_total", "Decisions, whoever made them.");
    metrics::describe_counter!("countersign_parked_total", "Calls that had to wait.");
    metrics::describe_counter!("countersign_rule_matches_total", "Calls that a standing rule decided or held.");
    metrics::describe_counter!("countersign_executions_total", "Runs that ended.");
    metrics::describe_counter!("countersign_work_done_total", "What background work did.");
    metrics::describe_counter!("countersign_work_failures_total", "Steps of background work that failed.");
    metrics::describe_gauge!("countersign_work_last_success_timestamp_seconds", "When background work last went well.");
}

fn add(own: &Counted) {
    let by = match own.by.as_str() {
        "human" => "human",
        "agent" => "agent",
        "rule" => "rule",
        _ => "system",
    };
    let decided = |decision, by| counter!("countersign_decisions_total", "decision" => decision, "by" => by);
    let ran = |outcome| counter!("countersign_executions_total", "outcome" => outcome);
    let matched = |effect| counter!("countersign_rule_matches_total", "effect" => effect);
    let count = own.count;
    match own.event_type {
        EventType::ActionParked => {
            counter!("countersign_parked_total").increment(count);
            if own.held {
                matched("hold").increment(count);
            }
        }
        EventType::ActionAutoApproved => {
            decided("approved", "rule").increment(count);
            matched("allow").increment(count);
        }
        EventType::ActionDenied => {
            decided("rejected", "rule").increment(count);
            matched("deny").increment(count);
        }
        EventType::ActionBypassed => decided("approved", "system").increment(count),
        EventType::ActionBlocked => decided("rejected", "system").increment(count),
        EventType::ActionApproved => decided("approved", by).increment(count),
        EventType::ActionRejected => decided("rejected", by).increment(count),
        EventType::ActionWithdrawn => decided("withdrawn", by).increment(count),
        EventType::ActionExpired => decided("expired", by).increment(count),
        EventType::ActionAbandoned => decided("abandoned", by).increment(count),
        EventType::ExecutionSucceeded => ran("succeeded").increment(count),
        EventType::ExecutionFailed => ran("failed").increment(count),
        EventType::ExecutionUnknown => ran("unknown").increment(count),
        _ => {}
    }
}

fn flat<T>(read: Result<engine::Result<T>, tokio::time::error::Elapsed>) -> Option<T> {
    match read {
        Ok(Ok(read)) => Some(read),
        Ok(Err(wrong)) => {
            error!(error = &wrong as &dyn std::error::Error, "a scrape could not read the database");
            None
        }
        Err(_) => {
            error!("the database did not answer a scrape in time");
            None
        }
    }
}

fn write_standing(text: &mut String, stands: &Standing) {
    let pending: Vec<(String, f64)> =
        stands.pending.iter().map(|(tier, count)| (format!("{{risk_tier=\"{tier}\"}}"), number(*count))).collect();
    let pending: Vec<(&str, f64)> = pending.iter().map(|(label, count)| (label.as_str(), *count)).collect();
    gauge(text, "countersign_pending", "Calls that wait for a decision.", &pending);
    if let Some(seconds) = stands.oldest_seconds {
        gauge(text, "countersign_pending_oldest_seconds", "How long the oldest of them has waited.", &[("", seconds)]);
    }
    if let Some(check) = &stands.checked {
        let at = number(check.checked_at.timestamp());
        gauge(text, "countersign_trail_verified_timestamp_seconds", "When the trail was last verified.", &[("", at)]);
        gauge(
            text,
            "countersign_trail_verified_seq",
            "The last entry that was verified.",
            &[("", number(check.through_seq))],
        );
        gauge(text, "countersign_trail_faults", "What that found.", &[("", number(check.faults))]);
    }
    let (size, idle) = stands.connections;
    let connections = [("{state=\"all\"}", f64::from(size)), ("{state=\"idle\"}", number(idle as i64))];
    gauge(text, "countersign_database_connections", "Connections of this server to its database.", &connections);
}

#[expect(clippy::cast_precision_loss, reason = "counts and times stay far below 2^53")]
const fn number(count: i64) -> f64 {
    count as f64
}

fn gauge(text: &mut String, name: &str, help: &str, values: &[(&str, f64)]) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (labels, value) in values {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

/// The listener's own router: nothing else is there.
pub fn router(exposition: Exposition) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state(Arc::new(exposition))
}

async fn scrape(State(exposition): State<Arc<Exposition>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exposition.text().await).into_response()
}

/// Notes a request that was answered. `route`: its pattern, never its path.
pub fn answered(method: &Method, route: Option<&str>, status: u16, seconds: f64) {
    let method = match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "HEAD" => "HEAD",
        _ => "other",
    };
    let route = route.unwrap_or("other").to_owned();
    histogram!(REQUEST, "method" => method, "route" => route, "status" => status.to_string()).record(seconds);
}
