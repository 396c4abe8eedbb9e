//! What two pages, or two parts of a page, share.

pub(crate) mod came_of;
pub(crate) mod icon;
pub(crate) mod moment;
pub(crate) mod pieces;
pub(crate) mod problem_note;
#[cfg(feature = "ssr")]
pub(crate) mod text_area;
pub(crate) mod tier;
