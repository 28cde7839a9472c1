//! Anthropic's Messages wire format, shared by vendors and the gateway.
//!
//! Both directions live here: a gateway reads callers' requests with [`decode_request`] and answers
//! them with [`encode_response`], [`StreamEncoder`] and [`encode_error`]; a provider writes requests
//! with [`encode_request`] and reads the answers with [`decode_response`], [`StreamDecoder`] and
//! [`decode_error`]. [`MessagesAdapter`] is a whole provider over a transport. Counting of tokens has its
//! own pair on either side: [`decode_count_request`] and [`encode_count_response`] for a gateway,
//! [`encode_count_request`] for a provider.
//!
//! Where both ends speak this format, bytes travel unchanged; otherwise everything goes through the
//! types of `interline-core`, by rules that each module states.
//!
//! ```
//! use interline_core::{ChatRequest, Message};
//! use interline_dialect_anthropic::{Mode, Quirks, decode_response, encode_request};
//!
//! let request = ChatRequest::new("claude-haiku-4-5", [Message::system("Be brief."), Message::user("Hello!")]);
//! let body = encode_request(&request, Mode::Unary, &Quirks::default())?;
//! let sent: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
//! assert_eq!(sent["system"][0]["text"], "Be brief.");
//! assert_eq!(sent["max_tokens"], 4096);
//!
//! let answer = br#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5",
//!     "content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn",
//!     "usage":{"input_tokens":9,"output_tokens":2}}"#;
//! let response = decode_response(answer.as_slice().into())?;
//! assert_eq!(response.text(), "Hi.");
//! # Ok::<(), interline_core::Error>(())
//! ```

mod format;

mod adapter;
mod endpoints;
mod quirks;

mod caller_words;
mod conversation;
mod decode_error;
mod decode_response;
mod encode_request;
mod generation;
mod model_list;
mod open_blocks;
mod schema;
mod sealed;
mod stream_decoder;
mod thinking;
mod token_count;
mod tools;

mod block_writer;
mod decode_request;
mod encode_error;
mod encode_response;
mod stream_encoder;

mod block_decode;
mod block_encode;
mod ids;
mod media;
mod settings;
mod stop_reason;
mod usage;

pub use adapter::MessagesAdapter;
pub use caller_words::caller_field;
pub use decode_error::decode_error;
pub use decode_request::{FORWARDED_HEADERS, InboundRequest, decode_request};
pub use decode_response::decode_response;
pub use encode_error::{ErrorBody, encode_error};
pub(crate) use encode_request::left_out_of;
pub use encode_request::{Mode, encode_request};
pub use encode_response::encode_response;
pub use endpoints::Endpoints;
pub use format::FORMAT;
pub use quirks::{ModelPlace, Quirks};
pub use schema::accepted as accepted_schema;
pub use stream_decoder::StreamDecoder;
pub use stream_encoder::{StreamEncoder, StreamOptions};
pub use token_count::{decode_count_request, encode_count_request, encode_count_response};
