//! `/approvals/rules` and below: standing rules, read, tried and ended, and the sheet that a rule is written on. Tables and
//! forms, which stay the HTML they were sent as.

mod detail;
mod list;
mod parts;
mod replay;
mod sheet;
mod trial;

pub(crate) use detail::RulePage;
pub(crate) use list::RulesPage;
pub(crate) use sheet::SheetPage;
pub use sheet::{PostedSheet, after_sheet, sheet_from};
