//! What a monitoring system is told. What stands now is asked for when it asks; what happens is counted along the chain of
//! seals, so that each entry of the trail, whichever server wrote it, is counted once and nothing is counted in the
//! way of a call.

use domain::event::EventType;
use domain::risk::RiskTier;

use crate::audit::Check;
use crate::{Engine, Result, store};

/// So many seals are counted in one go.
const AT_ONCE: i64 = 200;

/// How things stand.
pub struct Standing {
    /// What waits, of each tier.
    pub pending: Vec<(RiskTier, i64)>,
    /// How long the oldest of it has waited, in seconds; `None`: nothing waits.
    pub oldest_seconds: Option<f64>,
    /// The newest verification of the trail.
    pub checked: Option<Check>,
    /// Connections to the database, and how many of them nobody uses.
    pub connections: (u32, usize),
}

/// How things stand now.
///
/// # Errors
/// When the database cannot be read.
pub async fn standing(engine: &Engine) -> Result<Standing> {
    let waiting = store::monitoring::waiting(&engine.pool).await?;
    let of = |tier: RiskTier| waiting.iter().find(|own| own.risk_tier == tier.as_str()).map_or(0, |own| own.count);
    Ok(Standing {
        pending: RiskTier::ALL.map(|tier| (tier, of(tier))).into(),
        oldest_seconds: waiting.iter().map(|own| own.oldest_seconds).reduce(f64::max),
        checked: store::trail::last_check(&engine.pool).await?,
        connections: (engine.pool.size(), engine.pool.num_idle()),
    })
}

/// How often something happened.
pub struct Counted {
    pub event_type: EventType,
    /// What kind of actor did it: human, agent, worker, rule or system.
    pub by: String,
    /// Whether a rule holds the call for a person.
    pub held: bool,
    pub count: u64,
}

/// What happened since it was last asked.
pub struct News {
    /// The seal that it goes to: ask from there the next time.
    pub through: i64,
    pub counts: Vec<Counted>,
    /// How long people took to decide, in seconds.
    pub latencies: Vec<f64>,
}

/// Where to begin: at what was sealed before.
///
/// # Errors
/// When the database cannot be read.
pub async fn beginning(engine: &Engine) -> Result<i64> {
    Ok(store::monitoring::newest_seal(&engine.pool).await?)
}

/// What the next seals after `seal` hold. `None`: there are none.
///
/// # Errors
/// When the database cannot be read; then nothing is counted, and the same is there to be asked for again.
pub async fn news(engine: &Engine, seal: i64) -> Result<Option<News>> {
    let Some(through) = store::monitoring::next_seals(&engine.pool, seal, AT_ONCE).await? else { return Ok(None) };
    let happened = store::monitoring::happened(&engine.pool, seal, through).await?;
    let counted = |own: store::monitoring::Happened| {
        // What a newer server writes is counted by newer servers.
        let event_type = own.event_type.parse().ok()?;
        Some(Counted { event_type, by: own.by, held: own.held, count: own.count.cast_unsigned() })
    };
    Ok(Some(News {
        through,
        counts: happened.into_iter().filter_map(counted).collect(),
        latencies: store::monitoring::latencies(&engine.pool, seal, through).await?,
    }))
}
