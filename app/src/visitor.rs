//! What the server tells the console about a request. The server builds these and hands them to Leptos as
//! contexts; server functions read them and nothing else of the request but its cookies.

use domain::identity::{Principal, Scope};
use leptos::prelude::use_context;
use uuid::Uuid;

/// Who is asking, from where.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// `None`: not signed in.
    pub principal: Option<Principal>,
    /// The session behind the cookie.
    pub session_id: Option<Uuid>,
    /// Where the request came from, for the trail and the throttle.
    pub address: String,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// Whether cookies are marked `Secure`: the public address is https.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecureCookies(pub bool);

/// Whether whoever looks at the page may make and end rules.
pub(crate) fn may_make_rules() -> bool {
    use_context::<Visitor>().and_then(|visitor| visitor.principal).is_some_and(|own| own.may(Scope::RulesWrite))
}
