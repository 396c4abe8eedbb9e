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
use engine::simulation::{self, Replay, ReplayRule, Tally};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, ReasonBody, Strict, WordsBody};
use super::record::PageMeta;
use super::{One, Page, idempotent, ndjson, object, page, query};
use crate::http::AppState;
use crate::http::problem::ApiResult;
use crate::http::session::Caller;

/// A rule as programs see it.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleRecord {
    id: RuleId,
    /// The tool whose calls it decides.
    tool_name: String,
    /// What it does with a call that fits.
    effect: Effect,
    /// Argument paths, each with what is asked of the argument. A secret is not shown.
    arg_constraints: Json,
    /// What becomes of arguments that it does not name.
    unlisted_args: Unlisted,
    /// What a call must be to fit, in words.
    words: String,
    /// What it is called in lists.
    description: String,
    /// For other people.
    notes: Option<String>,
    state: RuleState,
    /// Whether it decides: `state` is `active`.
    active: bool,
    /// The action that it was made from.
    created_from: Option<ActionId>,
    /// Who made it.
    created_by: String,
    created_at: DateTime<Utc>,
    /// In force until then.
    expires_at: Option<DateTime<Utc>>,
    /// It decides so many calls and no more.
    max_uses: Option<i64>,
    /// So many has it decided.
    use_count: i64,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    /// Who ended it.
    revoked_by: Option<String>,
    /// Why.
    revoked_reason: Option<String>,
    /// The rule in whose place it came.
    replaces_rule_id: Option<RuleId>,
    /// The rule that came in its place.
    replaced_by_rule_id: Option<RuleId>,
    /// Why it does not decide until a person has looked.
    suspended_reason: Option<String>,
    /// How narrow it is: of two that let a call pass, the higher one decides.
    specificity: u32,
    /// The console's page for it.
    url: String,
    /// What stands out about it while it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Vec<NoteRecord>>,
    /// What its maker may not have meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<NoteRecord>>,
}

/// A flag or a warning.
#[derive(Serialize, ToSchema)]
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

/// Lists rules, newest first.
#[utoipa::path(
    get, path = "/rules", tag = "Rules", operation_id = "list_rules",
    params(query::Rules, query::Page, query::Skip),
    responses((status = 200, description = "A page of the list", body = Page<RuleRecord>))
)]
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
    Ok(page(records, meta))
}

/// Shows a rule.
#[utoipa::path(
    get, path = "/rules/{id}", tag = "Rules", operation_id = "get_rule",
    params(("id" = RuleId, Path)),
    responses((status = 200, description = "Done", body = One<RuleRecord>))
)]
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

/// A rule that somebody wants to make. Everything that is wrong with it is told at once.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct RuleDraft {
    /// May be left out where the rule is made from an action or in the place of a rule.
    #[schema(nullable)]
    tool_name: String,
    /// Left out: `allow`.
    effect: Option<Effect>,
    /// Argument paths, each with what is asked of the argument: a value, `"*"`, or `{"type": …}`.
    #[schema(value_type = Option<std::collections::HashMap<String, Json>>)]
    arg_constraints: Option<Json>,
    /// What of arguments that no constraint names. Left out: as is usual for the tool's risk.
    unlisted_args: Option<Unlisted>,
    /// What the rule is called in lists.
    description: Option<String>,
    /// For other people.
    notes: Option<String>,
    /// In force until then.
    expires_at: Option<DateTime<Utc>>,
    /// It decides so many calls and no more.
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_uses: Option<i64>,
    /// A rule that narrows nothing is made only where this says that it is meant.
    confirm_broad: Option<bool>,
}

/// Makes a standing rule.
#[utoipa::path(
    post, path = "/rules", tag = "Rules", operation_id = "create_rule",
    params(idempotent::Key),
    request_body = RuleDraft,
    responses((status = 201, description = "Made", body = One<RuleRecord>))
)]
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

/// What a rule made from an action asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FromActionBody {
    /// The action.
    #[schema(value_type = ActionId)]
    action_id: String,
    /// Argument paths, each with what is asked in the place of what is suggested.
    #[schema(value_type = Option<std::collections::HashMap<String, Json>>)]
    constraint_overrides: Option<Json>,
    /// `false`: nothing that is suggested is taken. Left out: `true`.
    use_suggested: Option<bool>,
    /// Left out: `allow`.
    effect: Option<Effect>,
    /// What of arguments that no constraint names. Left out: as is usual for the tool's risk.
    unlisted_args: Option<Unlisted>,
    /// What the rule is called in lists.
    description: Option<String>,
    /// For other people.
    notes: Option<String>,
    /// It decides so many calls and no more.
    max_uses: Option<i64>,
    /// In force until then.
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<String>,
    /// A rule that narrows nothing is made only where this says that it is meant.
    confirm_broad: Option<bool>,
}

/// Makes a standing rule from an action: suggested constraints, and what is said otherwise.
#[utoipa::path(
    post, path = "/rules/from-action", tag = "Rules", operation_id = "create_rule_from_action",
    params(idempotent::Key),
    request_body = FromActionBody,
    responses(
        (status = 201, description = "Made", body = One<RuleRecord>),
        (status = 404, description = "No such action")
    )
)]
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

/// Ends a rule for good.
#[utoipa::path(
    post, path = "/rules/{id}/revoke", tag = "Rules", operation_id = "revoke_rule",
    params(("id" = RuleId, Path), idempotent::Key),
    request_body = ReasonBody,
    responses((status = 200, description = "Done", body = One<RuleRecord>))
)]
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

/// Lets a suspended rule decide again.
#[utoipa::path(
    post, path = "/rules/{id}/resume", tag = "Rules", operation_id = "resume_rule",
    params(("id" = RuleId, Path), idempotent::Key),
    request_body = WordsBody,
    responses((status = 200, description = "Done", body = One<RuleRecord>))
)]
pub(super) async fn resume(
    State(state): State<AppState>,
    Caller(principal): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Strict { value, bytes }: Strict<WordsBody>,
) -> ApiResult<Response> {
    let id = parse_id(&id)?;
    idempotent::run(&state, &principal, &headers, &format!("POST /rules/{id}/resume"), &bytes, async |_| {
        changed(&state, &engine::rules::resume(&state.engine, &principal, id, value.reason.as_deref()).await?)
    })
    .await
}

/// A rule in the place of another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplaceBody {
    /// Why the other one goes.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 4000)]
    reason: Option<String>,
    /// The one that comes.
    #[schema(value_type = RuleDraft)]
    rule: Json,
}

/// Puts a new rule in the place of one: both happen, or neither.
#[utoipa::path(
    post, path = "/rules/{id}/replace", tag = "Rules", operation_id = "replace_rule",
    params(("id" = RuleId, Path), idempotent::Key),
    request_body = ReplaceBody,
    responses((status = 201, description = "The new rule", body = One<RuleRecord>))
)]
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

/// A call, and what it is held against.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestBody {
    /// A rule that is there.
    #[schema(value_type = Option<RuleId>)]
    rule_id: Option<String>,
    /// Or one that is not: what it would ask.
    #[schema(value_type = Option<std::collections::HashMap<String, Json>>)]
    constraints: Option<Json>,
    /// And what it would do. Left out: `allow`.
    effect: Option<Effect>,
    /// And what it would do with other arguments.
    unlisted_args: Option<Unlisted>,
    /// The tool of a call that is made up,
    tool_name: Option<String>,
    /// and its arguments.
    #[schema(value_type = Option<std::collections::HashMap<String, Json>>)]
    args: Option<Json>,
    /// Or a call that was made.
    #[schema(value_type = Option<ActionId>)]
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
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
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

/// What would become of the call.
#[derive(Serialize, ToSchema)]
struct OutcomeRecord {
    /// `allow`, `deny`, `hold` or `wait`.
    decision: &'static str,
    /// The rule that would decide.
    rule_id: Option<RuleId>,
    /// The same in words.
    words: String,
}

/// What was found. Nothing was decided.
#[derive(Serialize, ToSchema)]
struct TestRecord {
    /// The tool of the call.
    tool_name: String,
    /// Of the rule that was asked about, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictRecord>,
    /// By all rules that are in force.
    outcome: OutcomeRecord,
    /// All rules of the tool, the nearest first.
    considered: Vec<ConsideredRecord>,
}

/// Holds a call against a rule, and against all rules of its tool. Nothing is decided.
///
/// The rule is `rule_id` or `constraints`; the call is `action_id`, or `tool_name` and `args`.
#[utoipa::path(
    post, path = "/rules/test", tag = "Rules", operation_id = "test_rule",
    request_body = TestBody,
    responses(
        (status = 200, description = "Done", body = One<TestRecord>),
        (status = 404, description = "No such rule, action or tool")
    )
)]
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

/// Exports the rules as a file, newest first.
#[utoipa::path(
    get, path = "/rules/export", tag = "Rules", operation_id = "export_rules",
    params(query::Rules, query::RuleFile),
    responses((status = 200, description = "The file", content((Vec<RuleRecord> = "application/json"), (String = "text/csv"))))
)]
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
    let filter = RuleFilter::read_what(&mut query);
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
#[derive(Serialize, ToSchema)]
struct SuggestionRecord {
    /// Where it stands, as a path.
    argument: String,
    /// As it would be sent back: a secret is asked for by `from_action`, its value is in no answer.
    constraint: Json,
    /// What is asked, in words.
    words: String,
    /// Why it is suggested, as a stable word,
    code: &'static str,
    /// and in words.
    reason: &'static str,
    /// What could be asked in its place.
    wider: Vec<WiderRecord>,
}

/// Another thing that could be asked of the argument: more calls fit.
#[derive(Serialize, ToSchema)]
struct WiderRecord {
    /// As it would be sent back.
    constraint: Json,
    /// What is asked, in words.
    words: String,
}

/// What is suggested for a rule made from an action.
#[derive(Serialize, ToSchema)]
struct SuggestedRecord {
    action_id: ActionId,
    /// One for each part of the arguments, in their order.
    suggestions: Vec<SuggestionRecord>,
    unlisted_args: Unlisted,
    /// How many uses are suggested, if a limit is.
    max_uses: Option<i64>,
}

/// Suggests what a rule made from an action asks, with the reasons.
#[utoipa::path(
    get, path = "/rules/suggestions/{action_id}", tag = "Rules", operation_id = "suggest_constraints",
    params(("action_id" = ActionId, Path)),
    responses((status = 200, description = "Done", body = One<SuggestedRecord>))
)]
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
#[derive(Serialize, ToSchema)]
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

/// Lists calls that people approve again and again, and that a rule could decide.
#[utoipa::path(
    get, path = "/rules/promotions", tag = "Rules", operation_id = "list_promotions",
    responses((status = 200, description = "Done", body = One<Vec<PromotionRecord>>))
)]
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

/// What is replayed: a rule that is there, or a draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// The rule.
    #[schema(value_type = Option<RuleId>)]
    rule_id: Option<String>,
    /// Or what somebody would make.
    #[schema(value_type = Option<RuleDraft>)]
    draft: Option<Json>,
    /// The action that the draft is made from: it may name what that is too secret to show.
    #[schema(value_type = Option<ActionId>)]
    action_id: Option<String>,
    /// Left out: 30.
    #[schema(minimum = 1, maximum = 90)]
    days: Option<i32>,
}

/// Replays a rule over the calls of the last days and those that wait. Nothing is decided.
///
/// With `Accept: application/x-ndjson` how far it is comes a few times a second, and last the whole; whoever hangs up ends
/// the reading.
#[utoipa::path(
    post, path = "/rules/replay", tag = "Rules", operation_id = "replay_rule",
    request_body = ReplayBody,
    responses(
        (status = 200, description = "What the rule would have done", content((One<Tally> = "application/json"), (String = "application/x-ndjson"))),
        (status = 404, description = "No such rule, action or tool")
    )
)]
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

/// The waiting actions that the rule is to decide.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplyBody {
    /// Each is decided by itself: those that the rule does not fit go on waiting.
    #[schema(min_items = 1, max_items = 200)]
    ids: Vec<ActionId>,
}

/// What came of one action.
#[derive(Serialize, ToSchema)]
struct AppliedRecord {
    id: ActionId,
    /// Where it stands now.
    status: Option<Status>,
    /// Why the rule did not decide it.
    error: Option<Problem>,
}

/// Lets a rule decide actions that wait already.
#[utoipa::path(
    post, path = "/rules/{id}/apply", tag = "Rules", operation_id = "apply_rule",
    params(("id" = RuleId, Path), idempotent::Key),
    request_body = ApplyBody,
    responses((status = 200, description = "Done", body = One<Vec<AppliedRecord>>))
)]
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
