//! Query strings: a parameter that is not known, or has a value that is not, is an error, never an empty page.

use std::str::FromStr;

use domain::problem::{FieldError, Problem};

/// A query string, taken apart parameter by parameter; what is left at the end is unknown.
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Query {
    pub(super) fn parse(raw: Option<&str>) -> Result<Self, Problem> {
        let pairs = serde_urlencoded::from_str(raw.unwrap_or(""))
            .map_err(|error| Problem::invalid("query", format!("cannot be read: {error}")))?;
        Ok(Self { pairs, errors: Vec::new() })
    }

    /// Every value of a parameter that may stand several times, or hold a list with commas.
    pub(super) fn many<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Vec<T> {
        let (taken, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(key, _)| key == name);
        self.pairs = rest;
        let taken: Vec<(String, String)> = taken;
        let words: Vec<String> = taken.iter().flat_map(|(_, value)| value.split(',')).map(str::to_owned).collect();
        words.iter().filter_map(|word| self.read(name, word)).collect()
    }

    /// The value of a parameter that may stand once.
    pub(super) fn one<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        self.read(name, &text)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let (mut taken, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pairs).into_iter().partition(|(key, _)| key == name);
        self.pairs = rest;
        if taken.len() > 1 {
            self.refuse(name, "stands more than once".to_owned());
        }
        taken.pop().map(|(_, value)| value)
    }

    fn read<T: FromStr<Err: ToString>>(&mut self, name: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, error.to_string());
                None
            }
        }
    }

    pub(super) fn refuse(&mut self, name: &str, message: String) {
        self.errors.push(FieldError { pointer: name.to_owned(), message });
    }

    /// All that was wrong, and every parameter nobody asked for.
    pub(super) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.refuse(&name, "is not a parameter of this route".to_owned());
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::lifecycle::Status;

    #[test]
    fn a_status_may_stand_several_times() {
        let mut query = Query::parse(Some("status=pending&status=expired,executed")).expect("well formed");
        assert_eq!(query.many::<Status>("status"), [Status::Pending, Status::Expired, Status::Executed]);
        assert!(query.finish().is_ok());
    }

    #[test]
    fn what_is_not_known_is_an_error_and_not_an_empty_page() {
        let mut query = Query::parse(Some("status=waiting&colour=red")).expect("well formed");
        query.many::<Status>("status");
        let problem = query.finish().expect_err("neither is known");
        assert_eq!(problem.errors.len(), 2);
        assert!(problem.detail.contains("colour") && problem.detail.contains("waiting"));
    }
}
