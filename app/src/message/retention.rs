//! The words of the page about what is kept and what goes.

use domain::time_text::instant;
use engine::retention::{Archive, Due, Keep, Kind, Run, State};

use super::audit::number;

pub(crate) const TITLE: &str = "Retention";
pub(crate) const ABOUT: &str = "How long things are kept; runs, and the archives of what went";
pub(crate) const LEAD: &str = "What is over for long enough is written to an archive, which is read back, and then purged. \
     Rules stay for ever, and so does what waits or is approved and has not run.";
pub(crate) const CLOSED: &str = "Runs and archives are for operators and administrators.";
pub(crate) const UNREAD: &str = "The runs could not be read.";
pub(crate) const KEPT: &str = "How long";
pub(crate) const DECIDED: &str = "Rejected, expired, withdrawn, abandoned";
pub(crate) const EXECUTED: &str = "Executed";
pub(crate) const EVENTS: &str = "Entries of the trail";
pub(crate) const RULES: &str = "Rules";
pub(crate) const FOR_EVER: &str = "for ever";
pub(crate) const CONFIGURED: &str = "The configuration settles this (retention_decided_days and the like).";
pub(crate) const LAST_RUN: &str = "Last run";
pub(crate) const NEXT_RUN: &str = "Next run";
pub(crate) const NO_RUN: &str = "none yet";
pub(crate) const NEVER_BY_ITSELF: &str = "none begins by itself";
pub(crate) const NOW: &str = "Run it";
pub(crate) const DRY_RUN: &str = "Count what would go";
pub(crate) const RUN: &str = "Archive and purge now";
pub(crate) const RUN_LEAD: &str = "What is purged is gone from here; it stays in the archives. The run goes on by itself, and goes on \
     after a restart.";
pub(crate) const ADMINISTRATOR_ONLY: &str = "Only an administrator runs it. You can look, and download.";
pub(crate) const RUNS: &str = "Runs";
pub(crate) const NO_RUNS: &str = "There was none yet.";
pub(crate) const STARTED: &str = "Began";
pub(crate) const BY: &str = "By";
pub(crate) const STATE: &str = "State";
pub(crate) const WENT: &str = "What went";
pub(crate) const ARCHIVES: &str = "Archives";
pub(crate) const PROGRESS: &str = "Progress";
pub(crate) const GOING_ON: &str = "A run is going on";
pub(crate) const RELOAD: &str = "Look again";
pub(crate) const BEGUN: &str = "The run goes on by itself.";
pub(crate) const TROUBLE: &str = "It does not go on, and is tried again:";
pub(crate) const ELSEWHERE: &str = "SHA-256";

pub(crate) fn days(days: i32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

pub(crate) fn decided(keep: &Keep) -> String {
    format!("{} after the decision", days(keep.decided_days))
}

pub(crate) fn executed(keep: &Keep) -> String {
    format!("{} after they ran", days(keep.executed_days))
}

pub(crate) fn events(keep: &Keep) -> String {
    format!("{} after they were sealed", days(keep.events_days))
}

pub(crate) fn would_go(due: &Due) -> String {
    if due.actions == 0 && due.events == 0 {
        return "Nothing would go now.".to_owned();
    }
    format!("{} would go now.", amount(due.actions, due.attempts, due.events))
}

fn amount(actions: i64, attempts: i64, entries: i64) -> String {
    format!("{} actions with {} attempts, {} entries of the trail", number(actions), number(attempts), number(entries))
}

pub(crate) const fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Started => ("archiving", "yellow"),
        State::Archived => ("archived", "yellow"),
        State::Purging => ("purging", "yellow"),
        State::Done => ("done", "green"),
    }
}

pub(crate) fn went(run: &Run) -> String {
    match run.state {
        State::Started => format!("{} written", number(run.written)),
        State::Done if run.actions_purged + run.events_purged == 0 => "nothing was due".to_owned(),
        State::Done => amount(run.actions_purged, run.attempts_purged, run.events_purged),
        _ => format!(
            "{} of {} actions, {} of {} entries",
            number(run.actions_purged),
            number(run.actions),
            number(run.events_purged),
            number(run.events)
        ),
    }
}

pub(crate) fn archive(archive: &Archive) -> String {
    let what = match archive.kind {
        Kind::Actions => "actions",
        Kind::Events => "entries",
    };
    let (from, to) = (instant(archive.from_time), instant(archive.to_time));
    format!("{} {what}, {} bytes, from {from} to {to}", number(archive.entries), number(archive.bytes))
}
