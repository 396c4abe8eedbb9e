//! `pending_actions`: parked, decided, executed. Every transition is one conditional UPDATE whose condition the
//! database judges, with its own clock; no row means that somebody else was first.

use chrono::{DateTime, Utc};
use domain::action::{Action, Decider, EditedArgs, ExecutionResult, PendingCode, PendingReason};
use domain::digest::Digest;
use domain::event::EventContent;
use domain::filter::{ActionFilter, DecidedBy};
use domain::id::{ActionId, RuleId, TokenId};
use domain::json::Json;
use domain::lifecycle::{ExecutionState, Status};
use domain::page::{Cursor, Sort};
use domain::risk::RiskTier;
use futures::{Stream, TryStreamExt};
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{corrupt, maybe_word, word};

#[derive(sqlx::FromRow)]
struct ActionRecord {
    id: Uuid,
    tool_name: String,
    tool_args_text: String,
    args_sha256: String,
    edited_args_text: Option<String>,
    edited_args_sha256: Option<String>,
    agent_summary: Option<String>,
    why: Option<String>,
    evidence: Option<String>,
    session_id: Option<String>,
    agent_id: String,
    status: String,
    execution_state: Option<String>,
    risk_tier: String,
    executor: Option<String>,
    has_executor: Option<bool>,
    pending_code: Option<String>,
    pending_reason: Option<String>,
    requested_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decision_reason: Option<String>,
    executed_at: Option<DateTime<Utc>>,
    execution_result_text: Option<String>,
    approval_rule_id: Option<Uuid>,
    pending_rule_id: Option<Uuid>,
    deduplication_key: Option<String>,
    live: bool,
}

/// `select_actions!("... rest of the statement", arguments)`: a checked query of whole actions. The table is `a`.
macro_rules! select_actions {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ActionRecord,
            r#"SELECT a.id, a.tool_name, a.tool_args_text, a.args_sha256, a.edited_args_text, a.edited_args_sha256,
                a.agent_summary, a.why, a.evidence::text AS "evidence?", a.session_id, a.agent_id, a.status, a.execution_state, a.risk_tier,
                (SELECT t.executor FROM tools t WHERE t.name = a.tool_name) AS "executor?",
                (SELECT executor_is_ready(t.executor, t.executor_config) FROM tools t WHERE t.name = a.tool_name)
                    AS "has_executor?",
                a.pending_code, a.pending_reason, a.requested_at, a.expires_at, a.decided_by, a.decided_at,
                a.decision_reason, a.executed_at, a.execution_result_text, a.approval_rule_id, a.pending_rule_id, a.deduplication_key,
                (a.expires_at IS NULL OR a.expires_at > now()) AS "live!"
            FROM pending_actions a "# + $rest
            $(, $argument)*
        )
    };
}

/// `update_action!("SET ... WHERE ...", arguments)`: a checked transition that answers the action as it then is.
macro_rules! update_action {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ActionRecord,
            "UPDATE pending_actions a " + $rest + r#" RETURNING a.id, a.tool_name, a.tool_args_text, a.args_sha256,
                a.edited_args_text, a.edited_args_sha256, a.agent_summary, a.why, a.evidence::text AS "evidence?", a.session_id, a.agent_id, a.status,
                a.execution_state, a.risk_tier,
                (SELECT t.executor FROM tools t WHERE t.name = a.tool_name) AS "executor?",
                (SELECT executor_is_ready(t.executor, t.executor_config) FROM tools t WHERE t.name = a.tool_name)
                    AS "has_executor?",
                a.pending_code, a.pending_reason, a.requested_at, a.expires_at, a.decided_by, a.decided_at,
                a.decision_reason, a.executed_at, a.execution_result_text, a.approval_rule_id, a.pending_rule_id, a.deduplication_key,
                (a.expires_at IS NULL OR a.expires_at > now()) AS "live!""#
            $(, $argument)*
        )
    };
}

impl ActionRecord {
    fn into_action(self) -> sqlx::Result<Action> {
        let json = |text: &str| Json::parse(text.as_bytes()).map_err(|error| corrupt("stored JSON", error));
        let pending_reason = match (&self.pending_code, self.pending_reason) {
            (Some(code), Some(text)) => Some(PendingReason { code: pending_code(code)?, text }),
            _ => None,
        };
        let edited = match (&self.edited_args_text, &self.edited_args_sha256) {
            (Some(text), Some(digest)) => Some(EditedArgs { args: json(text)?, sha256: word("digest", digest)? }),
            _ => None,
        };
        Ok(Action {
            id: ActionId(self.id),
            tool_args: json(&self.tool_args_text)?,
            tool_name: self.tool_name,
            args_sha256: word("digest", &self.args_sha256)?,
            edited,
            agent_summary: self.agent_summary,
            why: self.why,
            evidence: self.evidence.as_deref().map(json).transpose()?,
            session_id: self.session_id,
            agent_id: self.agent_id,
            status: word("status", &self.status)?,
            execution_state: maybe_word("execution state", self.execution_state.as_deref())?,
            risk_tier: word("risk tier", &self.risk_tier)?,
            executor: maybe_word("executor", self.executor.as_deref())?,
            has_executor: self.has_executor.unwrap_or_default(),
            pending_reason,
            requested_at: self.requested_at,
            expires_at: self.expires_at,
            decided_by: maybe_word("decider", self.decided_by.as_deref())?,
            decided_at: self.decided_at,
            decision_reason: self.decision_reason,
            executed_at: self.executed_at,
            execution_result: self.execution_result_text.as_deref().map(result_from_text).transpose()?,
            approval_rule_id: self.approval_rule_id.map(RuleId),
            pending_rule_id: self.pending_rule_id.map(RuleId),
            deduplication_key: self.deduplication_key,
            live: self.live,
        })
    }
}

fn pending_code(code: &str) -> sqlx::Result<PendingCode> {
    PendingCode::ALL.into_iter().find(|known| known.as_str() == code).ok_or_else(|| corrupt("pending reason", code))
}

/// Reads a result that was stored as text.
pub(crate) fn result_from_text(text: &str) -> sqlx::Result<ExecutionResult> {
    serde_json::from_str(text).map_err(|error| corrupt("execution result", error))
}

/// A result as it is stored.
pub(crate) fn result_to_text(result: &ExecutionResult) -> String {
    serde_json::to_string(result).expect("a result is plain data")
}

fn actions(records: Vec<ActionRecord>) -> sqlx::Result<Vec<Action>> {
    records.into_iter().map(ActionRecord::into_action).collect()
}

fn maybe_action(record: Option<ActionRecord>) -> sqlx::Result<Option<Action>> {
    record.map(ActionRecord::into_action).transpose()
}

/// An action about to be written, decided by the gate.
pub(crate) struct NewAction<'a> {
    pub(crate) id: ActionId,
    pub(crate) tool_name: &'a str,
    /// The revision of the tool that the gate decided on: the row is written only while it stands.
    pub(crate) tool_revision: i64,
    /// The version of the tool's rules that the gate decided on: likewise.
    pub(crate) rules_version: i64,
    /// The gate let it pass because the tool is open: written only while the opening lasts.
    pub(crate) needs_opening: bool,
    /// A rule that stops the call: the row is written only while the rule may decide.
    pub(crate) stopped_by: Option<RuleId>,
    /// The rule that decided.
    pub(crate) approval_rule_id: Option<RuleId>,
    /// The rule because of which it waits.
    pub(crate) pending_rule_id: Option<RuleId>,
    pub(crate) tool_args: &'a Json,
    pub(crate) masked_args: &'a Json,
    pub(crate) args_sha256: Digest,
    pub(crate) agent_summary: Option<&'a str>,
    pub(crate) why: Option<&'a str>,
    pub(crate) evidence: Option<&'a Json>,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) agent_id: &'a str,
    pub(crate) agent_token_id: Option<TokenId>,
    pub(crate) status: Status,
    pub(crate) execution_state: Option<ExecutionState>,
    pub(crate) risk_tier: RiskTier,
    pub(crate) pending_reason: Option<&'a PendingReason>,
    /// Hours that the agent is content with, that the tool gives, and that the configuration gives where the tool says
    /// nothing and nobody has settled otherwise: the shorter of the first and what holds.
    pub(crate) wished_hours: Option<i32>,
    pub(crate) tool_hours: Option<i32>,
    pub(crate) configured_hours: i32,
    pub(crate) decided_by: Option<&'a Decider>,
    pub(crate) decision_reason: Option<&'a str>,
    pub(crate) deduplication_key: Option<&'a str>,
    /// The hash of the secret of a program's token that nobody has looked up for this call: the row is written only
    /// if the token is good now, is called `agent_id` and may submit. `None`: who asks is known already.
    pub(crate) presumed_secret: Option<&'a [u8]>,
    /// Under which words it is found.
    pub(crate) words: &'a [String],
    /// What it has in common with the calls that do the same.
    pub(crate) shape: Digest,
    /// Whom it reaches.
    pub(crate) recipients: &'a [Digest],
}

/// What the database added to a [`NewAction`].
pub(crate) struct Inserted {
    pub(crate) seq: i64,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) has_executor: bool,
}

/// Writes the action, its event and the sealer's entry in one statement, which is one transaction and one trip
/// to the database. `None`: the tool has changed since it was read, the presumed token is not good, or the id or the
/// deduplication key is taken.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    action: &NewAction<'_>,
    event: EventContent<'_>,
) -> sqlx::Result<Option<Inserted>> {
    let (head, tail) = event.around_time();
    sqlx::query_as!(
        Inserted,
        r#"WITH tool AS (
            SELECT executor_is_ready(executor, executor_config) AS ready FROM tools WHERE name = $2 AND revision = $3 AND rules_version = $31 AND (NOT $4::bool OR open_until > now())
                AND ($32::uuid IS NULL OR EXISTS (
                    SELECT FROM approval_rules WHERE id = $32 AND active AND (expires_at IS NULL OR expires_at > now())))
                AND ($29::bytea IS NULL OR EXISTS (
                    SELECT FROM api_tokens
                    WHERE id = $13 AND name = $12 AND secret_hash = $29 AND user_id IS NULL AND revoked_at IS NULL
                        AND (expires_at IS NULL OR expires_at > now()) AND 'actions:submit' = ANY (scopes)))
        ), action AS (
            INSERT INTO pending_actions
                (id, tool_name, tool_args, tool_args_text, args_sha256, agent_summary, why, evidence, session_id,
                 agent_id, agent_token_id, status, execution_state, risk_tier, pending_code, pending_reason,
                 requested_at, expires_at, decided_by, decided_at, decision_reason, deduplication_key, words,
                 approval_rule_id, pending_rule_id, shape_sha256, recipients)
            SELECT $1, $2, $5::text::jsonb, $6, $7, $8, $9, $10::text::jsonb, $11, $12, $13, $14, $15, $16, $17, $18,
                   now(), now() + make_interval(hours => least($19::int, coalesce($37::int, default_expiry_hours($38::int)))), $20, CASE WHEN $20::text IS NULL THEN NULL ELSE now() END,
                   $21, $22, array_to_tsvector($30), $33, $34, $35, $36
            FROM tool
            ON CONFLICT DO NOTHING
            RETURNING requested_at, expires_at
        ), event AS (
            INSERT INTO approval_events
                (event_id, action_id, rule_id, event_type, actor, event_metadata, occurred_at, content_hash)
            SELECT $23, $1, $33, $24, $25, $26::text::jsonb, now(), encode(sha256(convert_to(
                $27::text || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || $28::text, 'UTF8')), 'hex')
            FROM action
            RETURNING seq
        ), unsealed AS (
            INSERT INTO unsealed_events (seq) SELECT seq FROM event
        )
        SELECT event.seq AS "seq!", action.requested_at AS "requested_at!", action.expires_at AS "expires_at?",
            tool.ready AS "has_executor!"
        FROM action, event, tool"#,
        action.id.0,
        action.tool_name,
        action.tool_revision,
        action.needs_opening,
        action.masked_args.to_text(),
        action.tool_args.to_text(),
        action.args_sha256.to_string(),
        action.agent_summary,
        action.why,
        action.evidence.map(Json::to_text),
        action.session_id,
        action.agent_id,
        action.agent_token_id.map(|id| id.0),
        action.status.as_str(),
        action.execution_state.map(ExecutionState::as_str),
        action.risk_tier.as_str(),
        action.pending_reason.map(|reason| reason.code.as_str()),
        action.pending_reason.map(|reason| reason.text.as_str()),
        action.wished_hours,
        action.decided_by.map(ToString::to_string),
        action.decision_reason,
        action.deduplication_key,
        event.event_id.0,
        event.event_type,
        event.actor,
        event.event_metadata.canonical(),
        head,
        tail,
        action.presumed_secret,
        action.words,
        action.rules_version,
        action.stopped_by.map(|id| id.0),
        action.approval_rule_id.map(|id| id.0),
        action.pending_rule_id.map(|id| id.0),
        action.shape.0.as_slice(),
        &bytes(action.recipients),
        action.tool_hours,
        action.configured_hours,
    )
    .fetch_optional(connection)
    .await
}

fn bytes(digests: &[Digest]) -> Vec<Vec<u8>> {
    digests.iter().map(|digest| digest.0.to_vec()).collect()
}

/// One action.
pub(crate) async fn find(pool: &PgPool, id: ActionId) -> sqlx::Result<Option<Action>> {
    maybe_action(select_actions!("WHERE a.id = $1", id.0).fetch_optional(pool).await?)
}

/// Those of `ids` that are there, in no order.
pub(crate) async fn find_all(pool: &PgPool, ids: &[ActionId]) -> sqlx::Result<Vec<Action>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    actions(select_actions!("WHERE a.id = ANY($1)", &ids).fetch_all(pool).await?)
}

/// One action, kept from changing until the transaction ends.
pub(crate) async fn find_locked(connection: &mut PgConnection, id: ActionId) -> sqlx::Result<Option<Action>> {
    maybe_action(select_actions!("WHERE a.id = $1 FOR UPDATE OF a", id.0).fetch_optional(connection).await?)
}

/// The open action of an agent under a deduplication key.
pub(crate) async fn find_open_duplicate(pool: &PgPool, agent_id: &str, key: &str) -> sqlx::Result<Option<Action>> {
    maybe_action(
        select_actions!(
            "WHERE a.agent_id = $1 AND a.deduplication_key = $2 AND a.status IN ('pending', 'approved')",
            agent_id,
            key
        )
        .fetch_optional(pool)
        .await?,
    )
}

/// Whether the token parked the action.
pub(crate) async fn was_parked_by(pool: &PgPool, id: ActionId, token: TokenId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pending_actions WHERE id = $1 AND agent_token_id = $2) AS "own!""#,
        id.0,
        token.0
    )
    .fetch_one(pool)
    .await
}

/// Those of `ids` that are no longer pending.
pub(crate) async fn settled_among(pool: &PgPool, ids: &[ActionId]) -> sqlx::Result<Vec<ActionId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let settled =
        sqlx::query_scalar!("SELECT id FROM pending_actions WHERE id = ANY($1) AND status <> 'pending'", &ids)
            .fetch_all(pool)
            .await?;
    Ok(settled.into_iter().map(ActionId).collect())
}

/// A person's, or the agent's own, decision about a live pending action. `None`: it is not that any more.
pub(crate) async fn decide(
    connection: &mut PgConnection,
    id: ActionId,
    status: Status,
    execution_state: Option<ExecutionState>,
    decider: &Decider,
    reason: Option<&str>,
) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET status = $2, execution_state = $3, decided_by = $4, decided_at = now(), decision_reason = $5
         WHERE a.id = $1 AND a.status = 'pending' AND (a.expires_at IS NULL OR a.expires_at > now())",
        id.0,
        status.as_str(),
        execution_state.map(ExecutionState::as_str),
        decider.to_string(),
        reason
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// A rule's decision about a live pending action. `None`: it is not that any more.
pub(crate) async fn approve_by_rule(
    connection: &mut PgConnection,
    id: ActionId,
    rule: RuleId,
) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET status = 'approved', execution_state = 'queued', decided_by = $2, decided_at = now(), approval_rule_id = $3
         WHERE a.id = $1 AND a.status = 'pending' AND (a.expires_at IS NULL OR a.expires_at > now())",
        id.0,
        Decider::Rule(rule).to_string(),
        rule.0
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// A call as a replay looks at it.
pub(crate) struct PastCall {
    pub(crate) id: ActionId,
    pub(crate) args: Json,
    pub(crate) status: Status,
    pub(crate) decided_by: Option<String>,
    pub(crate) requested_at: DateTime<Utc>,
}

struct PastRecord {
    id: Uuid,
    args: String,
    status: String,
    decided_by: Option<String>,
    requested_at: DateTime<Utc>,
}

impl PastRecord {
    fn into_call(self) -> sqlx::Result<PastCall> {
        Ok(PastCall {
            id: ActionId(self.id),
            args: Json::parse_str(&self.args).map_err(|error| corrupt("stored JSON", error))?,
            status: word("status", &self.status)?,
            decided_by: self.decided_by,
            requested_at: self.requested_at,
        })
    }
}

/// Calls of a tool that are decided, of the last days, as they came from the agent, the newest first.
pub(crate) fn past_calls<'a>(
    pool: &'a PgPool,
    tool: &'a str,
    days: i32,
    limit: i64,
) -> impl Stream<Item = sqlx::Result<PastCall>> + 'a {
    sqlx::query_as!(
        PastRecord,
        "SELECT id, tool_args_text AS args, status, decided_by, requested_at FROM pending_actions
         WHERE tool_name = $1 AND requested_at > now() - make_interval(days => $2) AND status <> 'pending'
         ORDER BY requested_at DESC, id DESC LIMIT $3",
        tool,
        days,
        limit
    )
    .fetch(pool)
    .and_then(|record| async move { record.into_call() })
}

/// Calls of a tool that wait, the oldest first.
pub(crate) fn waiting_calls<'a>(pool: &'a PgPool, tool: &'a str) -> impl Stream<Item = sqlx::Result<PastCall>> + 'a {
    sqlx::query_as!(
        PastRecord,
        "SELECT id, tool_args_text AS args, status, decided_by, requested_at FROM pending_actions
         WHERE tool_name = $1 AND status = 'pending' AND (expires_at IS NULL OR expires_at > now())
         ORDER BY requested_at, id LIMIT 10000",
        tool
    )
    .fetch(pool)
    .and_then(|record| async move { record.into_call() })
}

/// The arguments of the tool's calls that people approved last, the newest first.
pub(crate) async fn approved_args(pool: &PgPool, tool: &str, limit: i64) -> sqlx::Result<Vec<Json>> {
    sqlx::query_scalar!(
        "SELECT tool_args_text FROM pending_actions
         WHERE tool_name = $1 AND decided_at IS NOT NULL AND status IN ('approved', 'executed', 'abandoned')
             AND decided_by LIKE 'human:%'
         ORDER BY decided_at DESC LIMIT $2",
        tool,
        limit
    )
    .fetch(pool)
    .and_then(|text| async move { Json::parse_str(&text).map_err(|error| corrupt("stored JSON", error)) })
    .try_collect()
    .await
}

/// What a person puts in the place of the arguments that were parked.
pub(crate) struct Edit<'a> {
    pub(crate) args: &'a Json,
    pub(crate) masked_args: &'a Json,
    pub(crate) sha256: Digest,
    /// Never lower than before.
    pub(crate) risk_tier: RiskTier,
    /// Under which words it is found as well.
    pub(crate) words: &'a [String],
    /// Whom it reaches now.
    pub(crate) recipients: &'a [Digest],
}

/// A person's approval of a live pending action with other arguments. `None`: it is not that any more.
pub(crate) async fn approve_edited(
    connection: &mut PgConnection,
    id: ActionId,
    decider: &Decider,
    reason: Option<&str>,
    edit: &Edit<'_>,
) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET status = 'approved', execution_state = 'queued', decided_by = $2, decided_at = now(), decision_reason = $3,
             edited_args = $4::text::jsonb, edited_args_text = $5, edited_args_sha256 = $6, risk_tier = $7,
             words = a.words || array_to_tsvector($8), recipients = $9
         WHERE a.id = $1 AND a.status = 'pending' AND (a.expires_at IS NULL OR a.expires_at > now())",
        id.0,
        decider.to_string(),
        reason,
        edit.masked_args.to_text(),
        edit.args.to_text(),
        edit.sha256.to_string(),
        edit.risk_tier.as_str(),
        edit.words,
        &bytes(edit.recipients)
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Marks a pending action expired if its deadline has passed.
pub(crate) async fn expire(connection: &mut PgConnection, id: ActionId) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET status = 'expired', decided_by = 'system:expiry', decided_at = now()
         WHERE a.id = $1 AND a.status = 'pending' AND a.expires_at <= now()",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Up to `limit` pending actions whose deadline has passed, kept for this transaction. Those that another has
/// are left out.
pub(crate) async fn lock_stale(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<ActionId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM pending_actions WHERE status = 'pending' AND coalesce(expires_at, 'infinity') <= now()
         ORDER BY coalesce(expires_at, 'infinity') LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ActionId).collect())
}

/// How many pending actions are past their deadline.
pub(crate) async fn count_stale(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM pending_actions
           WHERE status = 'pending' AND coalesce(expires_at, 'infinity') <= now()"#
    )
    .fetch_one(pool)
    .await
}

/// Takes the longest-decided queued action that a worker may run: of one of `tools`, where the tool is run by
/// workers or by nobody yet.
pub(crate) async fn claim_for_worker(connection: &mut PgConnection, tools: &[String]) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET execution_state = 'running'
         WHERE a.status = 'approved' AND a.execution_state = 'queued' AND a.id = (
             SELECT q.id FROM pending_actions q JOIN tools t ON t.name = q.tool_name
             WHERE q.status = 'approved' AND q.execution_state = 'queued' AND q.tool_name = ANY($1)
               AND (t.executor IS NULL OR t.executor = 'worker')
             ORDER BY q.decided_at, q.id LIMIT 1 FOR UPDATE OF q SKIP LOCKED)",
        tools
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Takes the longest-decided queued action of a tool that Countersign runs itself, by a call of the tool's URL.
pub(crate) async fn claim_for_http(connection: &mut PgConnection, tool: &str) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET execution_state = 'running'
         WHERE a.status = 'approved' AND a.execution_state = 'queued' AND a.id = (
             SELECT q.id FROM pending_actions q JOIN tools t ON t.name = q.tool_name
             WHERE q.status = 'approved' AND q.execution_state = 'queued' AND q.tool_name = $1
               AND t.executor = 'http' AND executor_is_ready(t.executor, t.executor_config)
             ORDER BY q.decided_at, q.id LIMIT 1 FOR UPDATE OF q SKIP LOCKED)",
        tool
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Takes a queued action that an MCP server behind the gateway is to run.
pub(crate) async fn claim_for_mcp(connection: &mut PgConnection, id: ActionId) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET execution_state = 'running'
         WHERE a.id = $1 AND a.status = 'approved' AND a.execution_state = 'queued'
           AND (SELECT t.executor = 'mcp' AND executor_is_ready(t.executor, t.executor_config)
                FROM tools t WHERE t.name = a.tool_name)",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Takes a queued action for the agent that parked it and is to run it itself.
pub(crate) async fn claim_for_agent(
    connection: &mut PgConnection,
    id: ActionId,
    token: TokenId,
) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET execution_state = 'running'
         WHERE a.id = $1 AND a.status = 'approved' AND a.execution_state = 'queued' AND a.agent_token_id = $2
           AND (SELECT t.executor FROM tools t WHERE t.name = a.tool_name) = 'agent'",
        id.0,
        token.0
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Moves an approved action from one execution state to another that has no outcome.
pub(crate) async fn move_execution(
    connection: &mut PgConnection,
    id: ActionId,
    from: ExecutionState,
    to: ExecutionState,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE pending_actions SET execution_state = $3 WHERE id = $1 AND status = 'approved' AND execution_state = $2",
        id.0,
        from.as_str(),
        to.as_str()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the outcome of an approved action whose execution stands at `from`.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    id: ActionId,
    from: ExecutionState,
    result: &ExecutionResult,
) -> sqlx::Result<Option<Action>> {
    let text = result_to_text(result);
    let record = update_action!(
        "SET status = 'executed', execution_state = CASE WHEN $3 THEN 'succeeded' ELSE 'failed' END,
             executed_at = $4, execution_result = $5::text::jsonb, execution_result_text = $5
         WHERE a.id = $1 AND a.status = 'approved' AND a.execution_state = $2",
        id.0,
        from.as_str(),
        result.success,
        result.executed_at,
        text
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Puts a failed or unknown run back into the queue; what came of it stays with its attempt.
pub(crate) async fn queue_again(connection: &mut PgConnection, id: ActionId) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET status = 'approved', execution_state = 'queued', executed_at = NULL, execution_result = NULL,
             execution_result_text = NULL
         WHERE a.id = $1 AND a.status IN ('approved', 'executed') AND a.execution_state IN ('unknown', 'failed')",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Gives up a failed or unknown run.
pub(crate) async fn abandon(connection: &mut PgConnection, id: ActionId) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET status = 'abandoned'
         WHERE a.id = $1 AND a.status IN ('approved', 'executed') AND a.execution_state IN ('unknown', 'failed')",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Moves the deadline of a live pending action on by so many hours.
pub(crate) async fn extend(connection: &mut PgConnection, id: ActionId, hours: i32) -> sqlx::Result<Option<Action>> {
    let record = update_action!(
        "SET expires_at = a.expires_at + make_interval(hours => $2)
         WHERE a.id = $1 AND a.status = 'pending' AND a.expires_at > now()",
        id.0,
        hours
    )
    .fetch_optional(connection)
    .await?;
    maybe_action(record)
}

/// Lists longer than this are not counted to their end.
pub(crate) const COUNTED: i64 = 10_000;

/// The columns of an [`ActionRecord`], of the table as `a`.
const COLUMNS: &str = "a.id, a.tool_name, a.tool_args_text, a.args_sha256, a.edited_args_text, a.edited_args_sha256,
    a.agent_summary, a.why, a.evidence::text AS evidence, a.session_id, a.agent_id, a.status, a.execution_state, a.risk_tier,
    (SELECT t.executor FROM tools t WHERE t.name = a.tool_name) AS executor,
    (SELECT executor_is_ready(t.executor, t.executor_config) FROM tools t WHERE t.name = a.tool_name) AS has_executor,
    a.pending_code, a.pending_reason, a.requested_at, a.expires_at, a.decided_by, a.decided_at, a.decision_reason,
    a.executed_at, a.execution_result_text, a.approval_rule_id, a.pending_rule_id, a.deduplication_key,
    (a.expires_at IS NULL OR a.expires_at > now()) AS live";

/// As the index for urgency has it.
const TIER: &str = "(CASE a.risk_tier WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END)";

/// How many of the filter's actions there are, as far as a search has to know: Postgres cannot tell how often the beginning
/// of a word occurs, and one way to look for it is a thousand times slower than the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// At most [`COUNTED`]: found by the words' index, then sorted.
    Few,
    /// More: met soon by whoever goes through the actions in order.
    Many,
}

/// A page of actions by keyset: what the filter holds, narrowed before the page is cut.
pub(crate) async fn list(
    pool: &PgPool,
    filter: &ActionFilter,
    parked_by: Option<TokenId>,
    found: Found,
    limit: i64,
) -> sqlx::Result<Vec<Action>> {
    let mut query;
    if filter.words.is_some() && found == Found::Few {
        // Materialized: sorted after it was found, not found while going through everything in order.
        query = QueryBuilder::new(
            "WITH found AS MATERIALIZED (SELECT a.id, a.requested_at, a.expires_at, a.risk_tier FROM pending_actions a",
        );
        narrow(&mut query, filter, parked_by, found);
        query.push(format_args!(") SELECT {COLUMNS} FROM (SELECT a.id FROM found a WHERE true"));
        cut(&mut query, filter, limit);
        query.push(") page JOIN pending_actions a ON a.id = page.id ORDER BY ").push(order(filter.sort));
    } else {
        query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(" FROM pending_actions a");
        narrow(&mut query, filter, parked_by, found);
        cut(&mut query, filter, limit);
    }
    let planned_once = filter.words.is_none();
    actions(query.build_query_as::<ActionRecord>().persistent(planned_once).fetch_all(pool).await?)
}

fn order(sort: Sort) -> String {
    match sort {
        Sort::Oldest => "a.requested_at, a.id".to_owned(),
        Sort::Newest => "a.requested_at DESC, a.id DESC".to_owned(),
        Sort::Urgency => format!("coalesce(a.expires_at, 'infinity'), {TIER}, a.id"),
    }
}

/// The page after the cursor.
fn cut(query: &mut QueryBuilder<Postgres>, filter: &ActionFilter, limit: i64) {
    if let Some(Cursor { at, id }) = filter.cursor {
        if filter.sort == Sort::Urgency {
            query.push(format_args!(" AND (coalesce(a.expires_at, 'infinity'), {TIER}, a.id) > ("));
            // What has no deadline stands at the end, beyond what a cursor can say.
            query.push("CASE WHEN ").push_bind(at).push(" >= '10000-01-01' THEN 'infinity' ELSE ").push_bind(at);
            query
                .push(format_args!(" END, coalesce((SELECT {TIER} FROM pending_actions a WHERE a.id = "))
                .push_bind(id);
            query.push("), 9), ");
        } else {
            let past = if filter.sort == Sort::Oldest { ">" } else { "<" };
            query.push(format_args!(" AND (a.requested_at, a.id) {past} (")).push_bind(at).push(", ");
        }
        query.push_bind(id).push(")");
    }
    query.push(format_args!(" ORDER BY {} LIMIT ", order(filter.sort))).push_bind(limit);
    query.push(" OFFSET ").push_bind(filter.offset);
}

/// How many actions the filter holds, unless they are more than [`COUNTED`], and the database's clock.
pub(crate) async fn count(
    pool: &PgPool,
    filter: &ActionFilter,
    parked_by: Option<TokenId>,
) -> sqlx::Result<(Option<i64>, DateTime<Utc>)> {
    let mut query;
    if let Some(words) = &filter.words
        && !is_dense(pool, words).await?
    {
        // Materialized, and read no further than is counted: otherwise the limit makes Postgres hope to meet the first
        // ten thousand soon, and go through everything for a word that occurs once.
        query = QueryBuilder::new("WITH found AS MATERIALIZED (SELECT FROM pending_actions a");
        narrow(&mut query, filter, parked_by, Found::Few);
        query.push(") SELECT count(*), now() FROM (SELECT FROM found");
    } else {
        query = QueryBuilder::new("SELECT count(*), now() FROM (SELECT FROM pending_actions a");
        narrow(&mut query, filter, parked_by, Found::Many);
    }
    query.push(" LIMIT ").push_bind(COUNTED + 1).push(") counted");
    // How often a word occurs decides how it is looked for: each search is planned for its own words.
    let planned_once = filter.words.is_none();
    let counted = query.build_query_as::<(i64, DateTime<Utc>)>().persistent(planned_once);
    let (count, now) = counted.fetch_one(pool).await?;
    Ok((Some(count).filter(|count| *count <= COUNTED), now))
}

/// Whether every other action has the words, going by the newest: then the first ten thousand are met soon.
async fn is_dense(pool: &PgPool, words: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT count(*) > 500 AS "dense!"
           FROM (SELECT words FROM pending_actions ORDER BY requested_at DESC, id DESC LIMIT 1000) newest
           WHERE words @@ $1::text::tsquery"#,
        words
    )
    .fetch_one(pool)
    .await
}

/// The conditions of a filter. Only those that it has are written: each shape of a filter is planned for itself, and a
/// condition that might be switched off by a null would spoil the plan of the others.
fn narrow(query: &mut QueryBuilder<Postgres>, filter: &ActionFilter, parked_by: Option<TokenId>, found: Found) {
    query.push(" WHERE true");
    match filter.statuses.as_slice() {
        [] => {}
        // Not `= ANY`: the index gives one status in the list's own order.
        [status] => is(query, "a.status =", status.as_str()),
        several => is_any(query, "a.status", several.iter().map(|status| status.as_str())),
    }
    if !filter.risk_tiers.is_empty() {
        is_any(query, "a.risk_tier", filter.risk_tiers.iter().map(|tier| tier.as_str()));
    }
    for (condition, text) in
        [("a.tool_name =", &filter.tool_name), ("a.session_id =", &filter.session_id), ("a.agent_id =", &filter.agent)]
    {
        if let Some(text) = text {
            is(query, condition, text);
        }
    }
    if let Some(words) = &filter.words {
        query.push(" AND (a.words @@ ").push_bind(words.clone()).push("::tsquery)");
        if found == Found::Many {
            // Not for an index: each action is looked at as it comes.
            query.push(" IS TRUE");
        }
    }
    let times = [
        ("a.requested_at >=", filter.since),
        ("a.requested_at <", filter.until),
        ("a.decided_at >=", filter.decided_since),
        ("a.decided_at <", filter.decided_until),
        ("a.executed_at >=", filter.executed_since),
        ("a.executed_at <", filter.executed_until),
    ];
    for (condition, at) in times {
        if let Some(at) = at {
            query.push(format_args!(" AND {condition} ")).push_bind(at);
        }
    }
    match &filter.decided_by {
        None => {}
        Some(DecidedBy::One(decider)) => is(query, "a.decided_by =", &decider.to_string()),
        Some(DecidedBy::Kind(kind)) => is(query, "a.decided_by LIKE", &format!("{kind}:%")),
    }
    if let Some(state) = filter.execution_state {
        // Written out: the index of failed runs is for failed ones alone.
        query.push(format_args!(" AND a.execution_state = '{}'", state.as_str()));
    }
    if let Some(error) = &filter.error {
        is(query, "failed_with(a.execution_result) =", error);
    }
    if let Some(gated) = filter.gated {
        // As the figures count it.
        query.push(format_args!(" AND (a.decided_at IS NULL OR a.decided_at > a.requested_at) = {gated}"));
    }
    if let Some(hours) = filter.expiring_within_hours {
        query.push(
            " AND a.status = 'pending' AND coalesce(a.expires_at, 'infinity') > now()
              AND coalesce(a.expires_at, 'infinity') <= now() + make_interval(hours => ",
        );
        query.push_bind(hours).push(")");
    }
    for (condition, id) in [
        ("a.approval_rule_id =", filter.rule_id.map(|rule| rule.0)),
        ("a.agent_token_id =", parked_by.map(|token| token.0)),
    ] {
        if let Some(id) = id {
            query.push(format_args!(" AND {condition} ")).push_bind(id);
        }
    }
}

fn is(query: &mut QueryBuilder<Postgres>, condition: &str, text: &str) {
    query.push(format_args!(" AND {condition} ")).push_bind(text.to_owned());
}

fn is_any<'a>(query: &mut QueryBuilder<Postgres>, column: &str, words: impl Iterator<Item = &'a str>) {
    let words: Vec<String> = words.map(str::to_owned).collect();
    query.push(format_args!(" AND {column} = ANY(")).push_bind(words).push(")");
}
