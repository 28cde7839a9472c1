//! Manners: how a server treats connections, whatever is asked over them.

use std::time::Duration;

#[cfg(feature = "tls")]
use crate::tls::Certificate;

/// The settings of connections; the default is HTTP/1.1 in the clear, kept open for as long as the client likes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manners {
    /// How long a connection may idle after an answer.
    pub(crate) idle_timeout: Option<Duration>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Certificate>,
    /// The receive window of a stream; unset means no HTTP/2.
    #[cfg(feature = "http2")]
    pub(crate) http2_window_bytes: Option<u32>,
}

impl Manners {
    /// The scheme of URLs to such a server.
    pub(crate) fn scheme(&self) -> &'static str {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return "https";
        }
        "http"
    }
}
