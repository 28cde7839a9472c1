//! Makes a connection to the Gemini API from code.

use std::fmt;

use http::{HeaderMap, HeaderName, header};
use interline_core::{Feature, ProviderSet, Result};
use interline_dialect_gemini::{GenerateContentAdapter, Quirks};
use interline_transport::{ConnectionParts, connection_setters, missing_key, secret_header};

use crate::Google;

/// The kind's name, which is also a connection's name where none is given.
pub(crate) const KIND: &str = "google";

/// Where the Gemini API lives.
const BASE_URL: &str = "https://generativelanguage.googleapis.com/v1beta";

/// The environment variable that usually holds the key.
pub(crate) const KEY_VARIABLE: &str = "GEMINI_API_KEY";

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// Makes a connection to the Gemini API; everything but the key has a default.
pub struct GoogleBuilder {
    connection: ConnectionParts,
}

impl Default for GoogleBuilder {
    fn default() -> Self {
        Self {
            connection: ConnectionParts::new(KIND),
        }
    }
}

impl GoogleBuilder {
    connection_setters! {
        api_key: "Sets the key.",
        base_url: "Says where the API lives, up to and with its version, any path before it kept. Default `https://generativelanguage.googleapis.com/v1beta`.",
    }

    /// Makes the connection. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where there is neither a key nor a header that stands for one, or where a key
    /// or header cannot be sent; what [`ConnectionSettings::transport`](interline_transport::ConnectionSettings::transport) says.
    pub fn build(self) -> Result<Google> {
        let mut headers = self.connection.settings.header_map()?;
        match &self.connection.settings.api_key {
            Some(key) => {
                headers.insert(API_KEY, secret_header(key)?);
            }
            None if has_credential(&headers) => {}
            None => return Err(missing_key(&self.connection.id, KIND, KEY_VARIABLE)),
        }
        let base_url = self
            .connection
            .settings
            .base_url
            .as_deref()
            .unwrap_or(BASE_URL);
        let transport = self.connection.transport()?;
        let adapter =
            GenerateContentAdapter::new(self.connection.id, transport, base_url, headers, quirks());
        Ok(Google::over(adapter))
    }

    /// Makes the connection with everything it offers: chat, embeddings, the list of models, counting
    /// of tokens.
    ///
    /// # Errors
    /// As [`GoogleBuilder::build`].
    pub fn build_set(self) -> Result<ProviderSet> {
        Ok(self.build()?.into())
    }
}

/// Current models refuse what would otherwise be hints; see the crate's documentation.
fn quirks() -> Quirks {
    Quirks::default()
        .without_feature(Feature::Logprobs)
        .without_feature(Feature::FrequencyPenalty)
        .without_feature(Feature::PresencePenalty)
}

/// Whether the extra headers hold a credential: proxies take a bearer token in place of the key.
fn has_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(API_KEY) || headers.contains_key(header::AUTHORIZATION)
}

impl fmt::Debug for GoogleBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleBuilder")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, Provider};

    use super::*;

    #[test]
    fn a_key_or_a_header_that_stands_for_it_is_needed() {
        let error = Google::builder().id("mine").build().expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${GEMINI_API_KEY}"), "{error}");
        let proxied = Google::builder().header("authorization", "Bearer t");
        proxied.build().expect("a bearer token is enough");
    }

    #[test]
    fn a_key_that_no_header_holds_is_refused_without_being_shown() {
        let error = Google::new("AIzaSe\ncret").expect_err("a line break");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(!error.to_string().contains("cret"), "{error}");
    }

    #[test]
    fn a_connection_is_a_provider_set_and_hides_its_key() {
        let google = Google::new("AIzaSecret").expect("a key is enough");
        assert_eq!(google.id().as_str(), "google");
        let builder = Google::builder().api_key("AIzaSecret");
        let shown = format!("{google:?} {builder:?}");
        assert!(!shown.contains("AIza"), "{shown}");
        let set: ProviderSet = google.into();
        assert_eq!(set.chat.id().as_str(), "google");
        assert!(set.embed.is_some() && set.models.is_some() && set.count.is_some());
        let shown = format!("{set:?}");
        assert!(!shown.contains("AIza"), "{shown}");
    }

    #[test]
    fn hints_that_the_api_refuses_are_not_promised() {
        let google = Google::new("k").expect("a key is enough");
        let features = google.capabilities(&"gemini-2.5-flash".into()).features;
        for feature in [
            Feature::Logprobs,
            Feature::FrequencyPenalty,
            Feature::PresencePenalty,
            Feature::User,
        ] {
            assert!(!features.contains(feature), "{feature:?}");
        }
        for feature in [Feature::Tools, Feature::JsonSchema, Feature::Seed] {
            assert!(features.contains(feature), "{feature:?}");
        }
    }
}
