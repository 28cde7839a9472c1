//! Responses: both directions of the format, and a provider that speaks it.
//!
//! # Items and messages
//! The format's conversation is a list of items, ours a list of messages; both directions keep to this:
//! - An item of type `message` is a [`Message`]. `instructions` are a leading message of the role
//!   `System` without anything of this format in its `extra`; a `system` message among the items
//!   says `"type": "message"` there, so that each returns to its own place.
//! - What the model did in one turn (`reasoning`, `message`, `function_call` and the vendor's own
//!   tools) is one assistant message, its parts in the items' order.
//!   `function_call_output` is a part of a message of the role `Tool`.
//! - Fields of a `function_call`, such as `id` and `namespace`, are in its part's `extra`; those of an
//!   earlier `message` of the model, such as `id` and `phase`, are under `item` in the `extra` of
//!   each of its parts.
//! - A `reasoning` item is a [`Reasoning`] part whose signature is the whole item as JSON, so that
//!   ids, summaries and encrypted content return as they were. Thinking of another format travels
//!   sealed in an item of our own making, which is opened again and never sent to a vendor; see
//!   `reasoning_item`.
//! - An item or a piece of content that no type knows is a part [`Other`], whole; its `type` tells
//!   which of the two it is.
//! - A function tool that arrived in this format keeps its `type` in `extra`: an absent `strict`
//!   means something else here than in other formats.
//!
//! [`Message`]: interline_core::Message
//! [`Reasoning`]: interline_core::Reasoning
//! [`Other`]: interline_core::PartKind::Other

mod format;
pub(crate) mod item;
pub(crate) mod reasoning_item;

mod caller_words;
pub(crate) mod custom_tool;
mod decode_content;
mod decode_items;
mod decode_request;
mod decode_tools;

mod encode_content;
mod encode_input;
mod encode_request;
mod encode_tool;

mod decode_error;
mod decode_item;
mod decode_response;
mod ending;
mod open_items;
mod stream_decoder;
mod usage;

mod echo;
mod encode_response;
mod encode_usage;
mod identity;
mod stream_encoder;

mod adapter;

pub use adapter::ResponsesAdapter;
pub use caller_words::caller_field;
pub use decode_error::decode_error;
pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use encode_request::{encode_request, features};
pub use encode_response::encode_response;

pub use format::FORMAT;
pub use identity::Identity;
pub use stream_decoder::StreamDecoder;
pub use stream_encoder::StreamEncoder;
