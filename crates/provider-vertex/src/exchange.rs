//! One call of the kinds that no dialect makes: embeddings and lists.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{CallContext, ResponseMeta, Result};
use interline_dialect_gemini::decode_error;
use interline_transport::{HttpRequest, Transport};

use crate::place::Place;

/// The longest error body, in bytes (chosen, not measured).
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// What every call needs.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) headers: HeaderMap,
    pub(crate) place: Place,
}

impl Exchange {
    /// Sends a request and reads the answer, of at most `limit_bytes`, whole.
    ///
    /// # Errors
    /// What transport, vendor and `decode` say, with the exchange's id.
    pub(crate) async fn ask<T>(
        &self,
        cx: &CallContext,
        request: HttpRequest,
        limit_bytes: usize,
        decode: impl FnOnce(Bytes) -> Result<T>,
    ) -> Result<(T, ResponseMeta)> {
        let request = request.with_headers(&self.headers);
        let response = self.transport.send(cx, request).await?;
        let response = response
            .error_for_status(MAX_ERROR_BYTES, decode_error)
            .await?;
        let meta = response.meta();
        match response.bytes(limit_bytes).await.and_then(decode) {
            Ok(answer) => Ok((answer, meta)),
            Err(error) => Err(error.with_request_id(meta.request_id)),
        }
    }
}
