//! Constraints of one rule that no call can meet together.

use crate::constraint::{ArgumentPath, Constraint, Exact, Quantifier, Segment, Stated};
use crate::json::Json;
use crate::rule::Definition;

/// The path at which the rule asks what another of its constraints rules out. Nothing found proves nothing. For rules
/// that let pass: they ask every value.
pub(super) fn contradiction(definition: &Definition) -> Option<ArgumentPath> {
    let all = &definition.constraints;
    let clash = |(path, own): &&(ArgumentPath, Constraint)| {
        is_no_address(own)
            || all.iter().any(|(other, asked)| (other, asked) != (path, own) && rules_out((other, asked), (path, own)))
    };
    all.iter().find(clash).map(|(path, _)| path.clone())
}

/// Whether a pattern asks for a plain address that holds a space.
fn is_no_address(constraint: &Constraint) -> bool {
    matches!(constraint, Constraint::Pattern(glob) if glob.contains('@') && glob.contains(' ') && !glob.contains('['))
}

/// Whether what is asked `above` leaves no value that could do at or inside of it.
fn rules_out(above: (&ArgumentPath, &Constraint), (path, own): (&ArgumentPath, &Constraint)) -> bool {
    let (start, depth) = (above.0.segments(), above.0.segments().len());
    let Some(steps) = path.segments().get(..depth) else { return false };
    let same = start == steps;
    let fits = |value: &Json| {
        let stated = Stated { constraint: own, of: Quantifier::Each };
        path.select_below(depth, value).iter().all(|found| stated.may_take(*found))
    };
    if path.segments().len() == depth {
        // `to[0]` is one of `to[*]`: what is asked of each is asked of it.
        let one_of = start.iter().zip(steps).all(|(each, one)| each.takes(one));
        return match (one_of, above.1, own) {
            (true, asked, Constraint::Exact(Exact::Value(value))) => {
                !Stated { constraint: asked, of: Quantifier::Each }.may_take(Some(value))
            }
            _ => false,
        };
    }
    let needs_something = !own.holds_always() && *own != Constraint::Absent;
    match above.1 {
        _ if !same => false,
        Constraint::Exact(Exact::Value(value)) => !fits(value),
        Constraint::Absent => needs_something,
        Constraint::Pattern(_) if above.1.holds_always() => false,
        Constraint::Pattern(_)
        | Constraint::Regex(_)
        | Constraint::Range { .. }
        | Constraint::Email { .. }
        | Constraint::Url { .. }
        | Constraint::Path { .. }
        | Constraint::Length { .. } => needs_something && matches!(path.segments()[depth], Segment::Name(_)),
        _ => false,
    }
}
