//! A transport that gives one prepared answer, its body in pieces of a chosen size.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use interline_core::{CallContext, Result, async_trait};
use interline_transport::{HttpRequest, HttpResponse, Transport};

/// Gives the same answer to every request and remembers the last one.
#[derive(Debug)]
pub struct ReplayTransport {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    piece_bytes: usize,
    last: Mutex<Option<HttpRequest>>,
}

impl ReplayTransport {
    /// A transport that answers with `body` in pieces of `piece_bytes`, at least one.
    ///
    /// # Panics
    /// Where a header cannot be one.
    pub fn new<'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: impl Into<Bytes>,
        piece_bytes: usize,
    ) -> Arc<Self> {
        let headers = headers.into_iter().map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a header name");
            (name, HeaderValue::from_str(value).expect("a header value"))
        });
        Arc::new(Self {
            status,
            headers: headers.collect(),
            body: body.into(),
            piece_bytes,
            last: Mutex::new(None),
        })
    }

    /// The request that came last.
    ///
    /// # Panics
    /// Where none came.
    #[must_use]
    pub fn last(&self) -> HttpRequest {
        let last = self.last.lock().expect("no panic while locked").clone();
        last.expect("a request was sent")
    }
}

#[async_trait]
impl Transport for ReplayTransport {
    async fn send(&self, _: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        *self.last.lock().expect("no panic while locked") = Some(request);
        let pieces: Vec<Result<Bytes>> = self
            .body
            .chunks(self.piece_bytes.max(1))
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        Ok(HttpResponse::new(
            self.status,
            self.headers.clone(),
            stream::iter(pieces),
        ))
    }
}
