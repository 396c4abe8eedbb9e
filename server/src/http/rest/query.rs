//! What may stand in the addresses' queries. It is read by the domain's filters, which refuse everything else.

#![expect(dead_code, reason = "describes what is read by its name")]

use chrono::{DateTime, Utc};
use domain::digest::Digest;
use domain::event::EventType;
use domain::id::{ActionId, RuleId};
use domain::lifecycle::{ExecutionState, Status};
use domain::page::Sort;
use domain::people::TokenStanding;
use domain::risk::RiskTier;
use domain::rule::{Effect, RuleState};
use utoipa::{IntoParams, ToSchema};

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Awaited {
    Decided,
    Executed,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Hygiene {
    Unused,
    NearLimit,
    Broad,
    Expiring,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Gating {
    Gated,
    Open,
    Paused,
    Blocked,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum EventOrder {
    #[schema(rename = "seq")]
    OldestFirst,
    #[schema(rename = "-seq")]
    NewestFirst,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum RuleFormat {
    Json,
    Csv,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum EventFormat {
    Ndjson,
    Csv,
}

/// Which actions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Actions {
    /// Any of these.
    #[param(required = false)]
    status: Vec<Status>,
    /// Any of these.
    #[param(required = false)]
    risk_tier: Vec<RiskTier>,
    #[param(required = false)]
    tool_name: String,
    #[param(required = false)]
    session_id: String,
    /// Name of the agent that parked it.
    #[param(required = false)]
    agent: String,
    /// The rule that decided it, or because of which it waits.
    #[param(required = false)]
    rule_id: RuleId,
    /// Words that all stand in the summary, the tool or the arguments.
    #[param(required = false, min_length = 1)]
    q: String,
    /// Requested at this instant or later.
    #[param(required = false)]
    since: DateTime<Utc>,
    /// Requested before this instant.
    #[param(required = false)]
    until: DateTime<Utc>,
    /// Decided, expired or withdrawn at this instant or later.
    #[param(required = false)]
    decided_since: DateTime<Utc>,
    /// And before this one.
    #[param(required = false)]
    decided_until: DateTime<Utc>,
    /// Run, with an outcome, at this instant or later.
    #[param(required = false)]
    executed_since: DateTime<Utc>,
    /// And before this one.
    #[param(required = false)]
    executed_until: DateTime<Utc>,
    /// `human`, `rule` or `system`, or one of them: `human:NAME`, `rule:ID`.
    #[param(required = false, pattern = "^(human|rule|system|human:.+|rule:[0-9a-f-]{36}|system:.+)$")]
    decided_by: String,
    #[param(required = false)]
    execution_state: ExecutionState,
    /// What the failed run said: the first 300 characters, to the letter.
    #[param(required = false)]
    error: String,
    /// Whether it had to wait.
    #[param(required = false)]
    gated: bool,
    /// Waiting, with a deadline at most so many hours away.
    #[param(required = false, minimum = 1, maximum = 8760)]
    expiring_within_hours: i32,
    /// By when it was requested (the oldest first, or the newest), or by its deadline.
    #[param(required = false, inline)]
    sort: Sort,
}

/// How long an answer is held.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wait {
    /// Seconds.
    #[param(required = false, minimum = 0, maximum = 60)]
    wait: u64,
    /// What is waited for: `decided` or `executed`.
    #[param(required = false, inline)]
    until: Awaited,
}

/// How long a claim is held.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Hold {
    /// Seconds.
    #[param(required = false, minimum = 0, maximum = 60)]
    wait: u64,
}

/// Which rules.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Rules {
    #[param(required = false)]
    tool_name: String,
    /// Those that may decide now, or those that may not.
    #[param(required = false)]
    active: bool,
    /// `true`: those that may decide now.
    #[param(required = false)]
    active_only: bool,
    #[param(required = false)]
    state: RuleState,
    #[param(required = false)]
    effect: Effect,
    /// What stands out about them.
    #[param(required = false, inline)]
    hygiene: Hygiene,
}

/// Which tools.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Tools {
    /// A part of the name, in capitals or not.
    #[param(required = false)]
    name: String,
    /// How calls are gated now.
    #[param(required = false, inline)]
    gating: Gating,
    #[param(required = false)]
    reviewed: bool,
}

/// Which tokens.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Tokens {
    /// Those of one person.
    #[param(required = false)]
    user: String,
    #[param(required = false)]
    state: TokenStanding,
}

/// Which entries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Events {
    /// Any of these.
    #[param(required = false)]
    event_type: Vec<EventType>,
    #[param(required = false)]
    action_id: ActionId,
    #[param(required = false)]
    rule_id: RuleId,
    #[param(required = false)]
    tool_name: String,
    /// `human:NAME`, `agent:NAME`, `rule:ID` or `system:WHAT`.
    #[param(required = false)]
    actor: String,
    /// Happened at this instant or later.
    #[param(required = false)]
    since: DateTime<Utc>,
    /// Happened before this instant.
    #[param(required = false)]
    until: DateTime<Utc>,
    /// `-seq`: newest first; `seq`: oldest first.
    #[param(required = false, inline)]
    sort: EventOrder,
}

/// As what the rules are exported.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RuleFile {
    /// `json` or `csv`.
    #[param(required = false, inline, default = "json")]
    format: RuleFormat,
}

/// As what the entries are exported.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventFile {
    /// `ndjson` or `csv`.
    #[param(required = false, inline, default = "ndjson")]
    format: EventFormat,
}

/// Where a page begins, and how long it is.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// `next_cursor` of the page before.
    #[param(required = false)]
    cursor: String,
    #[param(required = false, minimum = 1, maximum = 500, default = 50)]
    limit: i64,
}

/// How much of a small list is skipped, in the place of a cursor.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Skip {
    #[param(required = false, minimum = 0, maximum = 10000, default = 0)]
    offset: i64,
}

/// What a verification reads beside the chain.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Verify {
    /// Whether the archives of purged entries are read, too.
    #[param(required = false)]
    archives: bool,
    /// A seal that was kept elsewhere: its number,
    #[param(required = false)]
    against_number: i64,
    /// and its hash. Both, or neither.
    #[param(required = false)]
    against_sha256: Digest,
}
