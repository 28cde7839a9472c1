//! What follows every vendor's answer: the status is judged, the body read, the exchange named.
//!
//! What the bytes mean is for the caller to say; it hands over its readers.

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{ChatResponse, Error, Result};

use crate::HttpResponse;

impl HttpResponse {
    /// The response where its status says success, else the error that `decode_error` reads from
    /// status, headers and body.
    ///
    /// A body that breaks off or is longer than `limit_bytes` counts as empty: the status says enough.
    ///
    /// # Errors
    /// What `decode_error` gives, with the exchange's id where it tells none itself, and with what the
    /// headers say about rate limits.
    pub async fn error_for_status(
        self,
        limit_bytes: usize,
        decode_error: impl FnOnce(u16, &HeaderMap, Bytes) -> Error,
    ) -> Result<Self> {
        if self.is_success() {
            return Ok(self);
        }
        let (status, headers) = (self.status, self.headers.clone());
        let meta = self.meta();
        let body = self.bytes(limit_bytes).await.unwrap_or_default();
        let error = in_exchange(decode_error(status, &headers, body), meta.request_id);
        Err(if meta.limits.is_empty() {
            error
        } else {
            error.with_limits(meta.limits)
        })
    }

    /// Reads a body of at most `limit_bytes` whole.
    ///
    /// # Errors
    /// What [`HttpResponse::bytes`] or `decode` give, with the exchange's id where they tell none.
    pub async fn read<T>(
        self,
        limit_bytes: usize,
        decode: impl FnOnce(Bytes) -> Result<T>,
    ) -> Result<T> {
        let request_id = self.meta().request_id;
        let read = self.bytes(limit_bytes).await.and_then(decode);
        read.map_err(|error| in_exchange(error, request_id))
    }

    /// Reads a whole answer of at most `limit_bytes` and adds what the headers say around it.
    ///
    /// # Errors
    /// What [`HttpResponse::bytes`] or `decode` give, with the exchange's id where they tell none.
    pub async fn answer(
        self,
        limit_bytes: usize,
        decode: impl FnOnce(Bytes) -> Result<ChatResponse>,
    ) -> Result<ChatResponse> {
        let meta = self.meta();
        let mut answer = self.read(limit_bytes, decode).await?;
        answer.meta = meta;
        Ok(answer)
    }
}

/// Adds the exchange's id where the error does not tell one itself.
pub(crate) fn in_exchange(error: Error, request_id: Option<String>) -> Error {
    match error.request_id() {
        Some(_) => error,
        None => error.with_request_id(request_id),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use interline_core::ErrorKind;

    use super::*;

    /// More than any test's body.
    const LIMIT_BYTES: usize = 100;

    fn response(status: u16, body: &'static str) -> HttpResponse {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "req_1".parse().unwrap());
        HttpResponse::new(status, headers, stream::iter([Ok(Bytes::from(body))]))
    }

    fn decode_error(status: u16, _: &HeaderMap, body: Bytes) -> Error {
        let told = String::from_utf8(body.into()).unwrap();
        Error::new(ErrorKind::Unavailable, told).with_status(status)
    }

    #[tokio::test]
    async fn only_a_failing_status_is_read_as_an_error() {
        let good = response(204, "").error_for_status(LIMIT_BYTES, decode_error);
        assert_eq!(good.await.unwrap().status, 204);
        for (limit_bytes, told) in [(LIMIT_BYTES, "busy"), (3, "")] {
            let error = response(503, "busy").error_for_status(limit_bytes, decode_error);
            let error = error.await.unwrap_err();
            assert_eq!((error.status(), error.message()), (Some(503), told));
            assert_eq!(error.request_id(), Some("req_1"));
        }
    }

    #[tokio::test]
    async fn answers_and_their_errors_name_the_exchange() {
        let answer = response(200, "").answer(LIMIT_BYTES, |_| Ok(ChatResponse::new("m", [])));
        assert_eq!(
            answer.await.unwrap().meta.request_id.as_deref(),
            Some("req_1")
        );
        let long = response(200, "long").answer(3, |_| Ok(ChatResponse::new("m", [])));
        assert_eq!(long.await.unwrap_err().request_id(), Some("req_1"));
        let own_id = |_| Err(Error::protocol("broken").with_request_id("own".to_owned()));
        let error = response(200, "").answer(LIMIT_BYTES, own_id).await;
        assert_eq!(error.unwrap_err().request_id(), Some("own"));
    }
}
