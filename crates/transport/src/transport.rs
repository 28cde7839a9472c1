//! The one call that every provider makes: send a request, get response headers and a body to read.

use std::fmt;

use async_trait::async_trait;
use interline_core::{CallContext, Result};

use crate::{HttpRequest, HttpResponse};

/// Sends HTTP requests.
///
/// A trait, so that providers can be tested over recorded answers and simulated networks.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and returns when the response headers are there, whatever the status.
    ///
    /// Never retries and never follows a redirect.
    /// Reports `Sending`, `Headers` and, while the body is read, `Bytes` and `Ping` to `cx.progress`.
    ///
    /// # Errors
    /// `Unavailable` with a connection fault, `Timeout(Connect)`, `Protocol` where the answer is not
    /// HTTP, `Internal` where this machine is the cause, `InvalidRequest` for a bad URL.
    ///
    /// # Cancellation
    /// Dropping the future, or the response, closes the exchange with the vendor.
    async fn send(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse>;
}
