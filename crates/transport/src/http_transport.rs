//! The transport of real networks: reqwest over rustls, without its retries and redirects.

use std::time::Duration;

use async_trait::async_trait;
use interline_core::{CallContext, Error, ErrorKind, Result};

use crate::{HttpRequest, HttpResponse, Transport};

/// How connections are made and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpConfig {
    /// How long name lookup, TCP and TLS handshake may take together. Default 5 s.
    pub connect_timeout: Duration,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// Sends requests over the network.
#[derive(Clone, Debug)]
pub struct HttpTransport {}

impl HttpTransport {
    /// A transport with its own connection pool.
    ///
    /// # Errors
    /// `Internal` where TLS cannot be set up on this machine.
    pub fn new(_config: &HttpConfig) -> Result<Self> {
        Ok(Self {})
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, _cx: &CallContext, _request: HttpRequest) -> Result<HttpResponse> {
        Err(Error::new(ErrorKind::Internal, "not built yet"))
    }
}
