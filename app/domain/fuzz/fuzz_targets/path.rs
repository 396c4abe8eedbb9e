//! What passes as a path below a folder has no step that leads out of it.
#![no_main]

use domain::constraint::{Compiled, Constraint, Quantifier};
use domain::json::Json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: String| {
    let own = Compiled::new(&Constraint::Path { under: "/srv".to_owned() }).expect("has no pattern");
    for text in [text.clone(), format!("/srv/{text}")] {
        let stops = own.judge(&[Some(&Json::from(text.as_str()))], Quantifier::Any).is_ok();
        if own.judge(&[Some(&Json::from(text.as_str()))], Quantifier::Each).is_ok() {
            let rest = text.strip_prefix("/srv/").expect("is below");
            assert!(rest.split('/').all(|step| !matches!(step, "" | "." | "..")), "{text}");
            assert!(!text.contains(['\\', '%', '~', '$', '\n', '\0']));
            assert!(stops);
        }
    }
});
