//! Changing a call before it is approved. What is edited is what was *shown*: the masked call. Whatever the person leaves
//! alone keeps its very bytes (digits, order of keys, secrets that nobody saw); a changed value keeps its type unless
//! another one was chosen; and the mark that stands for a secret never becomes a value.
//!
//! An edit is a list of [`Change`]s by path. A form is read into one ([`read`]), a whole new object is one change at the
//! root, and [`apply`] makes the new arguments of either. [`differences`] tells what became of what.

mod apply;
mod change;
mod differences;
mod escape;
mod form;
mod read;
mod restore;
mod shown;
#[cfg(test)]
mod tests;

pub use apply::apply;
pub use change::Change;
pub use differences::{Difference, differences, rows_of};
pub(crate) use escape::{json_text, needs_escapes};
pub use form::{Field, Form, Kept, Kind, form};
pub use read::{Posted, Refused, read};

/// One step further in a JSON pointer (RFC 6901).
fn within(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}
