//! The sheet that a rule is written on: by hand, from an action, or in the place of a rule. What was typed is put back as
//! it was; what the tier demands, what the rule would have done and what is wrong with it stand beside it.

use chrono::{DateTime, Utc};
use domain::action::Action;
use domain::argument::{ClassOverrides, headline};
use domain::constraint::{Constraint, Exact};
use domain::digest::Digest;
use domain::id::{ActionId, RuleId};
use domain::identity::{Principal, Scope};
use domain::json::Json;
use domain::lifecycle::{Verb, allows};
use domain::problem::{FieldError, Problem};
use domain::rule::form::{Behind, HOURS_OFFERED, Kind, Row, Sheet, hours};
use domain::rule::{Draft, Ground, Rule, Unlisted, accept, read_draft};
use domain::suggestion::{Reason, Suggested};
use domain::text_safety::escaped;
use domain::tool::Tool;
use domain::view::ActionRow;

use super::panel::{Panel, panel};
use crate::{Engine, Result, console, require, rules, store};

/// What the rule is made from.
#[derive(Clone, Debug)]
pub enum SheetFrom {
    /// Nothing: it is written by hand, for this tool, at first with so many uses.
    Hand {
        tool: String,
        uses: Option<i64>,
    },
    Action(ActionId),
    /// A rule, in whose place the new one is put.
    Rule(RuleId),
}

/// What was posted from the sheet, and what came of making the rule, if that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Posted {
    pub pairs: Vec<(String, String)>,
    pub refused: Option<Problem>,
}

/// The sheet, as it is shown.
#[derive(Clone, Debug)]
pub struct SheetPage {
    pub tool: Tool,
    pub shown_tool: String,
    /// The action that it is made from, as rows show it.
    pub action: Option<ActionRow>,
    /// The digest of the arguments that an approval from here is for; `None`: it cannot be approved.
    pub approves: Option<Digest>,
    /// The rule that it replaces.
    pub replaces: Option<(RuleId, String)>,
    pub sheet: Sheet,
    pub rows: Vec<SheetRow>,
    /// The treatment of other arguments where nothing is chosen.
    pub usual: Unlisted,
    pub panel: Option<Panel>,
    pub refused: Option<Problem>,
    /// What is wrong, with pointers into the draft.
    pub errors: Vec<FieldError>,
    /// For a new form: the id that its rule will have.
    pub key: RuleId,
    pub now: DateTime<Utc>,
}

/// One argument on the sheet.
#[derive(Clone, Debug)]
pub struct SheetRow {
    pub row: Row,
    /// Whether the page names the argument; else whoever writes does.
    pub known: bool,
    /// Why this is suggested.
    pub reason: Option<&'static str>,
    /// What the call has there, as people may see it.
    pub of_call: Option<String>,
    /// What could be asked instead, in words.
    pub wider: Option<String>,
    /// The rule before it keeps a digest there.
    pub kept: bool,
    pub secret: bool,
}

/// The sheet as it was asked for, or with what was posted from it.
///
/// # Errors
/// `forbidden` without `rules:write`; `not_found`; `invalid_request` for a tool that nobody knows.
pub async fn sheet(engine: &Engine, principal: &Principal, from: &SheetFrom, posted: &Posted) -> Result<SheetPage> {
    let base = Base::load(engine, principal, from).await?;
    let asked_for = !posted.pairs.is_empty();
    let (sheet, mut errors) =
        if asked_for { Sheet::read(&posted.pairs, &base.tool.name) } else { (base.sheet(), Vec::new()) };
    let checked = base.draft(engine, &sheet).await?;
    // A sheet by hand starts empty: there is nothing to be said of it yet.
    let starts_empty = base.action.is_none() && base.old.is_none();
    let panel = match &checked {
        Ok(draft) if asked_for || !starts_empty => {
            errors.extend(accept(draft.clone(), &base.ground()).err().unwrap_or_default());
            let stands_on = (base.action.as_ref(), base.old.as_ref().map(|old| old.id));
            panel(engine, principal, &base.tool, stands_on, draft, base.now).await?
        }
        Ok(_) => None,
        Err(wrong) => {
            errors.extend(wrong.iter().cloned());
            None
        }
    };
    if !asked_for {
        errors.clear();
    }
    let told = posted.refused.iter().flat_map(|problem| &problem.errors);
    for error in told.filter(|error| !errors.contains(error)).cloned().collect::<Vec<_>>() {
        errors.push(error);
    }
    Ok(base.page(sheet, panel, posted.refused.clone(), errors))
}

/// A rule that was made from a sheet.
#[derive(Debug)]
pub struct Made {
    /// `None`: the action had been approved before, and no rule was made.
    pub rule: Option<Rule>,
    /// The action that was approved with it.
    pub approved: Option<Action>,
    /// The very same sheet had been sent before; nothing was made now.
    pub before: bool,
}

/// Makes the rule that the posted sheet asks for, with the approval of the action where that waits.
///
/// # Errors
/// Everything that stands against it, with pointers into the draft; what the use-case refuses.
pub async fn make(
    engine: &Engine,
    principal: &Principal,
    from: &SheetFrom,
    pairs: &[(String, String)],
) -> Result<Made> {
    let base = Base::load(engine, principal, from).await?;
    let (sheet, errors) = Sheet::read(pairs, &base.tool.name);
    if !errors.is_empty() {
        return Err(rules::rejected(errors));
    }
    let one = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let key = one("key").and_then(|key| key.parse().ok());
    let key: RuleId = key.ok_or_else(|| Problem::invalid("/key", "is not of a sheet of this console"))?;
    if let Some(rule) = store::rules::find(&engine.pool, key).await? {
        return Ok(Made { rule: Some(rule), approved: None, before: true });
    }
    let draft = base.written(engine, &sheet).await?.map_err(rules::rejected)?;
    let made = |rule| Made { rule: Some(rule), approved: None, before: false };
    match from {
        SheetFrom::Hand { .. } => Ok(made(rules::create(engine, principal, Some(key), &draft).await?)),
        SheetFrom::Rule(old) => {
            Ok(made(rules::replace(engine, principal, *old, Some(key), &draft, &sheet.reason).await?))
        }
        SheetFrom::Action(id) if base.approves.is_some() => {
            approve(engine, principal, *id, one("args_sha256"), draft).await
        }
        SheetFrom::Action(id) => Ok(made(rules::written_from(engine, principal, key, *id, &draft).await?)),
    }
}

/// Approval and rule: both happen, or neither.
async fn approve(
    engine: &Engine,
    principal: &Principal,
    id: ActionId,
    shown: Option<&str>,
    draft: Json,
) -> Result<Made> {
    let shown = shown.unwrap_or_default().parse::<Digest>();
    let shown = shown.map_err(|error| Problem::invalid("/args_sha256", error.to_string()))?;
    let with = crate::decisions::Approve {
        args_sha256: Some(shown),
        rule: Some(rules::WantedRule::Draft(draft)),
        ..crate::decisions::Approve::default()
    };
    let decision = crate::decisions::approve(engine, principal, id, with).await.map_err(below_the_draft)?;
    Ok(Made { rule: decision.rule, approved: Some(decision.action), before: decision.repeated })
}

/// Pointers of an approval's rule, as those of any other draft.
fn below_the_draft(error: crate::Error) -> crate::Error {
    let crate::Error::Problem(mut problem) = error else { return error };
    for error in &mut problem.errors {
        if let Some(rest) = error.pointer.strip_prefix("/create_rule") {
            error.pointer = rest.to_owned();
        }
    }
    problem.into()
}

/// What a sheet stands on.
struct Base {
    tool: Tool,
    overrides: ClassOverrides,
    action: Option<Action>,
    /// The action's arguments, as people may see them.
    masked: Option<Json>,
    suggested: Option<Suggested>,
    old: Option<Rule>,
    kept: Vec<(String, Digest)>,
    wider: Vec<(String, Json)>,
    approves: Option<Digest>,
    uses: Option<i64>,
    now: DateTime<Utc>,
}

impl Base {
    async fn load(engine: &Engine, principal: &Principal, from: &SheetFrom) -> Result<Self> {
        require(principal, Scope::RulesWrite)?;
        let find = async |id: ActionId| store::actions::find(&engine.pool, id).await;
        let (name, action, old) = match from {
            SheetFrom::Hand { tool, .. } => (tool.clone(), None, None),
            SheetFrom::Action(id) => {
                let action = find(*id).await?.ok_or_else(|| Problem::not_found("action"))?;
                (action.tool_name.clone(), Some(action), None)
            }
            SheetFrom::Rule(id) => {
                let old = store::rules::find(&engine.pool, *id).await?.ok_or_else(|| Problem::not_found("rule"))?;
                let action = match old.created_from {
                    Some(id) => find(id).await?,
                    None => None,
                };
                (old.definition.tool_name.clone(), action, Some(old))
            }
        };
        let tool = store::tools::find(&engine.pool, &name).await?.ok_or_else(crate::tools::not_there)?;
        let overrides = ClassOverrides::from(&tool);
        let suggested = match (from, &action) {
            (SheetFrom::Action(_), Some(action)) => Some(rules::suggestions_for(engine, principal, action).await?),
            _ => None,
        };
        let approves = action.as_ref().filter(|_| old.is_none()).and_then(|action| {
            let may = principal.may(Scope::DecisionsWrite) && allows(action.state(), Verb::Approve);
            may.then_some(action.args_sha256)
        });
        Ok(Self {
            masked: action.as_ref().map(|action| action.mask(&overrides).effective().clone()),
            overrides,
            kept: old.as_ref().map(kept).unwrap_or_default(),
            wider: suggested.as_ref().map(wider).unwrap_or_default(),
            uses: if let SheetFrom::Hand { uses, .. } = from { *uses } else { None },
            now: store::now(&engine.pool).await?,
            tool,
            action,
            suggested,
            old,
            approves,
        })
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            tier: self.tool.risk_tier,
            overrides: &self.overrides,
            now: self.now,
            from: self.action.as_ref().map(Action::effective_args),
        }
    }

    /// What stands on the sheet before anybody has typed.
    fn sheet(&self) -> Sheet {
        if let Some(old) = &self.old {
            return Sheet::of_definition(&old.definition, &old.description, old.notes.as_deref());
        }
        if let (Some(suggested), Some(masked)) = (&self.suggested, &self.masked) {
            let mut sheet = Sheet::of_draft(&suggested.draft(&self.tool.name, &self.described(masked)));
            sheet.until = hours(HOURS_OFFERED[HOURS_OFFERED.len() - 1]);
            return sheet;
        }
        let unnamed = |path: String| Row { path, kind: Kind::Unnamed, text: String::new() };
        let mut sheet = Sheet::empty(&self.tool.name);
        sheet.rows = self.of_schema().into_iter().map(unnamed).collect();
        if let Some(uses) = self.uses {
            sheet.limit_uses(uses);
        }
        sheet
    }

    /// A description to start from: the tool, and what the call reaches.
    fn described(&self, masked: &Json) -> String {
        let reaches = headline(masked, &self.overrides);
        let name = escaped(&self.tool.name);
        reaches.map_or_else(|| name.clone(), |reaches| format!("{name}: {reaches}")).chars().take(200).collect()
    }

    /// Arguments that the tool's schema names.
    fn of_schema(&self) -> Vec<String> {
        let properties = self.tool.input_schema.as_ref().and_then(|schema| schema.get("properties")?.as_object());
        let names = properties.unwrap_or_default().iter().take(40);
        let path = |name: &String| {
            domain::constraint::ArgumentPath::below(None, domain::constraint::Segment::Name(name.clone())).to_string()
        };
        names.map(|(name, _)| path(name)).collect()
    }

    /// The draft in JSON, or what is wrong with its form.
    async fn written(&self, engine: &Engine, sheet: &Sheet) -> Result<std::result::Result<Json, Vec<FieldError>>> {
        let end_of_day = match sheet.day() {
            Some(day) => Some(store::beginning_of_day(&engine.pool, day, 1, &engine.policy.timezone).await?),
            None => None,
        };
        let behind = Behind { now: self.now, end_of_day, kept: &self.kept, wider: &self.wider };
        Ok(sheet.draft(&behind))
    }

    async fn draft(&self, engine: &Engine, sheet: &Sheet) -> Result<std::result::Result<Draft, Vec<FieldError>>> {
        let written = self.written(engine, sheet).await?;
        Ok(written.and_then(|written| read_draft(&written, Some(&self.tool.name))))
    }

    fn page(
        self,
        mut sheet: Sheet,
        panel: Option<Panel>,
        refused: Option<Problem>,
        errors: Vec<FieldError>,
    ) -> SheetPage {
        let usual = Unlisted::usual(sheet.effect, self.tool.risk_tier);
        // Always room for one argument more.
        sheet.rows.push(Row { path: String::new(), kind: Kind::Text, text: String::new() });
        let of_schema = self.of_schema();
        let rows = sheet.rows.iter().map(|row| self.row(row, &of_schema)).collect();
        SheetPage {
            shown_tool: escaped(&self.tool.name),
            action: self.action.as_ref().map(|action| console::row(action, &self.overrides)),
            approves: self.approves,
            replaces: self.old.as_ref().map(|old| (old.id, escaped(&old.description))),
            rows,
            usual,
            panel,
            refused,
            errors,
            key: RuleId(uuid::Uuid::now_v7()),
            now: self.now,
            tool: self.tool,
            sheet,
        }
    }

    fn row(&self, row: &Row, of_schema: &[String]) -> SheetRow {
        let suggestion = self
            .suggested
            .as_ref()
            .and_then(|suggested| suggested.constraints.iter().find(|own| own.path.to_string() == row.path));
        let kept = self.kept.iter().any(|(path, _)| *path == row.path);
        let before = self
            .old
            .as_ref()
            .is_some_and(|old| old.definition.constraints.iter().any(|(path, _)| path.to_string() == row.path));
        SheetRow {
            known: !row.path.is_empty() && (suggestion.is_some() || before || of_schema.contains(&row.path)),
            reason: suggestion.map(|own| own.reason.words()),
            of_call: suggestion.filter(|own| own.reason != Reason::Secret).and_then(|own| self.shown(&own.path)),
            wider: suggestion.and_then(|own| own.wider.first()).map(|wider| wider.words.clone()),
            secret: suggestion.is_some_and(|own| own.reason == Reason::Secret),
            kept,
            row: row.clone(),
        }
    }

    /// What the call has at a path, masked and cut.
    fn shown(&self, path: &domain::constraint::ArgumentPath) -> Option<String> {
        const LONG: usize = 120;
        let value = path.select_one(self.masked.as_ref()?)?;
        let text = value.as_str().map_or_else(|| escaped(&value.to_text()), |text| format!("\"{}\"", escaped(text)));
        let cut: String = text.chars().take(LONG).collect();
        Some(if cut.len() < text.len() { format!("{cut}…") } else { cut })
    }
}

fn kept(rule: &Rule) -> Vec<(String, Digest)> {
    let digest = |(path, own): &(domain::constraint::ArgumentPath, Constraint)| match own {
        Constraint::Exact(Exact::Kept { sha256, .. }) => Some((path.to_string(), *sha256)),
        _ => None,
    };
    rule.definition.constraints.iter().filter_map(digest).collect()
}

fn wider(suggested: &Suggested) -> Vec<(String, Json)> {
    let first =
        |own: &domain::suggestion::Suggestion| Some((own.path.to_string(), own.wider.first()?.constraint.to_json()));
    suggested.constraints.iter().filter_map(first).collect()
}
