//! Embeddings: both directions of the format, and a provider that speaks it.
//!
//! ```
//! use interline_core::EmbedRequest;
//! use interline_dialect_openai::embeddings::{EmbeddingQuirks, encode_request};
//!
//! let request = EmbedRequest::new("text-embedding-3-small", ["one", "two"]).with_dimensions(256);
//! let body = encode_request(&request, &EmbeddingQuirks::default())?;
//! let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
//! assert_eq!(body["input"][1], "two");
//! assert_eq!(body["dimensions"], 256);
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! What vectors are for ([`EmbedBody::purpose`](interline_core::EmbedBody::purpose)) has no place in
//! this format and is not sent.

use interline_core::FormatId;

mod quirks;

mod decode_response;
mod encode_request;
mod numbers;

mod decode_request;
mod encode_response;

mod adapter;

pub use adapter::EmbeddingsAdapter;
pub use decode_request::{Encoding, InboundEmbedRequest, decode_request};
pub use decode_response::decode_response;
pub use encode_request::encode_request;
pub use encode_response::encode_response;
pub use quirks::{EmbeddingQuirks, TokenInputs, VectorEncodings};

/// The id of the embeddings format.
pub const FORMAT: FormatId = FormatId::from_static("openai.embeddings");
