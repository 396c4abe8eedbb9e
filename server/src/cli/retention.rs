//! `countersign retention run`: archives and purges what is over for long enough, straight on the database.

use clap::{Args, Subcommand};
use engine::retention::{Run, State};

use super::administer::{ACTOR, with_engine};
use crate::config::DatabaseFlags;
use crate::failure::Outcome;

#[derive(Subcommand, Debug)]
pub(super) enum RetentionCommand {
    /// Archive what is over for long enough, then purge it; a run that was interrupted is gone on with
    Run(RunFlags),
}

#[derive(Args, Debug)]
pub(super) struct RunFlags {
    /// Only count what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(super) async fn run(command: RetentionCommand) -> Outcome {
    let RetentionCommand::Run(flags) = command;
    if flags.dry_run {
        let due = with_engine(flags.database, async |engine, _| Ok(engine::retention::count(engine).await?)).await?;
        println!(
            "Would be archived and purged: {} actions with {} attempts, and {} entries of the trail ({} seals).",
            due.actions, due.attempts, due.events, due.seals
        );
        return Ok(());
    }
    let mut told = State::Done;
    let run = with_engine(flags.database, async |engine, _| {
        let tell = |run: &Run| {
            if run.state != told {
                told = run.state;
                eprintln!("{}: {} actions, {} entries", run.state.as_str(), run.actions, run.events);
            }
        };
        Ok(engine::retention::run_to_end(engine, ACTOR, tell).await?)
    })
    .await?;
    println!(
        "Archived and purged: {} actions with {} attempts, and {} entries of the trail.",
        run.actions_purged, run.attempts_purged, run.events_purged
    );
    for archive in &run.archives {
        println!("{}  {}/{}", archive.sha256, run.directory, archive.file);
    }
    Ok(())
}
