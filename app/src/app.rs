//! The root: contexts that every page shares, and the routes.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::{SsrMode, path};

use crate::flash::{self, Flash};
use crate::live::{Clock, Live};
use crate::pages::approvals::ApprovalsPage;
use crate::pages::frame::Frame;
use crate::pages::login::LoginPage;
use crate::pages::not_found::NotFoundPage;
use crate::theme::Theme;

/// The whole console. The same view is rendered on the server and hydrated in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_context(Clock::new());
    provide_context(Live::new());
    // What a form that was posted without JavaScript came to: read once, on the server.
    provide_context(SharedValue::<Option<Flash>>::new(flash::take).into_inner());
    provide_context(RwSignal::new(SharedValue::new(Theme::current).into_inner()));
    view! {
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=|| view! { <Redirect path="/approvals"/> } ssr=SsrMode::Async/>
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async/>
                <Route
                    path=path!("/approvals/:id?")
                    view=|| view! { <Frame><ApprovalsPage/></Frame> }
                    ssr=SsrMode::Async
                />
            </FlatRoutes>
        </Router>
    }
}
