//! Whatever is read as a constraint is stored and read back as the same one; what is refused is refused with a reason;
//! a path has one spelling.
#![no_main]

use domain::constraint::{ArgumentPath, Asked, Compiled, Quantifier, read_constraints, stored_constraint};
use domain::json::Json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(json) = Json::parse(bytes) else { return };
    match read_constraints(&json) {
        Err(errors) => assert!(!errors.is_empty(), "refused without a word"),
        Ok(asked) => {
            assert_eq!(asked.len(), json.as_object().map_or(0, <[_]>::len), "none is lost");
            for (path, asked) in asked {
                assert_eq!(path.to_string().parse::<ArgumentPath>(), Ok(path));
                let Asked::Constraint(constraint) = asked else { continue };
                assert_eq!(stored_constraint(&constraint.to_json()), constraint);
                let _ = (constraint.words(), constraint.specificity(), constraint.pins(), constraint.holds_mark());
                let Ok(compiled) = Compiled::new(&constraint) else { continue };
                if compiled.judge(&[Some(&json)], Quantifier::Each).is_ok() {
                    assert!(compiled.judge(&[Some(&json)], Quantifier::Any).is_ok());
                }
            }
        }
    }
});
