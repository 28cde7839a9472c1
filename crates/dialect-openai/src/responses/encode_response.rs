//! Writes a whole answer for a caller of this format.

use bytes::Bytes;
use interline_core::{ChatRequest, ChatResponse, Frame};
use serde_json::Value;

use super::{FORMAT, Identity, StreamEncoder};
use crate::chat::response_events;

/// Writes a whole answer to `request`.
///
/// An answer of this format leaves as it came, byte for byte. Any other is written from the types,
/// by the rules of [`StreamEncoder`], so that a whole answer and a streamed one say the same.
#[must_use]
pub fn encode_response(
    response: &ChatResponse,
    request: &ChatRequest,
    identity: Identity,
) -> Bytes {
    if let Some(raw) = response.raw.as_ref().filter(|raw| raw.format == FORMAT) {
        return raw.body.clone();
    }
    let mut encoder = StreamEncoder::new(request, identity);
    encoder.encode(&Frame::of(response_events::of(response)));
    Bytes::from(Value::Object(encoder.into_response()).to_string())
}
