//! What an administrator may settle beside the configuration, while the product runs.

use chrono::{DateTime, TimeDelta, Utc};

use crate::action::limit::EXPIRY_HOURS;
use crate::json::Json;
use crate::problem::{FieldError, Problem};
use crate::risk::RiskTier;

/// A setting for a while ends within a year.
const LONGEST_DAYS: i64 = 365;

/// What is to be changed. `None`: it stays as it is; an inner `None`: back to the configuration's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub default_expiry: Option<Option<DefaultExpiry>>,
    pub default_risk_tier: Option<Option<RiskTier>>,
}

/// How long calls wait whose tool says nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultExpiry {
    pub hours: i64,
    /// Then it is the configuration's again; `None`: for good.
    pub until: Option<DateTime<Utc>>,
}

impl Change {
    /// Whether it can be.
    ///
    /// # Errors
    /// `invalid_request` with a pointer to each field that cannot.
    #[allow(clippy::result_large_err, reason = "a problem is made once per refused change")]
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        let mut errors = Vec::new();
        let mut refuse = |pointer: &str, message: String| {
            errors.push(FieldError { pointer: pointer.to_owned(), message });
        };
        if let Some(Some(expiry)) = self.default_expiry {
            if !(1..=i64::from(EXPIRY_HOURS)).contains(&expiry.hours) {
                refuse("/default_expiry_hours", format!("must be a whole number from 1 to {EXPIRY_HOURS}"));
            }
            if expiry.until.is_some_and(|until| until <= now) {
                refuse("/until", "is over: give an instant to come".to_owned());
            }
            if expiry.until.is_some_and(|until| until > now + TimeDelta::days(LONGEST_DAYS)) {
                refuse("/until", format!("is more than {LONGEST_DAYS} days away"));
            }
        }
        if self.default_expiry.is_none() && self.default_risk_tier.is_none() {
            refuse("", "changes nothing: give default_expiry_hours or default_risk_tier".to_owned());
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors)) }
    }
}

impl DefaultExpiry {
    /// As it is stored and told in the trail.
    pub fn to_json(self) -> Json {
        let until = self.until.map(|until| until.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        Json::object([("hours", Json::from(self.hours)), ("until", Json::from(until))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_by_its_field() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let expiry =
            |hours, until| Change { default_expiry: Some(Some(DefaultExpiry { hours, until })), ..Change::default() };
        let wrong = |change: Change| -> Vec<String> {
            let problem = change.check(now).err();
            problem.map(|problem| problem.errors.into_iter().map(|error| error.pointer).collect()).unwrap_or_default()
        };
        assert_eq!(wrong(expiry(1, None)), [""; 0]);
        assert_eq!(wrong(expiry(8_760, Some(now + TimeDelta::days(365)))), [""; 0]);
        assert_eq!(wrong(expiry(0, None)), ["/default_expiry_hours"]);
        assert_eq!(wrong(expiry(8_761, Some(now))), ["/default_expiry_hours", "/until"]);
        assert_eq!(wrong(expiry(1, Some(now + TimeDelta::days(366)))), ["/until"]);
        assert_eq!(wrong(Change::default()), [""]);
        assert_eq!(wrong(Change { default_risk_tier: Some(None), ..Change::default() }), [""; 0]);
    }
}
