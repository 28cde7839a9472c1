//! Chat Completions: both directions of the format, and a provider that speaks it.

use interline_core::FormatId;

mod endpoints;
mod quirk_choices;
pub(crate) mod quirk_differences;
mod quirks;

mod adapt_messages;
mod call_ids;
mod encode_message;
pub(crate) mod encode_part;
mod encode_request;
mod encode_tool;
mod pass_through;
pub(crate) mod thinking_control;

mod decode_answer;
mod decode_response;
mod reasoning_details;
pub(crate) mod response_events;
mod stream_decoder;
mod tool_call_slots;

pub(crate) mod decode_error;
pub(crate) mod error_rules;
pub(crate) mod vendor_error;

mod caller_words;
mod decode_message;
mod decode_part;
mod decode_request;
mod decode_tool;
pub(crate) mod fields;

mod encode_error;
mod encode_response;
mod stream_encoder;

mod finish_reason;
mod logprobs;
pub(crate) mod merge;
pub(crate) mod usage;

mod adapter;

pub use adapter::ChatAdapter;
pub use caller_words::caller_field;
pub use decode_error::decode_error;
pub use decode_request::{FORWARDED_HEADERS, InboundRequest, decode_request};
pub use decode_response::decode_response;
pub use encode_error::{ErrorBody, encode_error};
pub use encode_request::{Mode, encode_request};
pub use encode_response::encode_response;
pub use endpoints::Endpoints;
pub use quirk_choices::{
    CacheMarks, CallIds, DeveloperRole, DocumentParts, EarlierReasoning, OutputLimit,
    ParticipantNames, SoundParts, StreamEnd, StreamUsage, TextParts, ThinkingControl,
};
pub use quirks::Quirks;
pub use stream_decoder::StreamDecoder;
pub use stream_encoder::{StreamEncoder, StreamOptions, UsageChunk};

/// The id of the Chat Completions format.
pub const FORMAT: FormatId = FormatId::from_static("openai.chat");
