//! A glob is refused or judges any text; a text turned into a glob takes itself and nothing else.
#![no_main]

use domain::constraint::{Compiled, Constraint, Quantifier, escape_glob};
use domain::json::Json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (String, String)| {
    let (glob, text) = texts;
    let takes = |glob: &str, text: &str| {
        let compiled = Compiled::new(&Constraint::Pattern(glob.to_owned()));
        compiled.map(|own| own.judge(&[Some(&Json::from(text))], Quantifier::Any).is_ok())
    };
    let _ = takes(&glob, &text);
    if !text.is_empty() {
        let escaped = escape_glob(&text);
        assert_eq!(takes(&escaped, &text), Ok(true));
        assert_eq!(takes(&escaped, &glob), Ok(glob == text));
    }
});
