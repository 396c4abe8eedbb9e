//! The command line as somebody at a terminal, or a script, meets it.

mod common;

use std::io::Write;
use std::process::{Output, Stdio};

use common::{DataDir, Serve, countersign, text};

fn as_token(serve: &Serve, token: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = countersign()
        .args(arguments)
        .env("COUNTERSIGN_URL", &serve.url)
        .env("COUNTERSIGN_TOKEN", token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn token(directory: &DataDir, arguments: &[&str]) -> String {
    let output = directory.run(&[&["token", "create"], arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

#[test]
fn a_call_is_parked_listed_approved_and_rejected_from_the_command_line() {
    let directory = DataDir::new();
    let serve = Serve::start(&directory);
    let link = directory.run(&["user", "add", "ana"]);
    assert!(text(&link.stdout).contains("/login?link="), "{}", text(&link.stderr));
    let agent = token(&directory, &["--name", "bot", "--scope", "actions:submit,actions:read"]);
    let ana = token(&directory, &["--name", "ana-cli", "--scope", "actions:read,decisions:write", "--user", "ana"]);

    let document = r#"{"tool_name": "pay", "tool_args": {"amount": 9007199254740993, "factor": 1e400}}"#;
    let parked = as_token(&serve, &agent, &["park", "-"], document);
    assert!(parked.status.success(), "{}", text(&parked.stderr));
    assert!(text(&parked.stdout).contains(r#""amount":9007199254740993,"factor":1e400"#), "{}", text(&parked.stdout));
    let id = |output: &Output| text(&output.stdout).split_once(r#""id":""#).expect("an id").1[..36].to_owned();
    let first = id(&parked);
    let second = id(&as_token(&serve, &agent, &["park", "-"], document));

    let pending = as_token(&serve, &ana, &["pending"], "");
    assert_eq!(text(&pending.stdout).matches(r#""tool_name":"pay""#).count(), 2, "{}", text(&pending.stdout));

    let by_agent = as_token(&serve, &agent, &["approve", &first], "");
    assert_eq!(by_agent.status.code(), Some(1));
    assert!(text(&by_agent.stderr).contains("human_actor_required"), "{}", text(&by_agent.stderr));
    assert!(as_token(&serve, &ana, &["approve", &first, "--note", "fine"], "").status.success());
    assert!(as_token(&serve, &ana, &["reject", &second, "--reason", "not today"], "").status.success());
    let again = as_token(&serve, &ana, &["reject", &first, "--reason", "changed my mind"], "");
    assert!(text(&again.stderr).contains("already_decided"), "{}", text(&again.stderr));

    let whole = directory.run(&["audit", "verify"]);
    assert!(whole.status.success() && text(&whole.stdout).contains("The trail is whole."), "{}", text(&whole.stdout));
}

#[test]
fn what_is_asked_wrongly_ends_with_2_and_says_what_would_be_right() {
    let wrong: [(&[&str], &str); 6] = [
        (&["token", "create", "--name", "x", "--scope", "everything"], "everything"),
        (&["serve", "--sweep-seconds", "0"], "from 1 to 86400"),
        (&["serve", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (&["pending"], "COUNTERSIGN_TOKEN"),
        (&["approve", "not-an-id", "--token", "x"], "not-an-id"),
        (&["frobnicate"], "frobnicate"),
    ];
    for (arguments, said) in wrong {
        let output = countersign().args(arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(said), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_an_error_that_names_it() {
    let output =
        countersign().args(["pending", "--url", "http://127.0.0.1:1", "--token", "x"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("http://127.0.0.1:1/api/approvals does not answer"),
        "{}",
        text(&output.stderr)
    );
    let output = countersign()
        .args(["migrate", "--database-url", "postgres://app:s3cret@127.0.0.1:1/x"])
        .output()
        .expect("it runs");
    let said = text(&output.stderr);
    assert!(
        said.contains("127.0.0.1:1 cannot be reached") && said.contains("refused") && !said.contains("s3cret"),
        "{said}"
    );
}

#[test]
fn every_command_explains_itself() {
    for command in
        ["serve", "demo", "migrate", "user", "token", "park", "pending", "approve", "reject", "config", "audit"]
    {
        let output = countersign().args([command, "--help"]).output().expect("it runs");
        assert!(output.status.success() && text(&output.stdout).contains("Usage:"), "{command}");
    }
    let output = countersign().arg("--help").output().expect("it runs");
    assert!(text(&output.stdout).contains("Examples:"));
}
