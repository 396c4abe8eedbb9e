//! Calls that do the same: one tool, one tier, the same critical arguments (`domain::suggestion::shape_of`).

use chrono::{DateTime, Utc};
use domain::id::ActionId;
use domain::risk::RiskTier;
use sqlx::PgPool;
use uuid::Uuid;

use super::word;

/// So many waiting calls are grouped, the oldest first.
pub(crate) const GROUPED: i64 = 20_000;

/// Waiting calls that do the same.
pub(crate) struct Group {
    pub(crate) tool_name: String,
    pub(crate) risk_tier: RiskTier,
    pub(crate) count: i64,
    pub(crate) oldest: DateTime<Utc>,
    /// The nearest deadline; `None`: none of them has one.
    pub(crate) deadline: Option<DateTime<Utc>>,
    /// The oldest first, at most as many as were asked for.
    pub(crate) ids: Vec<ActionId>,
}

struct WaitingRecord {
    tool_name: String,
    risk_tier: String,
    count: i64,
    oldest: DateTime<Utc>,
    deadline: Option<DateTime<Utc>>,
    ids: Vec<Uuid>,
}

/// The waiting calls of which another does the same, by what they do; the largest groups first: at most `groups`, of each at most `each` calls by name.
pub(crate) async fn waiting(pool: &PgPool, groups: i64, each: i32) -> sqlx::Result<Vec<Group>> {
    let records = sqlx::query_as!(
        WaitingRecord,
        r#"SELECT tool_name, risk_tier, count(*) AS "count!", min(requested_at) AS "oldest!", min(expires_at) AS deadline,
               (array_agg(id ORDER BY requested_at, id))[1:$3] AS "ids!: Vec<Uuid>"
           FROM (
               SELECT id, tool_name, risk_tier, shape_sha256, requested_at, expires_at FROM pending_actions
               WHERE status = 'pending' AND (expires_at IS NULL OR expires_at > now()) AND shape_sha256 IS NOT NULL
               ORDER BY requested_at, id LIMIT $1
           ) waiting
           GROUP BY tool_name, risk_tier, shape_sha256 HAVING count(*) > 1
           ORDER BY count(*) DESC, min(requested_at), tool_name LIMIT $2"#,
        GROUPED,
        groups,
        each,
    )
    .fetch_all(pool)
    .await?;
    let group = |record: WaitingRecord| {
        Ok(Group {
            risk_tier: word("risk tier", &record.risk_tier)?,
            tool_name: record.tool_name,
            count: record.count,
            oldest: record.oldest,
            deadline: record.deadline,
            ids: record.ids.into_iter().map(ActionId).collect(),
        })
    };
    records.into_iter().map(group).collect()
}

/// A kind of call that people go on approving.
pub(crate) struct Habit {
    pub(crate) tool_name: String,
    /// How many of them people approved.
    pub(crate) approved: i64,
    pub(crate) last_at: DateTime<Utc>,
    /// The newest of them.
    pub(crate) newest: ActionId,
}

struct HabitRecord {
    tool_name: String,
    approved: i64,
    last_at: DateTime<Utc>,
    newest: Uuid,
}

/// What people approved at least `least` times in the last `days`, as it was sent, and never rejected; the most frequent
/// first.
pub(crate) async fn habits(pool: &PgPool, days: i32, least: i64, limit: i64) -> sqlx::Result<Vec<Habit>> {
    let records = sqlx::query_as!(
        HabitRecord,
        r#"SELECT tool_name, count(*) FILTER (WHERE edited_args_text IS NULL) AS "approved!", max(decided_at) AS "last_at!",
               (array_agg(id ORDER BY decided_at DESC, id DESC) FILTER (WHERE edited_args_text IS NULL))[1] AS "newest!"
           FROM pending_actions
           WHERE decided_by LIKE 'human:%' AND shape_sha256 IS NOT NULL AND decided_at > now() - make_interval(days => $1)
               AND status IN ('approved', 'executed', 'abandoned', 'rejected')
           GROUP BY tool_name, shape_sha256
           HAVING count(*) FILTER (WHERE status = 'rejected') = 0 AND count(*) FILTER (WHERE edited_args_text IS NULL) >= $2
           ORDER BY 2 DESC, 3 DESC, 4 LIMIT $3"#,
        days,
        least,
        limit
    )
    .fetch_all(pool)
    .await?;
    let habit = |record: HabitRecord| Habit {
        tool_name: record.tool_name,
        approved: record.approved,
        last_at: record.last_at,
        newest: ActionId(record.newest),
    };
    Ok(records.into_iter().map(habit).collect())
}
