//! The tools: what each asks of the interface for programs.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method};
use domain::json::Json;
use domain::problem::Problem;
use uuid::Uuid;

/// Where a tool leads. What stands in braces is one of its arguments; the others are the query or the body.
enum Way {
    Read(&'static str),
    Write(&'static str),
    /// A list of which only its length is told.
    Count(&'static str),
}

/// A tool.
pub(super) struct Tool {
    name: &'static str,
    way: Way,
}

const TOOLS: [Tool; 13] = [
    Tool { name: "list_pending_actions", way: Way::Read("/actions?status=pending") },
    Tool { name: "show_pending_action", way: Way::Read("/actions/{action_id}") },
    Tool { name: "approve_action", way: Way::Write("/actions/{action_id}/approve") },
    Tool { name: "reject_action", way: Way::Write("/actions/{action_id}/reject") },
    Tool { name: "pending_action_count", way: Way::Count("/actions?status=pending&limit=1") },
    Tool { name: "expire_stale_actions", way: Way::Write("/actions/expire-stale") },
    Tool { name: "list_executed_actions", way: Way::Read("/actions/executed?") },
    Tool { name: "create_approval_rule", way: Way::Write("/rules") },
    Tool { name: "create_rule_from_action", way: Way::Write("/rules/from-action") },
    Tool { name: "list_approval_rules", way: Way::Read("/rules?") },
    Tool { name: "show_approval_rule", way: Way::Read("/rules/{rule_id}") },
    Tool { name: "revoke_approval_rule", way: Way::Write("/rules/{rule_id}/revoke") },
    Tool { name: "suggest_rule_constraints", way: Way::Read("/rules/suggestions/{action_id}") },
];

/// The argument under which a repetition does nothing twice; a header of the request.
const KEY: &str = "idempotency_key";

static DEFINITIONS: LazyLock<Vec<rmcp::model::Tool>> =
    LazyLock::new(|| serde_json::from_str(include_str!("tools.json")).expect("the definitions that were compiled in"));

/// What the tools are and take, as clients are told.
pub(super) fn definitions() -> &'static [rmcp::model::Tool] {
    &DEFINITIONS
}

impl Tool {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name)
    }

    fn takes(&self, argument: &str) -> bool {
        let definition = DEFINITIONS.iter().find(|tool| tool.name == self.name);
        let properties = definition.and_then(|tool| tool.input_schema.get("properties"));
        properties.is_some_and(|properties| properties.get(argument).is_some())
    }

    /// The request that the tool stands for.
    ///
    /// # Errors
    /// `invalid_request`: an argument that the tool does not take, or an id that is missing or none.
    pub(super) fn request(&self, arguments: &Json) -> Result<Request, Problem> {
        let Some(members) = arguments.as_object() else {
            return Err(Problem::invalid("", "arguments must be an object"));
        };
        if let Some((unknown, _)) = members.iter().find(|(name, _)| !self.takes(name)) {
            return Err(Problem::invalid(format!("/{unknown}"), "is no argument of this tool"));
        }
        let mut rest: Vec<(String, Json)> = members.iter().filter(|(_, value)| !value.is_null()).cloned().collect();
        let key = take(&mut rest, KEY).map(|key| header(&key)).transpose()?;
        let mut request = match self.way {
            Way::Read(way) | Way::Count(way) => {
                let mut path = place(way, &mut rest)?;
                let query = query(rest)?;
                if !query.is_empty() {
                    if !path.ends_with('?') {
                        path.push('&');
                    }
                    path.push_str(&query);
                }
                asked(Method::GET, &path, Body::empty())
            }
            Way::Write(way) => {
                let path = place(way, &mut rest)?;
                asked(Method::POST, &path, Body::from(Json::Object(rest).to_text()))
            }
        };
        if let Some(key) = key {
            request.headers_mut().insert("idempotency-key", key);
        }
        Ok(request)
    }

    /// What the tool tells of the interface's answer.
    pub(super) fn answer(&self, text: String) -> String {
        if !matches!(self.way, Way::Count(_)) {
            return text;
        }
        let total = Json::parse_str(&text).ok().and_then(|page| page.get("meta")?.get("total").cloned());
        let count = Json::object([("count", total.unwrap_or(Json::Null))]);
        Json::object([("data", count), ("meta", Json::Object(Vec::new()))]).to_text()
    }
}

fn asked(method: Method, path: &str, body: Body) -> Request {
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
    request.body(body).expect("a path of words and ids, and a query that is encoded")
}

fn take(members: &mut Vec<(String, Json)>, name: &str) -> Option<Json> {
    let at = members.iter().position(|(key, _)| key == name)?;
    Some(members.remove(at).1)
}

/// The path with the ids that stand in it, which are taken out of the arguments.
fn place(way: &str, members: &mut Vec<(String, Json)>) -> Result<String, Problem> {
    let Some((before, rest)) = way.split_once('{') else { return Ok(way.to_owned()) };
    let (name, after) = rest.split_once('}').expect("a way of ours");
    let pointer = format!("/{name}");
    let id = take(members, name).ok_or_else(|| Problem::invalid(&pointer, "is missing"))?;
    let id = id.as_str().and_then(|text| text.parse::<Uuid>().ok());
    let id = id.ok_or_else(|| Problem::invalid(&pointer, "is no id (a UUID)"))?;
    Ok(format!("{before}{id}{after}"))
}

fn query(members: Vec<(String, Json)>) -> Result<String, Problem> {
    let mut pairs = Vec::new();
    for (name, value) in members {
        match value {
            Json::Array(items) => {
                for item in &items {
                    pairs.push((name.clone(), word(&name, item)?));
                }
            }
            value => {
                let word = word(&name, &value)?;
                pairs.push((name, word));
            }
        }
    }
    serde_urlencoded::to_string(pairs).map_err(|error| Problem::invalid("", error.to_string()))
}

fn word(name: &str, value: &Json) -> Result<String, Problem> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(value.to_text()),
        _ => Err(Problem::invalid(format!("/{name}"), "must be a text, a number, true or false, or a list of such")),
    }
}

fn header(key: &Json) -> Result<HeaderValue, Problem> {
    let text = key.as_str().unwrap_or_default();
    HeaderValue::from_str(text)
        .ok()
        .filter(|_| !text.is_empty())
        .ok_or_else(|| Problem::invalid(format!("/{KEY}"), "must be 1 to 255 visible ASCII characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn request(tool: &str, arguments: &str) -> Result<Request, Problem> {
        let tool = Tool::named(tool).expect("a tool");
        tool.request(&Json::parse_str(arguments).expect("arguments"))
    }

    fn pointer(tool: &str, arguments: &str) -> String {
        request(tool, arguments).expect_err("refused").errors[0].pointer.clone()
    }

    #[test]
    fn every_tool_is_described_and_every_description_leads_somewhere() {
        let described: Vec<_> = definitions().iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(described, TOOLS.map(|tool| tool.name));
        for definition in definitions() {
            let schema = &definition.input_schema;
            assert_eq!(
                schema.get("additionalProperties"),
                Some(&serde_json::Value::Bool(false)),
                "{}",
                definition.name
            );
            jsonschema_like(schema, &definition.name);
        }
    }

    /// What is required is described.
    fn jsonschema_like(schema: &serde_json::Map<String, serde_json::Value>, name: &str) {
        let required = schema.get("required").and_then(|list| list.as_array()).into_iter().flatten();
        for required in required.filter_map(|name| name.as_str()) {
            assert!(schema["properties"].get(required).is_some(), "{name}: {required}");
        }
    }

    #[test]
    fn arguments_become_path_query_and_body() {
        let list = request("list_pending_actions", r#"{"risk_tier":["low","high"],"limit":5,"q":"a&b","cursor":null}"#);
        let uri = list.expect("a request").uri().to_string();
        assert_eq!(uri, "/actions?status=pending&risk_tier=low&risk_tier=high&limit=5&q=a%26b");
        let bare = request("list_approval_rules", "{}").expect("a request");
        assert_eq!(bare.uri().to_string(), "/rules?");
        let approve = request("approve_action", &format!(r#"{{"action_id":"{ID}","idempotency_key":"k1"}}"#));
        let approve = approve.expect("a request");
        assert_eq!(approve.uri().path(), format!("/actions/{ID}/approve"));
        assert_eq!(approve.headers()["idempotency-key"], "k1");
    }

    #[tokio::test]
    async fn what_is_sent_on_keeps_its_digits() {
        let edited = format!(r#"{{"action_id":"{ID}","edited_args":{{"amount":10.00,"n":123456789012345678901}}}}"#);
        let request = request("approve_action", &edited).expect("a request");
        let body = axum::body::to_bytes(request.into_body(), 1_000).await.expect("a body");
        assert_eq!(body, r#"{"edited_args":{"amount":10.00,"n":123456789012345678901}}"#);
    }

    #[test]
    fn what_a_tool_does_not_take_is_refused_and_named() {
        assert_eq!(pointer("list_pending_actions", r#"{"status":"executed"}"#), "/status");
        assert_eq!(pointer("approve_action", "{}"), "/action_id");
        assert_eq!(pointer("approve_action", r#"{"action_id":"x/../../rules"}"#), "/action_id");
        assert_eq!(pointer("approve_action", &format!(r#"{{"action_id":"{ID}","actor":"human:ana"}}"#)), "/actor");
        assert_eq!(pointer("list_pending_actions", r#"{"q":{"a":1}}"#), "/q");
        assert_eq!(
            pointer("reject_action", &format!(r#"{{"action_id":"{ID}","idempotency_key":""}}"#)),
            "/idempotency_key"
        );
    }
}
