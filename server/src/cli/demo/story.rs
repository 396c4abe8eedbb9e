//! What the agents want to do: an endless, reproducible sequence of believable calls.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::suspicious;

/// One call of one agent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The agent's token.
    pub(super) agent: &'static str,
    /// The body of `POST /actions`.
    pub(super) body: Value,
    /// A careful colleague would not approve it.
    pub(super) suspicious: bool,
}

/// The agents of the team.
pub(super) const AGENTS: [&str; 4] = ["support-bot", "billing-agent", "ops-agent", "research-agent"];

const PEOPLE: &[(&str, &str)] = &[
    ("Ana Lindqvist", "ana.lindqvist@northwind.example"),
    ("Tomasz Wójcik", "t.wojcik@brightbakery.example"),
    ("Priya Raman", "priya@ramanconsulting.example"),
    ("Jonas Becker", "jonas.becker@alpenrad.example"),
    ("Mei Tanaka", "mei.tanaka@harborprint.example"),
    ("Luís Carvalho", "luis@carvalho-hotels.example"),
];
const SERVICES: &[&str] = &["checkout", "catalog", "notifications", "billing-api", "search", "web"];
const CHANNELS: &[&str] = &["#support", "#deploys", "#finance", "#general"];

/// One call in eight is one that an operator should catch.
const SUSPICIOUS: f64 = 0.125;

/// The sequence.
pub(super) struct Story {
    dice: StdRng,
    number: u32,
}

impl Story {
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: StdRng::seed_from_u64(seed), number: 1000 }
    }

    /// The seconds until the next call: around `average`, never regular.
    pub(super) fn pause(&mut self, average: u64) -> f64 {
        average as f64 * self.dice.random_range(0.4..1.6)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.dice.random_bool(probability)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *from.choose(&mut self.dice).expect("the lists are not empty")
    }

    fn next_number(&mut self) -> u32 {
        self.number += self.dice.random_range(1..9);
        self.number
    }

    /// The next call.
    pub(super) fn next_call(&mut self) -> Call {
        let number = self.next_number();
        let (agent, body, suspicious) = if self.chance(SUSPICIOUS) {
            let (agent, body) = suspicious::call(self.dice.random_range(0..suspicious::KINDS), number);
            (agent, body, true)
        } else {
            let (agent, body) = self.ordinary(number);
            (agent, body, false)
        };
        Call { agent, body: self.with_context(agent, body, number), suspicious }
    }

    fn ordinary(&mut self, number: u32) -> (&'static str, Value) {
        match self.dice.random_range(0..20) {
            0..=4 => ("support-bot", self.reply(number)),
            5 | 6 => ("support-bot", self.chat(number)),
            7 => ("support-bot", self.customer(number)),
            8..=10 => ("billing-agent", self.refund(number)),
            11 => ("billing-agent", self.transfer(number)),
            12 | 13 => ("ops-agent", self.deploy(number)),
            14 => ("ops-agent", self.migration()),
            15 => ("ops-agent", self.restart()),
            16 => ("ops-agent", self.cleanup(number)),
            17 => ("research-agent", self.campaign(number)),
            18 => ("research-agent", self.share(number)),
            _ => ("research-agent", self.note(number)),
        }
    }

    /// A conversation has several calls; some calls cannot wait.
    fn with_context(&mut self, agent: &str, mut body: Value, number: u32) -> Value {
        body["session_id"] = json!(format!("{agent}-{}", number / 25));
        if self.chance(0.15) {
            body["expires_in_hours"] = json!(self.dice.random_range(1..3));
        }
        body
    }

    fn reply(&mut self, number: u32) -> Value {
        let (name, address) = self.pick(PEOPLE);
        let first = name.split(' ').next().unwrap_or(name);
        let (subject, text) = self.pick(&[
            (
                "Your order is on its way",
                "your parcel left our warehouse this morning and should arrive within two days.",
            ),
            (
                "About the damaged item",
                "we are sorry about that. A replacement is packed and ships today, free of charge.",
            ),
            ("Your question about invoices", "the invoices of the last twelve months are attached, as you asked."),
            ("Delivery address changed", "we have changed the delivery address as you asked. The date stays the same."),
        ]);
        json!({
            "tool_name": "send_email",
            "tool_args": {
                "to": [address],
                "subject": format!("{subject} (case {number})"),
                "body": format!("Hello {first},\n\n{text}\n\nKind regards\nThe support team"),
            },
            "agent_summary": format!("Answer {name} in case {number}"),
            "why": format!("Case {number} has been waiting for {} hours; the answer follows the handbook.", self.dice.random_range(2..30)),
        })
    }

    fn chat(&mut self, number: u32) -> Value {
        let channel = self.pick(CHANNELS);
        json!({
            "tool_name": "post_chat_message",
            "tool_args": {"channel": channel, "text": format!("Case {number} is solved. Nothing left to do for the early shift.")},
            "agent_summary": format!("Tell {channel} that case {number} is solved"),
        })
    }

    fn customer(&mut self, number: u32) -> Value {
        let (name, address) = self.pick(PEOPLE);
        json!({
            "tool_name": "update_customer",
            "tool_args": {"customer_id": format!("C-{number}"), "set": {"email": address, "newsletter": false}},
            "agent_summary": format!("{name} moved to a new address and left the newsletter"),
            "why": "Asked for in writing; the message is the evidence.",
            "evidence": {"message_id": format!("<{number}@mail.example>"), "quote": "please use my new address from now on"},
        })
    }

    fn refund(&mut self, number: u32) -> Value {
        let (name, _) = self.pick(PEOPLE);
        let cents = self.dice.random_range(900..42_000);
        json!({
            "tool_name": "issue_refund",
            "tool_args": {
                "order_id": format!("ORD-{number}"),
                "amount": f64::from(cents) / 100.0,
                "currency": self.pick(&["EUR", "SEK", "PLN"]),
                "reason": self.pick(&["item damaged", "delivered late", "paid twice", "returned unopened"]),
            },
            "agent_summary": format!("Refund {name} for order ORD-{number}"),
            "why": "Within the 30 days of the returns policy, and the photo shows the damage.",
        })
    }

    fn transfer(&mut self, number: u32) -> Value {
        let amount = self.dice.random_range(1_200..18_000);
        json!({
            "tool_name": "transfer_funds",
            "tool_args": {
                "from_account": "operating",
                "to_iban": "DE02 1203 0000 0000 2020 51",
                "beneficiary": "Papierwerk Nord GmbH",
                "amount": format!("{amount}.00"),
                "currency": "EUR",
                "reference": format!("Invoice {number}"),
            },
            "agent_summary": format!("Pay invoice {number} of Papierwerk Nord, due tomorrow"),
            "why": "The invoice matches the purchase order to the cent.",
            "evidence": {"purchase_order": format!("PO-{}", number - 300), "due_in_days": 1},
        })
    }

    fn deploy(&mut self, number: u32) -> Value {
        let service = self.pick(SERVICES);
        let commit = format!("{:07x}", self.dice.random_range(0x0100_0000_u32..0x0fff_ffff));
        json!({
            "tool_name": "deploy_service",
            "tool_args": {"service": service, "environment": "production", "version": format!("2.{}.0", number / 10), "commit": commit, "strategy": "canary", "canary_percent": 10},
            "agent_summary": format!("Deploy {service} {commit} to production, 10 % first"),
            "why": "All checks are green, and staging has run it for a day without errors.",
        })
    }

    fn migration(&mut self) -> Value {
        let table = self.pick(&["orders", "customers", "shipments"]);
        json!({
            "tool_name": "run_migration",
            "tool_args": {"database": "shop", "statements": [format!("ALTER TABLE {table} ADD COLUMN archived_at timestamptz"), format!("CREATE INDEX CONCURRENTLY {table}_archived_idx ON {table} (archived_at)")], "dry_run": false},
            "agent_summary": format!("Add archived_at to {table}"),
            "why": "The archive feature needs it. The dry run took 40 ms on a copy.",
        })
    }

    fn restart(&mut self) -> Value {
        let service = self.pick(SERVICES);
        json!({
            "tool_name": "restart_service",
            "tool_args": {"service": service, "environment": "production", "drain_seconds": 30},
            "agent_summary": format!("Restart {service}: memory grows and answers slow down"),
            "why": "Memory is at 91 % and has grown for six hours. Draining first, one instance at a time.",
        })
    }

    fn cleanup(&mut self, number: u32) -> Value {
        json!({
            "tool_name": "delete_files",
            "tool_args": {"path": format!("/srv/exports/2025/batch-{number}"), "recursive": true, "older_than_days": 90},
            "agent_summary": format!("Free {} GB of old exports", self.dice.random_range(3..60)),
            "why": "The disk is at 88 %. Exports are kept for 90 days.",
        })
    }

    fn campaign(&mut self, number: u32) -> Value {
        json!({
            "tool_name": "send_campaign",
            "tool_args": {"list": "customers-nordics", "recipients": self.dice.random_range(800..9_000), "template": format!("spring-{number}"), "send_at": null},
            "agent_summary": "Send the spring newsletter to the Nordic customers",
            "why": "Approved by marketing in the meeting; the test mail looked right.",
        })
    }

    fn share(&mut self, number: u32) -> Value {
        let (name, address) = self.pick(PEOPLE);
        json!({
            "tool_name": "share_folder",
            "tool_args": {"folder": format!("/projects/{number}/results"), "with": address, "permission": "read", "days": 14},
            "agent_summary": format!("Share the results of project {number} with {name}"),
        })
    }

    fn note(&mut self, number: u32) -> Value {
        json!({
            "tool_name": "write_file",
            "tool_args": {"path": format!("/notes/competitors/{number}.md"), "content": "# Prices this week\n\n| shop | price |\n| --- | --- |\n| A | 19.90 |\n| B | 21.50 |\n", "overwrite": false},
            "agent_summary": "Keep this week's price comparison",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::risk::RiskTier;

    use super::super::catalogue;
    use super::*;

    fn calls(seed: u64, count: usize) -> Vec<Call> {
        let mut story = Story::new(seed);
        (0..count).map(|_| story.next_call()).collect()
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let bodies = |seed| calls(seed, 50).into_iter().map(|call| call.body).collect::<Vec<_>>();
        assert_eq!(bodies(7), bodies(7));
        assert_ne!(bodies(7), bodies(8));
    }

    #[test]
    fn a_newcomer_soon_meets_every_tier_every_agent_and_something_suspicious() {
        for seed in 1..20 {
            let first = calls(seed, 60);
            let tools = catalogue::tools();
            let tier = |call: &Call| {
                tools.iter().find(|tool| call.body["tool_name"] == *tool.name).and_then(|tool| tool.risk_tier)
            };
            let tiers: BTreeSet<RiskTier> = first.iter().filter_map(tier).collect();
            assert_eq!(tiers.len(), 4, "seed {seed}");
            assert!(first.iter().any(|call| call.suspicious), "seed {seed}");
            assert!(AGENTS.iter().all(|agent| first.iter().any(|call| call.agent == *agent)), "seed {seed}");
        }
    }

    #[test]
    fn every_call_is_of_a_known_agent() {
        assert!(calls(3, 500).iter().all(|call| AGENTS.contains(&call.agent)));
    }
}
