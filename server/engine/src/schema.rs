//! The migrations, and whether the database and the program fit together.

use domain::problem::{Code, Problem};
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::{Result, store};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// How the database's schema stands to the program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// They are the same.
    Ready,
    /// Migrations are waiting.
    Behind,
    /// A newer program migrated the database.
    Newer,
}

/// Compares the database's schema with the program's.
///
/// # Errors
/// When the database cannot be read.
pub async fn version(pool: &PgPool) -> Result<Version> {
    let applied = store::applied_migration(pool).await?.unwrap_or(0);
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    Ok(match applied.cmp(&known) {
        std::cmp::Ordering::Less => Version::Behind,
        std::cmp::Ordering::Equal => Version::Ready,
        std::cmp::Ordering::Greater => Version::Newer,
    })
}

/// Brings the database to the program's schema. Several programs may try at once; one does it.
///
/// # Errors
/// When the database is newer than the program, or a migration fails.
pub async fn migrate(pool: &PgPool) -> Result<()> {
    if version(pool).await? == Version::Newer {
        return Err(newer());
    }
    MIGRATIONS.run(pool).await.map_err(|error| sqlx::Error::Migrate(Box::new(error)))?;
    Ok(())
}

pub(crate) async fn require_current(pool: &PgPool) -> Result<()> {
    match version(pool).await? {
        Version::Ready => Ok(()),
        Version::Behind => Err(Problem::new(
            Code::Unavailable,
            "The database's schema is older than this program. Run `countersign migrate`, or start `countersign serve`, which does.",
        )
        .into()),
        Version::Newer => Err(newer()),
    }
}

fn newer() -> crate::Error {
    Problem::new(
        Code::Unavailable,
        "The database was migrated by a newer Countersign. Start that version, or restore a backup taken before it.",
    )
    .into()
}
