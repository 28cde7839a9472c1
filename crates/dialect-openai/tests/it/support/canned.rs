//! A transport that gives one prepared response, its body cut at arbitrary byte offsets.

use std::sync::Mutex;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use interline_core::{CallContext, Result, async_trait};
use interline_transport::{HttpRequest, HttpResponse, Transport};

/// One prepared response, and the requests that it answered.
#[derive(Debug)]
pub(crate) struct Canned {
    status: u16,
    headers: HeaderMap,
    pieces: Vec<Bytes>,
    pub(crate) requests: Mutex<Vec<HttpRequest>>,
}

impl Canned {
    pub(crate) fn new(status: u16, headers: &[(&str, &str)], body: &[u8], seed: u64) -> Self {
        Self {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::from_bytes(name.as_bytes()).expect("a header name"),
                        HeaderValue::from_str(value).expect("a header value"),
                    )
                })
                .collect(),
            pieces: cut(body, seed),
            requests: Mutex::default(),
        }
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::new(
            status,
            &[("content-type", "application/json")],
            body.as_bytes(),
            1,
        )
    }

    pub(crate) fn events(body: &str) -> Self {
        Self::new(
            200,
            &[("content-type", "text/event-stream")],
            body.as_bytes(),
            1,
        )
    }

    /// The only request that was sent.
    pub(crate) fn request(&self) -> HttpRequest {
        let requests = self.requests.lock().expect("not poisoned");
        assert_eq!(requests.len(), 1, "one call sends one request");
        requests[0].clone()
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        self.requests.lock().expect("not poisoned").push(request);
        let pieces: Vec<Result<Bytes>> = self.pieces.iter().cloned().map(Ok).collect();
        let body = stream::iter(pieces);
        Ok(HttpResponse::new(self.status, self.headers.clone(), body)
            .with_progress(cx.progress.clone()))
    }
}

/// Cuts a body into pieces of 1 to 90 bytes; seed 0 leaves it whole.
fn cut(body: &[u8], seed: u64) -> Vec<Bytes> {
    if seed == 0 {
        return vec![Bytes::copy_from_slice(body)];
    }
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut pieces = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let length = (state >> 33) as usize % 90 + 1;
        let (piece, more) = rest.split_at(length.min(rest.len()));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = more;
    }
    pieces
}
