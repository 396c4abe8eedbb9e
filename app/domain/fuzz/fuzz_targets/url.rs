//! What passes as a URL at a host starts with that host and holds no user information.
#![no_main]

use domain::constraint::{Compiled, Constraint, Quantifier};
use domain::json::Json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: String| {
    let constraint = Constraint::Url { hosts: vec!["x.io".to_owned()], schemes: vec!["https".to_owned()] };
    let own = Compiled::new(&constraint).expect("has no pattern");
    for text in [text.clone(), format!("https://{text}"), format!("https://x.io{text}")] {
        let stops = own.judge(&[Some(&Json::from(text.as_str()))], Quantifier::Any).is_ok();
        if own.judge(&[Some(&Json::from(text.as_str()))], Quantifier::Each).is_ok() {
            let rest = text.to_ascii_lowercase().strip_prefix("https://x.io").map(str::to_owned);
            assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#'])), "{text}");
            assert!(text.is_ascii() && !text.contains(['@', '\\', ' ', '\t', '\n']));
            assert!(stops);
        }
    }
});
