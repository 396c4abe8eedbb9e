//! Deciding.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::digest::Digest;
use domain::editing::Change;
use domain::id::ActionId;
use domain::identity::Principal;
use domain::json::Json;
use domain::lifecycle::Status;
use domain::problem::Problem;
use engine::Engine;
use engine::bulk::{Bulk, Item};
use engine::decisions::{Approve, Decision, WantedRule};
use engine::settlement::Settle;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::actions::parse_id;
use super::body::{ReasonBody, Strict, WordsBody};
use super::record::ActionRecord;
use super::rules::RuleDraft;
use super::{One, idempotent, object};
use crate::http::AppState;
use crate::http::problem::{ApiError, ApiResult};
use crate::http::session::Caller;

/// What an approval is of, and what comes with it. An empty object approves the arguments as they were parked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveBody {
    /// Of the arguments that were shown: other ones are not approved. Needed to edit.
    #[schema(value_type = Option<Digest>)]
    args_sha256: Option<String>,
    /// A whole new object of arguments. Where it holds the mark of a secret exactly as it was shown, the stored secret
    /// stays; the mark anywhere else is refused.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = std::collections::HashMap<String, Json>)]
    edited_args: Option<Json>,
    /// Kept with the decision, for whoever sees the action.
    note: Option<String>,
    /// `true`: a rule of the suggestions; an object: that rule.
    #[schema(value_type = Option<CreateRule>)]
    create_rule: Option<Json>,
}

/// Whether a rule is made, and which.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what is read as JSON")]
enum CreateRule {
    Suggested(bool),
    Draft(RuleDraft),
}

/// A member that is there, whatever it holds: `null` is no way of leaving it out.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// Approves an action: exactly these arguments run, once.
///
/// `edited_args` run in the place of what was parked. `create_rule` makes a standing rule with it: both happen, or neither.
#[utoipa::path(
    post, path = "/actions/{id}/approve", tag = "Decisions", operation_id = "approve_action",
    params(("id" = ActionId, Path), idempotent::Key),
    request_body = ApproveBody,
    responses((status = 200, description = "The action as it stands now", body = One<ActionRecord>))
)]
pub(super) async fn approve(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ApproveBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    let digest = value.args_sha256.map(|text| text.parse::<Digest>()).transpose();
    let args_sha256 = digest.map_err(|error| Problem::invalid("/args_sha256", error.to_string()))?;
    let edit = value.edited_args.map(|args| Change::set("", args)).into_iter().collect();
    let rule = match value.create_rule {
        None | Some(Json::Null | Json::Bool(false)) => None,
        Some(Json::Bool(true)) => Some(WantedRule::Suggested),
        Some(draft @ Json::Object(_)) => Some(WantedRule::Draft(draft)),
        Some(_) => return Err(Problem::invalid("/create_rule", "must be true, false or a rule").into()),
    };
    let with = Approve { args_sha256, edit, note: value.note, rule };
    decided(&state, &principal, &headers, "approve", id, &bytes, async || {
        Ok(engine::decisions::approve(&state.engine, &principal, id, with).await?)
    })
    .await
}

/// What a person adds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteBody {
    /// Kept with the decision, for whoever sees the action.
    note: Option<String>,
}

/// Rejects an action. The agent is told the reason.
#[utoipa::path(
    post, path = "/actions/{id}/reject", tag = "Decisions", operation_id = "reject_action",
    params(("id" = ActionId, Path), idempotent::Key),
    request_body = ReasonBody,
    responses((status = 200, description = "The action as it stands now", body = One<ActionRecord>))
)]
pub(super) async fn reject(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ReasonBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    let reason = value.reason.unwrap_or_default();
    decided(&state, &principal, &headers, "reject", id, &bytes, async || {
        Ok(engine::decisions::reject(&state.engine, &principal, id, &reason).await?)
    })
    .await
}

/// Takes an action back: for the agent that parked it.
#[utoipa::path(
    post, path = "/actions/{id}/withdraw", tag = "Decisions", operation_id = "withdraw_action",
    params(("id" = ActionId, Path), idempotent::Key),
    request_body = WordsBody,
    responses((status = 200, description = "The action as it stands now", body = One<ActionRecord>))
)]
pub(super) async fn withdraw(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<WordsBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    decided(&state, &principal, &headers, "withdraw", id, &bytes, async || {
        Ok(engine::decisions::withdraw(&state.engine, &principal, id, value.reason.as_deref()).await?)
    })
    .await
}

/// What a person found out of a run.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OutcomeWord {
    Succeeded,
    Failed,
}

/// What became of a run that nobody had reported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveBody {
    /// What it was.
    outcome: OutcomeWord,
    /// How you know.
    #[schema(min_length = 1, max_length = 4000)]
    note: String,
}

/// Settles a run whose outcome nobody knows.
#[utoipa::path(
    post, path = "/actions/{id}/resolve", tag = "Decisions", operation_id = "resolve_action",
    params(("id" = ActionId, Path), idempotent::Key),
    request_body = ResolveBody,
    responses((status = 200, description = "The action as it stands now", body = One<ActionRecord>))
)]
pub(super) async fn resolve(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ResolveBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    let settle = Settle { succeeded: matches!(value.outcome, OutcomeWord::Succeeded), note: value.note };
    decided(&state, &principal, &headers, "resolve", id, &bytes, async || {
        Ok(engine::settlement::resolve(&state.engine, &principal, id, settle).await?)
    })
    .await
}

/// Queues a failed run once more.
#[utoipa::path(
    post, path = "/actions/{id}/retry", tag = "Decisions", operation_id = "retry_action",
    params(("id" = ActionId, Path), idempotent::Key),
    request_body = NoteBody,
    responses((status = 200, description = "The action as it stands now", body = One<ActionRecord>))
)]
pub(super) async fn retry(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<NoteBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    decided(&state, &principal, &headers, "retry", id, &bytes, async || {
        Ok(engine::settlement::retry(&state.engine, &principal, id, value.note.as_deref()).await?)
    })
    .await
}

/// Gives up an approved action that has not run: it never will.
#[utoipa::path(
    post, path = "/actions/{id}/abandon", tag = "Decisions", operation_id = "abandon_action",
    params(("id" = ActionId, Path), idempotent::Key),
    request_body = ReasonBody,
    responses((status = 200, description = "The action as it stands now", body = One<ActionRecord>))
)]
pub(super) async fn abandon(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ReasonBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    let reason = value.reason.unwrap_or_default();
    decided(&state, &principal, &headers, "abandon", id, &bytes, async || {
        Ok(engine::settlement::abandon(&state.engine, &principal, id, &reason).await?)
    })
    .await
}

/// How much more time there is to decide.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtendBody {
    /// The deadline moves on by so many hours, to at most a year from now.
    #[schema(minimum = 1, maximum = 8760)]
    hours: i32,
}

/// Moves the deadline of a waiting action: later, never earlier.
#[utoipa::path(
    post, path = "/actions/{id}/extend", tag = "Decisions", operation_id = "extend_action",
    params(("id" = ActionId, Path), idempotent::Key),
    request_body = ExtendBody,
    responses((status = 200, description = "The action as it stands now", body = One<ActionRecord>))
)]
pub(super) async fn extend(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ExtendBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    decided(&state, &principal, &headers, "extend", id, &bytes, async || {
        Ok(engine::expiry::extend(&state.engine, &principal, id, value.hours).await?)
    })
    .await
}

/// One decision about many actions: each is decided by itself, and told by itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, tag = "decision", rename_all = "snake_case")]
pub(super) enum BulkBody {
    /// Each with the arguments that were parked.
    Approve {
        #[schema(min_items = 1, max_items = 200)]
        ids: Vec<ActionId>,
    },
    /// With one reason, which their agents are told.
    Reject {
        #[schema(min_items = 1, max_items = 200)]
        ids: Vec<ActionId>,
        #[schema(min_length = 1, max_length = 4000)]
        reason: String,
    },
    /// Of these, or of every waiting action of the list that `filter` asks for.
    Extend {
        #[schema(min_items = 1, max_items = 200)]
        ids: Option<Vec<ActionId>>,
        /// As the query of a list says it, e.g. `expiring_within_hours=4`.
        filter: Option<String>,
        /// Each deadline moves on by so many hours, to at most a year from now.
        #[schema(minimum = 1, maximum = 8760)]
        hours: i32,
    },
    /// Failed runs are queued once more.
    Retry {
        #[schema(min_items = 1, max_items = 200)]
        ids: Vec<ActionId>,
        note: Option<String>,
    },
}

impl BulkBody {
    async fn decide(self, engine: &Engine, principal: &Principal) -> engine::Result<Vec<Item>> {
        let (ids, bulk) = match self {
            Self::Approve { ids } => (ids, Bulk::Approve),
            Self::Reject { ids, reason } => (ids, Bulk::Reject { reason }),
            Self::Retry { ids, note } => (ids, Bulk::Retry { note }),
            Self::Extend { ids: Some(ids), filter: None, hours } => (ids, Bulk::Extend { hours }),
            Self::Extend { ids: None, filter: Some(list), hours } => {
                return engine::bulk::extend_list(engine, principal, &list, hours).await;
            }
            Self::Extend { .. } => {
                return Err(Problem::invalid("/ids", "or /filter is given: one of them, and not both").into());
            }
        };
        engine::bulk::decide(engine, principal, &ids, &bulk).await
    }
}

/// What came of one action: its state now, or why nothing was done with it.
#[derive(Serialize, ToSchema)]
struct BulkItem {
    id: ActionId,
    ok: bool,
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

impl From<Item> for BulkItem {
    fn from(Item { id, outcome, .. }: Item) -> Self {
        let status = match &outcome {
            Ok(action) => Some(action.status),
            Err(problem) => problem.standing.as_ref().map(|standing| standing.current_status),
        };
        Self { id, ok: outcome.is_ok(), status, problem: outcome.err() }
    }
}

/// Decides many actions: exactly those that are named, each by itself.
///
/// Actions of high and critical risk are not approved in bulk. The answer says of each id what came of it.
#[utoipa::path(
    post, path = "/actions/bulk", tag = "Decisions", operation_id = "decide_actions",
    params(idempotent::Key),
    request_body = BulkBody,
    responses((status = 200, description = "What came of each", body = One<Vec<BulkItem>>))
)]
pub(super) async fn bulk(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<BulkBody>,
) -> ApiResult<Response> {
    idempotent::run(&state, &principal, &headers, "POST /actions/bulk", &bytes, async |_| {
        let items = value.decide(&state.engine, &principal).await?;
        let items: Vec<BulkItem> = items.into_iter().map(BulkItem::from).collect();
        Ok(object(StatusCode::OK, &items))
    })
    .await
}

async fn decided(
    state: &AppState,
    principal: &Principal,
    headers: &HeaderMap,
    verb: &str,
    id: ActionId,
    body: &[u8],
    decide: impl AsyncFnOnce() -> Result<Decision, ApiError>,
) -> ApiResult<Response> {
    let route = format!("POST /actions/{id}/{verb}");
    idempotent::run(state, principal, headers, &route, body, async |_| {
        let decision = decide().await?;
        let overrides = engine::actions::overrides(&state.engine, &decision.action.tool_name).await?;
        let mask = decision.action.mask(&overrides);
        Ok(object(StatusCode::OK, &ActionRecord::decided(&decision, &mask, &state.config.base_url())))
    })
    .await
}

/// What has expired.
#[derive(Serialize, ToSchema)]
struct Expired {
    /// How many.
    expired_count: usize,
    /// Which they are.
    expired_ids: Vec<ActionId>,
}

/// Expires every waiting action whose deadline has passed.
#[utoipa::path(
    post, path = "/actions/expire-stale", tag = "Decisions", operation_id = "expire_stale_actions",
    params(idempotent::Key),
    responses((status = 200, description = "Done", body = One<Expired>))
)]
pub(super) async fn expire_stale(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
) -> ApiResult<Response> {
    idempotent::run(&state, &principal, &headers, "POST /actions/expire-stale", b"", async |_| {
        let expired_ids = engine::expiry::expire_stale(&state.engine, &principal).await?;
        Ok(object(StatusCode::OK, &Expired { expired_count: expired_ids.len(), expired_ids }))
    })
    .await
}
