//! Where a number leads: the list that holds what it counts, and nothing else.

use chrono::{Days, NaiveDate};
use domain::metrics::Day;

use super::failed::PATH as FAILED;
use crate::local_path::escape;

/// The states of what was approved, whatever came of it.
pub(super) const APPROVED: &str = "approved,executed,abandoned";

/// Whole days of the configured zone, both included. There is no list where the retention has taken rows of them.
#[derive(Clone, Copy)]
pub(super) struct Between {
    first: NaiveDate,
    last: NaiveDate,
    rows_since: Option<NaiveDate>,
}

impl Between {
    pub(super) fn of(first: &Day, last: &Day, rows_since: Option<NaiveDate>) -> Self {
        Self { first: first.date, last: last.date, rows_since }
    }

    /// As many days right before.
    pub(super) fn before(self, length: usize) -> Self {
        let back = Days::new(length as u64);
        let earlier = |day: NaiveDate| day.checked_sub_days(back).unwrap_or(day);
        Self { first: earlier(self.first), last: earlier(self.last), ..self }
    }

    pub(super) fn words(self) -> (String, String) {
        (self.first.format("%-d %b").to_string(), self.last.format("%-d %b").to_string())
    }

    /// What was decided in these days.
    pub(super) fn decided(self, status: &str, by: Option<&str>) -> Option<String> {
        self.list(&[("status", status), ("decided_by", by.unwrap_or_default())], "decided_")
    }

    /// What a rule decided in them.
    pub(super) fn by_rule(self, rule: &str) -> Option<String> {
        self.list(&[("status", "all"), ("rule_id", rule)], "decided_")
    }

    /// What ran in them and ended so.
    pub(super) fn ran(self, state: Option<&str>, tool: Option<&str>) -> Option<String> {
        let (state, tool) = (state.unwrap_or_default(), tool.unwrap_or_default());
        self.list(&[("status", "all"), ("execution_state", state), ("tool_name", tool)], "executed_")
    }

    /// What came in them and had to wait.
    pub(super) fn gated(self, tool: &str) -> Option<String> {
        self.list(&[("status", "all"), ("gated", "true"), ("tool_name", tool)], "")
    }

    /// The runs of a tool that failed with this error.
    pub(super) fn failed(self, tool: &str, error: &str) -> Option<String> {
        let same = format!("tool_name={}&error={}", escape(tool), escape(error));
        self.there(|| format!("{FAILED}?{same}&executed_since={}&executed_until={}", self.first, self.last))
    }

    fn list(self, parameters: &[(&str, &str)], times: &str) -> Option<String> {
        self.there(|| {
            let mut address = String::from("/approvals?");
            for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
                address.push_str(&format!("{name}={}&", escape(value)));
            }
            address.push_str(&format!("{times}since={}&{times}until={}", self.first, self.last));
            address
        })
    }

    fn there(self, address: impl FnOnce() -> String) -> Option<String> {
        self.rows_since.is_none_or(|since| self.first >= since).then(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).expect("a day of November")
    }

    fn days(rows_since: Option<NaiveDate>) -> Between {
        Between { first: day(20), last: day(26), rows_since }
    }

    #[test]
    fn a_number_leads_to_what_it_counts() {
        let days = days(None);
        assert_eq!(
            days.decided(APPROVED, Some("human:ana")).as_deref(),
            Some(
                "/approvals?status=approved%2Cexecuted%2Cabandoned&decided_by=human%3Aana&decided_since=2026-11-20&decided_until=2026-11-26"
            )
        );
        assert_eq!(
            days.before(7).ran(Some("failed"), None).as_deref(),
            Some("/approvals?status=all&execution_state=failed&executed_since=2026-11-13&executed_until=2026-11-19")
        );
        assert_eq!(
            days.gated("a b").as_deref(),
            Some("/approvals?status=all&gated=true&tool_name=a%20b&since=2026-11-20&until=2026-11-26")
        );
        assert_eq!(
            days.failed("a b", "no = no").as_deref(),
            Some(
                "/approvals/metrics/failed?tool_name=a%20b&error=no%20%3D%20no&executed_since=2026-11-20&executed_until=2026-11-26"
            )
        );
    }

    #[test]
    fn no_number_leads_to_rows_that_were_archived() {
        let kept = days(Some(day(20)));
        assert!(kept.gated("a").is_some());
        assert_eq!(kept.before(7).gated("a"), None);
        assert_eq!(days(Some(day(21))).decided(APPROVED, None), None);
    }
}
