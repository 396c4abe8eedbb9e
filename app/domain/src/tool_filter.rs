//! Which tools a list holds, as a query string says it: the same words in the API and in the console's address.

use crate::filter::{after, page_of};
use crate::page::Limit;
use crate::query_string::QueryString;

/// The words of [`crate::tool::Gating`].
const GATINGS: [&str; 4] = ["gated", "open", "paused", "blocked"];

/// A filter. What is empty or `None` holds everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolFilter {
    /// A part of the name, in capitals or not.
    pub name: Option<String>,
    /// How calls are gated now: a bypass that has ended is none.
    pub gating: Option<&'static str>,
    pub reviewed: Option<bool>,
    /// The name after which the page begins.
    pub after: Option<String>,
    pub offset: i64,
    pub limit: Limit,
}

impl ToolFilter {
    /// Takes a filter's parameters out of a query string. What is wrong with them is noted there.
    pub fn read(query: &mut QueryString) -> Self {
        let name = query.one::<String>("name").filter(|name| !name.is_empty());
        if name.as_ref().is_some_and(|name| name.contains('\0')) {
            query.refuse("name", "holds a NUL character".to_owned());
        }
        let word = query.one::<String>("gating");
        let gating = word.as_deref().and_then(|word| GATINGS.into_iter().find(|gating| *gating == word));
        if gating.is_none() && word.is_some_and(|word| !word.is_empty()) {
            query.refuse("gating", format!("must be one of {}", GATINGS.join(", ")));
        }
        let reviewed = query.flag("reviewed");
        let after = after(query, name_of);
        let (offset, limit) = page_of(query);
        Self { name, gating, reviewed, after, offset, limit }
    }

    /// The cursor of a page that ends with the tool of this name.
    pub fn cursor(name: &str) -> String {
        hex::encode(name)
    }
}

fn name_of(cursor: &str) -> Option<String> {
    String::from_utf8(hex::decode(cursor).ok()?).ok().filter(|name| !name.contains('\0') && hex::encode(name) == cursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn read(raw: &str) -> Result<ToolFilter, Problem> {
        let mut query = QueryString::parse(Some(raw))?;
        let filter = ToolFilter::read(&mut query);
        query.finish().map(|()| filter)
    }

    #[test]
    fn every_parameter_is_read() {
        let cursor = ToolFilter::cursor("send/ü");
        let filter = read(&format!("name=mail&gating=paused&reviewed=false&limit=7&cursor={cursor}")).unwrap();
        assert_eq!(
            (filter.name.as_deref(), filter.gating, filter.reviewed),
            (Some("mail"), Some("paused"), Some(false))
        );
        assert_eq!((filter.after.as_deref(), filter.limit.get()), (Some("send/ü"), 7));
        assert_eq!(
            read("name=&gating=&reviewed=").unwrap(),
            ToolFilter::default(),
            "an empty form asks for everything"
        );
    }

    #[test]
    fn what_is_wrong_is_named_and_never_ignored() {
        for (raw, pointer) in [
            ("gating=closed", "gating"),
            ("reviewed=yes", "reviewed"),
            ("cursor=zz", "cursor"),
            ("cursor=FF", "cursor"),
            ("limit=0", "limit"),
            ("offset=-1", "offset"),
            ("name=%00", "name"),
            ("colour=red", "colour"),
        ] {
            assert_eq!(read(raw).unwrap_err().errors[0].pointer, pointer, "{raw}");
        }
    }
}
