//! The root: contexts that every page shares, and the routes.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

use crate::api::encoding::TextJson;
use crate::flash::{self, Flash};
use crate::live::{Clock, Live};
use crate::pages::approvals::ApprovalsPage;
use crate::pages::frame::Frame;

/// The whole console. The same view is rendered on the server and hydrated in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_context(Clock::new());
    provide_context(Live::new());
    // What a form that was posted without JavaScript came to: read once, on the server.
    provide_context(SharedValue::<Option<Flash>, TextJson>::new_with_encoding(flash::take).into_inner());
    view! { <Router>{routes()}</Router> }
}

#[cfg(feature = "ssr")]
fn routes() -> impl IntoView {
    use leptos_router::components::Redirect;

    use crate::pages::approvals::edit::EditPage;
    use crate::pages::approvals::groups::GroupsPage;
    use crate::pages::audit::{EntryPage, TrailPage};
    use crate::pages::full_view::FullViewPage;
    use crate::pages::login::LoginPage;
    use crate::pages::metrics::{FailedPage, MetricsPage};
    use crate::pages::not_found::NotFoundPage;
    use crate::pages::reference::ReferencePage;
    use crate::pages::rules::{RulePage, RulesPage, SheetPage};
    use crate::pages::settings::{
        AlertsPage, DatabasePage, PasswordPage, PeoplePage, PersonPage, PolicyPage, RetentionPage, SessionsPage,
        SettingsPage, TokensPage,
    };
    use crate::pages::tools::{ToolPage, ToolsPage};

    view! {
        <FlatRoutes fallback=NotFoundPage>
            <Route path=path!("/") view=|| view! { <Redirect path="/approvals"/> } ssr=SsrMode::Async/>
            <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async/>
            <Route path=path!("/approvals/rules") view=|| view! { <Frame><RulesPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/rules/new") view=|| view! { <Frame><SheetPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/rules/:id/replace") view=|| view! { <Frame><SheetPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/:id/rule") view=|| view! { <Frame><SheetPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/rules/:id") view=|| view! { <Frame><RulePage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/groups") view=|| view! { <Frame><GroupsPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/metrics/failed") view=|| view! { <Frame><FailedPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/metrics") view=|| view! { <Frame><MetricsPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/:id?") view=approvals ssr=SsrMode::Async/>
            <Route path=path!("/approvals/:id/full") view=|| view! { <Frame><FullViewPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/audit") view=|| view! { <Frame><TrailPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/audit/:seq") view=|| view! { <Frame><EntryPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/tools") view=|| view! { <Frame><ToolsPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/tools/:name") view=|| view! { <Frame><ToolPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/approvals/:id/edit") view=|| view! { <Frame><EditPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/api/docs") view=|| view! { <Frame><ReferencePage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings") view=|| view! { <Frame><SettingsPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/policy") view=|| view! { <Frame><PolicyPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/alerts") view=|| view! { <Frame><AlertsPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/database") view=|| view! { <Frame><DatabasePage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/people") view=|| view! { <Frame><PeoplePage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/people/:name") view=|| view! { <Frame><PersonPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/tokens") view=|| view! { <Frame><TokensPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/sessions") view=|| view! { <Frame><SessionsPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/retention") view=|| view! { <Frame><RetentionPage/></Frame> } ssr=SsrMode::Async/>
            <Route path=path!("/settings/password") view=|| view! { <Frame><PasswordPage/></Frame> } ssr=SsrMode::Async/>
        </FlatRoutes>
    }
}

/// Pages that nothing moves on are not taken over by the browser: see [`crate::shell::wakes_up`].
#[cfg(not(feature = "ssr"))]
fn routes() -> impl IntoView {
    view! {
        <FlatRoutes fallback=|| ()>
            <Route path=path!("/approvals/:id?") view=approvals ssr=SsrMode::Async/>
        </FlatRoutes>
    }
}

fn approvals() -> impl IntoView {
    view! { <Frame><ApprovalsPage/></Frame> }
}
