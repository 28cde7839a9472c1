//! Amazon Bedrock, over Converse and ConverseStream.

mod format;

mod block_decode;
mod block_encode;
mod conversation;
mod decode_error;
mod decode_request;
mod decode_response;
mod encode_request;
mod event_stream;
mod media;
mod model_family;
mod model_fields;
mod output_config;
mod stop_reason;
mod stream_decoder;
mod thinking;
mod tool_config;
mod usage;

mod fields;
mod flaw;
mod ids;

#[cfg(test)]
mod testing;

pub use decode_error::decode_error;
pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use encode_request::encode_request;
pub use event_stream::{EventMessage, EventStreamFraming, MessageKind};
pub use format::FORMAT;
pub use stream_decoder::StreamDecoder;
