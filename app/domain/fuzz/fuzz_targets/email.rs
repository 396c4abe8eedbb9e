//! What passes as an address at a domain is one plain address there, and a rule that stops would have found it.
#![no_main]

use domain::constraint::{Compiled, Constraint, Quantifier};
use domain::json::Json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: String| {
    let constraint = Constraint::Email { domains: vec!["x.io".to_owned(), "*.x.io".to_owned()], addresses: vec![] };
    let own = Compiled::new(&constraint).expect("has no pattern");
    let stops = own.judge(&[Some(&Json::from(text.as_str()))], Quantifier::Any).is_ok();
    if own.judge(&[Some(&Json::from(text.as_str()))], Quantifier::Each).is_ok() {
        assert_eq!(text.matches('@').count(), 1);
        assert!(
            text.is_ascii() && !text.contains([' ', '\t', '\n', '\r', ',', ';', '<', '>', '"', '(', ')', ':', '\\'])
        );
        let lower = text.to_ascii_lowercase();
        assert!(lower.ends_with("@x.io") || lower.ends_with(".x.io"));
        assert!(stops);
    }
    // Something ahead of an address, or after it, does not hide it.
    let hidden = format!("{text} <a@x.io>");
    assert!(own.judge(&[Some(&Json::from(hidden))], Quantifier::Any).is_ok());
});
