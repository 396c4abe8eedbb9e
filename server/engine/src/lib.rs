//! The use-cases of Countersign and the store beneath them. A use-case opens the transaction, calls `domain`
//! to decide, calls the store to read and write, appends the event, commits; then it tells who listens.
//!
//! Everything a transport may do goes through here, so a rule that is enforced here holds for REST, the
//! console and every other way in.

pub mod actions;
pub mod address;
pub mod alerts;
pub mod anomalies;
pub mod audit;
pub mod bulk;
pub mod cluster;
pub mod console;
pub mod decisions;
pub mod editing;
mod error;
pub mod execution;
pub mod executors;
pub mod expiry;
pub mod failed_runs;
pub mod full_view;
pub mod gate;
pub mod gateway;
pub mod gating;
pub mod groups;
pub mod http_executor;
pub mod idempotency;
pub mod identity;
pub mod input_schema;
pub mod mcp_executor;
pub mod metrics;
pub mod monitoring;
pub mod notify;
pub mod outbound;
pub mod own_calls;
pub mod registry;
pub mod retention;
pub mod rule_pages;
mod rule_set;
pub mod rules;
pub mod schema;
pub mod settings;
pub mod settlement;
pub mod simulation;
mod spreadsheet;
mod store;
pub mod tool_pages;
pub mod tools;
mod trail;
pub mod trail_pages;
pub mod upkeep;
pub mod upstreams;

use std::sync::Arc;

use domain::identity::{Principal, Scope};
use domain::problem::{Code, Problem};
use domain::risk::RiskTier;
use sqlx::PgPool;

pub use error::{Error, Result};
pub use tools::ToolConfig;

/// What the person who runs Countersign has settled in its configuration.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Hours until a parked action expires, where its tool does not say.
    pub default_expiry_hours: i32,
    /// The tier of a tool that nobody has classified.
    pub default_risk_tier: RiskTier,
    /// IANA name of the zone in which a day begins and ends.
    pub timezone: String,
    /// Minutes without a request after which a browser's session ends.
    pub session_idle_minutes: i32,
    /// Hours after which a browser's session ends whatever happens.
    pub session_absolute_hours: i32,
    /// What may be reached besides public addresses.
    pub outbound_allow: outbound::OutboundAllow,
    /// How long what is over is kept.
    pub retention: retention::Keep,
    /// Tools settled by configuration.
    pub tools: Vec<ToolConfig>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            default_expiry_hours: 48,
            default_risk_tier: RiskTier::Medium,
            timezone: "UTC".to_owned(),
            session_idle_minutes: 12 * 60,
            session_absolute_hours: 7 * 24,
            outbound_allow: outbound::OutboundAllow::default(),
            retention: retention::Keep::default(),
            tools: Vec::new(),
        }
    }
}

/// The running engine: a pool of connections, the hub of changes, the policy. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pool: PgPool,
    changes: notify::Changes,
    policy: Arc<Policy>,
    tools: tools::Hints,
    rules: rule_set::RuleHints,
    schemas: input_schema::Compiled,
    health: metrics::HealthCache,
    spans: metrics::SpanCache,
    warm: store::warm::Warm,
}

impl Engine {
    /// Checks the schema and the policy, applies the tools of the configuration, starts to listen for changes.
    ///
    /// # Errors
    /// When the database cannot be reached, its schema is not the program's, or the time zone is unknown.
    pub async fn start(pool: PgPool, policy: Policy) -> Result<Self> {
        schema::require_current(&pool).await?;
        metrics::require_timezone(&pool, &policy.timezone).await?;
        let engine = Self {
            changes: notify::Changes::start(pool.clone()),
            pool,
            policy: Arc::new(policy),
            tools: tools::Hints::default(),
            rules: rule_set::RuleHints::default(),
            schemas: input_schema::Compiled::default(),
            health: metrics::HealthCache::default(),
            spans: metrics::SpanCache::default(),
            warm: store::warm::Warm::default(),
        };
        tools::apply_config(&engine).await?;
        Ok(engine)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ready(&self) -> Result<()> {
        Ok(store::ping(&self.pool).await?)
    }

    /// Ends the background tasks, the waiters and the streams of this engine.
    pub fn stop(&self) {
        self.changes.stop();
    }

    /// What changes, as it changes.
    pub const fn changes(&self) -> &notify::Changes {
        &self.changes
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Where an engine's own tests look behind it, and break what nothing else may break.
    #[cfg(feature = "testing")]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// Refuses whoever may not use `scope`.
fn require(principal: &Principal, scope: Scope) -> Result<()> {
    if principal.may(scope) {
        return Ok(());
    }
    let name = principal.name();
    Err(match (principal, scope) {
        (Principal::Agent(_), scope) if scope.needs_a_person() => Problem::new(
            Code::HumanActorRequired,
            format!("The token {name} belongs to a program. Only a person may do this."),
        ),
        (Principal::Session(person), _) => {
            Problem::new(Code::Forbidden, format!("The role {} may not do this ({scope}).", person.role.as_str()))
        }
        _ => Problem::new(Code::Forbidden, format!("The token {name} lacks the scope {scope}.")),
    }
    .into())
}
