//! Which tools the simulated team has, how dangerous each is, and who runs it.

use domain::risk::RiskTier;
use domain::tool::Executor;
use engine::ToolConfig;

/// Who runs approved calls, by tool. A tool that is with no worker waits for an executor for ever, as real ones do.
pub(super) const WORKERS: &[(&str, &[&str])] = &[
    ("mail-worker", &["send_email", "send_campaign", "post_chat_message"]),
    ("payments-worker", &["issue_refund", "transfer_funds"]),
    ("deploy-worker", &["deploy_service", "run_migration", "run_command", "restart_service"]),
    ("files-worker", &["write_file", "delete_files", "share_folder", "update_customer"]),
];

/// The tools as a person would have set them up.
pub(super) fn tools() -> Vec<ToolConfig> {
    use RiskTier::{Critical, High, Low, Medium};
    let tool = |name: &str, tier: RiskTier| ToolConfig {
        name: name.to_owned(),
        risk_tier: Some(tier),
        executor: Some(Executor::Worker),
        ..ToolConfig::default()
    };
    let hours = |hours: i32, tool: ToolConfig| ToolConfig { expiry_hours: Some(hours), ..tool };
    vec![
        ToolConfig { idempotent: Some(true), ..tool("post_chat_message", Low) },
        tool("share_folder", Low),
        tool("write_file", Low),
        tool("send_email", Medium),
        ToolConfig { idempotent: Some(true), ..tool("update_customer", Medium) },
        hours(4, tool("restart_service", Medium)),
        hours(8, tool("issue_refund", High)),
        hours(6, tool("deploy_service", High)),
        tool("delete_files", High),
        tool("send_campaign", High),
        hours(24, tool("transfer_funds", Critical)),
        hours(12, tool("run_migration", Critical)),
        hours(2, tool("run_command", Critical)),
        // Deliberately nobody's to run: approved calls show as waiting for an executor.
        ToolConfig { executor: None, secret: vec!["new_value".to_owned()], ..tool("rotate_credential", Critical) },
    ]
}
