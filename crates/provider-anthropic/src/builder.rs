//! Makes a connection to Anthropic from code.

use std::fmt;

use http::{HeaderMap, HeaderName, header};
use interline_core::{ProviderSet, Result};
use interline_dialect_anthropic::{MessagesAdapter, Quirks};
use interline_transport::{ConnectionParts, connection_setters, missing_key, secret_header};

use crate::Anthropic;

/// The kind's name, which is also a connection's name where none is given.
pub(crate) const KIND: &str = "anthropic";

/// Where Anthropic's API lives.
const BASE_URL: &str = "https://api.anthropic.com";

/// The environment variable that usually holds the key.
pub(crate) const KEY_VARIABLE: &str = "ANTHROPIC_API_KEY";

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Makes a connection to Anthropic; everything but the key has a default.
pub struct AnthropicBuilder {
    connection: ConnectionParts,
    quirks: Quirks,
}

impl Default for AnthropicBuilder {
    fn default() -> Self {
        Self {
            connection: ConnectionParts::new(KIND),
            quirks: Quirks::default(),
        }
    }
}

impl AnthropicBuilder {
    connection_setters! {
        api_key: "Sets the key.",
        base_url: "Says where the API lives: the address without `/v1`, any path before it kept. Default `https://api.anthropic.com`.",
    }

    /// Replaces version, betas and default bound.
    #[must_use]
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// Makes the connection. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where there is neither a key nor a header that stands for one, or where a key
    /// or header cannot be sent; what [`ConnectionSettings::transport`](interline_transport::ConnectionSettings::transport) says.
    pub fn build(self) -> Result<Anthropic> {
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
        let adapter = MessagesAdapter::new(
            self.connection.id,
            transport,
            base_url,
            headers,
            self.quirks,
        );
        Ok(Anthropic::over(adapter))
    }

    /// Makes the connection with everything it offers: chat, the list of models, counting of tokens.
    ///
    /// # Errors
    /// As [`AnthropicBuilder::build`].
    pub fn build_set(self) -> Result<ProviderSet> {
        Ok(self.build()?.into())
    }
}

/// Whether the extra headers hold a credential: proxies take a bearer token in place of the key.
fn has_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(API_KEY) || headers.contains_key(header::AUTHORIZATION)
}

impl fmt::Debug for AnthropicBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnthropicBuilder")
            .field("connection", &self.connection)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, Provider};

    use super::*;

    #[test]
    fn a_key_or_a_header_that_stands_for_it_is_needed() {
        let error = Anthropic::builder().id("mine").build().expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${ANTHROPIC_API_KEY}"), "{error}");
        let proxied = Anthropic::builder().header("authorization", "Bearer t");
        proxied.build().expect("a bearer token is enough");
    }

    #[test]
    fn a_key_that_no_header_holds_is_refused_without_being_shown() {
        let error = Anthropic::new("sk-se\ncret").expect_err("a line break");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(!error.to_string().contains("cret"), "{error}");
    }

    #[test]
    fn a_connection_is_a_provider_set_and_hides_its_key() {
        let claude = Anthropic::new("sk-ant-secret").expect("a key is enough");
        assert_eq!(claude.id().as_str(), "anthropic");
        let builder = Anthropic::builder().api_key("sk-ant-secret");
        let shown = format!("{claude:?} {builder:?}");
        assert!(!shown.contains("sk-ant"), "{shown}");
        let set: ProviderSet = claude.into();
        assert_eq!(set.chat.id().as_str(), "anthropic");
        assert!(set.models.is_some() && set.count.is_some());
        let shown = format!("{set:?}");
        assert!(!shown.contains("sk-ant"), "{shown}");
    }
}
