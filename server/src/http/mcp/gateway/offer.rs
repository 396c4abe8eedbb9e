//! What an upstream offers, with how the gate treats it.

use std::sync::Arc;

use domain::json::Json;
use domain::tool::{Gating, Tool};
use engine::upstreams::tool_name;
use rmcp::ErrorData;

use super::Gateway;
use crate::upstreams::named;

/// Where a tool's definition says how its calls are treated.
pub(super) const GATING: &str = "countersign.dev/gating";
/// What a model reads.
const WAITS: &str = "Calls of this tool wait until a person, or a rule that a person made, approves them.";

impl Gateway {
    /// The upstream's tools as it lists them now, each with how its calls are treated.
    pub(super) async fn offer(&self) -> Result<Json, ErrorData> {
        let met = self.upstream.look(self.engine()).await.map_err(|fault| self.refusal(fault))?;
        let mut tools = Vec::with_capacity(met.tools.len());
        for tool in &met.tools {
            let Some(name) = named(tool) else { continue };
            let known = tool_name(&self.upstream.config.name, name);
            let own = self.registered(name).await?;
            let gated = !(self.upstream.config.passes(name) && own.gating.lets_pass());
            tools.push(tool_with(tool, &known, gated.then_some(&own)));
        }
        Ok(Json::object([("tools", Json::Array(tools))]))
    }

    /// Whether calls of a tool pass ungated: the configuration says so, and nobody has paused or blocked it.
    pub(super) async fn passes(&self, name: &str) -> Result<bool, ErrorData> {
        Ok(self.upstream.config.passes(name) && self.registered(name).await?.gating.lets_pass())
    }

    async fn registered(&self, name: &str) -> Result<Arc<Tool>, ErrorData> {
        let known = tool_name(&self.upstream.config.name, name);
        let own = engine::gateway::tool(self.engine(), &self.principal, &known).await;
        own.map_err(|error| ErrorData::internal_error(error.into_problem().detail, None))
    }

    /// Refuses a tool that the upstream does not offer: nobody could ever run it.
    pub(super) async fn check_offered(&self, name: &str) -> Result<(), ErrorData> {
        if self.upstream.offers(name) {
            return Ok(());
        }
        let _ = self.upstream.look(self.engine()).await;
        if self.upstream.offers(name) {
            return Ok(());
        }
        let upstream = &self.upstream.config.name;
        Err(ErrorData::invalid_params(format!("Unknown tool: {upstream} offers no {name:?}."), None))
    }
}

/// `gated`: the tool in the registry; `None`: its calls pass.
fn tool_with(tool: &Json, known: &str, gated: Option<&Tool>) -> Json {
    let treatment = Json::object([
        ("tool", Json::from(known)),
        ("gating", Json::from(gated.map_or("passes", |tool| tool.gating.as_str()))),
        ("risk_tier", Json::from(gated.map(|tool| tool.risk_tier.as_str()))),
    ]);
    let waits = gated.is_some_and(|tool| !matches!(tool.gating, Gating::Open { .. }));
    let mut members = tool.as_object().unwrap_or_default().to_vec();
    for (name, value) in &mut members {
        if name == "description" && waits {
            let said = value.as_str().unwrap_or_default();
            *value = Json::from(format!("{said}\n\n{WAITS}").trim().to_owned());
        }
    }
    if waits && tool.get("description").is_none() {
        members.push(("description".to_owned(), Json::from(WAITS)));
    }
    match members.iter_mut().find(|(name, _)| name == "_meta") {
        Some((_, Json::Object(meta))) => meta.push((GATING.to_owned(), treatment)),
        _ => members.push(("_meta".to_owned(), Json::Object(vec![(GATING.to_owned(), treatment)]))),
    }
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_passes_is_as_its_upstream_defines_it_but_for_a_note() {
        let tool =
            Json::parse_str(r#"{"name":"read","inputSchema":{"maximum":1.50},"_meta":{"own":1}}"#).expect("JSON");
        assert_eq!(
            tool_with(&tool, "files/read", None).to_text(),
            r#"{"name":"read","inputSchema":{"maximum":1.50},"_meta":{"own":1,"countersign.dev/gating":{"tool":"files/read","gating":"passes","risk_tier":null}}}"#
        );
    }
}
