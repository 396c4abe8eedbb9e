//! `approval_rules`: standing decisions. A rule's words never change: it is revoked, replaced, used, or its time ends.

use chrono::{DateTime, Utc};
use domain::constraint::{ArgumentPath, Constraint, stored_constraint};
use domain::digest::Digest;
use domain::id::{ActionId, RuleId};
use domain::json::Json;
use domain::rule::{Accepted, Definition, Revocation, Rule};
use domain::rule_filter::RuleFilter;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::{corrupt, maybe_word, word};

struct RuleRecord {
    id: Uuid,
    tool_name: String,
    effect: String,
    arg_constraints_text: String,
    unlisted_args: String,
    description: String,
    notes: Option<String>,
    created_from: Option<Uuid>,
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    max_uses: Option<i64>,
    use_count: i64,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_by: Option<String>,
    revoked_reason: Option<String>,
    replaces_rule_id: Option<Uuid>,
    replaced_by: Option<Uuid>,
    suspended_reason: Option<String>,
    schema_sha256: Option<String>,
    live: bool,
}

/// `select_rules!("... rest of the statement", arguments)`: a checked query of whole rules. The table is `r`.
macro_rules! select_rules {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            RuleRecord,
            r#"SELECT r.id, r.tool_name, r.effect, r.arg_constraints_text, r.unlisted_args, r.description, r.notes,
                r.created_from, r.created_by, r.created_at, r.expires_at, r.max_uses, r.use_count, r.last_used_at,
                r.revoked_at, r.revoked_by, r.revoked_reason, r.replaces_rule_id,
                (SELECT n.id FROM approval_rules n WHERE n.replaces_rule_id = r.id) AS "replaced_by?",
                r.suspended_reason, r.schema_sha256, (r.expires_at IS NULL OR r.expires_at > now()) AS "live!"
            FROM approval_rules r "# + $rest
            $(, $argument)*
        )
    };
}

impl RuleRecord {
    fn into_rule(self) -> sqlx::Result<Rule> {
        let revoked = match (self.revoked_at, self.revoked_by, self.revoked_reason) {
            (Some(at), Some(by), Some(reason)) => Some(Revocation { at, by, reason }),
            _ => None,
        };
        Ok(Rule {
            id: RuleId(self.id),
            definition: Definition {
                tool_name: self.tool_name,
                effect: word("effect", &self.effect)?,
                constraints: constraints(&self.arg_constraints_text)?,
                unlisted: word("treatment of unlisted arguments", &self.unlisted_args)?,
                expires_at: self.expires_at,
                max_uses: self.max_uses,
            },
            description: self.description,
            notes: self.notes,
            created_from: self.created_from.map(ActionId),
            created_by: self.created_by,
            created_at: self.created_at,
            use_count: self.use_count,
            last_used_at: self.last_used_at,
            revoked,
            replaces: self.replaces_rule_id.map(RuleId),
            replaced_by: self.replaced_by.map(RuleId),
            suspended_reason: self.suspended_reason,
            schema_sha256: maybe_word("digest", self.schema_sha256.as_deref())?,
            live: self.live,
        })
    }
}

fn constraints(text: &str) -> sqlx::Result<Vec<(ArgumentPath, Constraint)>> {
    let stored = Json::parse_str(text).map_err(|error| corrupt("constraints", error))?;
    let members = stored.as_object().ok_or_else(|| corrupt("constraints", text))?;
    members.iter().map(|(path, asked)| Ok((word("argument path", path)?, stored_constraint(asked)))).collect()
}

fn rules(records: Vec<RuleRecord>) -> sqlx::Result<Vec<Rule>> {
    records.into_iter().map(RuleRecord::into_rule).collect()
}

/// One rule.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: RuleId) -> sqlx::Result<Option<Rule>> {
    let record = select_rules!("WHERE r.id = $1", id.0).fetch_optional(executor).await?;
    record.map(RuleRecord::into_rule).transpose()
}

/// One rule, kept from changing until the transaction ends.
pub(crate) async fn find_locked(connection: &mut PgConnection, id: RuleId) -> sqlx::Result<Option<Rule>> {
    let record = select_rules!("WHERE r.id = $1 FOR UPDATE OF r", id.0).fetch_optional(connection).await?;
    record.map(RuleRecord::into_rule).transpose()
}

/// The rules of a tool that may decide, suspended ones included, and the last ones that ended by themselves in the last
/// 30 days: a call that one of those would have decided waits, and is told so.
pub(crate) async fn deciding(executor: impl PgExecutor<'_>, tool: &str) -> sqlx::Result<Vec<Rule>> {
    let records = select_rules!(
        "WHERE r.tool_name = $1 AND (r.active OR r.id IN (
             SELECT e.id FROM approval_rules e
             WHERE e.tool_name = $1 AND NOT e.active AND e.revoked_at IS NULL
                 AND greatest(e.last_used_at, e.expires_at, e.created_at) > now() - interval '30 days'
             ORDER BY e.created_at DESC LIMIT 20))",
        tool
    )
    .fetch_all(executor)
    .await?;
    rules(records)
}

/// A page of rules, newest first.
pub(crate) async fn list(pool: &PgPool, filter: &RuleFilter, limit: i64) -> sqlx::Result<Vec<Rule>> {
    let (after_at, after_id) = filter.after.map_or((None, None), |(at, id)| (Some(at), Some(id.0)));
    let records = select_rules!(
        "WHERE ($1::text IS NULL OR r.tool_name = $1)
             AND ($2::bool IS NULL OR $2 = (r.active AND (r.expires_at IS NULL OR r.expires_at > now())
                 AND r.suspended_reason IS NULL))
             AND ($3::text IS NULL OR $3 = CASE
                 WHEN r.revoked_at IS NOT NULL THEN 'revoked'
                 WHEN r.expires_at <= now() THEN 'expired'
                 WHEN r.use_count >= r.max_uses THEN 'exhausted'
                 WHEN r.suspended_reason IS NOT NULL THEN 'suspended' ELSE 'active' END)
             AND ($4::text IS NULL OR r.effect = $4)
             AND ($5::text IS NULL OR r.active AND CASE $5
                 WHEN 'unused' THEN r.use_count = 0 AND r.created_at <= now() - interval '7 days'
                 WHEN 'near_limit' THEN r.use_count > r.max_uses * 0.8
                 WHEN 'broad' THEN r.broad AND r.effect = 'allow'
                 WHEN 'expiring' THEN r.expires_at <= now() + interval '7 days' END)
             AND ($6::timestamptz IS NULL OR (r.created_at, r.id) < ($6, $7))
         ORDER BY r.created_at DESC, r.id DESC LIMIT $8 OFFSET $9",
        filter.tool_name,
        filter.active,
        filter.state.map(|state| state.as_str()),
        filter.effect.map(|effect| effect.as_str()),
        filter.hygiene,
        after_at,
        after_id,
        limit,
        filter.offset
    )
    .fetch_all(pool)
    .await?;
    rules(records)
}

/// How many rules there are of each kind, for the head of the list, among those the filter's tool and effect leave.
pub(crate) struct Inventory {
    pub(crate) permanent: i64,
    pub(crate) bounded: i64,
    pub(crate) inactive: i64,
    pub(crate) now: DateTime<Utc>,
}

/// Counts them.
pub(crate) async fn inventory(pool: &PgPool, filter: &RuleFilter) -> sqlx::Result<Inventory> {
    sqlx::query_as!(
        Inventory,
        r#"SELECT count(*) FILTER (WHERE active AND live AND NOT bounded) AS "permanent!",
            count(*) FILTER (WHERE active AND live AND bounded) AS "bounded!",
            count(*) FILTER (WHERE NOT active OR NOT live) AS "inactive!", now() AS "now!"
           FROM (SELECT active, (expires_at IS NULL OR expires_at > now()) AND suspended_reason IS NULL AS live,
                    expires_at IS NOT NULL OR max_uses IS NOT NULL AS bounded
                 FROM approval_rules
                 WHERE ($1::text IS NULL OR tool_name = $1) AND ($2::text IS NULL OR effect = $2)) r"#,
        filter.tool_name,
        filter.effect.map(|effect| effect.as_str())
    )
    .fetch_one(pool)
    .await
}

/// Where a rule comes from.
pub(crate) struct Origin<'a> {
    pub(crate) id: RuleId,
    pub(crate) created_by: &'a str,
    pub(crate) created_from: Option<ActionId>,
    pub(crate) replaces: Option<RuleId>,
    pub(crate) schema_sha256: Option<Digest>,
}

/// Writes a rule. `false`: the id is taken.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    Accepted { definition, description, notes }: &Accepted,
    origin: &Origin<'_>,
) -> sqlx::Result<bool> {
    let constraints = definition.constraints_json();
    let done = sqlx::query!(
        "INSERT INTO approval_rules (id, tool_name, effect, arg_constraints, arg_constraints_text, broad, unlisted_args,
            description, notes, created_from, created_by, expires_at, max_uses, replaces_rule_id, schema_sha256)
         VALUES ($1, $2, $3, $4::text::jsonb, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT ON CONSTRAINT approval_rules_pkey DO NOTHING",
        origin.id.0,
        definition.tool_name,
        definition.effect.as_str(),
        constraints.to_text(),
        definition.is_broad(),
        definition.unlisted.as_str(),
        description,
        notes.as_deref(),
        origin.created_from.map(|id| id.0),
        origin.created_by,
        definition.expires_at,
        definition.max_uses,
        origin.replaces.map(|id| id.0),
        origin.schema_sha256.map(|digest| digest.to_string()),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A use that was taken.
pub(crate) struct Use {
    /// It was the last one: the rule is active no more.
    pub(crate) spent: bool,
    pub(crate) use_count: i64,
}

/// Takes one use of a rule that may decide now. `None`: it may not, or has none left.
pub(crate) async fn take_use(connection: &mut PgConnection, id: RuleId) -> sqlx::Result<Option<Use>> {
    sqlx::query_as!(
        Use,
        r#"UPDATE approval_rules SET use_count = use_count + 1, last_used_at = now(),
               active = (max_uses IS NULL OR use_count + 1 < max_uses)
           WHERE id = $1 AND active AND suspended_reason IS NULL AND (expires_at IS NULL OR expires_at > now())
               AND (max_uses IS NULL OR use_count < max_uses)
           RETURNING NOT active AS "spent!", use_count"#,
        id.0
    )
    .fetch_optional(connection)
    .await
}

/// Ends a rule by a person's word. `false`: it was revoked before.
pub(crate) async fn revoke(connection: &mut PgConnection, id: RuleId, by: &str, reason: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE approval_rules SET active = false, revoked_at = now(), revoked_by = $2, revoked_reason = $3
         WHERE id = $1 AND revoked_at IS NULL",
        id.0,
        by,
        reason
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Suspends the active rules of a tool that were made for another schema. Which those are.
pub(crate) async fn suspend_stale(
    connection: &mut PgConnection,
    tool: &str,
    schema: Option<Digest>,
    reason: &str,
) -> sqlx::Result<Vec<RuleId>> {
    let suspended = sqlx::query_scalar!(
        "UPDATE approval_rules SET suspended_reason = $3
         WHERE tool_name = $1 AND active AND effect = 'allow' AND suspended_reason IS NULL
             AND schema_sha256 IS DISTINCT FROM $2
         RETURNING id",
        tool,
        schema.map(|digest| digest.to_string()),
        reason
    )
    .fetch_all(connection)
    .await?;
    Ok(suspended.into_iter().map(RuleId).collect())
}

/// Takes a suspended rule up again, for the schema that the tool has now. `false`: it is not suspended.
pub(crate) async fn resume(connection: &mut PgConnection, id: RuleId, schema: Option<Digest>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE approval_rules SET suspended_reason = NULL, schema_sha256 = $2
         WHERE id = $1 AND active AND suspended_reason IS NOT NULL",
        id.0,
        schema.map(|digest| digest.to_string())
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks rules whose time is over. Which those are, and of which tool.
pub(crate) async fn end_expired(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<(RuleId, String)>> {
    let ended = sqlx::query!(
        "UPDATE approval_rules SET active = false
         WHERE id IN (SELECT id FROM approval_rules WHERE active AND expires_at <= now()
                      ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
         RETURNING id, tool_name",
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(|ended| (RuleId(ended.id), ended.tool_name)).collect())
}
