//! The database beneath: how large it is, which of its indexes are used, when it was last looked after; and looking after
//! it at once.

use domain::event::EventType;
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::problem::{Code, Problem};

pub use crate::store::upkeep::{IndexState, TableState};
use crate::trail::Entry;
use crate::{Engine, Result, require, store, trail};

/// The state of the database.
#[derive(Clone, Debug)]
pub struct Upkeep {
    /// All of it, in bytes.
    pub bytes: i64,
    /// PostgreSQL's version.
    pub version: String,
    /// The newest migration.
    pub migration: Option<i64>,
    /// The largest first.
    pub tables: Vec<TableState>,
    /// Those that are used least first.
    pub indexes: Vec<IndexState>,
    pub now: chrono::DateTime<chrono::Utc>,
}

/// The state of the database.
///
/// # Errors
/// `forbidden` without `admin`.
pub async fn show(engine: &Engine, principal: &Principal) -> Result<Upkeep> {
    require(principal, Scope::Admin)?;
    let (bytes, version) = store::upkeep::server(&engine.pool).await?;
    Ok(Upkeep {
        bytes,
        version,
        migration: store::applied_migration(&engine.pool).await?,
        tables: store::upkeep::tables(&engine.pool).await?,
        indexes: store::upkeep::indexes(&engine.pool).await?,
        now: store::now(&engine.pool).await?,
    })
}

/// Starts `VACUUM ANALYZE` of the tables that grow, and does not wait for its end. What comes of it stands with the tables
/// ([`TableState::last_vacuum`]); what fails, in the log.
///
/// # Errors
/// `forbidden` without `admin`; `in_progress` while a table is being vacuumed.
pub async fn vacuum(engine: &Engine, principal: &Principal) -> Result<()> {
    require(principal, Scope::Admin)?;
    if store::upkeep::tables(&engine.pool).await?.iter().any(|table| table.being_vacuumed) {
        return Err(Problem::new(Code::InProgress, "A table is being vacuumed already.").into());
    }
    let mut transaction = store::begin(&engine.pool).await?;
    let entry = Entry { event_type: EventType::DatabaseVacuumed, actor: &principal.actor(), reason: None };
    trail::append(&mut transaction, entry, &Json::Object(Vec::new())).await?;
    transaction.commit().await?;
    let pool = engine.pool.clone();
    tokio::spawn(async move {
        if let Err(error) = store::upkeep::vacuum(&pool).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the database could not be vacuumed");
        }
    });
    Ok(())
}
