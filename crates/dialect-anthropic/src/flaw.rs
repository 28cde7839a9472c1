//! What is wrong with a JSON value, and where in it.
//!
//! Readers return a flaw with a path relative to what they were given; each caller adds the segment
//! it came through, so that a good document costs no path at all.

use std::borrow::Cow;

use interline_core::Error;

use crate::position::{self, Segment};

/// What is wrong with a JSON value, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Innermost segment first.
    segments: Vec<Segment>,
    problem: Cow<'static, str>,
}

impl Flaw {
    pub(crate) fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self {
            segments: Vec::new(),
            problem: problem.into(),
        }
    }

    /// A key that must be there and is not.
    pub(crate) fn missing(key: &str) -> Self {
        Self::new("field required").within(key)
    }

    /// Says through which key or index the value was reached.
    pub(crate) fn within(mut self, segment: impl Into<Segment>) -> Self {
        self.segments.push(segment.into());
        self
    }

    /// The path as Anthropic writes it: `messages.0.content`.
    fn path(&self) -> String {
        let outermost_first: Vec<String> =
            self.segments.iter().rev().map(Segment::to_string).collect();
        outermost_first.join(".")
    }

    /// The caller's mistake, with the path, line and column of the value in `body`.
    pub(crate) fn into_invalid_request(self, body: &[u8]) -> Error {
        let path = self.path();
        let place = position::locate(body, self.segments.iter().rev());
        let place = place.map_or_else(String::new, |place| {
            format!(" (line {}, column {})", place.line, place.column)
        });
        if path.is_empty() {
            return Error::invalid_request(format!("request body: {}{place}", self.problem));
        }
        Error::invalid_request(format!("{path}: {}{place}", self.problem)).with_param(path)
    }

    /// The vendor's mistake: an answer that breaks the format. `what` names it.
    pub(crate) fn into_protocol(self, what: &str) -> Error {
        match self.path().as_str() {
            "" => Error::protocol(format!("{what}: {}", self.problem)),
            path => Error::protocol(format!("{what}: {path}: {}", self.problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_names_path_line_and_column() {
        let body = b"{\n  \"messages\": [\n    {\"content\": 5}\n  ]\n}";
        let flaw = Flaw::new("must be text")
            .within("content")
            .within(0)
            .within("messages");
        let error = flaw.into_invalid_request(body);
        assert_eq!(
            error.message(),
            "messages.0.content: must be text (line 3, column 17)"
        );
        assert_eq!(error.param(), Some("messages.0.content"));
    }

    #[test]
    fn a_missing_field_points_at_the_object_that_lacks_it() {
        let error = Flaw::missing("max_tokens").into_invalid_request(b" {}");
        assert_eq!(
            error.message(),
            "max_tokens: field required (line 1, column 2)"
        );
    }
}
