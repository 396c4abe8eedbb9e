//! The words of the page of failed runs.

pub(crate) const TITLE: &str = "Failed runs";
pub(crate) const UNREAD: &str = "The failed runs could not be read";
pub(crate) const NONE: &str = "None of these runs stands as failed";
pub(crate) const NONE_LEAD: &str = "Whatever failed was tried again, settled or given up meanwhile.";
pub(crate) const RUNS: &str = "The runs";
pub(crate) const AGAIN: &str = "Try again what is ticked";
pub(crate) const AGAIN_LEAD: &str =
    "Each is queued once more for its executor, with the arguments that were approved, as a numbered attempt.";
pub(crate) const NOTE: &str = "Note for the trail";

pub(crate) fn lead(tool: Option<&str>, error: Option<&str>) -> String {
    match (tool, error) {
        (Some(tool), Some("")) => format!("Runs of {tool} that failed without a word."),
        (Some(tool), Some(error)) => format!("Runs of {tool} that failed with: {error}"),
        (Some(tool), None) => format!("Runs of {tool} that failed, whatever they said."),
        (None, _) => "Runs that failed, of any tool.".to_owned(),
    }
}

/// `cut`: not all of them are on the page.
pub(crate) fn count(shown: usize, total: Option<i64>, cut: bool) -> String {
    match total {
        Some(total) if cut => format!("the newest {shown} of {total}"),
        None => format!("the newest {shown} of many"),
        Some(total) => total.to_string(),
    }
}

pub(crate) fn tried_again(count: usize) -> String {
    if count == 1 { "The run is queued once more.".to_owned() } else { format!("{count} runs are queued once more.") }
}
