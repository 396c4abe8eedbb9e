//! What an upstream offers, with how the gate treats it.

use std::sync::Arc;

use domain::json::Json;
use domain::tool::{Gating, Tool};
use engine::upstreams::tool_name;
use rmcp::ErrorData;

use super::{Gateway, internal, with_note};
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
            tools.push(tool_with(tool, &known, self.gate_of(name).await?.as_deref()));
        }
        Ok(Json::object([("tools", Json::Array(tools))]))
    }

    /// The tool in the registry, by which its calls are gated. `None`: they pass, because the configuration says so, and nobody has
    /// paused or blocked it.
    pub(super) async fn gate_of(&self, name: &str) -> Result<Option<Arc<Tool>>, ErrorData> {
        let known = tool_name(&self.upstream.config.name, name);
        let tool = engine::gateway::tool(self.engine(), &self.principal, &known).await.map_err(internal)?;
        let passes = self.upstream.config.passes(name) && tool.gating.lets_pass();
        Ok((!passes).then_some(tool))
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
    with_note(Json::Object(members), GATING, treatment)
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
