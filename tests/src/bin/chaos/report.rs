//! The report: a table on the terminal, JSON, Markdown, a web page.
//!
//! The sim tier makes a [`Report`]; its JSON is what other tiers add themselves to, and what pages are written from.

mod day;
mod document;
mod html;
mod json;
mod markdown;
mod progress;
mod row;
mod table;
mod targets;

pub(crate) use day::{print as print_day, value as day_json};
pub(crate) use document::Document;
pub(crate) use html::write as html;
pub(crate) use json::value as json;
pub(crate) use markdown::write as markdown;
pub(crate) use progress::Progress;
pub(crate) use row::Report;
pub(crate) use table::print;
