//! The pages, one folder or file each.

pub(crate) mod approvals;
#[cfg(feature = "ssr")]
pub(crate) mod audit;
pub(crate) mod frame;
#[cfg(feature = "ssr")]
pub(crate) mod full_view;
#[cfg(feature = "ssr")]
pub(crate) mod login;
#[cfg(feature = "ssr")]
pub(crate) mod metrics;
#[cfg(feature = "ssr")]
pub(crate) mod not_found;
#[cfg(feature = "ssr")]
pub(crate) mod reference;
#[cfg(feature = "ssr")]
pub(crate) mod rules;
#[cfg(feature = "ssr")]
pub(crate) mod settings;
#[cfg(feature = "ssr")]
pub(crate) mod tools;
