//! Google's generateContent wire format, shared by the Gemini API and Vertex AI.
//!
//! A provider writes requests with [`encode_request`] and reads the answers with [`decode_response`],
//! [`StreamDecoder`] and [`decode_error`]; [`GenerateContentAdapter`] is a whole provider over a
//! transport. No gateway speaks this format to its callers, so nothing here writes answers;
//! [`decode_request`] reads requests, for tools that replay or compare recorded ones.
//! Vectors, the list of models and counts of tokens have functions of their own, and the adapter offers
//! them too.
//!
//! A request that was decoded from this format goes out as it came; any other is written from the
//! types of `interline-core`, by rules that each module states.
//!
//! ```
//! use interline_core::{ChatRequest, Message};
//! use interline_dialect_gemini::{Quirks, decode_response, encode_request};
//!
//! let request = ChatRequest::new("gemini-2.5-flash", [Message::system("Be brief."), Message::user("Hello!")]);
//! let body = encode_request(&request, &Quirks::default())?;
//! let sent: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
//! assert_eq!(sent["systemInstruction"]["parts"][0]["text"], "Be brief.");
//! assert_eq!(sent["contents"][0]["role"], "user");
//!
//! let answer = br#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi."}]},
//!     "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2}}"#;
//! let response = decode_response(answer.as_slice().into())?;
//! assert_eq!(response.text(), "Hi.");
//! # Ok::<(), interline_core::Error>(())
//! ```

mod format;

mod adapter;
mod quirks;

mod contents;
mod decode_error;
mod decode_response;
mod encode_request;
mod generation_config;
mod model_family;
mod stream_decoder;
mod thinking;
mod tools;

mod decode_request;

mod embed_request;
mod embed_response;
mod model_list;
mod token_count;

mod answer;
mod call_ids;
mod finish_reason;
mod media;
mod model_name;
mod part_decode;
mod part_encode;
mod schema;
mod usage;

mod camel_case;

pub use adapter::GenerateContentAdapter;
pub use decode_error::decode_error;
pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use embed_request::{
    EMBED_FORMAT, decode_embed_request, embed_texts, encode_embed_request, purpose, task_type,
};
pub use embed_response::{decode_embed_response, embed_values};
pub use encode_request::encode_request;
pub use format::FORMAT;
pub use model_list::{ModelPage, decode_model_page};
pub use quirks::{CallIds, CountBody, Quirks};
pub use stream_decoder::StreamDecoder;
pub use token_count::{decode_count_response, encode_count_request};
