//! What two pages, or two parts of a page, share.

pub(crate) mod icon;
pub(crate) mod moment;
pub(crate) mod pieces;
pub(crate) mod problem_note;
pub(crate) mod tier;
