//! Cohere, over version 2 of its API: chat, streams, tools, thinking, citations, embeddings, models.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_cohere::Cohere;
//!
//! let cohere = Cohere::new("not-a-real-key")?;
//! let able = cohere.capabilities(&"command-a-03-2025".into()).features;
//! assert!(able.contains(Feature::Tools));
//! assert!(!able.contains(Feature::MultipleChoices));
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! A request is then one call:
//!
//! ```no_run
//! use interline_core::{CallContext, ChatRequest, Message, Provider};
//! use interline_provider_cohere::Cohere;
//!
//! # async fn ask() -> Result<(), interline_core::Error> {
//! let cohere = Cohere::new("…")?;
//! let request = ChatRequest::new("command-a-03-2025", [Message::user("Hello!")]);
//! let answer = cohere.complete(&CallContext::new("call-1"), &request).await?;
//! assert!(!answer.text().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Settings
//! Those of every connection: `base_url` (the bare host), `api_key`, `headers`, `timeouts`.
//!
//! # How Cohere's own notions travel
//! - **Tool plans** and thinking are reasoning. A whole answer marks which of the two it is, and the
//!   mark brings it back to its field; of a stream the words remain, and return as the tool plan of a
//!   turn that called tools.
//! - **Citations** stand among the unknown fields: of the choice in a whole answer, of an empty text
//!   part in a stream. An assistant's message gives them back.
//! - **Documents**, `citation_options`, `safety_mode` and whatever else no type knows are unknown
//!   fields of the request in [`FORMAT`], and go out as they came.
//! - **`strict_tools`** counts for all tools: it is set where any tool wishes to be strict.
//! - **A tool that must be used** has no word of its own: only that tool is offered, and some tool is
//!   required.
//!
//! Version 1 of the API, reranking and counting of tokens (Cohere counts plain text only, not
//! conversations) are not spoken.

mod format;

mod builder;
mod cohere;
mod factory;

mod decode_error;
mod decode_request;
mod decode_response;
mod encode_request;
mod stream_decoder;

mod embed;
mod models;

mod finish_reason;
mod message_decode;
mod message_encode;
mod thinking;
mod tools;
mod usage;

mod fields;

pub use builder::CohereBuilder;
pub use cohere::Cohere;
pub use decode_error::decode_error;
pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use embed::{decode_embed_request, decode_embed_response, encode_embed_request};
pub use encode_request::{Mode, encode_request};
pub use factory::CohereFactory;
pub use format::{EMBED_FORMAT, FORMAT};
pub use stream_decoder::StreamDecoder;
