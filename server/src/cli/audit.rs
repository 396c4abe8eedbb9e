//! `countersign audit`: the trail, straight from the database.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use domain::event_filter::EventFilter;
use domain::query_string::QueryString;
use engine::audit::{Anchor, Ask, Format, Progress};
use futures::TryStreamExt;

use super::administer::{ACTOR, with_engine};
use crate::config::DatabaseFlags;
use crate::failure::{Failure, Outcome};

#[derive(Subcommand, Debug)]
pub(super) enum AuditCommand {
    /// Compute every hash of the trail again and say whether it is whole
    Verify(Verify),
    /// Write the newest seal to a file, to be kept where nobody who can write the database can write
    Seal(Seal),
    /// Write the trail to standard output
    Export(Export),
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// A file that `audit seal` wrote: the chain must still hold that seal, or its end was cut off
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Read the archives of purged entries as well, and hold them against their seals
    #[arg(long)]
    archives: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Args, Debug)]
pub(super) struct Seal {
    /// The file; it must not be there yet. - writes to standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseFlags,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Written {
    Ndjson,
    Csv,
}

#[derive(Args, Debug)]
pub(super) struct Export {
    /// One JSON object a line, or a table that no spreadsheet takes for formulas
    #[arg(long, value_enum, default_value_t = Written::Ndjson)]
    format: Written,
    /// What it is narrowed by, as in the address of the page, e.g. 'event_type=action_approved&actor=human:ana'
    #[arg(long, value_name = "QUERY", default_value = "sort=seq")]
    filter: String,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) async fn run(command: AuditCommand) -> Outcome {
    match command {
        AuditCommand::Verify(command) => verify(command).await,
        AuditCommand::Seal(command) => seal(command).await,
        AuditCommand::Export(command) => export(command).await,
    }
}

async fn verify(command: Verify) -> Outcome {
    let against = command.against.as_deref().map(kept).transpose()?;
    let ask = Ask { against, archives: command.archives };
    let found = with_engine(command.database, async |engine, _| {
        // What was written a moment ago may not be sealed yet.
        engine::audit::seal(engine).await?;
        Ok(engine::audit::verify_by(engine, ACTOR, &ask, tell).await?)
    })
    .await?;
    println!("{} entries in {} seals were checked in {} ms.", found.events, found.seals, found.milliseconds);
    if found.purged > 0 {
        let read = if ask.archives { "and their archives read" } else { "their archives were not read (--archives)" };
        println!("{} entries were archived and purged before; their seals were checked, {read}.", found.purged);
    }
    if let Some(newest) = found.newest_seal {
        println!("Newest seal: {newest}");
    }
    if found.is_whole() {
        println!(
            "The trail is whole{}.",
            if ask.against.is_some() { ", and holds the seal that was kept" } else { "" }
        );
        return Ok(());
    }
    for fault in &found.faults {
        println!("FAULT: {fault}");
    }
    Err(Failure::new(format!("the trail is not whole: {} faults", found.fault_count)))
}

/// How far it is, for somebody who watches.
fn tell(step: Progress) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() {
        // Nobody misses a step that could not be shown.
        let _ = write!(terminal, "\r{} of {} entries, {} faults ", step.events, step.of, step.faults);
    }
}

fn kept(path: &Path) -> Outcome<Anchor> {
    let wrong = |why: String| Failure::misuse(format!("{} is no seal that was kept: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

async fn seal(command: Seal) -> Outcome {
    let newest = with_engine(command.database, async |engine, _| Ok(Anchor::newest(engine).await?)).await?;
    let newest = newest.ok_or_else(|| Failure::new("nothing is sealed yet: the trail has no entry"))?;
    let text = serde_json::to_string_pretty(&newest).expect("a seal is plain data") + "\n";
    if command.file == Path::new("-") {
        print!("{text}");
        return Ok(());
    }
    let written = std::fs::File::create_new(&command.file).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| Failure::because(&format!("{} was not written", command.file.display()), &error))?;
    println!("Seal {} is in {}. Keep it elsewhere.", newest.number, command.file.display());
    Ok(())
}

async fn export(command: Export) -> Outcome {
    let mut query = QueryString::parse(Some(&command.filter))?;
    let filter = EventFilter::read_what(&mut query);
    query.finish().map_err(|problem| Failure::misuse(problem.detail))?;
    let format = match command.format {
        Written::Ndjson => Format::Ndjson,
        Written::Csv => Format::Csv,
    };
    with_engine(command.database, async |engine, _| {
        let mut pieces = engine::audit::export_all(engine, filter, format).await?;
        let mut out = std::io::stdout().lock();
        let cut_off = |error: &dyn std::error::Error| Failure::because("the export is not whole", error);
        while let Some(piece) = pieces.try_next().await.map_err(|error| cut_off(&error))? {
            out.write_all(&piece).map_err(|error| cut_off(&error))?;
        }
        out.flush().map_err(|error| cut_off(&error))
    })
    .await
}
