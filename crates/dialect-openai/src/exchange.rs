//! What every adapter of this crate does with an answer before it reads it.

use bytes::Bytes;
use http::header;
use interline_core::{Error, Result};
use interline_transport::{HttpResponse, body_snippet};
use serde_json::Value;

use crate::chat::{decode_error, vendor_error};

/// The longest error body, in bytes: 256 KiB (chosen, not measured).
const ERROR_BYTES: usize = 256 * 1024;

/// The response, or the vendor's error where the status says failure.
pub(crate) async fn succeeded(response: HttpResponse) -> Result<HttpResponse> {
    response
        .error_for_status(ERROR_BYTES, crate::decode_error)
        .await
}

/// Says which status the failing exchange had; one that the error already has stays.
pub(crate) fn at_status(error: Error, status: u16) -> Error {
    match error.status() {
        Some(_) => error,
        None => error.with_status(status),
    }
}

/// Whether the body claims to be a web page: some proxy answered, not the vendor.
pub(crate) fn is_page(response: &HttpResponse) -> bool {
    let media_type = response.headers.get(header::CONTENT_TYPE);
    media_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        })
}

/// The web page as an error.
pub(crate) async fn page(response: HttpResponse) -> Error {
    match response.bytes(ERROR_BYTES).await {
        Ok(body) => Error::protocol(format!(
            "the vendor answered with a web page: {}",
            body_snippet(&body)
        )),
        Err(error) => error,
    }
}

/// The error that a body reports although the status says success; `None` where it reports none.
pub(crate) fn in_band_error(body: &Bytes) -> Option<Error> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let error = vendor_error::find(&document, None)?;
    Some(decode_error::in_band(error, body.clone()))
}
