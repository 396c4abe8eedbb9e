//! What a place hears of an alert. `server/README.md` documents it: a member is never renamed and never changes its meaning.

use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, Utc};
use domain::alert::{AlertKind, Format, Says, Severity};
use engine::alerts::Message;
use serde::Serialize;
use uuid::Uuid;

use crate::outbound::signature;

/// Where an operator goes from there.
const PAGE: &str = "/approvals/metrics";

#[derive(Serialize)]
struct Standard<'a> {
    r#type: &'static str,
    timestamp: DateTime<Utc>,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    alert_id: Uuid,
    kind: AlertKind,
    severity: Severity,
    title: &'a str,
    detail: &'a str,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    url: String,
}

#[derive(Serialize)]
struct Slack {
    text: String,
}

/// The body of the request. Its link shows a page and decides nothing.
pub(super) fn body(message: &Message, console: &str) -> String {
    let alert = &message.alert;
    let url = format!("{console}{PAGE}");
    let (written, failed) = match message.format {
        Format::Standard => {
            let (kind, at) = match message.says {
                Says::Opened => ("alert.opened", alert.opened_at),
                Says::Closed => ("alert.closed", alert.closed_at.unwrap_or(alert.opened_at)),
            };
            let data = Data {
                alert_id: alert.id,
                kind: alert.kind,
                severity: alert.severity,
                title: &alert.title,
                detail: &alert.detail,
                opened_at: alert.opened_at,
                closed_at: alert.closed_at,
                url,
            };
            (serde_json::to_string(&Standard { r#type: kind, timestamp: at, data }), "an alert is plain data")
        }
        Format::Slack => (serde_json::to_string(&Slack { text: text(message, &url) }), "a text is plain data"),
    };
    written.expect(failed)
}

fn text(message: &Message, url: &str) -> String {
    let alert = &message.alert;
    let title = for_slack(&alert.title);
    match message.says {
        Says::Opened => {
            let severity = alert.severity.as_str();
            format!("*Countersign, {severity}: {title}*\n{}\n<{url}|Open the console>", for_slack(&alert.detail))
        }
        Says::Closed => format!("*Countersign: over: {title}*\n<{url}|Open the console>"),
    }
}

/// The three characters that mean something there (Slack, "Formatting text for app surfaces").
fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Its headers. The id is the delivery's: the same however often it is tried.
pub(super) fn headers(message: &Message, body: &str) -> HeaderMap {
    let now = Utc::now().timestamp();
    let mut headers = signature::headers(std::slice::from_ref(&message.secret), &message.id.to_string(), now, body);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers
}
