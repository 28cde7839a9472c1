//! Where a vendor's API lives below its base URL.

use std::borrow::Cow;

use interline_core::ModelId;

use crate::endpoint;

/// Where a vendor's API lives below its base URL.
///
/// ```
/// use interline_dialect_openai::Endpoints;
///
/// let endpoints = Endpoints::new("deployments/{model}/chat/completions", "models")
///     .with_query("api-version=2024-10-21");
/// assert_eq!(
///     endpoints.chat("https://llm.example/base", &"gpt 4".into()),
///     "https://llm.example/base/deployments/gpt%204/chat/completions?api-version=2024-10-21"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    chat: Cow<'static, str>,
    health: Cow<'static, str>,
    query: Option<String>,
}

impl Endpoints {
    /// Chat calls go to the path `chat`, in which `{model}` stands for the model; `health` answers
    /// a free GET request that needs the key.
    pub fn new(chat: impl Into<Cow<'static, str>>, health: impl Into<Cow<'static, str>>) -> Self {
        Self {
            chat: chat.into(),
            health: health.into(),
            query: None,
        }
    }

    /// Adds a query, without its question mark, to every URL.
    #[must_use]
    pub fn with_query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Where chat calls for `model` go.
    #[must_use]
    pub fn chat(&self, base_url: &str, model: &ModelId) -> String {
        let path = endpoint::with_model(&self.chat, model);
        endpoint::url(base_url, &path, self.query.as_deref())
    }

    /// Where the vendor is asked whether it answers and the key holds.
    #[must_use]
    pub fn health(&self, base_url: &str) -> String {
        endpoint::url(base_url, &self.health, self.query.as_deref())
    }
}

impl Default for Endpoints {
    /// The reference's: `chat/completions` and `models`.
    fn default() -> Self {
        Self::new("chat/completions", "models")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_cannot_leave_its_segment() {
        let endpoints = Endpoints::new("d/{model}/chat", "models");
        assert_eq!(
            endpoints.chat("http://h/v1/", &"../a?b#c/é".into()),
            "http://h/v1/d/..%2Fa%3Fb%23c%2F%C3%A9/chat"
        );
        assert_eq!(endpoints.health("http://h"), "http://h/models");
    }

    #[test]
    fn the_reference_names_the_model_in_the_body_only() {
        let endpoints = Endpoints::default();
        assert_eq!(
            endpoints.chat("http://h/v1", &"m".into()),
            "http://h/v1/chat/completions"
        );
    }
}
