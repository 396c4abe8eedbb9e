//! What monitoring counts: what waits, and what each seal of the trail holds. A seal's entries never change, and no entry
//! comes into it later, so what was counted up to a seal is counted for good.

use sqlx::PgPool;

/// What waits of one tier.
pub(crate) struct Waiting {
    pub(crate) risk_tier: String,
    pub(crate) count: i64,
    pub(crate) oldest_seconds: f64,
}

/// What waits, by tier.
pub(crate) async fn waiting(pool: &PgPool) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT risk_tier, count(*) AS "count!", extract(epoch FROM now() - min(requested_at))::float8 AS "oldest_seconds!"
           FROM pending_actions WHERE status = 'pending' GROUP BY risk_tier"#
    )
    .fetch_all(pool)
    .await
}

/// The number of the newest seal; 0 before there is one.
pub(crate) async fn newest_seal(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT coalesce(max(number), 0) AS "newest!" FROM event_seals"#).fetch_one(pool).await
}

/// The number of the last of the next `limit` seals after `number`; `None`: there is none.
pub(crate) async fn next_seals(pool: &PgPool, number: i64, limit: i64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "SELECT max(number) FROM (SELECT number FROM event_seals WHERE number > $1 ORDER BY number LIMIT $2) next",
        number,
        limit
    )
    .fetch_one(pool)
    .await
}

/// How many entries of a kind are in some seals.
pub(crate) struct Happened {
    pub(crate) event_type: String,
    /// What kind of actor: human, agent, worker, rule, system.
    pub(crate) by: String,
    /// Whether they say that a rule holds the call.
    pub(crate) held: bool,
    pub(crate) count: i64,
}

/// What is in the seals after one, up to another.
pub(crate) async fn happened(pool: &PgPool, after: i64, through: i64) -> sqlx::Result<Vec<Happened>> {
    sqlx::query_as!(
        Happened,
        r#"SELECT e.event_type, split_part(e.actor, ':', 1) AS "by!",
               coalesce(e.event_metadata ->> 'pending_code' = 'held_by_rule', false) AS "held!", count(*) AS "count!"
           FROM event_seals s, unnest(s.event_seqs) AS own(seq) JOIN approval_events e ON e.seq = own.seq
           WHERE s.number > $1 AND s.number <= $2 GROUP BY 1, 2, 3"#,
        after,
        through
    )
    .fetch_all(pool)
    .await
}

/// How long, in seconds, people took to decide what those seals say that they decided.
pub(crate) async fn latencies(pool: &PgPool, after: i64, through: i64) -> sqlx::Result<Vec<f64>> {
    sqlx::query_scalar!(
        r#"SELECT extract(epoch FROM e.occurred_at - a.requested_at)::float8 AS "seconds!"
           FROM event_seals s, unnest(s.event_seqs) AS own(seq) JOIN approval_events e ON e.seq = own.seq
               JOIN pending_actions a ON a.id = e.action_id
           WHERE s.number > $1 AND s.number <= $2 AND e.event_type IN ('action_approved', 'action_rejected')
               AND e.actor LIKE 'human:%'"#,
        after,
        through
    )
    .fetch_all(pool)
    .await
}
