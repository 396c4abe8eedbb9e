//! The pages, one folder or file each.

pub mod approvals;
pub mod frame;
pub mod login;
pub mod not_found;
