//! `retention_runs` and `archives`: what was and is archived and purged, and what is due.

mod archives;
mod due;
mod runs;

use domain::id::ActionId;
use sqlx::{PgConnection, PgPool};

pub(crate) use archives::{archives, insert_archive, run_of_archive};
pub(crate) use due::{
    Place, cutoffs, due, due_actions, due_seals, forget_keys, lock_actions_place, purge_actions, purge_events,
};
pub(crate) use runs::{
    begin, last_began, note_trouble, note_written, open_run, rehome, run, runs, set_archived, set_done, set_purging,
};

/// Entries of the trail that left it: those of these seals.
pub(crate) struct Purged {
    pub(crate) first_seal: i64,
    pub(crate) through: i64,
    pub(crate) host: String,
    pub(crate) directory: String,
    pub(crate) file: String,
    pub(crate) last_seal: i64,
}

impl Purged {
    pub(crate) const fn holds(&self, seal: i64) -> bool {
        self.first_seal <= seal && seal <= self.through
    }
}

/// What left the trail so far, in the order of the chain.
pub(crate) async fn purged(connection: &mut PgConnection) -> sqlx::Result<Vec<Purged>> {
    sqlx::query_as!(
        Purged,
        r#"SELECT r.first_seal AS "first_seal!", r.purged_through AS "through!", r.host, r.directory, a.file,
                  r.last_seal AS "last_seal!"
           FROM retention_runs r JOIN archives a ON a.run_id = r.id AND a.kind = 'events'
           WHERE r.purged_through >= r.first_seal ORDER BY r.first_seal"#
    )
    .fetch_all(connection)
    .await
}

/// Whether an action is stored.
pub(crate) async fn has_action(pool: &PgPool, id: ActionId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM pending_actions WHERE id = $1) AS "there!""#, id.0)
        .fetch_one(pool)
        .await
}
