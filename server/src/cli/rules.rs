//! `countersign rules list|export|test|create`: standing rules over HTTP, with somebody's token.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use domain::id::{ActionId, RuleId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::read;
use super::remote::{Remote, RemoteFlags, for_table};
use super::terminal::{Table, print_json, when};
use crate::failure::{Failure, Outcome};

#[derive(Subcommand, Debug)]
pub(super) enum RulesCommand {
    /// List rules, newest first
    List(List),
    /// Write the inventory of rules to standard output
    Export(Export),
    /// Try a rule, or all rules of a tool, on a call; nothing is changed
    Test(Test),
    /// Make a rule of a JSON document as for POST /api/approvals/rules
    Create(Create),
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// Only rules of this tool
    #[arg(long)]
    tool: Option<String>,
    /// Expired, used up, suspended and revoked ones as well
    #[arg(long)]
    all: bool,
    /// Print JSON also on a terminal
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Json,
}

#[derive(Args, Debug)]
pub(super) struct Export {
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Args, Debug)]
pub(super) struct Test {
    /// The rule to try; without it, what the gate would do is told
    #[arg(long, value_name = "ID")]
    rule: Option<RuleId>,
    /// A parked call to try it on
    #[arg(long, value_name = "ID", conflicts_with_all = ["tool", "args"], required_unless_present = "tool")]
    action: Option<ActionId>,
    /// The tool of a call that is made up
    #[arg(long, requires = "args")]
    tool: Option<String>,
    /// The arguments of a call that is made up: a JSON file, or - for standard input
    #[arg(long, value_name = "FILE", requires = "tool")]
    args: Option<String>,
    #[command(flatten)]
    remote: RemoteFlags,
}

#[derive(Args, Debug)]
pub(super) struct Create {
    /// The document; - reads standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    remote: RemoteFlags,
}

pub(super) async fn run(command: RulesCommand) -> Outcome {
    match command {
        RulesCommand::List(command) => list(command).await,
        RulesCommand::Export(command) => export(command).await,
        RulesCommand::Test(command) => test(command).await,
        RulesCommand::Create(command) => {
            let document = read(&command.file)?;
            print_json(&Remote::new(&command.remote)?.post("/rules", document).await?.success()?);
            Ok(())
        }
    }
}

#[derive(Deserialize)]
struct Row {
    id: RuleId,
    tool_name: String,
    effect: String,
    state: String,
    description: String,
    words: String,
    use_count: i64,
    max_uses: Option<i64>,
    expires_at: Option<DateTime<Utc>>,
}

async fn list(list: List) -> Outcome {
    let mut query = vec![("limit", "500")];
    if !list.all {
        query.push(("active_only", "true"));
    }
    query.extend(list.tool.as_deref().map(|tool| ("tool_name", tool)));
    let query = serde_urlencoded::to_string(query).expect("words make a query");
    let text = Remote::new(&list.remote)?.get(&format!("/rules?{query}")).await?.success()?;
    let Some(page) = for_table::<Row>(&text, list.json)? else { return Ok(()) };
    if page.data.is_empty() {
        println!("There are no rules.");
        return Ok(());
    }
    let mut table = Table::new(["ID", "TOOL", "DOES", "STATE", "USES", "UNTIL", "DESCRIPTION", "WHERE"]);
    for row in page.data {
        let most = row.max_uses.map_or_else(String::new, |most| format!("/{most}"));
        table.row([
            row.id.to_string(),
            row.tool_name,
            row.effect,
            row.state,
            format!("{}{most}", row.use_count),
            when(row.expires_at),
            row.description,
            row.words,
        ]);
    }
    table.print();
    if page.meta.has_more {
        println!("There are more: `countersign rules export` writes all.");
    }
    Ok(())
}

async fn export(export: Export) -> Outcome {
    let format = match export.format {
        Format::Csv => "csv",
        Format::Json => "json",
    };
    let text = Remote::new(&export.remote)?.get(&format!("/rules/export?format={format}")).await?.success()?;
    // As it is: what a spreadsheet would run was taken for text by the server.
    print!("{text}");
    Ok(())
}

async fn test(test: Test) -> Outcome {
    let mut body = serde_json::Map::new();
    let mut put = |name: &str, value: Option<Value>| drop(value.map(|value| body.insert(name.to_owned(), value)));
    put("rule_id", test.rule.map(|id| json!(id)));
    put("action_id", test.action.map(|id| json!(id)));
    put("tool_name", test.tool.map(Value::from));
    let mut document = Value::Object(body).to_string();
    if let Some(file) = &test.args {
        // Put in as it was written: numbers keep their digits.
        let bytes = read(file)?;
        let args = std::str::from_utf8(&bytes).map_err(|_| Failure::misuse(format!("{file} is not UTF-8")))?;
        let head = document.trim_end_matches('}').to_owned();
        document = format!("{head},\"args\":{args}}}");
    }
    print_json(&Remote::new(&test.remote)?.post("/rules/test", document.into_bytes()).await?.success()?);
    Ok(())
}
