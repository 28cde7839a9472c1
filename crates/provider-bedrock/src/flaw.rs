//! What is wrong with a JSON value, and where in it.
//!
//! Readers return a flaw with a path relative to what they were given; each caller adds the segment
//! it came through, so that a good document costs no path at all.

use std::borrow::Cow;

use interline_core::Error;

/// What is wrong with a JSON value, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Innermost segment first.
    segments: Vec<Segment>,
    problem: Cow<'static, str>,
}

/// One step into a JSON value: a key or an index.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segment(String);

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self(index.to_string())
    }
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

    /// The path, such as `messages.0.content`.
    fn path(&self) -> String {
        let outermost_first: Vec<&str> = self.segments.iter().rev().map(|s| s.0.as_str()).collect();
        outermost_first.join(".")
    }

    /// The caller's mistake, with the path of the value.
    pub(crate) fn into_invalid_request(self) -> Error {
        match self.path() {
            path if path.is_empty() => {
                Error::invalid_request(format!("request body: {}", self.problem))
            }
            path => Error::invalid_request(format!("{path}: {}", self.problem)).with_param(path),
        }
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
    fn a_flaw_names_its_path_to_either_side() {
        let flaw = || Flaw::missing("name").within(0).within("content");
        let error = flaw().into_invalid_request();
        assert_eq!(error.message(), "content.0.name: field required");
        assert_eq!(error.param(), Some("content.0.name"));
        let error = flaw().into_protocol("the answer");
        assert_eq!(
            error.message(),
            "the answer: content.0.name: field required"
        );
    }
}
