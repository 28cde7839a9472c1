//! The Interline gateway: OpenAI- and Anthropic-compatible HTTP over any vendor.
//!
//! The crate is the binary `interline` and a library, so that a team with providers of its own can
//! build the same gateway around them:
//!
//! ```no_run
//! use interline::{Config, Registry};
//! use interline_gateway::Gateway;
//!
//! # async fn run() -> interline::Result<()> {
//! let registry = Registry::standard(); // .with(YourFactory)
//! let config = Config::load("interline.yaml")?;
//! Gateway::new(config, registry).serve().await
//! # }
//! ```
//!
//! or, with the whole command line, `interline_gateway::cli::run(registry)`.
//!
//! The gateway holds no policy: it parses, calls the client and writes.

pub mod cli;

mod gateway;
mod impatient_stream;
mod reload;
mod server;
mod signals;

mod admin;
mod app;
mod call;
mod embeddings;
mod stream_reply;
mod token_count;

mod inbound;
mod inbound_keys;
mod request_options;
mod router_trace;

mod error_reply;
mod failure;
mod reply_headers;
mod trace;

mod body;
mod sse;

mod journal;
mod metrics;
mod model_list;
mod open_call;
mod status;

mod demo;

pub use gateway::{BoundGateway, Exposure, Gateway};
pub use reload::Reloader;
pub use server::ServerLimits;
pub use signals::{HangUps, Signals};
