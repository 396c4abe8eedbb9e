//! Where a number leads: the list that holds what it counts, and nothing else.

use chrono::{Days, NaiveDate};
use domain::metrics::Day;

use crate::local_path::escape;

/// The states of what was approved, whatever came of it.
pub(super) const APPROVED: &str = "approved,executed,abandoned";

/// Whole days of the configured zone, both included.
#[derive(Clone, Copy)]
pub(super) struct Between(NaiveDate, NaiveDate);

impl Between {
    pub(super) fn of(first: &Day, last: &Day) -> Self {
        Self(first.date, last.date)
    }

    /// As many days right before.
    pub(super) fn before(self, length: usize) -> Self {
        let back = Days::new(length as u64);
        Self(self.0.checked_sub_days(back).unwrap_or(self.0), self.1.checked_sub_days(back).unwrap_or(self.1))
    }

    pub(super) fn words(self) -> (String, String) {
        (self.0.format("%-d %b").to_string(), self.1.format("%-d %b").to_string())
    }

    /// What was decided in these days.
    pub(super) fn decided(self, status: &str, by: Option<&str>) -> String {
        list(&[("status", status), ("decided_by", by.unwrap_or_default())], self, "decided_")
    }

    /// What a rule decided in them.
    pub(super) fn by_rule(self, rule: &str) -> String {
        list(&[("status", "all"), ("rule_id", rule)], self, "decided_")
    }

    /// What ran in them and ended so.
    pub(super) fn ran(self, state: Option<&str>, tool: Option<&str>) -> String {
        let (state, tool) = (state.unwrap_or_default(), tool.unwrap_or_default());
        list(&[("status", "all"), ("execution_state", state), ("tool_name", tool)], self, "executed_")
    }

    /// What came in them and had to wait.
    pub(super) fn gated(self, tool: &str) -> String {
        list(&[("status", "all"), ("gated", "true"), ("tool_name", tool)], self, "")
    }
}

fn list(parameters: &[(&str, &str)], Between(first, last): Between, times: &str) -> String {
    let mut address = String::from("/approvals?");
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        address.push_str(&format!("{name}={}&", escape(value)));
    }
    address.push_str(&format!("{times}since={first}&{times}until={last}"));
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_to_what_it_counts() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a day of November");
        let days = Between(day(20), day(26));
        assert_eq!(
            days.decided(APPROVED, Some("human:ana")),
            "/approvals?status=approved%2Cexecuted%2Cabandoned&decided_by=human%3Aana&decided_since=2026-11-20&decided_until=2026-11-26"
        );
        assert_eq!(
            days.before(7).ran(Some("failed"), None),
            "/approvals?status=all&execution_state=failed&executed_since=2026-11-13&executed_until=2026-11-19"
        );
        assert_eq!(
            days.gated("a b"),
            "/approvals?status=all&gated=true&tool_name=a%20b&since=2026-11-20&until=2026-11-26"
        );
    }
}
