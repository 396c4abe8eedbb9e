//! JSON-RPC 2.0 messages to and from an upstream, to the letter: every digit of what goes through stays as it is.

use domain::json::Json;

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Certain: the upstream answered with an error.
    Refused { code: i64, message: String, data: Option<Json> },
    /// Certain: nothing was sent. Why, in words.
    NotSent(String),
    /// The request may have been received. What happened, in words.
    Lost(String),
}

impl Fault {
    /// What happened, in words.
    pub fn words(&self) -> &str {
        match self {
            Self::Refused { message, .. } => message,
            Self::NotSent(why) | Self::Lost(why) => why,
        }
    }
}

/// What a request comes to.
pub type Answer = Result<Json, Fault>;

/// What an upstream says.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    Answer(i64, Answer),
    /// It asks something of its client, which this one offers nothing for.
    Request {
        id: Json,
        method: String,
    },
    Notification {
        method: String,
        params: Json,
    },
}

pub(super) fn request(id: i64, method: &str, params: Json) -> String {
    let id = Json::from(id);
    let version = Json::from("2.0");
    Json::object([("jsonrpc", version), ("id", id), ("method", Json::from(method)), ("params", params)]).to_text()
}

pub(super) fn notification(method: &str) -> String {
    Json::object([("jsonrpc", Json::from("2.0")), ("method", Json::from(method))]).to_text()
}

/// The answer to a request of an upstream: it lives, and offers nothing.
pub(super) fn reply(id: Json, method: &str) -> String {
    let version = ("jsonrpc", Json::from("2.0"));
    if method == "ping" {
        return Json::object([version, ("id", id), ("result", Json::Object(Vec::new()))]).to_text();
    }
    let error = Json::object([
        ("code", Json::from(-32_601_i64)),
        ("message", Json::from("Method not found: this client has no such capability.")),
    ]);
    Json::object([version, ("id", id), ("error", error)]).to_text()
}

/// Reads a message. `None`: it is none.
pub(super) fn read(message: &Json) -> Option<Incoming> {
    let method = message.get("method").and_then(Json::as_str).map(str::to_owned);
    match (message.get("id"), method) {
        (Some(id), Some(method)) => Some(Incoming::Request { id: id.clone(), method }),
        (None, Some(method)) => {
            let params = message.get("params").cloned().unwrap_or_else(|| Json::Object(Vec::new()));
            Some(Incoming::Notification { method, params })
        }
        (Some(id), None) => Some(Incoming::Answer(id.as_i64()?, answer(message)?)),
        (None, None) => None,
    }
}

fn answer(message: &Json) -> Option<Answer> {
    if let Some(result) = message.get("result") {
        return Some(Ok(result.clone()));
    }
    let error = message.get("error")?;
    Some(Err(Fault::Refused {
        code: error.get("code").and_then(Json::as_i64).unwrap_or(-32_603),
        message: error.get("message").and_then(Json::as_str).unwrap_or("The upstream gave no reason.").to_owned(),
        data: error.get("data").cloned(),
    }))
}

/// The same parameters with these members in their `_meta`; what the protocol itself put there is left out: it was between the
/// agent and the gateway.
pub(super) fn with_meta(params: &Json, more: Vec<(String, Json)>) -> Json {
    let own = |name: &str| name.starts_with("io.modelcontextprotocol/") || name == "progressToken";
    let mut members = params.as_object().unwrap_or_default().to_vec();
    let position = members.iter().position(|(name, _)| name == "_meta");
    let before = position.map(|at| members.remove(at).1);
    let kept = before.as_ref().and_then(Json::as_object).unwrap_or_default();
    let mut meta: Vec<(String, Json)> = kept.iter().filter(|(name, _)| !own(name)).cloned().collect();
    meta.extend(more);
    if !meta.is_empty() {
        members.push(("_meta".to_owned(), Json::Object(meta)));
    }
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse_str(text).expect("it is JSON")
    }

    #[test]
    fn a_request_goes_out_with_every_digit() {
        let params = json(r#"{"arguments":{"amount":12345678901234567890.10}}"#);
        assert_eq!(
            request(7, "tools/call", params),
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"arguments":{"amount":12345678901234567890.10}}}"#
        );
    }

    #[test]
    fn what_comes_is_an_answer_a_request_or_a_notification() {
        let result = read(&json(r#"{"jsonrpc":"2.0","id":7,"result":{"n":1.0}}"#));
        assert_eq!(result, Some(Incoming::Answer(7, Ok(json(r#"{"n":1.0}"#)))));
        let refused = read(&json(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no"}}"#));
        let fault = Fault::Refused { code: -32_602, message: "no".to_owned(), data: None };
        assert_eq!(refused, Some(Incoming::Answer(7, Err(fault))));
        let asked = read(&json(r#"{"jsonrpc":"2.0","id":"a","method":"roots/list"}"#));
        assert_eq!(asked, Some(Incoming::Request { id: Json::from("a"), method: "roots/list".to_owned() }));
        for nonsense in ["[]", "{}", r#"{"id":1}"#, r#"{"id":"x","result":{}}"#] {
            assert_eq!(read(&json(nonsense)), None, "{nonsense}");
        }
    }

    #[test]
    fn what_was_between_the_agent_and_the_gateway_is_not_handed_on() {
        let params = json(
            r#"{"name":"a","_meta":{"progressToken":"x","io.modelcontextprotocol/protocolVersion":"2026-07-28","own":1}}"#,
        );
        let handed = with_meta(&params, vec![("progressToken".to_owned(), Json::from(3_i64))]);
        assert_eq!(handed.to_text(), r#"{"name":"a","_meta":{"own":1,"progressToken":3}}"#);
        assert_eq!(with_meta(&json(r#"{"_meta":{"progressToken":1}}"#), Vec::new()).to_text(), "{}");
    }
}
