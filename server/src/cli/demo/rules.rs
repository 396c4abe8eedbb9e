//! What the simulated team has decided once: standing rules, as its colleague would have made them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// The bodies of `POST /rules`.
pub(super) fn drafts(now: DateTime<Utc>) -> [Value; 4] {
    let in_days = |days| (now + TimeDelta::days(days)).to_rfc3339();
    [
        json!({
            "tool_name": "post_chat_message",
            "description": "Notices to the team's own channels",
            "arg_constraints": {
                "channel": {"type": "one_of", "values": ["#support", "#deploys"]},
                "text": {"type": "length", "max": 400},
            },
            "expires_at": in_days(30),
        }),
        json!({
            "tool_name": "write_file",
            "description": "New notes about competitors",
            "arg_constraints": {
                "path": {"type": "path", "under": "/notes/competitors"},
                "content": {"type": "any"},
                "overwrite": {"type": "exact", "value": false},
            },
            "max_uses": 50,
        }),
        json!({
            "tool_name": "issue_refund",
            "description": "Small refunds",
            "notes": "Agreed with finance: up to 40 without asking.",
            "arg_constraints": {
                "amount": {"type": "range", "min": 0, "max": 40},
                "currency": {"type": "one_of", "values": ["EUR", "SEK", "PLN"]},
                "order_id": {"type": "regex", "value": "ORD-[0-9]{1,8}"},
                "reason": {"type": "any"},
            },
            "max_uses": 20,
            "expires_at": in_days(5),
        }),
        json!({
            "tool_name": "run_command",
            "description": "Nothing is deleted by force",
            "effect": "deny",
            "arg_constraints": {"command": {"type": "pattern", "value": "*rm -rf*"}},
        }),
    ]
}

#[cfg(test)]
mod tests {
    use domain::argument::ClassOverrides;
    use domain::json::Json;
    use domain::rule::{Ground, accept, read_draft};

    use super::*;
    use crate::cli::demo::catalogue;

    #[test]
    fn every_rule_is_one_that_may_be_made() {
        for draft in drafts(Utc::now()) {
            let tools = catalogue::tools();
            let tool = tools.iter().find(|tool| draft["tool_name"] == *tool.name);
            let tier = tool.and_then(|tool| tool.risk_tier).expect("a tool of the catalogue has a tier");
            let ground = Ground { tier, overrides: &ClassOverrides::default(), now: Utc::now(), from: None };
            let draft = Json::parse_str(&draft.to_string()).expect("it was written as JSON");
            assert_eq!(
                read_draft(&draft, None).and_then(|read| accept(read, &ground)).err(),
                None,
                "{}",
                draft.to_text()
            );
        }
    }
}
