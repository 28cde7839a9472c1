//! What the builders of all providers have in common: the setters of a connection, and what they set.

use std::fmt;
use std::sync::Arc;

use interline_core::{ProviderId, Result};

use crate::{ConnectionSettings, Transport};

/// What the builder of a provider knows of its connection; [`connection_setters!`](crate::connection_setters)
/// writes the setters.
#[derive(Clone)]
#[non_exhaustive]
pub struct ConnectionParts {
    /// The connection's name.
    pub id: ProviderId,
    /// Key, address, headers and timeouts.
    pub settings: ConnectionSettings,
    /// Another way to send requests than the settings' own.
    pub transport: Option<Arc<dyn Transport>>,
}

impl ConnectionParts {
    /// A connection that is called like its kind and has every default.
    pub fn new(kind: impl Into<ProviderId>) -> Self {
        Self {
            id: kind.into(),
            settings: ConnectionSettings::default(),
            transport: None,
        }
    }

    /// The transport that was given, or one as the settings say.
    ///
    /// # Errors
    /// As [`ConnectionSettings::transport`].
    pub fn transport(&self) -> Result<Arc<dyn Transport>> {
        match &self.transport {
            Some(transport) => Ok(Arc::clone(transport)),
            None => self.settings.transport(),
        }
    }
}

impl fmt::Debug for ConnectionParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionParts")
            .field("id", &self.id)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Writes the setters of a provider's builder, for its `impl` block: `id`, `base_url`, `header`, `settings`
/// and `transport`, and `api_key` where its documentation is given.
///
/// The builder has a field `connection` of type [`ConnectionParts`](crate::ConnectionParts).
///
/// ```
/// use interline_transport::{ConnectionParts, connection_setters};
///
/// /// Makes a connection to Acme.
/// #[derive(Debug)]
/// pub struct AcmeBuilder {
///     connection: ConnectionParts,
/// }
///
/// impl AcmeBuilder {
///     connection_setters! {
///         api_key: "Sets the key.",
///         base_url: "Says where the API lives. Default `https://api.acme.example/v1`.",
///     }
/// }
///
/// let builder = AcmeBuilder { connection: ConnectionParts::new("acme") };
/// let builder = builder.id("mine").api_key("k").header("x-team", "blue");
/// assert_eq!(builder.connection.id.as_str(), "mine");
/// assert_eq!(builder.connection.settings.headers["x-team"], "blue");
/// ```
#[macro_export]
macro_rules! connection_setters {
    ($(api_key: $api_key:literal,)? base_url: $base_url:literal $(,)?) => {
        /// Names the connection; the default is its kind.
        #[must_use]
        pub fn id(mut self, id: impl Into<::interline_core::ProviderId>) -> Self {
            self.connection.id = id.into();
            self
        }

        $(
            #[doc = $api_key]
            #[must_use]
            pub fn api_key(mut self, key: impl Into<String>) -> Self {
                self.connection.settings = self.connection.settings.with_api_key(key);
                self
            }
        )?

        #[doc = $base_url]
        #[must_use]
        pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
            self.connection.settings.base_url = Some(base_url.into());
            self
        }

        /// Sends a header with every request.
        #[must_use]
        pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.connection.settings.headers.insert(name.into(), value.into());
            self
        }

        /// Replaces all connection settings.
        #[must_use]
        pub fn settings(mut self, settings: $crate::ConnectionSettings) -> Self {
            self.connection.settings = settings;
            self
        }

        /// Sends requests over another transport; connection timeouts are then the transport's own.
        #[must_use]
        pub fn transport(mut self, transport: ::std::sync::Arc<dyn $crate::Transport>) -> Self {
            self.connection.transport = Some(transport);
            self
        }
    };
}
