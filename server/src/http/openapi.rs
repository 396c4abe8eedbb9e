//! The description of the REST interface (OpenAPI 3.1). What is particular to a route stands at its handler; what holds for
//! all of them is added here.

use std::sync::{Arc, LazyLock};

use app::reference::Reference;
use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::people::TokenStanding;
use domain::problem::Code;
use domain::query_string::QueryString;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::response::{ResponseBuilder, ResponsesBuilder};
use utoipa::openapi::schema::{Array, ArrayItems, Components};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{self, Content, ContentBuilder, Ref, RefOr, Required, Schema};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::problem::{ApiResult, Document};
use super::session::{COOKIE_NAME, Caller};
use super::{AppState, events, rest};

/// Where the routes of the interface are.
pub const BASE: &str = "/api/approvals";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "Calls of tools wait here until a person, or a standing rule that a person made, decides them. What was \
                       approved runs once, exactly as it was approved.\n\nTimes are RFC 3339 in UTC, rates are fractions from \
                       0 to 1, and numbers in arguments keep every digit. What is refused is answered with a problem document \
                       (RFC 9457) whose `code` is stable.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Document, TokenStanding)),
    security(("token" = []), ("session" = [])),
    tags(
        (name = "Actions", description = "Calls of tools: parked, listed, looked at."),
        (name = "Decisions", description = "What people decide about actions."),
        (name = "Executions", description = "Workers claim what is approved, run it, and report."),
        (name = "Rules", description = "What people decided once, for every call that fits."),
        (name = "Tools", description = "What is known of tools, how they are gated, who runs them."),
        (name = "Metrics", description = "Figures, health, incidents."),
        (name = "Audit trail", description = "Everything that happened, sealed."),
        (name = "Retention", description = "What is over is archived and purged."),
        (name = "Alerts", description = "Where messages about incidents go."),
        (name = "People and tokens", description = "Who may do what."),
        (name = "Settings", description = "What holds in this installation."),
    )
)]
struct Described;

/// The interface with the routes it describes; their paths are whole.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().nest(BASE, rest::router().merge(events::router()))
}

static DOCUMENT: LazyLock<openapi::OpenApi> = LazyLock::new(|| {
    let mut described = Described::openapi();
    described.merge(routes().into_openapi());
    complete(&mut described);
    described
});

/// The description.
pub fn document() -> &'static openapi::OpenApi {
    &DOCUMENT
}

/// The description as people read it.
pub fn reference() -> Arc<Reference> {
    static READ: LazyLock<Arc<Reference>> = LazyLock::new(|| Arc::new(super::reference::of(document())));
    Arc::clone(&READ)
}

/// The description as it is committed and served.
pub fn text() -> String {
    let mut text = document().to_pretty_json().expect("a description is plain data");
    text.push('\n');
    text
}

/// `/api/openapi.json`
pub fn router() -> Router<AppState> {
    async fn serve(State(_): State<AppState>, Caller(_): Caller) -> ApiResult<Response> {
        Ok(([(CONTENT_TYPE, "application/json")], text()).into_response())
    }
    Router::new().route("/api/openapi.json", get(serve))
}

/// Middleware: a query is refused where none is described. What may stand in a query that is, its handler reads.
pub async fn refuse_unasked(
    State(state): State<AppState>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let query = request.uri().query().filter(|_| !may_ask(request.method(), path.as_str()));
    if let Some(problem) = query.and_then(|query| QueryString::parse(Some(query)).and_then(QueryString::finish).err()) {
        // It must be known who asks before they are told anything.
        Caller::from_request_parts(&mut request.into_parts().0, &state).await?;
        return Err(problem.into());
    }
    Ok(next.run(request).await)
}

fn may_ask(method: &Method, path: &str) -> bool {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let item = document().paths.paths.get(path);
    let operation = item.and_then(|item| operations(item).find(|(own, _)| *own == method));
    // A method that is not described is refused for that.
    operation.is_none_or(|(_, operation)| takes(operation, &ParameterIn::Query))
}

/// The operations of a path, with their methods.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// What the content of a body or an answer looks like.
pub fn schema_of(content: &RefOr<Content>) -> Option<&RefOr<Schema>> {
    match content {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    }
}

/// Which component a reference leads to.
pub fn named_by(reference: &Ref) -> &str {
    reference.ref_location.rsplit('/').next().unwrap_or_default()
}

/// Whether an operation has parameters of this kind.
pub fn takes(operation: &Operation, kind: &ParameterIn) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == *kind,
        RefOr::Ref(_) => false,
    })
}

/// Adds what is true of every route.
fn complete(api: &mut openapi::OpenApi) {
    let components = api.components.get_or_insert_with(Components::new);
    components.add_security_scheme("token", bearer_token());
    components.add_security_scheme("session", session_cookie());
    for (name, status) in REFUSALS {
        components.responses.insert(name.to_owned(), RefOr::T(refusal(status)));
    }
    refer_to_names(components);
    null_is_json(components);
    for item in api.paths.paths.values_mut() {
        for (changes, operation) in [(false, &mut item.get), (true, &mut item.put), (true, &mut item.post)] {
            let Some(operation) = operation else { continue };
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                may_be_left_out(body, components);
            }
            add_refusals(operation, changes);
        }
    }
}

/// An envelope is generic, and holds a copy of what it is around: put what has a name in its place.
fn refer_to_names(components: &mut Components) {
    let named: Vec<_> = components.schemas.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    let refer = |schema: &mut RefOr<Schema>| {
        if let Some((name, _)) = named.iter().find(|(_, own)| own == schema) {
            *schema = Ref::from_schema_name(name).into();
        }
    };
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        match object.properties.get_mut("data").filter(|_| object.required.iter().any(|name| name == "meta")) {
            Some(RefOr::T(Schema::Array(Array { items: ArrayItems::RefOrSchema(items), .. }))) => refer(items),
            Some(data) => refer(data),
            None => {}
        }
    }
}

/// "Any JSON, or null" says `null` twice, and so fits it twice.
fn null_is_json(components: &mut Components) {
    let json = Ref::from_schema_name(domain::json::Json::name()).ref_location;
    let is_json = |item: &&RefOr<Schema>| matches!(item, RefOr::Ref(to) if to.ref_location == json);
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        for member in object.properties.values_mut() {
            if let RefOr::T(Schema::OneOf(one)) = member
                && let Some(any) = one.items.iter().find(is_json)
            {
                *member = any.clone();
            }
        }
    }
}

fn bearer_token() -> SecurityScheme {
    let description = "A token that an administrator or `countersign token create` made.";
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build())
}

fn session_cookie() -> SecurityScheme {
    let description = "A browser in which a person has signed in.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(COOKIE_NAME, description)))
}

/// No body says what an empty object says; where that is enough, none is asked for.
fn may_be_left_out(body: &mut RequestBody, components: &Components) {
    let Some(RefOr::Ref(schema)) = body.content.get("application/json").and_then(schema_of) else { return };
    if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get(named_by(schema))
        && object.required.is_empty()
    {
        body.required = Some(Required::False);
    }
}

/// Names of shared answers, and their statuses.
const REFUSALS: [(&str, u16); 10] = [
    ("Malformed", 400),
    ("Unauthenticated", 401),
    ("Forbidden", 403),
    ("NotFound", 404),
    ("Conflict", 409),
    ("TooLarge", 413),
    ("UnsupportedMediaType", 415),
    ("Invalid", 422),
    ("Internal", 500),
    ("Unavailable", 503),
];

fn add_refusals(operation: &mut Operation, changes: bool) {
    let body = operation.request_body.is_some();
    let named = takes(operation, &ParameterIn::Path);
    let told: Vec<String> = operation.responses.responses.keys().cloned().collect();
    let told_here = |status: u16| told.contains(&status.to_string());
    let mut responses = ResponsesBuilder::from(std::mem::take(&mut operation.responses));
    for (name, status) in REFUSALS {
        let holds = match status {
            400 | 413 | 415 => body,
            404 => named || told_here(404),
            409 => changes,
            _ => true,
        };
        if holds {
            responses = responses.response(status.to_string(), Ref::new(format!("#/components/responses/{name}")));
        }
    }
    operation.responses = responses.build();
}

/// The codes that a status carries, each with what it means.
fn refusal(status: u16) -> openapi::Response {
    let codes = Code::ALL.into_iter().filter(|code| code.http_status() == status);
    let meanings: Vec<_> = codes.map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let schema = Ref::from_schema_name("ProblemDocument");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(meanings.join(" ")).content("application/problem+json", content).build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all() -> impl Iterator<Item = (&'static str, &'static String, &'static Operation)> {
        document()
            .paths
            .paths
            .iter()
            .flat_map(|(path, item)| operations(item).map(move |(method, operation)| (method, path, operation)))
    }

    #[test]
    fn the_committed_description_is_that_of_the_handlers() {
        let committed = include_str!("../../openapi.json");
        assert!(
            committed == text(),
            "server/openapi.json is not up to date: run `make openapi`, and read what has changed"
        );
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
        let names: BTreeSet<_> = all().map(|(_, _, operation)| operation.operation_id.as_deref()).collect();
        assert_eq!(names.len(), all().count());
        for (method, path, operation) in all() {
            assert!(operation.summary.as_deref().is_some_and(|text| text.ends_with('.')), "{method} {path}");
            assert!(operation.tags.as_ref().is_some_and(|tags| tags.len() == 1), "{method} {path}");
        }
    }

    #[test]
    fn every_type_and_every_member_that_is_sent_has_a_meaning() {
        let api: serde_json::Value = serde_json::from_str(&text()).expect("it is JSON");
        let schemas = api["components"]["schemas"].as_object().expect("types");
        // What only wraps the others is made for each of them.
        let wraps = |name: &str| ["One_", "Page_"].iter().any(|of| name.starts_with(of));
        for (name, schema) in schemas.iter().filter(|(name, _)| !wraps(name)) {
            assert!(schema["description"].is_string(), "{name}");
        }
        let bodies = all().filter_map(|(.., operation)| match operation.request_body.as_ref()? {
            RefOr::T(body) => body.content.get("application/json"),
            RefOr::Ref(_) => None,
        });
        for body in bodies.filter_map(schema_of) {
            let RefOr::Ref(reference) = body else { continue };
            let name = named_by(reference);
            for (member, schema) in schemas[name]["properties"].as_object().into_iter().flatten() {
                assert!(says_what_it_is(schema), "{name}: {member}");
            }
        }
    }

    /// A reference in the place of a description is described where it leads.
    fn says_what_it_is(schema: &serde_json::Value) -> bool {
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        schema["description"].is_string() || schema["$ref"].is_string() || choices.into_iter().any(says_what_it_is)
    }

    #[test]
    fn it_speaks_of_json_and_not_of_rust() {
        let text = text();
        for word in ["[`", "::", "`None`", "`Some", "&str"] {
            let place = text.find(word).map(|place| &text[place.saturating_sub(80)..place]);
            assert_eq!(place, None, "{word}");
        }
    }

    #[test]
    fn every_schema_that_is_referred_to_is_there() {
        let text = text();
        let components = document().components.as_ref().expect("there are schemas");
        for reference in text.split("\"#/components/").skip(1) {
            let (kind, name) =
                reference.split('"').next().and_then(|path| path.split_once('/')).expect("kind and name");
            let there = match kind {
                "schemas" => components.schemas.contains_key(name),
                "responses" => components.responses.contains_key(name),
                _ => false,
            };
            assert!(there, "{kind}/{name}");
        }
    }
}
