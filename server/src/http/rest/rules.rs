//! Standing rules.

use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::constraint::Why;
use domain::id::{ActionId, RuleId};
use domain::json::Json;
use domain::lifecycle::Status;
use domain::matching::{Checked, Verdict};
use domain::problem::Problem;
use domain::query_string::QueryString;
use domain::risk::RiskTier;
use domain::rule::lint::{Flag, Warning};
use domain::rule::{Effect, Rule, RuleState, Unlisted};
use domain::rule_filter::RuleFilter;
use domain::time_text::parse_instant;
use engine::rules::{Applied, Considered, FromAction, PROMOTION_DAYS, Promotion, Review, Trial, TrialCall, TrialRule};
use engine::simulation::{self, Replay, ReplayRule};
use serde::{Deserialize, Serialize};

use super::body::{self, ReasonBody, Strict};
use super::record::PageMeta;
use super::{idempotent, ndjson, object, page};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// A rule as programs see it.
#[derive(Serialize)]
pub(super) struct RuleRecord {
    id: RuleId,
    tool_name: String,
    effect: Effect,
    arg_constraints: Json,
    unlisted_args: Unlisted,
    /// What a call must be to fit, in words.
    words: String,
    description: String,
    notes: Option<String>,
    state: RuleState,
    active: bool,
    created_from: Option<ActionId>,
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    max_uses: Option<i64>,
    use_count: i64,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_by: Option<String>,
    revoked_reason: Option<String>,
    replaces_rule_id: Option<RuleId>,
    replaced_by_rule_id: Option<RuleId>,
    suspended_reason: Option<String>,
    specificity: u32,
    url: String,
    /// What stands out about it while it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Vec<NoteRecord>>,
    /// What its maker may not have meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<NoteRecord>>,
}

/// A flag or a warning.
#[derive(Serialize)]
struct NoteRecord {
    code: &'static str,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_id: Option<RuleId>,
}

impl From<&Warning> for NoteRecord {
    fn from(warning: &Warning) -> Self {
        let argument = warning.path().map(ToString::to_string);
        Self { code: warning.as_str(), words: warning.words(), argument, rule_id: warning.rule() }
    }
}

impl From<&Flag> for NoteRecord {
    fn from(flag: &Flag) -> Self {
        let rule_id = if let Flag::Shadowed(id) = flag { Some(*id) } else { None };
        Self { code: flag.as_str(), words: flag.words().to_owned(), argument: None, rule_id }
    }
}

impl RuleRecord {
    pub(super) fn new(rule: &Rule, base: &str) -> Self {
        let definition = &rule.definition;
        let revoked = rule.revoked.as_ref();
        Self {
            id: rule.id,
            tool_name: definition.tool_name.clone(),
            effect: definition.effect,
            arg_constraints: definition.constraints_json(),
            unlisted_args: definition.unlisted,
            words: definition.words(),
            description: rule.description.clone(),
            notes: rule.notes.clone(),
            state: rule.state(),
            active: rule.state() == RuleState::Active,
            created_from: rule.created_from,
            created_by: rule.created_by.clone(),
            created_at: rule.created_at,
            expires_at: definition.expires_at,
            max_uses: definition.max_uses,
            use_count: rule.use_count,
            last_used_at: rule.last_used_at,
            revoked_at: revoked.map(|revoked| revoked.at),
            revoked_by: revoked.map(|revoked| revoked.by.clone()),
            revoked_reason: revoked.map(|revoked| revoked.reason.clone()),
            replaces_rule_id: rule.replaces,
            replaced_by_rule_id: rule.replaced_by,
            suspended_reason: rule.suspended_reason.clone(),
            specificity: definition.specificity(),
            url: format!("{base}/approvals/rules/{}", rule.id),
            flags: None,
            warnings: None,
        }
    }

    /// With what was found when it was looked over.
    async fn reviewed(state: &AppState, rules: &[Rule]) -> ApiResult<Vec<Self>> {
        let base = state.config.base_url();
        let reviews = engine::rules::review(&state.engine, rules).await?;
        let record = |(rule, review): (&Rule, Review)| Self {
            flags: Some(review.flags.iter().map(NoteRecord::from).collect()),
            warnings: Some(review.warnings.iter().map(NoteRecord::from).collect()),
            ..Self::new(rule, &base)
        };
        Ok(rules.iter().zip(reviews).map(record).collect())
    }

    async fn one(state: &AppState, rule: Rule) -> ApiResult<Self> {
        let records = Self::reviewed(state, std::slice::from_ref(&rule)).await?;
        Ok(records.into_iter().next().unwrap_or_else(|| Self::new(&rule, &state.config.base_url())))
    }
}

/// `GET /rules`: newest first.
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let filter = RuleFilter::read(&mut query);
    query.finish()?;
    let found = engine::rules::list(&state.engine, &principal, &filter).await?;
    let records = RuleRecord::reviewed(&state, &found.rules).await?;
    let meta = PageMeta {
        // The counts of the inventory are of the tool and the effect; another filter's rows are not counted.
        total: (filter.active.is_none() && filter.state.is_none() && filter.hygiene.is_none())
            .then_some(found.bounded + found.permanent + found.inactive),
        limit: filter.limit.get(),
        has_more: found.next.is_some(),
        next_cursor: found.next,
    };
    Ok(page(&records, meta))
}

/// `GET /rules/{id}`
pub(super) async fn get(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let found = engine::rules::show(&state.engine, &principal, parse_id(&id)?).await?;
    Ok(object(StatusCode::OK, &RuleRecord::one(&state, found.rule).await?))
}

fn parse_id(text: &str) -> Result<RuleId, Problem> {
    text.parse().map_err(|_| Problem::not_found("rule"))
}

/// `POST /rules`
pub(super) async fn create(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<Json>,
) -> ApiResult<Response> {
    idempotent::run(&state, &principal, &headers, "POST /rules", &bytes, async |id| {
        let rule = engine::rules::create(&state.engine, &principal, id.map(RuleId), &value).await?;
        made(&state, rule).await
    })
    .await
}

async fn made(state: &AppState, rule: Rule) -> ApiResult<Response> {
    Ok(object(StatusCode::CREATED, &RuleRecord::one(state, rule).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FromActionBody {
    action_id: String,
    constraint_overrides: Option<Json>,
    use_suggested: Option<bool>,
    effect: Option<Effect>,
    unlisted_args: Option<Unlisted>,
    description: Option<String>,
    notes: Option<String>,
    max_uses: Option<i64>,
    expires_at: Option<String>,
    confirm_broad: Option<bool>,
}

/// `POST /rules/from-action`
pub(super) async fn from_action(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<FromActionBody>,
) -> ApiResult<Response> {
    let expires_at = value.expires_at.as_deref().map(parse_instant).transpose();
    let wanted = FromAction {
        action_id: body::id(&value.action_id, "/action_id", "action's")?,
        constraint_overrides: value.constraint_overrides.unwrap_or(Json::Object(Vec::new())),
        use_suggested: value.use_suggested.unwrap_or(true),
        effect: value.effect.unwrap_or(Effect::Allow),
        unlisted: value.unlisted_args,
        description: value.description,
        notes: value.notes,
        max_uses: value.max_uses,
        expires_at: expires_at.map_err(|message| Problem::invalid("/expires_at", message))?,
        confirm_broad: value.confirm_broad.unwrap_or(false),
    };
    idempotent::run(&state, &principal, &headers, "POST /rules/from-action", &bytes, async |id| {
        let rule = engine::rules::from_action(&state.engine, &principal, id.map(RuleId), &wanted).await?;
        made(&state, rule).await
    })
    .await
}

fn changed(state: &AppState, rule: &Rule) -> ApiResult<Response> {
    Ok(object(StatusCode::OK, &RuleRecord::new(rule, &state.config.base_url())))
}

/// `POST /rules/{id}/revoke`
pub(super) async fn revoke(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ReasonBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    idempotent::run(&state, &principal, &headers, &format!("POST /rules/{id}/revoke"), &bytes, async |_| {
        let reason = value.reason.unwrap_or_default();
        changed(&state, &engine::rules::revoke(&state.engine, &principal, id, &reason).await?)
    })
    .await
}

/// `POST /rules/{id}/resume`: a suspended rule decides again.
pub(super) async fn resume(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ReasonBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    idempotent::run(&state, &principal, &headers, &format!("POST /rules/{id}/resume"), &bytes, async |_| {
        changed(&state, &engine::rules::resume(&state.engine, &principal, id, value.reason.as_deref()).await?)
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplaceBody {
    reason: Option<String>,
    rule: Json,
}

/// `POST /rules/{id}/replace`: the new rule, and the end of the old one.
pub(super) async fn replace(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ReplaceBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    idempotent::run(&state, &principal, &headers, &format!("POST /rules/{id}/replace"), &bytes, async |new| {
        let reason = value.reason.unwrap_or_default();
        let new = new.map(RuleId);
        let rule = engine::rules::replace(&state.engine, &principal, id, new, &value.rule, &reason).await?;
        made(&state, rule).await
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestBody {
    rule_id: Option<String>,
    constraints: Option<Json>,
    effect: Option<Effect>,
    unlisted_args: Option<Unlisted>,
    tool_name: Option<String>,
    args: Option<Json>,
    action_id: Option<String>,
}

impl TestBody {
    fn trial(self) -> Result<Trial, Problem> {
        let rule = match (self.rule_id, self.constraints) {
            (Some(_), Some(_)) => {
                return Err(Problem::invalid("/constraints", "and rule_id exclude each other: one rule is tried"));
            }
            (Some(id), None) => Some(TrialRule::Stored(body::id(&id, "/rule_id", "rule's")?)),
            (None, Some(constraints)) => Some(TrialRule::Draft {
                constraints,
                effect: self.effect.unwrap_or(Effect::Allow),
                unlisted: self.unlisted_args,
            }),
            (None, None) => None,
        };
        let call = match (self.action_id, self.tool_name, self.args) {
            (Some(id), None, None) => TrialCall::Action(body::id(&id, "/action_id", "action's")?),
            (None, Some(tool_name), Some(args)) if args.is_object() => TrialCall::Args { tool_name, args },
            (None, Some(_), Some(_)) => return Err(Problem::invalid("/args", "must be an object")),
            _ => {
                let message = "is missing: give action_id, or tool_name and args";
                return Err(Problem::invalid("/args", message));
            }
        };
        Ok(Trial { rule, call })
    }
}

/// One constraint's result.
#[derive(Serialize)]
struct CheckRecord {
    argument: String,
    asked: String,
    holds: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// The result of holding a call against a rule.
#[derive(Serialize)]
pub(super) struct VerdictRecord {
    matches: bool,
    checks: Vec<CheckRecord>,
    /// Arguments that no constraint judges and that stand in the way.
    uncovered: Vec<CheckRecord>,
    /// What the tool's tier asks and the rule does not have.
    unmet: Vec<String>,
}

impl From<&Verdict> for VerdictRecord {
    fn from(verdict: &Verdict) -> Self {
        let check = |check: &Checked| CheckRecord {
            argument: check.path.to_string(),
            asked: check.asked.clone(),
            holds: check.why.is_none(),
            code: check.why.map(Why::as_str),
            why: check.why.map(Why::words),
        };
        let uncovered = verdict.uncovered.iter().map(|(path, why)| CheckRecord {
            argument: path.to_string(),
            asked: String::new(),
            holds: false,
            code: Some(why.as_str()),
            why: Some(why.words()),
        });
        Self {
            matches: verdict.holds(),
            checks: verdict.checks.iter().map(check).collect(),
            uncovered: uncovered.collect(),
            unmet: verdict.unmet.clone(),
        }
    }
}

/// A rule that was held against a call.
#[derive(Serialize)]
pub(super) struct ConsideredRecord {
    rule_id: RuleId,
    description: String,
    effect: Effect,
    state: RuleState,
    /// It fits, and another decides: by which step of the precedence, or by which effect.
    lost_by: Option<&'static str>,
    verdict: VerdictRecord,
}

impl From<&Considered> for ConsideredRecord {
    fn from(considered: &Considered) -> Self {
        Self {
            rule_id: considered.id,
            description: considered.description.clone(),
            effect: considered.effect,
            state: considered.state,
            lost_by: considered.lost_by,
            verdict: VerdictRecord::from(&considered.verdict),
        }
    }
}

#[derive(Serialize)]
struct OutcomeRecord {
    /// `allow`, `deny`, `hold` or `wait`.
    decision: &'static str,
    rule_id: Option<RuleId>,
    words: String,
}

#[derive(Serialize)]
struct TestRecord {
    tool_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictRecord>,
    outcome: OutcomeRecord,
    considered: Vec<ConsideredRecord>,
}

/// `POST /rules/test`
pub(super) async fn test(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Strict { value, .. }: Strict<TestBody>,
) -> ApiResult<Response> {
    let judged = engine::rules::test(&state.engine, &principal, &value.trial()?).await?;
    let record = TestRecord {
        tool_name: judged.tool_name,
        verdict: judged.verdict.as_ref().map(VerdictRecord::from),
        outcome: OutcomeRecord {
            decision: judged.outcome.word,
            rule_id: judged.outcome.rule,
            words: judged.outcome.words,
        },
        considered: judged.considered.iter().map(ConsideredRecord::from).collect(),
    };
    Ok(object(StatusCode::OK, &record))
}

/// `GET /rules/export`: the inventory, newest first, as CSV or JSON.
pub(super) async fn export(
    State(state): State<AppState>,
    Caller(principal): Caller,
    RawQuery(raw): RawQuery,
) -> ApiResult<Response> {
    let mut query = QueryString::parse(raw.as_deref())?;
    let format = query.one::<String>("format").unwrap_or_else(|| "json".to_owned());
    if !["json", "csv"].contains(&format.as_str()) {
        query.refuse("format", "must be json or csv".to_owned());
    }
    let filter = RuleFilter::read(&mut query);
    query.finish()?;
    let rules = engine::rules::all(&state.engine, &principal, filter).await?;
    let base = state.config.base_url();
    let (kind, name, body) = if format == "csv" {
        ("text/csv; charset=utf-8", "attachment; filename=\"rules.csv\"", engine::rules::csv(&rules))
    } else {
        let records: Vec<_> = rules.iter().map(|rule| RuleRecord::new(rule, &base)).collect();
        let text = serde_json::to_string(&records).expect("a record is plain data");
        ("application/json", "attachment; filename=\"rules.json\"", text)
    };
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, HeaderValue::from_static(name))];
    Ok((headers, body).into_response())
}

/// What is suggested for one argument.
#[derive(Serialize)]
struct SuggestionRecord {
    argument: String,
    /// As it would be sent back: a secret is asked for by `from_action`, its value is in no answer.
    constraint: Json,
    words: String,
    code: &'static str,
    reason: &'static str,
    wider: Vec<WiderRecord>,
}

#[derive(Serialize)]
struct WiderRecord {
    constraint: Json,
    words: String,
}

#[derive(Serialize)]
struct SuggestedRecord {
    action_id: ActionId,
    suggestions: Vec<SuggestionRecord>,
    unlisted_args: Unlisted,
    max_uses: Option<i64>,
}

/// `GET /rules/suggestions/{action_id}`
pub(super) async fn suggestions(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let action_id = super::actions::parse_id(&id)?;
    let suggested = engine::rules::suggestions(&state.engine, &principal, action_id).await?;
    let suggestions = suggested.constraints.iter().map(|own| SuggestionRecord {
        argument: own.path.to_string(),
        constraint: own.asked.to_json(),
        words: own.asked.words(),
        code: own.reason.as_str(),
        reason: own.reason.words(),
        wider: own
            .wider
            .iter()
            .map(|wider| WiderRecord { constraint: wider.constraint.to_json(), words: wider.words.clone() })
            .collect(),
    });
    let record = SuggestedRecord {
        action_id,
        suggestions: suggestions.collect(),
        unlisted_args: suggested.unlisted,
        max_uses: suggested.max_uses,
    };
    Ok(object(StatusCode::OK, &record))
}

/// A kind of call that could be decided once.
#[derive(Serialize)]
struct PromotionRecord {
    tool_name: String,
    risk_tier: RiskTier,
    /// What a rule would be made from.
    action_id: ActionId,
    /// What such a call reaches.
    headline: Option<String>,
    approved: i64,
    days: i32,
    last_approved_at: DateTime<Utc>,
    /// Where a person makes the rule.
    url: String,
}

/// `GET /rules/promotions`
pub(super) async fn promotions(State(state): State<AppState>, Caller(principal): Caller) -> ApiResult<Response> {
    let base = state.config.base_url();
    let found = engine::rules::promotions(&state.engine, &principal).await?;
    let record = |own: Promotion| PromotionRecord {
        url: format!("{base}/approvals/{}/rule", own.action_id),
        tool_name: own.tool_name,
        risk_tier: own.risk_tier,
        action_id: own.action_id,
        headline: own.headline,
        approved: own.approved,
        days: PROMOTION_DAYS,
        last_approved_at: own.last_at,
    };
    Ok(object(StatusCode::OK, &found.into_iter().map(record).collect::<Vec<_>>()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    rule_id: Option<String>,
    draft: Option<Json>,
    action_id: Option<String>,
    days: Option<i32>,
}

/// `POST /rules/replay`. With `Accept: application/x-ndjson` how far it is comes a few times a second, and last the whole;
/// whoever hangs up ends the reading.
pub(super) async fn replay(
    State(state): State<AppState>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Strict { value, .. }: Strict<ReplayBody>,
) -> ApiResult<Response> {
    let rule = match (value.rule_id, value.draft) {
        (Some(id), None) => ReplayRule::Stored(body::id(&id, "/rule_id", "rule's")?),
        (None, Some(draft)) => {
            let action = value.action_id.map(|id| body::id(&id, "/action_id", "action's")).transpose()?;
            ReplayRule::Draft { draft, action }
        }
        _ => return Err(Problem::invalid("/draft", "is missing: give a draft, or rule_id, and not both").into()),
    };
    let replay = Replay { rule, days: value.days.unwrap_or(30) };
    if !ndjson::is_wanted(&headers) {
        let tally = simulation::replay(&state.engine, &principal, replay, |_| {}).await?;
        return Ok(object(StatusCode::OK, &tally));
    }
    Ok(ndjson::answer(async move |lines| {
        let outcome = simulation::replay(&state.engine, &principal, replay, |tally| lines.progress(tally)).await;
        lines.end(outcome).await;
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplyBody {
    ids: Vec<ActionId>,
}

#[derive(Serialize)]
struct AppliedRecord {
    id: ActionId,
    status: Option<Status>,
    error: Option<Problem>,
}

/// `POST /rules/{id}/apply`: the rule decides actions that wait already.
pub(super) async fn apply(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<ApplyBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    idempotent::run(&state, &principal, &headers, &format!("POST /rules/{id}/apply"), &bytes, async |_| {
        let applied = engine::rules::apply(&state.engine, &principal, id, &value.ids).await?;
        let records: Vec<_> = applied
            .into_iter()
            .map(|Applied { id, outcome }| match outcome {
                Ok(action) => AppliedRecord { id, status: Some(action.status), error: None },
                Err(problem) => AppliedRecord { id, status: None, error: Some(problem) },
            })
            .collect();
        Ok(object(StatusCode::OK, &records))
    })
    .await
}
