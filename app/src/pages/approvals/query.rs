//! What the queue shows, as its URL says it. Words are kept as they came: the server judges them, so that a
//! mistyped filter is named instead of showing an empty page.

use domain::id::ActionId;
use domain::lifecycle::Status;
use domain::page::Sort;
use leptos_router::location::Url;
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

use crate::local_path::escape;

/// The filter that holds every state.
pub(crate) const ALL: &str = "all";

/// Parameters that narrow the list beside its state: the API's own names.
pub(crate) const NARROWING: [&str; 16] = [
    "q",
    "tool_name",
    "risk_tier",
    "session_id",
    "agent",
    "since",
    "until",
    "expiring_within_hours",
    "rule_id",
    "decided_since",
    "decided_until",
    "decided_by",
    "executed_since",
    "executed_until",
    "execution_state",
    "gated",
];

/// Filter, order and place in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Query {
    status: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
    /// Which of [`NARROWING`] stand in the address, and their values.
    narrowing: Vec<(String, String)>,
}

impl Query {
    /// Reads the URL's parameters.
    pub(crate) fn of(params: &ParamsMap) -> Self {
        Self::read(|name| params.get(name))
    }

    /// Reads the parameters out of a path such as [`Query::href`] writes; without any it is the pending queue.
    #[cfg_attr(not(any(feature = "ssr", test)), allow(dead_code))]
    pub(crate) fn of_url(url: &str) -> Self {
        let (_, search) = url.split_once('?').unwrap_or_default();
        Self::read(|wanted| {
            let mut pairs = search.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == wanted).map(|(_, value)| Url::unescape(&value.replace('+', " ")))
        })
    }

    fn read(value: impl Fn(&str) -> Option<String>) -> Self {
        let word = |name: &str| value(name).filter(|word| !word.is_empty());
        let narrowing = NARROWING.iter().filter_map(|name| Some(((*name).to_owned(), word(name)?))).collect();
        Self { status: word("status"), sort: word("sort"), cursor: word("cursor"), narrowing }
    }

    pub(crate) fn status(&self) -> &str {
        self.status.as_deref().unwrap_or(Status::Pending.as_str())
    }

    /// What waits is shown oldest first; what is over, newest first.
    pub(crate) fn sort(&self) -> &str {
        self.sort.as_deref().unwrap_or_else(|| self.default_sort().as_str())
    }

    fn default_sort(&self) -> Sort {
        if self.shows_pending() { Sort::Oldest } else { Sort::Newest }
    }

    /// Whether the list is of actions that wait for a decision.
    pub(crate) fn shows_pending(&self) -> bool {
        self.status() == Status::Pending.as_str()
    }

    /// Whether this is the first page.
    pub(crate) const fn is_first_page(&self) -> bool {
        self.cursor.is_none()
    }

    /// What narrows the list, beside its state.
    pub(crate) fn narrowing(&self) -> &[(String, String)] {
        &self.narrowing
    }

    /// All actions of a session, in order.
    pub(crate) fn of_session(session: &str) -> Self {
        Self {
            status: Some(ALL.to_owned()),
            sort: Some(Sort::Oldest.as_str().to_owned()),
            cursor: None,
            narrowing: vec![("session_id".to_owned(), session.to_owned())],
        }
    }

    /// What waits of a tool's calls.
    #[cfg(feature = "ssr")]
    pub(crate) fn of_tool(tool: &str) -> Self {
        Self { narrowing: vec![("tool_name".to_owned(), tool.to_owned())], ..Self::default() }
    }

    /// What a standing rule decided.
    #[cfg(feature = "ssr")]
    pub(crate) fn of_rule(rule: domain::id::RuleId) -> Self {
        Self { narrowing: vec![("rule_id".to_owned(), rule.to_string())], ..Self::default() }
    }

    /// What stands in the field of that name in a form that leads here: as in the URL, where what is the default is left
    /// out.
    #[cfg(any(feature = "ssr", test))]
    pub(crate) fn field(&self, name: &str) -> String {
        let parameters = self.parameters();
        let mut pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| Url::unescape(value)).unwrap_or_default()
    }

    /// The same list without one of the parameters that narrow it.
    pub(crate) fn without(&self, name: &str) -> Self {
        let narrowing = self.narrowing.iter().filter(|(key, _)| key != name).cloned().collect();
        Self { narrowing, cursor: None, ..self.clone() }
    }

    /// Other states, as narrow as before, from the start.
    pub(crate) fn with_status(&self, status: &str) -> Self {
        Self { status: Some(status.to_owned()), sort: None, cursor: None, ..self.clone() }
    }

    /// The same states in another order, from the start.
    pub(crate) fn with_sort(&self, sort: Sort) -> Self {
        Self { sort: Some(sort.as_str().to_owned()), cursor: None, ..self.clone() }
    }

    /// The page after `cursor`; `None`: the first.
    pub(crate) fn at(&self, cursor: Option<String>) -> Self {
        Self { cursor, ..self.clone() }
    }

    /// The URL that shows this list, with an action open or not.
    pub(crate) fn href(&self, open: Option<ActionId>) -> String {
        let mut url = String::from("/approvals");
        if let Some(id) = open {
            url.push('/');
            url.push_str(&id.to_string());
        }
        let parameters = self.parameters();
        if !parameters.is_empty() {
            url.push('?');
            url.push_str(&parameters);
        }
        url
    }

    /// The parameters as they stand in the URL. What is the default is left out.
    pub(crate) fn parameters(&self) -> String {
        let status = Some(self.status()).filter(|word| *word != Status::Pending.as_str());
        let sort = Some(self.sort()).filter(|word| *word != self.default_sort().as_str());
        let mut parameters = String::new();
        let mut add = |name: &str, value: &str| {
            if !parameters.is_empty() {
                parameters.push('&');
            }
            parameters.push_str(name);
            parameters.push('=');
            parameters.push_str(&escape(value));
        };
        for (name, value) in [("status", status), ("sort", sort), ("cursor", self.cursor.as_deref())] {
            if let Some(value) = value {
                add(name, value);
            }
        }
        self.narrowing.iter().for_each(|(name, value)| add(name, value));
        parameters
    }

    /// The URL of a page about the open action: `edit`, `rule`.
    pub(crate) fn href_of(&self, open: ActionId, page: &str) -> String {
        self.href(Some(open)).replacen(&open.to_string(), &format!("{open}/{page}"), 1)
    }
}

// The router's URL functions reach for the browser unless they are built for the server.
#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_plain_queue_has_a_plain_address() {
        assert_eq!(Query::default().href(None), "/approvals");
        assert_eq!(Query::default().with_status("pending").href(None), "/approvals");
    }

    #[test]
    fn an_address_restores_what_it_was_made_from() {
        let queries = [
            Query::default(),
            Query::default().with_status("executed"),
            Query::default().with_sort(Sort::Urgency).at(Some("00ff".to_owned())),
            Query::default().with_status(ALL).with_sort(Sort::Oldest),
            Query::default().with_status("a&sort=b c"),
        ];
        for query in queries {
            let read = Query::of_url(&query.href(None));
            assert_eq!(read.href(None), query.href(None));
            assert_eq!((read.status(), read.sort(), &read.cursor), (query.status(), query.sort(), &query.cursor));
        }
    }

    #[test]
    fn a_form_that_leads_here_says_no_more_than_the_address() {
        let fields = |query: &Query| ["status", "sort", "q"].map(|name| query.field(name));
        assert_eq!(fields(&Query::of_url("/approvals?status=pending&sort=requested_at")), ["", "", ""]);
        assert_eq!(fields(&Query::of_url("/approvals?status=all&sort=urgency&q=ana")), ["all", "urgency", "ana"]);
    }

    #[test]
    fn a_new_filter_starts_from_the_first_page_in_its_own_order() {
        let query = Query::default().with_sort(Sort::Urgency).at(Some("00ff".to_owned())).with_status("executed");
        assert_eq!(query.sort(), Sort::Newest.as_str());
        assert!(query.is_first_page());
    }

    #[test]
    fn what_narrows_the_list_stays_when_its_state_changes_and_goes_one_by_one() {
        let query = Query::of_url("/approvals?q=ana+example&tool_name=send_email&colour=red&cursor=00ff");
        let executed = query.with_status("executed");
        assert_eq!(executed.href(None), "/approvals?status=executed&q=ana%20example&tool_name=send_email");
        assert_eq!(executed.without("q").href(None), "/approvals?status=executed&tool_name=send_email");
    }
}
