//! HTTP, server-sent events and secrets for Interline provider crates.
//!
//! A provider crate builds an [`HttpRequest`], hands it to a [`Transport`] and reads the
//! [`HttpResponse`] whole, as an [`SseStream`], or with a [`FrameDecoder`] as a streamed answer.
//! Nothing here retries, follows redirects, caches, logs a body or knows a vendor.
//!
//! ```
//! use interline_transport::{Accept, HttpRequest, join_url};
//!
//! let url = join_url("https://llm.example/openai/v1/", "/chat/completions");
//! assert_eq!(url, "https://llm.example/openai/v1/chat/completions");
//! let request = HttpRequest::post_json(url, r#"{"model":"m"}"#, Accept::EventStream);
//! assert_eq!(request.method, "POST");
//! ```

mod transport;

mod http_request;
mod http_response;
mod http_transport;
mod peer;
mod request_body;
mod tls;
mod told_limits;
mod whole_body;

mod body_error;
mod connect_count;
mod connect_error;
mod echoed_secret;
mod error_cause;
mod inflate;

mod bare_json;
mod sse;
mod sse_parser;
mod sse_stream;
mod utf8_gate;

pub mod json;

mod exchange;
mod frame_decoder;
mod framing;
mod vendor_error;

mod connection_builder;
mod connection_settings;
mod duration;
mod secret_header;
mod url;

mod rate_limit;
mod redact;
mod retry_after;

pub use connection_builder::ConnectionParts;
pub use connection_settings::{ConnectTimeouts, ConnectionSettings, missing_key};
pub use duration::parse_duration;
pub use frame_decoder::FrameDecoder;
pub use framing::Framing;
pub use http_request::{Accept, HttpRequest};
pub use http_response::HttpResponse;
pub use http_transport::{HttpConfig, HttpTransport};
pub use rate_limit::rate_limit_headers;
pub use redact::{body_snippet, redact};
pub use retry_after::{retry_after, retry_after_in_body, retry_hint};
pub use secret_header::{bearer_header, secret_header};
pub use sse::{SseEvent, SseForm, SseLimits};
pub use sse_stream::SseStream;
pub use told_limits::told_limits;
pub use transport::Transport;
pub use url::join_url;
pub use vendor_error::{VENDOR_TIMEOUT, VendorError, kind_by_status, kind_in};
