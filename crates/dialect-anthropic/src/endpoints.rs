//! Where a vendor's Messages API lives below its base URL.

use std::borrow::Cow;
use std::fmt::Write as _;

use interline_core::ModelId;
use interline_transport::join_url;

use crate::Mode;

/// What stands for the model in a path.
const MODEL: &str = "{model}";

/// Where a vendor's Messages API lives below its base URL. In a path, `{model}` stands for the model.
///
/// ```
/// use interline_dialect_anthropic::Endpoints;
///
/// let endpoints = Endpoints::new("{model}:ask", "{model}:streamAsk", "count");
/// assert_ne!(endpoints, Endpoints::default());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    whole: Cow<'static, str>,
    streamed: Cow<'static, str>,
    count: Cow<'static, str>,
}

impl Endpoints {
    /// Whole answers come from the path `whole`, streams from `streamed`, and tokens are counted at
    /// `count`.
    pub fn new(
        whole: impl Into<Cow<'static, str>>,
        streamed: impl Into<Cow<'static, str>>,
        count: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            whole: whole.into(),
            streamed: streamed.into(),
            count: count.into(),
        }
    }

    pub(crate) fn messages(&self, base_url: &str, model: &ModelId, mode: Mode) -> String {
        let path = match mode {
            Mode::Unary => &self.whole,
            Mode::Stream => &self.streamed,
        };
        join_url(
            base_url,
            &path.replace(MODEL, &path_segment(model.as_str())),
        )
    }

    pub(crate) fn count(&self, base_url: &str, model: &ModelId) -> String {
        let path = self.count.replace(MODEL, &path_segment(model.as_str()));
        join_url(base_url, &path)
    }
}

impl Default for Endpoints {
    /// Anthropic's own: `v1/messages` and `v1/messages/count_tokens`.
    fn default() -> Self {
        Self::new("v1/messages", "v1/messages", "v1/messages/count_tokens")
    }
}

/// A name as one segment of a path: what has a meaning there is percent-encoded.
pub(crate) fn path_segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_cannot_leave_its_segment() {
        let endpoints = Endpoints::new("models/{model}:ask", "models/{model}:stream", "count");
        let url = |mode| endpoints.messages("http://h/p/", &"a@1/../b?c".into(), mode);
        assert_eq!(url(Mode::Unary), "http://h/p/models/a@1%2F..%2Fb%3Fc:ask");
        assert_eq!(
            url(Mode::Stream),
            "http://h/p/models/a@1%2F..%2Fb%3Fc:stream"
        );
        assert_eq!(endpoints.count("http://h", &"a".into()), "http://h/count");
    }
}
