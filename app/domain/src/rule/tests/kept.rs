//! Masking never changes what is stored.

use proptest::prelude::*;

use super::*;
use crate::constraint::{Compiled, Quantifier, same_value, stored_constraint};
use crate::redaction::mask_json;
use crate::redaction::tests::any_arguments;

/// Every path of the arguments that leads to one value.
fn paths(args: &Json) -> Vec<ArgumentPath> {
    fn walk(path: &ArgumentPath, value: &Json, found: &mut Vec<ArgumentPath>) {
        use crate::constraint::Segment::{At, Name};
        found.push(path.clone());
        match value {
            Json::Object(members) => {
                members.iter().for_each(|(name, value)| walk(&path.then(Name(name.clone())), value, found))
            }
            Json::Array(items) => items.iter().enumerate().for_each(|(at, item)| walk(&path.then(At(at)), item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (name, value) in args.as_object().unwrap_or_default() {
        walk(&ArgumentPath::argument(name), value, &mut found);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_rule_holds_for_the_very_value_and_for_no_other_although_nobody_sees_it(args in any_arguments(), other in any_arguments()) {
        let masked = mask_json(&args, &ClassOverrides::default());
        let all = paths(&args);
        for path in &all {
            let asked = Draft { constraints: vec![(path.clone(), Asked::FromAction)], ..draft("{}") };
            let ground = Ground { tier: RiskTier::Low, overrides: &ClassOverrides::default(), now: now(), from: Some(&args) };
            let rule = accept(asked, &ground).unwrap();
            let own = stored_constraint(&only(&rule).to_json());
            prop_assert_eq!(&own, only(&rule), "it is read back as it was kept");
            let value = path.select_one(&args).unwrap();
            let compiled = Compiled::new(&own).unwrap();
            prop_assert!(compiled.judge(&[Some(value)], Quantifier::Each).is_ok());
            for another in all.iter().filter_map(|path| path.select_one(&args)).chain([&other, &masked]) {
                let holds = compiled.judge(&[Some(another)], Quantifier::Each).is_ok();
                prop_assert_eq!(holds, same_value(value, another), "{}", path);
            }
            if let Some(shown) = path.select_one(&masked) {
                let hidden = shown != value;
                prop_assert_eq!(hidden, matches!(own, Constraint::Exact(Exact::Kept { .. })), "{}", path);
                prop_assert!(!hidden || compiled.judge(&[Some(shown)], Quantifier::Each).is_err(), "what is shown is not what is asked");
            }
        }
    }
}
