//! A path that stays below a folder whoever reads it: no dot segments, no empty ones, nothing that a shell, a decoder or
//! the eye would take for something else.

use crate::text_safety;

/// Whether the path is strictly below the folder.
#[cfg(feature = "matcher")]
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    let rest = if folder == "/" {
        path.strip_prefix('/')
    } else {
        path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'))
    };
    rest.is_some_and(|rest| is_plain_text(path) && rest.split('/').all(is_plain))
}

/// Whether nothing in the text says another thing to another reader.
pub(super) fn is_plain_text(path: &str) -> bool {
    !path.contains(['\\', '%', '~', '$'])
        && !path.chars().any(|character| character.is_control() || text_safety::is_invisible(character))
}

/// A trailing dot or space is dropped by some file systems.
#[cfg(feature = "matcher")]
fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.ends_with(['.', ' ']) && !part.starts_with(' ')
}
