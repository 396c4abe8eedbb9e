//! Writing the trail: the one place where a use-case's entry gets its id. It becomes part of the trail with the
//! use-case's transaction, or not at all.

use domain::action::Action;
use domain::event::{EventContent, EventType};
use domain::id::{ActionId, EventId, RuleId};
use domain::json::Json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Result, store};

/// What happened, by whom.
pub(crate) struct Entry<'a> {
    pub(crate) event_type: EventType,
    pub(crate) actor: &'a str,
    /// A person's words, masked.
    pub(crate) reason: Option<&'a str>,
}

/// Writes an entry that is about no action. Returns its place in the trail.
pub(crate) async fn append(connection: &mut PgConnection, entry: Entry<'_>, metadata: &Json) -> Result<i64> {
    write(connection, (None, None), entry, metadata).await
}

/// Writes an entry about an action, with what every such entry says of it and what this one adds. Returns its
/// place in the trail.
pub(crate) async fn append_about(
    connection: &mut PgConnection,
    action: &Action,
    entry: Entry<'_>,
    adds: impl IntoIterator<Item = (&'static str, Json)>,
) -> Result<i64> {
    let says = [
        ("tool_name", Json::from(action.tool_name.as_str())),
        ("args_sha256", Json::from(action.args_sha256.to_string())),
    ];
    let runs = action.edited.as_ref().map(|edited| ("effective_args_sha256", Json::from(edited.sha256.to_string())));
    let members = says.into_iter().chain(runs).chain(adds).map(|(name, value)| (name.to_owned(), value)).collect();
    write(connection, (Some(action.id), None), entry, &Json::Object(members)).await
}

/// Writes an entry about a rule. Returns its place in the trail.
pub(crate) async fn append_about_rule(
    connection: &mut PgConnection,
    (rule_id, tool_name): (RuleId, &str),
    action_id: Option<ActionId>,
    entry: Entry<'_>,
    adds: impl IntoIterator<Item = (&'static str, Json)>,
) -> Result<i64> {
    let says = [("tool_name", Json::from(tool_name))];
    let members = says.into_iter().chain(adds).map(|(name, value)| (name.to_owned(), value)).collect();
    write(connection, (action_id, Some(rule_id)), entry, &Json::Object(members)).await
}

async fn write(
    connection: &mut PgConnection,
    (action_id, rule_id): (Option<ActionId>, Option<RuleId>),
    Entry { event_type, actor, reason }: Entry<'_>,
    event_metadata: &Json,
) -> Result<i64> {
    let event_id = EventId(Uuid::now_v7());
    let event_type = event_type.as_str();
    let content = EventContent { event_id, action_id, rule_id, event_type, actor, reason, event_metadata };
    Ok(store::events::append(connection, content).await?)
}
