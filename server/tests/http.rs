//! What holds for every request: who may come in, what is refused and in which form, what the answers carry.

mod common;

use std::time::Duration;

use common::Running;
use domain::identity::Scope;
use engine::identity::FirstSignIn;
use serde_json::{Value, json};

async fn problem(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    (status, response.json().await.expect("a problem"))
}

fn call() -> Value {
    json!({"tool_name": "send_email", "tool_args": {"to": "ana@example.com"}})
}

#[tokio::test]
async fn probes_answer_and_every_answer_has_an_identifier_and_protective_headers() {
    let running = Running::start().await;
    for path in ["/healthz", "/readyz", "/login", "/api/nothing"] {
        let response =
            running.request("GET", path).header("x-request-id", "trace-12345678").send().await.expect("an answer");
        let headers = response.headers();
        assert_eq!(headers["x-request-id"], "trace-12345678", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert!(headers.contains_key("content-security-policy"), "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_server_is_ready_once_somebody_can_sign_in() {
    let running = Running::start().await;
    let ready = async || running.request("GET", "/readyz").send().await.expect("an answer").status();
    assert_eq!(ready().await, 503);
    running.administrator_link().await;
    assert_eq!(ready().await, 200);
}

#[tokio::test]
async fn without_a_token_or_a_session_everything_of_the_api_is_401() {
    let running = Running::start().await;
    for (method, path) in [
        ("GET", "/api/approvals/actions"),
        ("POST", "/api/approvals/actions"),
        ("GET", "/api/approvals/metrics"),
        ("GET", "/api/approvals/events/stream"),
    ] {
        let response = running.request(method, path).json(&call()).send().await.expect("an answer");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let (status, problem) = problem(response).await;
        assert_eq!((status, &problem["code"]), (401, &"unauthenticated".into()), "{method} {path}");
        assert_eq!(problem["instance"], path);
    }
    for presented in ["cs_agent_x", "cs_agent_00000000000000000000000000000000_AAAA", "nonsense"] {
        let response =
            running.request("GET", "/api/approvals/actions").bearer_auth(presented).send().await.expect("an answer");
        assert_eq!(problem(response).await.0, 401, "{presented}");
    }
}

#[tokio::test]
async fn web_52_another_sites_request_with_a_session_is_refused_and_changes_nothing() {
    let running = Running::start().await;
    let cookie = running.session("ana").await;
    let path = "/api/approvals/actions";
    let foreign: [(&str, &str); 4] = [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for (name, value) in foreign {
        let request = running.request("POST", path).header("cookie", &cookie).header(name, value).json(&call());
        let (status, problem) = problem(request.send().await.expect("an answer")).await;
        assert_eq!((status, &problem["code"]), (403, &"cross_site_request".into()), "{name}: {value}");
    }
    let bare = running.request("POST", path).header("cookie", &cookie).json(&call()).send().await.expect("an answer");
    assert_eq!(problem(bare).await.0, 403, "neither Origin nor Sec-Fetch-Site");
    let form = running.request("POST", path).header("cookie", &cookie).header("origin", "https://evil.example");
    let form = form.header("content-type", "text/plain").body(call().to_string()).send().await.expect("an answer");
    assert_eq!(problem(form).await.0, 403, "JSON sent as text");

    let listed: Value = running
        .request("GET", path)
        .header("cookie", &cookie)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("a list");
    assert_eq!(listed["data"], json!([]));
    let own = running.request("POST", path).header("cookie", &cookie).header("origin", &running.url).json(&call());
    assert_eq!(own.send().await.expect("an answer").status(), 201);
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let running = Running::start().await;
    let token = running.token("agent", &[Scope::ActionsSubmit]).await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request =
            running.request("POST", "/api/approvals/actions").bearer_auth(&token).header("content-type", kind);
        let (status, problem) = problem(request.body(call().to_string()).send().await.expect("an answer")).await;
        assert_eq!((status, &problem["code"]), (415, &"unsupported_media_type".into()), "{kind}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_or_not_its_length_is_announced() {
    let running = Running::start().await;
    let token = running.token("agent", &[Scope::ActionsSubmit]).await;
    let large = json!({"tool_name": "x", "tool_args": {"text": "x".repeat(1_200_000)}}).to_string();
    let request = || {
        running.request("POST", "/api/approvals/actions").bearer_auth(&token).header("content-type", "application/json")
    };
    let (status, announced) = problem(request().body(large.clone()).send().await.expect("an answer")).await;
    assert_eq!((status, &announced["code"]), (413, &"too_large".into()));
    let pieces = futures::stream::iter(
        large.into_bytes().chunks(60_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>(),
    );
    let (status, streamed) =
        problem(request().body(reqwest::Body::wrap_stream(pieces)).send().await.expect("an answer")).await;
    assert_eq!((status, &streamed["code"]), (413, &"too_large".into()));
}

#[tokio::test]
async fn routes_that_are_not_there_are_problems_in_the_api_and_a_page_elsewhere() {
    let running = Running::start().await;
    let (status, missing) =
        problem(running.request("GET", "/api/approvals/nothing").send().await.expect("an answer")).await;
    assert_eq!((status, &missing["code"]), (404, &"not_found".into()));
    let (status, method) =
        problem(running.request("DELETE", "/api/approvals/actions").bearer_auth("x").send().await.expect("an answer"))
            .await;
    assert_eq!((status, &method["code"]), (405, &"method_not_allowed".into()));
    let cookie = running.session("ana").await;
    let page = running.request("GET", "/nothing/here").header("cookie", cookie).send().await.expect("an answer");
    assert_eq!(page.status(), 404);
    assert!(page.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
}

#[tokio::test]
async fn arguments_that_a_server_function_cannot_read_are_the_askers_mistake() {
    let running = Running::start().await;
    let cookie = running.session("ana").await;
    let response = running.request("GET", "/api/console/actions/list?nonsense=1").header("cookie", cookie).send().await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), 422);
    assert_eq!(response.json::<Value>().await.expect("a problem")["code"], "invalid_request");
}

#[tokio::test]
async fn a_database_that_is_away_is_told_as_such_to_programs_and_to_people() {
    let running = Running::start().await;
    running.administrator_link().await;
    let cookie = running.session("ana").await;
    running.server.engine().pool().close().await;
    let (status, told) = problem(
        running.request("GET", "/api/approvals/actions").header("cookie", &cookie).send().await.expect("an answer"),
    )
    .await;
    assert_eq!((status, &told["code"]), (503, &"unavailable".into()));
    let page = running
        .request("GET", "/approvals")
        .header("cookie", &cookie)
        .header("accept", "text/html,*/*")
        .send()
        .await
        .expect("an answer");
    assert_eq!((page.status().as_u16(), page.headers().contains_key("retry-after")), (503, true));
    assert!(page.text().await.expect("a page").contains("Nothing was changed; try again."));
    let ready = running.request("GET", "/readyz").send().await.expect("an answer");
    assert_eq!(ready.status(), 503);
    let alive = running.request("GET", "/healthz").send().await.expect("an answer");
    assert_eq!(alive.status(), 200);
}

#[tokio::test]
async fn the_first_link_signs_the_administrator_in_and_pages_know_them() {
    let running = Running::start().await;
    let FirstSignIn::Link(link) = running.administrator_link().await else { panic!("the database was empty") };
    let cookie =
        engine::identity::redeem_link(running.server.engine(), &link, &Default::default()).await.expect("a session");
    let signed_in = running
        .request("GET", "/approvals")
        .header("cookie", format!("cs_session={cookie}"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(signed_in.status(), 200);
    let stranger = running.request("GET", "/approvals").header("accept", "text/html").send().await.expect("an answer");
    assert_eq!(stranger.status(), 302);
    assert!(stranger.headers()["location"].to_str().expect("text").starts_with("/login"));
    assert_eq!(running.administrator_link().await, FirstSignIn::AlreadyThere);
}

#[tokio::test]
async fn a_stopping_server_lets_those_who_wait_go_at_once() {
    let running = Running::start().await;
    let token = running.token("agent", &[Scope::ActionsSubmit, Scope::ActionsRead, Scope::ActionsExecute]).await;
    let parked: Value = running
        .request("POST", "/api/approvals/actions")
        .bearer_auth(&token)
        .json(&call())
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("an action");
    let waits = [
        running.request(
            "GET",
            &format!("/api/approvals/actions/{}?wait=60", parked["data"]["id"].as_str().expect("an id")),
        ),
        running.request("GET", "/api/approvals/events/stream"),
        running.request("POST", "/api/approvals/executions/claim?wait=60").json(&json!({"tools": ["send_email"]})),
    ];
    let waiting = waits.map(|request| {
        let request = request.bearer_auth(&token);
        tokio::spawn(async move { request.send().await?.text().await })
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = std::time::Instant::now();
    running.server.stop().await.expect("it stops");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    for answer in waiting {
        answer.await.expect("no panic").expect("an orderly answer");
    }
}
