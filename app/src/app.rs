//! The root: contexts that every page shares, and the routes.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::flash::{self, Flash};
use crate::live::{Clock, Live};
use crate::pages::approvals::ApprovalsPage;
use crate::pages::frame::FramePage;
use crate::pages::login::LoginPage;
use crate::pages::not_found::NotFoundPage;
use crate::theme::Theme;

/// The whole console. The same view is rendered on the server and hydrated in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Clock::new());
    provide_context(Live::new());
    // What a form that was posted without JavaScript came to: read once, on the server.
    provide_context(SharedValue::<Option<Flash>>::new(flash::take).into_inner());
    provide_context(RwSignal::new(SharedValue::new(Theme::current).into_inner()));
    view! {
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/") view=|| view! { <Redirect path="/approvals"/> } ssr=SsrMode::Async/>
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=FramePage ssr=SsrMode::Async>
                    <Route path=path!("/approvals/:id?") view=ApprovalsPage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
