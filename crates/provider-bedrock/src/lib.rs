//! Amazon Bedrock, over Converse and ConverseStream.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_bedrock::Bedrock;
//!
//! let bedrock = Bedrock::builder().region("us-east-1").api_key("not-a-real-key").build()?;
//! assert_eq!(bedrock.id().as_str(), "bedrock");
//!
//! let signed = Bedrock::builder()
//!     .id("bedrock-eu")
//!     .region("eu-west-1")
//!     .access_key("AKIDEXAMPLE", "not-a-real-secret")
//!     .build()?;
//! assert_eq!(signed.id().as_str(), "bedrock-eu");
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! A request is then one call; the model is an id, the id of an inference profile, or an ARN:
//!
//! ```no_run
//! use interline_core::{CallContext, ChatRequest, Message, Provider};
//! use interline_provider_bedrock::Bedrock;
//!
//! # async fn ask(bedrock: Bedrock) -> Result<(), interline_core::Error> {
//! let request = ChatRequest::new("us.amazon.nova-lite-v1:0", [Message::user("Hello!")]);
//! let answer = bedrock.complete(&CallContext::new("call-1"), &request).await?;
//! assert!(!answer.text().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # Settings
//! Those of every connection (`base_url`, the bare host of the runtime; `api_key`, a Bedrock API key that
//! is sent as a bearer token; `headers`, `timeouts`), and `region` with either `api_key` or
//! `access_key_id` and `secret_access_key` (and `session_token`), with which every request is signed.
//! Lists of models come from the control plane: beside the runtime where the host is Amazon's own,
//! behind the same address where it is a proxy's.
//! The health check asks the runtime for its list of asynchronous calls, which costs nothing.
//!
//! # Why not InvokeModel
//! It takes each maker's own body, and Converse reaches the same chat models with one. Only embeddings
//! go over it, because Converse has none.

mod bedrock;
mod builder;
mod factory;

mod address;
mod signing;

mod embeddings;
mod model_list;
mod token_count;

mod format;

mod decode_error;
mod decode_request;
mod decode_response;
mod encode_request;
mod event_stream;
mod stream_decoder;

mod conversation;
mod model_family;
mod model_fields;
mod output_config;
mod thinking;
mod tool_config;

mod block_decode;
mod block_encode;
mod ids;
mod media;
mod stop_reason;
mod usage;

#[cfg(test)]
mod testing;

pub use bedrock::Bedrock;
pub use builder::BedrockBuilder;
pub use decode_error::decode_error;
pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use embeddings::{INVOKE_FORMAT, decode_embed_request};
pub use encode_request::encode_request;
pub use event_stream::{EventMessage, EventStreamFraming, MessageKind};
pub use factory::BedrockFactory;
pub use format::FORMAT;
pub use stream_decoder::StreamDecoder;
