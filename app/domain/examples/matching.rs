//! How long one call is held against a thousand rules of its tool: `cargo run --release -p domain --features matcher
//! --example matching`. The aim is less than 200 µs for 99 of 100 calls where rules differ by whom they let pass.

#![allow(clippy::print_stdout, reason = "it measures and prints")]

use std::time::{Duration, Instant};

use domain::argument::ClassOverrides;
use domain::constraint::stored_constraint;
use domain::json::Json;
use domain::matching::{Classes, Matcher};
use domain::risk::RiskTier;
use domain::rule::{Definition, Effect, Unlisted};

const RULES: usize = 1_000;
const CALLS: usize = 500;

/// How the rules are called, and the one at each place.
type Kind = (&'static str, Box<dyn Fn(usize) -> Definition>);

fn main() {
    let rule = |effect, constraints: String| {
        let constraints = Json::parse_str(&constraints).expect("constraints are JSON");
        let members = constraints.as_object().unwrap_or_default().iter();
        let constraints =
            members.map(|(path, asked)| (path.parse().expect("a path"), stored_constraint(asked))).collect();
        let unlisted = Unlisted::Ignore;
        Definition { tool_name: "t".to_owned(), effect, constraints, unlisted, expires_at: None, max_uses: None }
    };
    let allow = Effect::Allow;
    let kinds: [Kind; 7] = [
        (
            "another address each",
            Box::new(move |at| rule(allow, format!(r#"{{"to":"a{at}@x.example","subject":"*"}}"#))),
        ),
        (
            "another domain each",
            Box::new(move |at| rule(allow, format!(r#"{{"to":{{"type":"email","domains":["x{at}.example"]}}}}"#))),
        ),
        (
            "another pattern each",
            Box::new(move |at| rule(allow, format!(r#"{{"subject":{{"type":"pattern","value":"Report {at} *x?"}}}}"#))),
        ),
        ("deep paths", Box::new(move |at| rule(allow, format!(r#"{{"meta.tags[*].id":{at}}}"#)))),
        ("each takes the call", Box::new(move |_| rule(allow, r#"{"to":"a7@x.example","subject":"*"}"#.to_owned()))),
        ("each lets all pass", Box::new(move |_| rule(allow, r#"{"to":"*"}"#.to_owned()))),
        (
            "each denies a domain",
            Box::new(move |at| {
                rule(Effect::Deny, format!(r#"{{"to":{{"type":"email","domains":["y{at}.example"]}}}}"#))
            }),
        ),
    ];
    let call = r#"{"to":"a7@x.example","subject":"Report 7 for you","body":"hello","urgent":false,"meta":{"tags":[{"id":1},{"id":2}]}}"#;
    let call = Json::parse_str(call).expect("arguments are JSON");
    let overrides = ClassOverrides::default();
    let classes = Classes::new(&overrides);
    for (name, definition) in kinds {
        let matchers: Vec<Matcher> =
            (0..RULES).map(|at| Matcher::new(&definition(at), RiskTier::Low, &overrides)).collect();
        let mut times: Vec<Duration> = Vec::with_capacity(CALLS);
        let mut fitting = 0;
        for _ in 0..CALLS {
            let started = Instant::now();
            fitting = matchers.iter().filter(|matcher| matcher.fits(&call, &classes)).count();
            times.push(started.elapsed());
        }
        times.sort_unstable();
        println!("{name:24} p50 {:>9.1?}  p99 {:>9.1?}  ({fitting} fit)", times[CALLS / 2], times[CALLS * 99 / 100]);
    }
}
