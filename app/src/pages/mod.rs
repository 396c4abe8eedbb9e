//! The pages, one folder or file each.

pub(crate) mod approvals;
pub(crate) mod frame;
pub(crate) mod login;
pub(crate) mod not_found;
