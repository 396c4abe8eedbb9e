//! `countersign audit`.

use clap::Subcommand;

use super::administer::with_engine;
use crate::config::DatabaseFlags;
use crate::failure::{Failure, Outcome};

#[derive(Subcommand, Debug)]
pub(super) enum AuditCommand {
    /// Compute every hash of the trail again and say whether it is whole
    Verify(DatabaseFlags),
}

pub(super) async fn run(command: AuditCommand) -> Outcome {
    let AuditCommand::Verify(flags) = command;
    let found = with_engine(flags, async |engine, _| {
        // What was written a moment ago may not be sealed yet.
        engine::audit::seal(engine).await?;
        Ok(engine::audit::verify_all(engine).await?)
    })
    .await?;
    println!("{} entries in {} seals were checked.", found.events, found.seals);
    if let Some(newest) = found.newest_seal {
        println!("Newest seal: {newest}");
    }
    if found.faults.is_empty() {
        println!("The trail is whole.");
        return Ok(());
    }
    for fault in &found.faults {
        println!("FAULT: {fault}");
    }
    Err(Failure::new(format!("the trail is not whole: {} faults", found.faults.len())))
}
