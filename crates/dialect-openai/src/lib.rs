//! OpenAI's wire formats: Chat Completions, Responses, Embeddings and lists of models, shared by many
//! vendors and by the gateway's inbound side.
//!
//! The crate's root is Chat Completions; [`responses`], [`embeddings`] and [`models`] are built alike.
//!
//! # Two sides, one set of types
//! - **Outbound**, for providers: [`encode_request`] writes a [`ChatRequest`], [`decode_response`],
//!   [`StreamDecoder`] and [`decode_error`] read what the vendor answers. [`ChatAdapter`] joins them
//!   to a [`Provider`] over any [`Transport`], and [`VendorChat`] gives it a vendor's defaults.
//! - **Inbound**, for servers: [`decode_request`] reads what a client sent, [`encode_response`],
//!   [`StreamEncoder`] and [`encode_error`] write the answer, whatever vendor gave it.
//!
//! # Lossless where formats match
//! A request that arrived in this format leaves as the bytes that arrived, with `model`, `stream` and
//! `stream_options` replaced; answers of this format pass through as they came.
//! Everything else goes through the types of `interline-core`.
//!
//! # Vendors differ by data
//! What a vendor does differently is declared in [`Quirks`]; no code here asks for a vendor's name.
//!
//! ```
//! use interline_core::{ChatRequest, Message};
//! use interline_dialect_openai::{Mode, Quirks, encode_request};
//!
//! let request = ChatRequest::new("gpt-4o", [Message::user("Hello!")]).with_max_output_tokens(64);
//! let body = encode_request(&request, Mode::Unary, &Quirks::default())?;
//! let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
//! assert_eq!(body["messages"][0]["content"], "Hello!");
//! assert_eq!(body["max_completion_tokens"], 64);
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! [`ChatRequest`]: interline_core::ChatRequest
//! [`Provider`]: interline_core::Provider
//! [`Transport`]: interline_transport::Transport

mod chat;
mod chat_apis;
pub mod embeddings;
pub mod models;
pub mod responses;

mod endpoint;
mod exchange;
mod vendor;

pub use chat::{
    CacheMarks, CallIds, ChatAdapter, DeveloperRole, DocumentParts, EarlierReasoning, Endpoints,
    ErrorBody, FORMAT, FORWARDED_HEADERS, InboundRequest, Mode, OutputLimit, ParticipantNames,
    Quirks, SoundParts, StreamDecoder, StreamEncoder, StreamEnd, StreamOptions, StreamUsage,
    TextParts, ThinkingControl, UsageChunk, caller_field, decode_error, decode_request,
    decode_response, encode_error, encode_request, encode_response,
};
pub use chat_apis::{ChatApi, ChatApis};
pub use endpoint::Endpoint;
pub use vendor::{
    KeyRule, ResponsesRule, Vendor, VendorBuilder, VendorChat, VendorEmbeddings, VendorFactory,
    VendorProfile,
};
