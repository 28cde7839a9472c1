//! What is wrong with a JSON value, and where in it.
//!
//! Readers return a flaw with a path relative to what they were given; each caller adds the segment
//! it came through, so that a good document costs no path at all.

use std::borrow::Cow;
use std::fmt;

use interline_core::Error;

use super::position;

/// What is wrong with a JSON value, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Innermost segment first.
    segments: Vec<Segment>,
    problem: Cow<'static, str>,
}

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Segment {
    /// A key of an object.
    Key(String),
    /// A place in a list, from 0.
    Index(usize),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl Flaw {
    /// What is wrong, such as `must be text`.
    pub fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self {
            segments: Vec::new(),
            problem: problem.into(),
        }
    }

    /// A key that must be there and is not.
    #[must_use]
    pub fn missing(key: &str) -> Self {
        Self::new("field required").within(key)
    }

    /// Says through which key or index the value was reached.
    #[must_use]
    pub fn within(mut self, segment: impl Into<Segment>) -> Self {
        self.segments.push(segment.into());
        self
    }

    /// The path, such as `messages[0].content`.
    fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.segments.iter().rev() {
            if matches!(segment, Segment::Key(_)) && !path.is_empty() {
                path.push('.');
            }
            path.push_str(&segment.to_string());
        }
        path
    }

    /// The caller's mistake, with the path of the value.
    #[must_use]
    pub fn into_invalid_request(self) -> Error {
        self.invalid_request("")
    }

    /// The caller's mistake, with the path, line and column of the value in `body`.
    #[must_use]
    pub fn into_invalid_request_at(self, body: &[u8]) -> Error {
        let place = position::locate(body, self.segments.iter().rev());
        let place = place.map_or_else(String::new, |place| {
            format!(" (line {}, column {})", place.line, place.column)
        });
        self.invalid_request(&place)
    }

    fn invalid_request(self, place: &str) -> Error {
        match self.path() {
            path if path.is_empty() => {
                Error::invalid_request(format!("request body: {}{place}", self.problem))
            }
            path => {
                Error::invalid_request(format!("{path}: {}{place}", self.problem)).with_param(path)
            }
        }
    }

    /// The vendor's mistake: an answer that breaks the format. `what` names it.
    #[must_use]
    pub fn into_protocol(self, what: &str) -> Error {
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
    fn a_flaw_names_its_path_to_either_side() {
        let flaw = || Flaw::missing("name").within(0).within("parts");
        let error = flaw().into_invalid_request();
        assert_eq!(error.message(), "parts[0].name: field required");
        assert_eq!(error.param(), Some("parts[0].name"));
        let error = flaw().into_protocol("the answer");
        assert_eq!(error.message(), "the answer: parts[0].name: field required");
    }

    #[test]
    fn a_flaw_names_path_line_and_column() {
        let body = b"{\n  \"messages\": [\n    {\"content\": 5}\n  ]\n}";
        let flaw = Flaw::new("must be text")
            .within("content")
            .within(0)
            .within("messages");
        let error = flaw.into_invalid_request_at(body);
        assert_eq!(
            error.message(),
            "messages[0].content: must be text (line 3, column 17)"
        );
        assert_eq!(error.param(), Some("messages[0].content"));
    }

    #[test]
    fn a_missing_field_points_at_the_object_that_lacks_it() {
        let error = Flaw::missing("max_tokens").into_invalid_request_at(b" {}");
        assert_eq!(
            error.message(),
            "max_tokens: field required (line 1, column 2)"
        );
    }
}
