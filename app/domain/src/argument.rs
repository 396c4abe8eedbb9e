//! Arguments as the console shows them: which are secret, which decide what a call does, and the typed rows of
//! the argument tree. Rows are built on the server and masked before they leave it.

mod class;
mod headline;
mod recipients;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use class::is_free_text;
pub use class::{ArgumentClass, ClassOverrides, classify};
pub(crate) use class::{Classifier, is_command, is_value_of_pair};
pub use headline::headline;
pub use recipients::recipients;
pub use rows::{ArgumentRow, ArgumentValue, Fold, argument_rows};
pub(crate) use rows::{shown as shown_name, value_rows};

/// The first `chars` characters, the last of them an ellipsis if there were more.
fn cut(text: &str, chars: usize) -> String {
    if text.chars().nth(chars).is_none() {
        return text.to_owned();
    }
    text.chars().take(chars - 1).chain(['…']).collect()
}
