//! Collects every mistake of a file, so that one run shows them all.

use std::fmt::Write as _;

use interline_core::{Error, Result};

use super::located::Place;

/// The mistakes found so far.
#[derive(Debug)]
pub(super) struct Mistakes<'a> {
    source: &'a str,
    found: Vec<(Place, String)>,
}

impl<'a> Mistakes<'a> {
    pub(super) const fn new(source: &'a str) -> Self {
        Self {
            source,
            found: Vec::new(),
        }
    }

    /// Notes a mistake at `path`, such as `routes.chat.strategy`.
    pub(super) fn add(&mut self, path: &str, place: Place, message: impl AsRef<str>) {
        let text = format!("{path}: {}", message.as_ref());
        self.found.push((place, text));
    }

    /// Notes a mistake that is not at one place of the file.
    pub(super) fn add_without_place(&mut self, path: &str, message: impl AsRef<str>) {
        self.add(path, Place::default(), message);
    }

    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.found.len()
    }

    /// All mistakes, one per line, in the order of the file.
    pub(super) fn into_result(mut self) -> Result<()> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|(place, _)| *place);
        let mut message = String::new();
        for (place, text) in &self.found {
            if !message.is_empty() {
                message.push('\n');
            }
            message.push_str(&located(self.source, *place));
            // Writing to a string cannot fail.
            let _ = write!(message, ": {text}");
        }
        Err(Error::invalid_request(message))
    }
}

/// `file:line:column`, or the file alone where the place is unknown.
pub(super) fn located(source: &str, place: Place) -> String {
    if place.line == 0 {
        source.to_owned()
    } else {
        format!("{source}:{}:{}", place.line, place.column)
    }
}
