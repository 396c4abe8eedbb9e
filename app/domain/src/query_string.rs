//! Query strings: a parameter that is not known, or has a value that is not, is an error, never an empty page.

#![allow(clippy::result_large_err, reason = "a problem is made once per refused request")]

use std::str::FromStr;

use crate::problem::{FieldError, Problem};

/// A query string, taken apart parameter by parameter; what is left at the end is unknown.
pub struct QueryString {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl QueryString {
    /// Takes a raw query string apart.
    ///
    /// # Errors
    /// `invalid_request` when it is not form-encoded.
    pub fn parse(raw: Option<&str>) -> Result<Self, Problem> {
        let pairs = serde_urlencoded::from_str(raw.unwrap_or(""))
            .map_err(|error| Problem::invalid("query", format!("cannot be read: {error}")))?;
        Ok(Self { pairs, errors: Vec::new() })
    }

    /// The value of a parameter, which stays where it is.
    pub fn peek(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Puts `value` in the place of whatever a parameter had.
    pub fn replace(&mut self, name: &str, value: String) {
        self.pairs.retain(|(key, _)| key != name);
        self.pairs.push((name.to_owned(), value));
    }

    /// Every value of a parameter that may stand several times, or hold a list with commas.
    pub fn many<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Vec<T> {
        let (taken, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(key, _)| key == name);
        self.pairs = rest;
        let taken: Vec<(String, String)> = taken;
        let words: Vec<String> = taken.iter().flat_map(|(_, value)| value.split(',')).map(str::to_owned).collect();
        words.iter().filter_map(|word| self.read(name, word)).collect()
    }

    /// The value of a parameter that may stand once.
    pub fn one<T: FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        self.read(name, &text)
    }

    /// A parameter that is true or false; empty, as in a form that nobody filled in, it is not there.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.one::<String>(name).as_deref() {
            None | Some("") => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => {
                self.refuse(name, "must be true or false".to_owned());
                None
            }
        }
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

    /// Notes that a parameter is wrong.
    pub fn refuse(&mut self, name: &str, message: String) {
        self.errors.push(FieldError { pointer: name.to_owned(), message });
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `invalid_request` with all that was wrong, and every parameter nobody asked for.
    pub fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.refuse(&name, "is not a parameter of this route".to_owned());
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Status;
    use crate::page::{Cursor, Limit};

    #[test]
    fn a_status_may_stand_several_times() {
        let mut query = QueryString::parse(Some("status=pending&status=expired,executed")).expect("well formed");
        assert_eq!(query.many::<Status>("status"), [Status::Pending, Status::Expired, Status::Executed]);
        assert!(query.finish().is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_parameter_is_said_once() {
        let mut query = QueryString::parse(Some("cursor=x&limit=0")).expect("well formed");
        query.one::<Cursor>("cursor");
        query.one::<Limit>("limit");
        let problem = query.finish().expect_err("neither can be");
        let expected = "cursor: is not one that this list gave out; leave it out to start from the beginning; \
                        limit: must be a whole number from 1 to 500";
        assert_eq!(problem.detail, expected);
    }

    #[test]
    fn what_is_not_known_is_an_error_and_not_an_empty_page() {
        let mut query = QueryString::parse(Some("status=waiting&colour=red")).expect("well formed");
        query.many::<Status>("status");
        let problem = query.finish().expect_err("neither is known");
        assert_eq!(problem.errors.len(), 2);
        assert!(problem.detail.contains("colour") && problem.detail.contains("waiting"));
    }
}
