//! The report: a table on the terminal, JSON, Markdown.

mod json;
mod markdown;
mod progress;
mod row;
mod table;

pub(crate) use json::write as json;
pub(crate) use markdown::write as markdown;
pub(crate) use progress::Progress;
pub(crate) use row::Report;
pub(crate) use table::print;
