//! Makes a connection to Cohere from code.

use std::fmt;

use http::header;
use interline_core::Result;
use interline_transport::{ConnectionParts, bearer_header, connection_setters, missing_key};

use crate::Cohere;

/// The kind's name, which is also a connection's name where none is given.
pub(crate) const KIND: &str = "cohere";

/// Where Cohere's API lives.
const BASE_URL: &str = "https://api.cohere.com";

/// The environment variable that usually holds the key.
pub(crate) const KEY_VARIABLE: &str = "COHERE_API_KEY";

/// Makes a connection to Cohere; everything but the key has a default.
pub struct CohereBuilder {
    connection: ConnectionParts,
}

impl Default for CohereBuilder {
    fn default() -> Self {
        Self {
            connection: ConnectionParts::new(KIND),
        }
    }
}

impl CohereBuilder {
    connection_setters! {
        api_key: "Sets the key.",
        base_url: "Says where the API lives: the address without `/v2`, any path before it kept. Default `https://api.cohere.com`.",
    }

    /// Makes the connection. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where there is neither a key nor an `authorization` header, or where a key or
    /// header cannot be sent; what [`ConnectionSettings::transport`](interline_transport::ConnectionSettings::transport) says.
    pub fn build(self) -> Result<Cohere> {
        let mut headers = self.connection.settings.header_map()?;
        match &self.connection.settings.api_key {
            Some(key) => {
                headers.insert(header::AUTHORIZATION, bearer_header(key)?);
            }
            None if headers.contains_key(header::AUTHORIZATION) => {}
            None => return Err(missing_key(&self.connection.id, KIND, KEY_VARIABLE)),
        }
        let base_url = self
            .connection
            .settings
            .base_url
            .as_deref()
            .unwrap_or(BASE_URL);
        let transport = self.connection.transport()?;
        Ok(Cohere::over(
            self.connection.id,
            transport,
            base_url.to_owned(),
            headers,
        ))
    }
}

impl fmt::Debug for CohereBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CohereBuilder")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, Feature, Provider, ProviderSet};

    use super::*;

    #[test]
    fn a_key_or_a_header_that_stands_for_it_is_needed() {
        let error = Cohere::builder().id("mine").build().expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${COHERE_API_KEY}"), "{error}");
        let proxied = Cohere::builder().header("authorization", "Bearer t");
        proxied.build().expect("a bearer token is enough");
    }

    #[test]
    fn a_connection_is_a_provider_set_and_hides_its_key() {
        let cohere = Cohere::new("co-secret").expect("a key is enough");
        let builder = Cohere::builder().api_key("co-secret");
        let shown = format!("{cohere:?} {builder:?}");
        assert!(!shown.contains("co-secret"), "{shown}");
        let set: ProviderSet = cohere.into();
        assert_eq!(set.chat.id().as_str(), "cohere");
        assert!(set.embed.is_some() && set.models.is_some() && set.count.is_none());
    }

    #[test]
    fn models_that_do_not_think_do_not_promise_it() {
        let cohere = Cohere::new("k").expect("a key is enough");
        let thinks = |model: &str| {
            let able = cohere.capabilities(&model.into()).features;
            able.contains(Feature::Reasoning)
        };
        assert!(thinks("command-a-reasoning-08-2025"));
        assert!(!thinks("command-r-plus-08-2024"));
    }
}
