//! The registry of tools. Its pages stay the HTML they were sent as, so none of this is in the browser's WebAssembly:
//! forms are posted, and lead back to the tool's page. A form carries a tool's name percent-encoded: browsers rewrite
//! line ends in what they post, and a name may have one.

use domain::tool_view::{ToolDetail, ToolList};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, PostUrl};

use self::on_server::{done, name};
use super::protocol::Console;
use super::{Failure, answer, engine, person};
use crate::message::tools as words;

/// A page of the registry, as the page's address asks for it.
///
/// # Errors
/// Not signed in, an unknown word, or the database cannot be read.
#[server(prefix = "/api/console", endpoint = "tools/list", protocol = Console<GetUrl>)]
pub async fn list(query: String) -> Result<ToolList, Failure> {
    answer(engine::tool_pages::tools(&engine(), &person()?, &query).await)
}

/// One tool with all about it.
///
/// # Errors
/// Not signed in, no such tool, or the database cannot be read.
#[server(prefix = "/api/console", endpoint = "tools/show", protocol = Console<GetUrl>)]
pub async fn show(tool: String) -> Result<ToolDetail, Failure> {
    answer(engine::tool_pages::tool(&engine(), &person()?, &name(&tool)).await)
}

/// Lets every call of the tool wait.
///
/// # Errors
/// No permission, no reason, or the database cannot be written.
#[server(prefix = "/api/console", endpoint = "tools/pause", protocol = Console<PostUrl>)]
pub async fn pause(tool: String, #[server(default)] reason: String) -> Result<(), Failure> {
    let paused = engine::gating::pause(&engine(), &person()?, &name(&tool), &reason).await;
    done(&tool, answer(paused), |_, name| words::paused(name))
}

/// Refuses every call of the tool.
///
/// # Errors
/// As [`pause`].
#[server(prefix = "/api/console", endpoint = "tools/block", protocol = Console<PostUrl>)]
pub async fn block(tool: String, #[server(default)] reason: String) -> Result<(), Failure> {
    let blocked = engine::gating::block(&engine(), &person()?, &name(&tool), &reason).await;
    done(&tool, answer(blocked), |_, name| words::blocked(name))
}

/// Lets every call of the tool run for a while.
///
/// # Errors
/// As [`pause`]; or the hours are too many.
#[server(prefix = "/api/console", endpoint = "tools/bypass", protocol = Console<PostUrl>)]
pub async fn bypass(tool: String, hours: i64, #[server(default)] reason: String) -> Result<(), Failure> {
    let end = engine::gating::BypassEnd::Hours(hours);
    let opened = engine::gating::bypass(&engine(), &person()?, &name(&tool), end, &reason).await;
    done(&tool, answer(opened), |tool, name| words::open(name, on_server::open_until(tool)))
}

/// Back to normal.
///
/// # Errors
/// As [`pause`], but that no reason is needed.
#[server(prefix = "/api/console", endpoint = "tools/resume", protocol = Console<PostUrl>)]
pub async fn resume(tool: String, #[server(default)] reason: String) -> Result<(), Failure> {
    let resumed = engine::gating::resume(&engine(), &person()?, &name(&tool), Some(&reason)).await;
    done(&tool, answer(resumed), |_, name| words::resumed(name))
}

/// Settles a tool as its form says: every member of it, and a box that is not ticked says no.
///
/// # Errors
/// As [`pause`]; or something in the form is wrong, or the tool was changed since the form was made.
#[allow(clippy::too_many_arguments, reason = "a form has its fields")]
#[server(prefix = "/api/console", endpoint = "tools/settle", protocol = Console<PostUrl>)]
pub async fn settle(
    tool: String,
    revision: i64,
    risk_tier: domain::risk::RiskTier,
    #[server(default)] expiry_hours: String,
    #[server(default)] executor: String,
    #[server(default)] idempotent: String,
    #[server(default)] reviewed: String,
    #[server(default)] sensitive_args: String,
    #[server(default)] secret_args: String,
    #[server(default)] input_schema: String,
    #[server(default)] remove_schema: String,
    #[server(default)] reason: String,
) -> Result<(), Failure> {
    let settled = async {
        let settings = form::Settings {
            revision,
            risk_tier,
            expiry_hours,
            executor,
            idempotent: !idempotent.is_empty(),
            reviewed: !reviewed.is_empty(),
            sensitive_args,
            secret_args,
            input_schema,
            remove_schema: !remove_schema.is_empty(),
            reason,
        };
        let (engine, person, name) = (engine(), person()?, name(&tool));
        let before = answer(engine::registry::show(&engine, &person, &name).await)?.registered.tool;
        let settings = answer(settings.read(&before).map_err(engine::Error::from))?;
        answer(engine::registry::settle(&engine, &person, &name, settings).await)
    };
    let settled = settled.await;
    done(&tool, settled, |_, name| words::saved(name))
}

mod on_server {
    use chrono::{DateTime, Utc};
    use domain::text_safety::escaped;
    use domain::tool::{Gating, Tool};
    use leptos_router::location::Url;

    use crate::api::{Failure, tell};
    use crate::local_path::tool_page;

    pub(super) fn name(sent: &str) -> String {
        Url::unescape(sent)
    }

    pub(super) fn open_until(tool: &Tool) -> Option<DateTime<Utc>> {
        if let Gating::Open { until, .. } = &tool.gating { Some(*until) } else { None }
    }

    /// Leads back to the tool, where it says what was done.
    pub(super) fn done(
        sent: &str,
        changed: Result<Tool, Failure>,
        words: impl FnOnce(&Tool, &str) -> String,
    ) -> Result<(), Failure> {
        let name = name(sent);
        tell(changed.map(|tool| words(&tool, &escaped(&name))), || tool_page(&name))
    }
}

/// Reading the settings form.
mod form {
    use domain::json::Json;
    use domain::problem::{FieldError, Problem};
    use domain::risk::RiskTier;
    use domain::tool::Tool;
    use engine::registry::ToolSettings;

    pub(crate) struct Settings {
        pub(crate) revision: i64,
        pub(crate) risk_tier: RiskTier,
        pub(crate) expiry_hours: String,
        pub(crate) executor: String,
        pub(crate) idempotent: bool,
        pub(crate) reviewed: bool,
        pub(crate) sensitive_args: String,
        pub(crate) secret_args: String,
        pub(crate) input_schema: String,
        pub(crate) remove_schema: bool,
        pub(crate) reason: String,
    }

    impl Settings {
        /// What is to change of the tool `before`.
        pub(crate) fn read(self, before: &Tool) -> Result<ToolSettings, Problem> {
            let mut errors = Vec::new();
            let mut refuse = |pointer: &str, message: String| {
                errors.push(FieldError { pointer: pointer.to_owned(), message });
            };
            let expiry_hours = match self.expiry_hours.trim() {
                "" => None,
                text => text.parse().map(Some).unwrap_or_else(|_| {
                    refuse("/expiry_hours", "must be a whole number of hours from 1 to 8760, or empty".to_owned());
                    None
                }),
            };
            let executor = match self.executor.as_str() {
                "" => None,
                word => word.parse().map(Some).unwrap_or_else(|_| {
                    refuse("/executor", "must be worker, agent or empty".to_owned());
                    None
                }),
            };
            let input_schema = match (self.input_schema.trim(), self.remove_schema) {
                ("", false) => None,
                ("", true) => Some(None),
                (_, true) => {
                    refuse("/input_schema", "is to be replaced and to be taken away: do one of them".to_owned());
                    None
                }
                (text, false) => match Json::parse_str(text) {
                    Ok(document) => Some(Some(document)),
                    Err(error) => {
                        refuse("/input_schema", format!("is not JSON: {error}"));
                        None
                    }
                },
            };
            if !errors.is_empty() {
                return Err(Problem::invalid_fields(errors));
            }
            Ok(ToolSettings {
                revision: Some(self.revision),
                risk_tier: Some(self.risk_tier),
                expiry_hours: Some(expiry_hours),
                idempotent: Some(self.idempotent),
                reviewed: Some(self.reviewed),
                sensitive_args: names(&self.sensitive_args, &before.sensitive_args),
                secret_args: names(&self.secret_args, &before.secret_args),
                executor: Some(executor),
                input_schema,
                reason: Some(self.reason),
            })
        }
    }

    /// The names in a line, if it is not the line that the form came with: a name with a comma in it, which only the
    /// API can set, is left alone.
    fn names(line: &str, before: &[String]) -> Option<Vec<String>> {
        let split = |line: &str| -> Vec<String> {
            line.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        (split(line) != split(&before.join(", "))).then(|| split(line))
    }

    #[cfg(test)]
    mod tests {
        use super::names;

        #[test]
        fn a_line_that_nobody_touched_changes_nothing() {
            let before = ["a".to_owned(), "b, c".to_owned()];
            assert_eq!(names("a, b, c", &before), None);
            assert_eq!(names("a,  x ,", &before), Some(vec!["a".to_owned(), "x".to_owned()]));
            assert_eq!(names("", &before), Some(Vec::new()));
        }
    }
}
